"""Answers that public reports describe, through client, collectors and scheduler: state, sentence and tokens."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.graph.world import Microsoft, graph_error, microsoft
from tests.samples.watching import watching

REPORT_SOURCES = {
    "exchange_usage": ("email_activity", "mailbox_usage", "mailbox_quota"),
    "skype_usage": ("users_activity", "devices_usage"),
    "teams_usage": ("users_activity", "devices_usage"),
}


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A Microsoft that answers what a test tells it to."""
    with microsoft() as fake:
        yield fake


@pytest.mark.parametrize("collector", REPORT_SOURCES)
async def test_a_tenant_without_usage_data_yet_is_no_failure(world: Microsoft, collector: str) -> None:
    """404 UnknownTenantId (microsoft-graph-docs#5738): nothing to show, whatever the product, and no wrong address."""
    words = "We do not recognize this tenant ID 11111111-2222-4333-8444-555555555555. Please double-check it."
    world.graph("/reports/").respond(404, json=graph_error("UnknownTenantId", words))
    async with watching(collector) as watch:
        await watch.poll()
    for source in REPORT_SOURCES[collector]:
        state, sentence = watch.told(source)
        assert state == "no_data"
        assert sentence.startswith("Tenant contoso has no usage data yet (404 UnknownTenantId: ")
        assert "graph_url" not in sentence


@pytest.mark.parametrize("collector", REPORT_SOURCES)
async def test_a_licence_check_that_is_not_allowed_is_a_missing_permission(world: Microsoft, collector: str) -> None:
    """The code says so (microsoft-graph-docs-contrib#4818), although the sentence speaks of a premium license."""
    code, words = (
        "Authentication_ApplicationHasNoDirectoryReadAccess",
        "Failed to do premium license check from ADGraph",
    )
    world.graph("/reports/").respond(403, json=graph_error(code, words))
    async with watching(collector) as watch:
        await watch.poll()
    for source in REPORT_SOURCES[collector]:
        state, sentence = watch.told(source)
        assert state == "permission"
        assert "lacks the application permission Directory.Read.All in tenant contoso" in sentence
        assert "licence" not in sentence


async def test_a_named_location_that_refuses_stops_the_tenant(world: Microsoft) -> None:
    """Every source and the tenant say whose policy it is (msgraph-sdk-powershell#3322), and two tokens are enough."""
    words = "Continuous access evaluation resulted in challenge with code: LocationConditionEvaluationSatisfied"
    challenge = {"www-authenticate": 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'}
    body = graph_error("InvalidAuthenticationToken", words)
    world.graph("/").mock(side_effect=lambda _: httpx.Response(401, json=body, headers=challenge))
    async with watching("subscriptions") as watch:
        for _ in range(5):
            await watch.poll()
        assert watch.tenant.graph.auth.state == "auth"
        assert watch.about("o365_exporter_tenant_up")[-1] == 'o365_exporter_tenant_up{tenant="contoso"} 0.0'
        for source in ("skus", "subscriptions"):
            state, sentence = watch.told(source)
            assert state == "auth"
            assert sentence.startswith("Conditional Access for workload identities refuses the app ")
            assert "named location" in sentence
    assert world.tokens == 2


async def test_an_outage_of_the_report_service_is_no_missing_permission(world: Microsoft) -> None:
    """403 MissingCredentials for good tokens, on 2023-03-21 (msgraph-sdk-dotnet#1751)."""
    words = "Valid Authorization header is needed."
    world.graph("/reports/").respond(403, json=graph_error("MissingCredentials", words))
    async with watching("teams_usage") as watch:
        await watch.poll()
    assert watch["users_activity"].state == "unavailable"
    assert world.tokens == 1
