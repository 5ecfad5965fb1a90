"""Moods: what others have measured at Microsoft's, by name."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from o365_exporter.simulator import Fault, Simulator, SimulatorError
from o365_exporter.simulator.moods import MOODS
from tests.fakes import FakeClock
from tests.simulator.support import HEALTH, GraphUser

APPS = "/v1.0/applications"
SKUS = "/v1.0/subscribedSkus"


def error(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message of a refusal."""
    told = answer.json()["error"]
    return answer.status_code, told["code"], told["message"]


@pytest.mark.parametrize("name", MOODS)
def test_every_mood_changes_something_and_ends(name: str, simulator: Simulator) -> None:
    """Each begins by its name over the control API, and after its end there is no trace of it."""
    usual = simulator.switches
    mood = simulator.control("GET", "moods", {})[name]
    assert mood["what"].rstrip(chr(34)).endswith(".")
    assert mood["evidence"]
    simulator.control("POST", f"moods/{name}", {"tenant": "contoso"})
    assert simulator.control("GET", "moods", {})[name]["lasts"]
    assert simulator.faults.active or simulator.switches != usual
    simulator.control("DELETE", f"moods/{name}", {})
    assert not simulator.faults.active
    assert simulator.switches == usual
    assert simulator.moods.active == []


async def test_a_mood_meets_whom_it_is_told_to_for_as_long(
    simulator: Simulator, user: GraphUser, clock: FakeClock
) -> None:
    """Tenant, address, number of requests and seconds narrow it."""
    full = len((await user.json(SKUS))["value"])

    async def sizes(*paths: str) -> list[int]:
        return [len((await user.json(path))["value"]) for path in paths]

    simulator.begin("empty_list", path=SKUS, count=1)
    assert await sizes(APPS, SKUS, SKUS) == [100, 0, full]
    simulator.begin("empty_list", path=APPS, seconds=600)
    assert await sizes(APPS, SKUS) == [0, full]
    await clock.advance(600)
    assert await sizes(APPS) == [100]
    simulator.moods.end_all()
    simulator.begin("empty_list", tenant="fabrikam")
    assert await sizes(APPS) == [100]


@pytest.mark.parametrize(
    ("body", "path", "sentence"),
    [
        ({}, "moods/sunny", "no mood is called 'sunny'"),
        ({"tenant": "nobody"}, "moods/empty_list", "no tenant 'nobody'"),
        ({"path": "/v1.0/x"}, "moods/free_tenant", "has addresses of its own"),
        ({"tenants": "contoso"}, "moods/free_tenant", "did you mean 'tenant'"),
    ],
)
def test_a_wrong_mood_is_told(simulator: Simulator, body: dict[str, Any], path: str, sentence: str) -> None:
    """Names and scopes that cannot be are refused in a sentence, and nothing begins."""
    with pytest.raises(SimulatorError, match=sentence):
        simulator.control("POST", path, body)
    assert simulator.moods.active == []
    with pytest.raises(SimulatorError, match="does not last"):
        simulator.control("DELETE", "moods/free_tenant", {})


async def test_a_free_tenant(simulator: Simulator, user: GraphUser) -> None:
    """It has one free SKU and subscription, health as everybody, and each product refuses it in its own way."""
    simulator.begin("free_tenant")
    assert [one["skuPartNumber"] for one in (await user.json(SKUS))["value"]] == ["FLOW_FREE"]
    assert len((await user.json("/v1.0/directory/subscriptions"))["value"]) == 1
    assert len((await user.json(f"{HEALTH}/healthOverviews"))["value"]) == 30
    refusals = [
        error(await user.get(path))[:2]
        for path in (
            "/v1.0/deviceManagement/applePushNotificationCertificate",
            "/v1.0/deviceAppManagement/vppTokens",
            "/v1.0/security/incidents",
            "/v1.0/roleManagement/directory/roleEligibilitySchedules",
            "/v1.0/auditLogs/signIns",
            "/v1.0/identityProtection/riskyUsers",
        )
    ]
    assert refusals == [
        (400, "BadRequest"),
        (400, "BadRequest"),
        (403, "Unauthorized"),
        (400, "AadPremiumLicenseRequired"),
        (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant"),
        (403, "Forbidden"),
    ]


async def test_refusals_have_the_shape_of_their_service(simulator: Simulator, user: GraphUser) -> None:
    """An empty message, JSON inside a message, and a page of Microsoft's own gateway."""
    simulator.begin("health_without_permission")
    assert error(await user.get(f"{HEALTH}/issues")) == (403, "UnknownError", "")
    simulator.begin("settings_without_permission")
    status, code, message = error(await user.get("/v1.0/admin/reportSettings"))
    assert (status, code, json.loads(message)["error"]["code"]) == (403, "UnknownError", "S2SUnauthorized")
    simulator.begin("intune_without_permission")
    status, code, message = error(await user.get("/beta/deviceManagement/depOnboardingSettings"))
    assert (status, code, json.loads(message)["ErrorCode"]) == (403, "Forbidden", "Forbidden")
    simulator.begin("gateway_refusal")
    answer = await user.get("/v1.0/reports/getEmailActivityUserDetail(period='D7')")
    assert (answer.status_code, answer.headers["content-type"]) == (403, "text/html; charset=utf-8")
    assert "Microsoft-Azure-Application-Gateway/v2" in answer.text


async def test_a_challenge_carries_its_claims(simulator: Simulator, user: GraphUser) -> None:
    """Continuous access evaluation answers with the header that libraries look for."""
    simulator.begin("access_challenge", path=SKUS)
    answer = await user.get(SKUS)
    assert answer.status_code == 401
    assert 'error="insufficient_claims", claims="' in answer.headers["www-authenticate"]
    assert (await user.get(APPS)).status_code == 200


async def test_the_header_date_can_differ_from_microsofts_time(simulator: Simulator, user: GraphUser) -> None:
    """``date_skew`` moves the header of login, Graph and downloads alike, and nothing else."""
    before = (await user.get(SKUS)).headers["date"]
    simulator.begin("clock_off")
    answers = [await user.sign_in(), await user.get(SKUS), await user.report("getEmailActivityUserDetail")]
    assert before == "Tue, 10 Mar 2026 12:00:00 GMT"
    assert {one.headers["date"] for one in answers} == {"Tue, 10 Mar 2026 12:15:00 GMT"}


async def test_a_bad_entry_stands_among_good_ones(simulator: Simulator, user: GraphUser) -> None:
    """One on each page, and only one."""
    simulator.begin("bad_entry")
    body = await user.json(SKUS)
    odd = [one["skuPartNumber"] for one in body["value"] if not isinstance(one["consumedUnits"], int)]
    assert odd == [body["value"][1]["skuPartNumber"]]


def test_a_fault_of_seconds_ends(simulator: Simulator, clock: FakeClock) -> None:
    """``seconds`` counts from when the fault was added, by the simulator's clock."""
    with pytest.raises(ValueError, match="greater than 0"):
        Fault(seconds=0)
    simulator.add_fault(status=503, seconds=10)
    (active,) = simulator.faults.active.values()
    assert active.fires(clock.now())
    assert not active.fires(clock.now() + 10)
