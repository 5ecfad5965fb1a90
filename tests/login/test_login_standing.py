"""Tokens that Graph refuses: how seldom another is asked for, and what the tenant's state says meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import cycle, pairwise
from typing import Any

import httpx
import pytest

from o365_exporter.errors import AuthError, PermissionMissingError, PollError, UnavailableError
from o365_exporter.graph import GraphClient
from o365_exporter.login.standing import FIRST_PAUSE, LAST_PAUSE
from tests.graph.world import APPS, ISSUES, SKUS, ImpatientClock, Microsoft, client, entra_error, graph_error, microsoft

LOCATION = graph_error(
    "InvalidAuthenticationToken",
    "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
    "LocationConditionEvaluationSatisfied",
    **{"request-id": "r-1"},
)
CHALLENGE = {"www-authenticate": 'Bearer realm="", error="insufficient_claims", claims="eyJhY2Nlc3MifQ=="'}


def good() -> httpx.Response:
    """Nothing is amiss."""
    return httpx.Response(200, json={"value": []})


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A fake Microsoft that refuses nothing."""
    with microsoft() as fake:
        for route in ("/applications", "/subscribedSkus", "/admin/"):
            fake.graph(route).mock(side_effect=lambda _: good())
        yield fake


def refuse(world: Microsoft, *routes: str, response: Callable[[], httpx.Response]) -> None:
    """Let Graph refuse at these routes, whatever the token."""
    for route in routes:
        world.graph(route).mock(side_effect=lambda _: response())


def everywhere(world: Microsoft, response: Callable[[], httpx.Response]) -> None:
    """Let Graph refuse at every route."""
    refuse(world, "/applications", "/subscribedSkus", "/admin/", response=response)


def by_location() -> httpx.Response:
    """Conditional Access for workload identities has seen an address that it does not allow."""
    return httpx.Response(401, json=LOCATION, headers=CHALLENGE)


def plainly() -> httpx.Response:
    """A 401 without a word."""
    return httpx.Response(401)


async def failure(graph: GraphClient, endpoint: Any) -> PollError:
    """Of one poll."""
    with pytest.raises(PollError) as caught:
        await graph.list(endpoint)
    return caught.value


async def test_a_named_location_that_refuses_is_the_tenants_state(world: Microsoft) -> None:
    """Every source says whose policy it is and what to change there, and the tenant is not said to be well."""
    everywhere(world, by_location)
    async with client() as graph:
        for endpoint in (APPS, SKUS, ISSUES):
            error = await failure(graph, endpoint)
            assert (error.reason, graph.auth.state, graph.auth.message) == ("auth", "auth", str(error))
    assert error.message.startswith(
        "Conditional Access for workload identities refuses the app 66666666-7777-8888-9999-aaaaaaaaaaaa in tenant "
        "contoso: the address from which it asks is in no named location that the policy allows (401 "
    )
    assert "adds the public address of the exporter to the named location" in error.remedy
    assert "eyJ" not in str(error)


@pytest.mark.parametrize("response", [by_location, plainly])
async def test_a_token_refused_everywhere_is_replaced_ever_more_seldom(
    world: Microsoft, response: Callable[[], httpx.Response]
) -> None:
    """Once at first, and then after a pause that doubles up to an hour, however many sources are polled meanwhile."""
    everywhere(world, response)
    world.lifetime = 30 * 3600
    clock = ImpatientClock()
    asked: list[float] = []
    async with client(clock) as graph:
        for _ in range(12 * 60):
            before = world.tokens
            for endpoint in (APPS, SKUS, ISSUES):
                await failure(graph, endpoint)
            asked += [clock.monotonic()] * (world.tokens - before)
            clock.pass_time(60)
    pauses = [later - earlier for earlier, later in pairwise(asked[1:])]
    assert asked[:2] == [0, 0]
    assert pauses == sorted(pauses)
    assert pauses[:3] == pytest.approx([FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE], abs=60)
    assert max(pauses) == pytest.approx(LAST_PAUSE, abs=60)


async def test_the_end_of_a_refusal_is_seen_at_the_next_poll(world: Microsoft) -> None:
    """Graph is asked with the token at hand while no new one is due, so nothing waits for a pause."""
    everywhere(world, by_location)
    clock = ImpatientClock()
    async with client(clock) as graph:
        await failure(graph, APPS)
        await failure(graph, APPS)
        world.graph("/applications").mock(side_effect=lambda _: good())
        clock.pass_time(60)
        assert await graph.list(APPS) == []
        assert (graph.auth.state, graph.auth.message, world.tokens) == ("ok", "", 2)


async def test_one_endpoint_that_refuses_is_an_outage_of_it(world: Microsoft) -> None:
    """While the same token is taken elsewhere nobody is sent to look for consent, and the tenant stays well."""
    refuse(world, "/subscribedSkus", response=plainly)
    clock = ImpatientClock()
    async with client(clock) as graph:
        for _ in range(60):
            await graph.list(APPS)
            error = await failure(graph, SKUS)
            assert isinstance(error, UnavailableError)
            assert graph.auth.state == "ok"
            clock.pass_time(60)
    assert world.tokens <= 6
    assert (
        error.message == "Graph refuses for /subscribedSkus the token of tenant contoso that it takes elsewhere (401)."
    )


async def test_an_outage_seen_first_is_told_apart_once_another_endpoint_has_answered(world: Microsoft) -> None:
    """Before that nobody can know; then the state follows."""
    refuse(world, "/subscribedSkus", response=plainly)
    async with client() as graph:
        assert (await failure(graph, SKUS)).reason == "auth"
        assert graph.auth.state == "auth"
        await graph.list(APPS)
        assert graph.auth.state == "ok"
        assert (await failure(graph, SKUS)).reason == "unavailable"


async def test_a_tenant_that_is_refused_after_good_days_is_told_by_its_second_endpoint(world: Microsoft) -> None:
    """What was taken before the first refusal does not speak for the token for ever."""
    async with client() as graph:
        for endpoint in (APPS, SKUS, ISSUES):
            await graph.list(endpoint)
        everywhere(world, plainly)
        assert (await failure(graph, APPS)).reason == "unavailable"
        assert (await failure(graph, SKUS)).reason == "auth"
        assert graph.auth.state == "auth"
        assert (await failure(graph, APPS)).reason == "auth"


async def test_a_missing_permission_does_not_cost_a_token_at_each_poll(world: Microsoft) -> None:
    """What was not granted for hours is looked for in ever fewer new tokens, down to two in an hour and a bit."""
    world.graph("/subscribedSkus").respond(403, json=graph_error("Authorization_RequestDenied"))
    world.lifetime = 30 * 3600
    clock = ImpatientClock()
    async with client(clock) as graph:
        for _ in range(12 * 60):
            with pytest.raises(PermissionMissingError):
                await graph.list(SKUS)
            clock.pass_time(60)
    assert 24 <= world.tokens <= 32


@pytest.mark.parametrize(
    ("number", "status", "kind", "most"),
    [(5000224, 400, AuthError, 70), (9002313, 400, AuthError, 70), (90033, 400, PollError, 300)],
)
async def test_a_login_that_refuses_is_asked_once_a_minute(
    world: Microsoft, number: int, status: int, kind: type[PollError], most: int
) -> None:
    """However many sources want a token; what may pass is tried a few times in a row."""
    world.refuse(entra_error(number, "No."), status=status)
    clock = ImpatientClock()
    async with client(clock) as graph:
        while clock.monotonic() < 3600:
            for endpoint in (APPS, SKUS, ISSUES):
                assert isinstance(await failure(graph, endpoint), kind)
            clock.pass_time(20)
    assert world.login.call_count <= most


async def test_a_throttled_login_is_left_alone_as_long_as_it_asks(world: Microsoft) -> None:
    """A 429 of the login answers all sources of the tenant until its time is over."""
    world.login.respond(429, headers={"Retry-After": "120"})
    clock = ImpatientClock()
    async with client(clock) as graph:
        for _ in range(6):
            for endpoint in (APPS, SKUS, ISSUES):
                with clock.deadline(50):
                    assert (await failure(graph, endpoint)).reason == "throttled"
            clock.pass_time(19)
        assert world.login.call_count == 1


class Revocable:
    """A Graph that takes only the newest token since the last revocation, and lacks a permission where it says so."""

    def __init__(self, world: Microsoft) -> None:
        self.valid_from, self._world = 1, world
        for route in ("/applications", "/subscribedSkus"):
            world.graph(route).mock(side_effect=lambda request: self._judged(request, good()))
        forbidden = httpx.Response(403, json=graph_error("UnknownError"))
        world.graph("/admin/").mock(side_effect=lambda request: self._judged(request, forbidden))

    def revoke(self) -> None:
        """Take none of the tokens that are out."""
        self.valid_from = self._world.tokens + 1

    def _judged(self, request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        number = int(request.headers["authorization"].rpartition("-")[2])
        return answer if number >= self.valid_from else by_location()


async def test_tokens_revoked_twice_within_a_minute_are_replaced_twice(world: Microsoft) -> None:
    """A permission withdrawn and given back at once makes no tenant unreachable, whichever endpoint notices first."""
    revocable, clock = Revocable(world), ImpatientClock()
    async with client(clock) as graph:
        for endpoints in ((ISSUES, APPS, SKUS), (APPS,), (SKUS, ISSUES)):  # SKUS is asked more seldom than revoked
            for endpoint in endpoints:
                try:
                    await graph.list(endpoint)
                except PermissionMissingError:
                    assert endpoint is ISSUES
                assert graph.auth.state == "ok"
            revocable.revoke()
            clock.pass_time(20)


async def test_a_refusal_that_comes_and_goes_costs_ever_fewer_tokens(world: Microsoft) -> None:
    """An endpoint that takes and refuses the same token by turns is not asked with a new one each time."""
    answers = (answer() for answer in cycle([good, plainly]))
    refuse(world, "/subscribedSkus", response=partial(next, answers))
    clock = ImpatientClock()
    world.lifetime = 30 * 3600
    async with client(clock) as graph:
        for _ in range(24 * 60):
            await graph.list(APPS)
            with suppress(PollError):
                await graph.list(SKUS)
            clock.pass_time(60)
    assert world.tokens <= 36
