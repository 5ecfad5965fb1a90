"""Microsoft's samples of service health."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.graph.world import GRAPH, Microsoft, microsoft
from tests.samples.watching import answer, page, read_sample, watching

OVERVIEWS = "/admin/serviceAnnouncement/healthOverviews"
ISSUES = "/admin/serviceAnnouncement/issues"
Golden = Callable[[str, str], None]


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A Microsoft that answers what a test tells it to."""
    with microsoft() as fake:
        yield fake


def expanded_issues(overviews: list[Any]) -> list[Any]:
    """The issues that stand inside of overviews."""
    return [issue for overview in overviews for issue in overview["issues"]]


async def test_healthoverviews_list(world: Microsoft, shared: Path, golden: Golden) -> None:
    """Each service has its status in the metadata's spelling, whatever the sample's, and is healthy or not by it."""
    world.graph(OVERVIEWS).mock(return_value=answer(shared, "healthoverviews-list.json"))
    world.graph(ISSUES).mock(return_value=page())
    async with watching("service_health") as watch:
        await watch.poll()
    golden("healthoverviews-list.prom", "\n".join(watch.lines("overviews")))


async def test_issues_list(world: Microsoft, shared: Path, golden: Golden) -> None:
    """All pages are read, and an issue that is resolved counts nowhere: each service has none of each kind."""
    world.graph(OVERVIEWS).mock(return_value=answer(shared, "healthoverviews-list.json"))
    route = world.graph(ISSUES)
    route.side_effect = [answer(shared, "issues-list.json"), page()]
    async with watching("service_health") as watch:
        await watch.poll()
    assert str(route.calls.last.request.url) == f"{GRAPH}{ISSUES}?$skip=100"
    golden("issues-list.prom", "\n".join(watch.lines("issues")))


async def test_issues_list_while_it_was_open(world: Microsoft, shared: Path, golden: Golden) -> None:
    """The sample's issue as it must have been before its end: its service is told by the overviews."""
    issue = read_sample(shared, "issues-list.json")["value"][0] | {"isResolved": False, "endDateTime": None}
    world.graph(OVERVIEWS).mock(return_value=answer(shared, "healthoverviews-list.json"))
    world.graph(ISSUES).mock(return_value=page(issue))
    async with watching("service_health", services={"include": ["Exchange"]}) as watch:
        await watch.poll()
    golden("issues-list-open.prom", "\n".join(watch.lines("issues")))


async def test_issues_get(world: Microsoft, shared: Path, golden: Golden) -> None:
    """An issue that left the open ones is read by its id, and served as resolved with its end."""
    resolved = read_sample(shared, "issues-get.beta.json")
    world.graph(OVERVIEWS).mock(return_value=answer(shared, "healthoverviews-list.json"))
    route = world.graph(f"{ISSUES}?$filter")
    route.side_effect = [page(resolved | {"isResolved": False, "endDateTime": None}), page()]
    world.graph(f"{ISSUES}/MO226784").mock(return_value=answer(shared, "issues-get.beta.json"))
    world.graph(f"{ISSUES}?$select").mock(return_value=page(resolved))  # the past, for the status page
    async with watching("service_health", services={"include": ["Microsoft 365 suite"]}) as watch:
        await watch.poll()
        await watch.poll()
    golden("issues-get.beta.prom", "\n".join(watch.lines("issues")))


async def test_an_expanded_overview(world: Microsoft, shared: Path, golden: Golden) -> None:
    """Issues inside of an overview change nothing; one of a service that is not listed keeps the name that it gives."""
    overview = read_sample(shared, "healthoverviews-get-expand-issues.beta.json")
    world.graph(OVERVIEWS).mock(return_value=page(overview))
    world.graph(ISSUES).mock(return_value=page(*(issue | {"isResolved": False} for issue in overview["issues"])))
    async with watching("service_health") as watch:
        await watch.poll()
    golden("healthoverviews-get-expand-issues.beta.prom", "\n".join(watch.lines("overviews") + watch.lines("issues")))


async def test_a_tenant_of_29_services(world: Microsoft, shared: Path, golden: Golden) -> None:
    """The whole synthetic tenant: every status, the two open issues, a title with quotes, an unknown property."""
    overviews = answer(shared, "synthetic-healthoverviews-expand-issues.json")
    issues = expanded_issues(read_sample(shared, "synthetic-healthoverviews-expand-issues.json")["value"])
    world.graph(OVERVIEWS).mock(return_value=overviews)
    world.graph(ISSUES).mock(return_value=httpx.Response(200, json={"value": issues}))
    async with watching("service_health") as watch:
        await watch.poll()
    golden("synthetic-tenant.prom", "\n".join(watch.lines("overviews") + watch.lines("issues")))


async def test_the_plugins_idea_of_healthy(world: Microsoft, shared: Path) -> None:
    """With the first two healthy statuses alone, what is healthy is what the Centreon plugin takes for OK."""
    world.graph(OVERVIEWS).mock(return_value=answer(shared, "synthetic-healthoverviews-expand-issues.json"))
    world.graph(ISSUES).mock(return_value=page())
    async with watching("service_health", healthy_statuses=["serviceOperational", "serviceRestored"]) as watch:
        await watch.poll()
    unhealthy = [line for line in watch.lines("overviews", "o365_service_healthy") if line.endswith(" 0.0")]
    assert unhealthy == [
        'o365_service_healthy{service_id="Exchange",service_name="Exchange Online",tenant="contoso"} 0.0',
        'o365_service_healthy{service_id="microsoftteams",service_name="Microsoft Teams",tenant="contoso"} 0.0',
    ]
