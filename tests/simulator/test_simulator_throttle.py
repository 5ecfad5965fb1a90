"""Throttling by the published limits."""

from __future__ import annotations

import httpx
import pytest

from o365_exporter.simulator import Simulator, SimulatorOptions, TenantOptions
from o365_exporter.simulator.throttle import Charge
from tests.fakes import FakeClock
from tests.simulator.support import HEALTH, GraphUser, in_process

OVERVIEWS = f"{HEALTH}/healthOverviews?$top=1"


async def ask(user: GraphUser, path: str, times: int) -> httpx.Response:
    """The last of so many answers."""
    for _ in range(times - 1):
        await user.get(path)
    return await user.get(path)


async def test_service_communications_allow_240_a_minute(user: GraphUser, simulator: Simulator) -> None:
    """The 241st request of a minute is refused in Graph's words, with the time to wait; after it all is well."""
    assert (await ask(user, OVERVIEWS, 240)).status_code == 200
    refused = await user.get(OVERVIEWS)
    body = refused.json()["error"]
    assert refused.status_code == 429
    assert (body["code"], body["message"]) == ("TooManyRequests", "Please retry again later.")
    assert (body["innerError"]["code"], body["innerError"]["status"]) == ("429", "429")
    assert body["innerError"]["message"] == "Please retry after"
    assert refused.headers["retry-after"] == "60"
    simulator.advance(60)
    assert (await user.get(OVERVIEWS)).status_code == 200


async def test_service_communications_allow_800_an_hour(user: GraphUser, simulator: Simulator) -> None:
    """The hourly limit binds those who keep below the one of a minute."""
    for _ in range(4):
        assert (await ask(user, OVERVIEWS, 200)).status_code == 200
        simulator.advance(61)
    refused = await user.get(OVERVIEWS)
    assert refused.status_code == 429
    assert float(refused.headers["retry-after"]) > 3_000
    simulator.advance(3_600)
    user.forget_token()
    assert (await user.get(OVERVIEWS)).status_code == 200


async def test_a_refusal_says_how_long_to_wait_and_no_more(user: GraphUser, simulator: Simulator) -> None:
    """The documented headers about throttling, which nobody has seen, come only where they are switched on."""

    async def named() -> set[str]:
        refused = await ask(user, OVERVIEWS, 241)
        return {name for name in refused.headers if name == "retry-after" or name.startswith("x-ms-throttle")}

    assert await named() == {"retry-after"}
    simulator.switch(throttle_headers=True)
    assert await named() == {
        *("retry-after", "x-ms-throttle-limit-percentage", "x-ms-throttle-scope", "x-ms-throttle-information")
    }


async def test_requests_made_while_throttled_still_count(user: GraphUser, simulator: Simulator) -> None:
    """Who hammers on is let in later than who waits."""
    await ask(user, OVERVIEWS, 240)
    simulator.advance(30)
    await ask(user, OVERVIEWS, 240)
    simulator.advance(30)
    assert (await user.get(OVERVIEWS)).status_code == 429


async def test_every_third_retry_after_has_a_fraction_and_suffices(user: GraphUser, simulator: Simulator) -> None:
    """``Retry-After`` may be ``2.128``, and whoever obeys it gets through."""
    await ask(user, OVERVIEWS, 200)
    simulator.advance(57.5)
    await ask(user, OVERVIEWS, 42)
    refused = await user.get(OVERVIEWS)
    assert refused.headers["retry-after"] == "2.501"
    simulator.advance(float(refused.headers["retry-after"]))
    assert (await user.get(OVERVIEWS)).status_code == 200


@pytest.mark.parametrize(("users", "units"), [(49, 3_500), (50, 5_000), (500, 5_000), (501, 8_000)])
async def test_the_identity_limit_depends_on_the_size_of_the_tenant(clock: FakeClock, users: int, units: int) -> None:
    """Small tenants have fewer resource units; the headers tell how near the end is."""
    simulator = Simulator(clock, SimulatorOptions(tenants=(TenantOptions(key="contoso", users=users),)))
    simulator.switch(throttle_headers=True)
    tenant = simulator.tenants["contoso"]
    charge = units // 3  # a whole SKU list costs three
    async with in_process(simulator) as http:
        user = GraphUser(http, tenant)
        await user.get("/v1.0/organization")
        for _ in range(charge - 1):
            simulator.throttle.judge(
                Charge(tenant.client_id, tenant.tenant_id, users, "identity", 3, key_credentials=False), clock.now()
            )
        last = await user.get("/v1.0/organization")
        assert last.status_code == 200
        assert last.headers["x-ms-throttle-limit-percentage"] == "1.0"
        refused = await ask(user, "/v1.0/subscribedSkus", 2)
    assert refused.status_code == 429
    assert refused.headers["x-ms-throttle-scope"].endswith(f"/{tenant.client_id}/{tenant.tenant_id}")
    assert refused.headers["x-ms-throttle-information"] == "ResourceUnitLimitExceeded"


@pytest.mark.parametrize(
    ("path", "units"),
    [
        ("/v1.0/applications", "2"),
        ("/v1.0/applications?$select=id", "1"),
        ("/v1.0/applications?$top=5", "1"),
        ("/v1.0/applications?$select=id&$top=5", "1"),
        ("/v1.0/subscribedSkus", "3"),
        ("/v1.0/subscribedSkus?$select=skuId", "2"),
        ("/v1.0/directory/subscriptions", "1"),
    ],
)
async def test_requests_cost_what_is_published(user: GraphUser, path: str, units: str) -> None:
    """Resource units as documented: less with ``$select`` and small pages, never under one."""
    answer = await user.get(path)
    assert answer.headers["x-ms-resource-unit"] == units
    assert "x-ms-throttle-limit-percentage" not in answer.headers


async def test_key_credentials_may_be_selected_150_times_a_minute(user: GraphUser) -> None:
    """The tenant's limit for certificates stands beside the other one."""
    path = "/v1.0/applications?$select=keyCredentials&$top=1"
    assert (await ask(user, path, 150)).status_code == 200
    assert (await user.get(path)).status_code == 429
    assert (await user.get("/v1.0/applications?$select=id")).status_code == 200


async def test_tenants_do_not_share_limits(clock: FakeClock) -> None:
    """One tenant's throttling is no other's."""
    simulator = Simulator(clock, SimulatorOptions.many(2))
    async with in_process(simulator) as http:
        contoso, fabrikam = (GraphUser(http, tenant) for tenant in simulator.tenants.values())
        assert (await ask(contoso, OVERVIEWS, 241)).status_code == 429
        assert (await fabrikam.get(OVERVIEWS)).status_code == 200


async def test_throttling_can_be_switched_off(user: GraphUser, simulator: Simulator) -> None:
    """For load tests the limits can be lifted."""
    simulator.switch(throttling=False)
    assert (await ask(user, OVERVIEWS, 242)).status_code == 200
