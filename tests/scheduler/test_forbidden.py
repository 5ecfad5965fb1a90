"""A source whose permission is missing says so, is asked ever more seldom, and at once when a token has it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from o365_exporter.errors import PermissionMissingError, UnavailableError
from o365_exporter.graph import Endpoint
from o365_exporter.scheduler import Tenant
from o365_exporter.scheduler.memory import going_on
from o365_exporter.store import Key
from tests.fakes import FakeClock
from tests.scheduler.scripted import Run, ScriptedSource, named, tenant

HEALTH, REPORTS = "ServiceHealth.Read.All", "Reports.Read.All"
REFUSED = PermissionMissingError("The app 1 lacks the application permission X in tenant contoso.", remedy="Grant it.")
ASKED_LESS_AND_LESS = [0, 60, 180, 420, 900, 1860, 3660, 5460, 7260, 9060, 10860, 12660, 14460, 16260, 18060]
"""Seconds: doubled from a minute to half an hour."""


class Guarded(ScriptedSource):
    """A source that needs a permission."""

    endpoints = (Endpoint("/guarded", (HEALTH,)),)


def watched(*sources: ScriptedSource, roles: frozenset[str] | None) -> Tenant:
    """A tenant whose token has these roles."""
    made = tenant(*sources)
    token(made, roles)
    return made


def token(of: Tenant, roles: frozenset[str] | None) -> None:
    """Another token."""
    cast("Any", of.graph).auth.roles = roles


def refused(clock: FakeClock, interval: float = 60.0) -> ScriptedSource:
    """A source that Graph refuses."""
    source = Guarded(clock, interval=interval)
    source.answer = REFUSED
    return source


@pytest.mark.parametrize("interval", [60.0, 3600.0, 6 * 3600.0])
@pytest.mark.parametrize("roles", [frozenset(), frozenset({REPORTS}), None], ids=["none", "others", "unreadable"])
async def test_it_is_asked_ever_more_seldom(interval: float, roles: frozenset[str] | None) -> None:
    """Fifteen requests in five hours instead of three hundred, and the state says all along what to do."""
    clock = FakeClock()
    source = refused(clock, interval)
    run = Run(clock, watched(source, roles=roles))
    async with run.running():
        await clock.advance(5 * 3600 + 100)
        poll = run.store[Key("contoso", "test", "main")]
    assert source.polls == ASKED_LESS_AND_LESS
    assert (poll.state, poll.message) == (
        "permission",
        "The app 1 lacks the application permission X in tenant contoso. Grant it.",
    )


async def test_a_refusal_against_the_roles_may_pass_soon() -> None:
    """Where the token states the permission, Graph may lag: it is asked as after any failure."""
    clock = FakeClock()
    source = refused(clock)
    run = Run(clock, watched(source, roles=frozenset({HEALTH})))
    async with run.running():
        await clock.advance(300)
    assert source.polls == [0, 60, 120, 180, 240, 300]


async def test_a_token_with_the_role_is_tried_at_once() -> None:
    """Another source of the tenant has brought a new token; one request is enough to see that it works."""
    clock = FakeClock()
    source, other = refused(clock), named(ScriptedSource(clock), "other")
    contoso = watched(source, other, roles=frozenset())
    run = Run(clock, contoso)
    async with run.running():
        await clock.advance(2000)
        asked = len(source.polls)
        source.answer = 1.0
        token(contoso, frozenset({HEALTH}))
        await clock.advance(60)
        assert len(source.polls) - asked == 1
        await clock.advance(120)
    assert len(source.polls) - asked == 3, "at its own interval again"


async def test_a_token_with_the_role_that_is_refused_all_the_same_is_no_endless_loop() -> None:
    """Each poll of the tenant sees the role; it wakes the source once."""
    clock = FakeClock()
    source, other = refused(clock), named(ScriptedSource(clock, interval=10), "other")
    contoso = watched(source, other, roles=frozenset())
    run = Run(clock, contoso)
    async with run.running():
        await clock.advance(4000)
        asked = len(source.polls)
        token(contoso, frozenset({HEALTH}))
        await clock.advance(600)
    assert len(source.polls) - asked <= 11, "once, and then as after any failure"


async def test_a_slow_answer_is_asked_for_once() -> None:
    """What other polls of the tenant see while it is under way is no further reason to ask."""
    clock = FakeClock()
    source, other = refused(clock, 3600), named(ScriptedSource(clock, interval=10), "other")
    contoso = watched(source, other, roles=frozenset())
    run = Run(clock, contoso)
    async with run.running():
        await clock.advance(4000)
        asked, source.takes, source.answer = len(source.polls), 35.0, 1.0
        token(contoso, frozenset({HEALTH}))
        await clock.advance(600)
    assert len(source.polls) - asked == 1


async def test_roles_that_lack_it_blind_nobody() -> None:
    """What Graph serves is polled at its interval, whatever the token seems to say."""
    clock = FakeClock()
    source = Guarded(clock)
    run = Run(clock, watched(source, roles=frozenset()))
    async with run.running():
        await clock.advance(300)
    assert source.polls == [0, 60, 120, 180, 240, 300]


async def test_another_failure_is_retried_as_ever() -> None:
    """An outage meanwhile has nothing to do with permissions."""
    clock = FakeClock()
    source = Guarded(clock)
    source.answer = UnavailableError("Graph is down.", status=503)
    run = Run(clock, watched(source, roles=frozenset()))
    async with run.running():
        await clock.advance(180)
    assert source.polls == [0, 60, 120, 180]


async def test_the_next_process_asks_at_once() -> None:
    """Whoever has granted a permission and restarts the exporter does not wait for what the former one had planned."""
    clock = FakeClock()
    source = refused(clock)
    run = Run(clock, watched(source, roles=frozenset()))
    async with run.running():
        await clock.advance(4000)
        poll = run.store[Key("contoso", "test", "main")]
    assert poll.next_run is not None
    assert poll.next_run > clock.now()
    assert going_on(poll, source).next_run == poll.attempted_at
