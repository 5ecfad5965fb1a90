"""The client against a whole simulated Microsoft 365 over real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from o365_exporter.errors import AuthError, PermissionMissingError
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.simulator import Simulator, SimulatorOptions, Tenant
from tests.graph.simulated import client_of
from tests.graph.world import ISSUE, ImpatientClock

HEALTH = Endpoint(
    "/admin/serviceAnnouncement/issues",
    ("ServiceHealth.Read.All",),
    page_sizes=(50,),
    paging="maxpagesize",
    limits="service_communications",
)
APPS = Endpoint(
    "/applications",
    ("Application.Read.All",),
    ("id", "appId", "displayName", "keyCredentials", "passwordCredentials"),
    (30,),
    limits="identity_key_credentials",
)


@asynccontextmanager
async def simulated() -> AsyncIterator[tuple[GraphClient, Tenant, ImpatientClock]]:
    """A client of the first simulated tenant; both live by one clock."""
    clock = ImpatientClock()
    simulator = Simulator(clock, SimulatorOptions.many(1))
    async with client_of(simulator, clock) as graph:
        yield graph, simulator.tenants["contoso"], clock


async def test_lists_of_live_size_are_read_whole() -> None:
    """230 issues in five pages, 100 applications in four; filters and single objects too."""
    async with simulated() as (graph, tenant, _):
        assert len(await graph.list(HEALTH)) == 230
        assert graph.traffic.requests[HEALTH.route, "200"] == 5
        still_open = await graph.list(HEALTH, filter="isResolved eq false")
        assert {issue["id"] for issue in still_open} == set(tenant.open_issue_ids())
        assert len({app["id"] for app in await graph.list(APPS)}) == 100
        one = await graph.find(ISSUE, id=still_open[0]["id"])
        assert one is not None
        assert one["id"] == still_open[0]["id"]
        assert await graph.find(ISSUE, id="EX000") is None
        assert graph.auth.state == "ok"


async def test_the_newest_page_alone_is_read() -> None:
    """Secure scores asked for by $top=1 still have a next page, behind which lie 90 days."""
    scores = Endpoint("/security/secureScores", ("SecurityEvents.Read.All",))
    async with simulated() as (graph, tenant, _):
        assert await graph.page(scores, 1) == tenant.secure_scores[:1]
        assert graph.traffic.requests[scores.route, "200"] == 1


async def test_a_list_is_counted_without_being_read() -> None:
    """By text and with eventual consistency, without which Graph refuses."""
    async with simulated() as (graph, tenant, _):
        assert await graph.count(APPS) == len(tenant.applications)
        assert graph.traffic.requests["/applications/$count", "200"] == 1


async def test_expired_tokens_are_renewed() -> None:
    """Over many hours no request meets an expired token."""
    async with simulated() as (graph, _, clock):
        for _ in range(8):
            await graph.list(APPS)
            clock.pass_time(1200)
        assert (APPS.route, "401") not in graph.traffic.requests


async def test_a_permission_granted_later_works() -> None:
    """A role that is missing is named; five minutes after it was granted at the latest the same client has it."""
    async with simulated() as (graph, tenant, clock):
        tenant.withdraw(["Application.Read.All"])
        with pytest.raises(PermissionMissingError, match=r"Application\.Read\.All"):
            await graph.list(APPS)
        tenant.grant(["Application.Read.All"])
        clock.pass_time(300)
        assert len(await graph.list(APPS)) == 100


async def test_wrong_credentials_recover_by_themselves() -> None:
    """An app that was disabled is refused with its sentence, and works again when it is enabled."""
    async with simulated() as (graph, tenant, clock):
        tenant.disable_app()
        with pytest.raises(AuthError, match=r"is disabled in tenant contoso \(AADSTS7000112\)"):
            await graph.list(APPS)
        tenant.enable_app()
        clock.pass_time(30)
        assert len(await graph.list(APPS)) == 100


async def test_the_published_limits_are_not_met() -> None:
    """A burst of 250 requests is spread by our own budget, so that Graph never has to say 429."""
    overviews = Endpoint(
        "/admin/serviceAnnouncement/healthOverviews", HEALTH.permissions, limits="service_communications", vital=True
    )
    async with simulated() as (graph, _, _):
        for _ in range(250):
            await graph.get(overviews)
        codes = {code for api, code in graph.traffic.requests if api == overviews.route}
        assert codes == {"200"}
        assert 0 < graph.traffic.waits["budget"] <= 60
