"""Signing in: discovery, tokens, and what Entra ID says when it refuses."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import httpx
import pytest

from o365_exporter.simulator import Simulator, SimulatorOptions, Tenant, TenantOptions
from tests.fakes import FakeClock
from tests.simulator.support import GRAPH, LOGIN, GraphUser, in_process


def claims(token: str) -> dict[str, Any]:
    """The payload of a JWT."""
    part = token.split(".")[1]
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def code(answer: httpx.Response) -> int:
    """The number of a refusal."""
    number: int = answer.json()["error_codes"][0]
    return number


async def test_a_token_has_the_claims_of_an_app_only_token(user: GraphUser, clock: FakeClock) -> None:
    """Audience, issuer, tenant, app, roles and expiry are in the token, and the answer has Entra's four fields."""
    answer = await user.sign_in()
    body = answer.json()
    assert set(body) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    found = claims(body["access_token"])
    assert found["aud"] == GRAPH
    assert found["iss"] == f"https://sts.windows.net/{user.tenant.tenant_id}/"
    assert (found["tid"], found["appid"]) == (user.tenant.tenant_id, user.tenant.client_id)
    assert found["roles"] == sorted(user.tenant.roles)
    assert found["exp"] == int(clock.now()) + body["expires_in"]


async def test_lifetimes_vary_between_60_and_90_minutes_and_repeat(clock: FakeClock) -> None:
    """Lifetimes differ from token to token, and the next run of the same seed has the same ones."""

    async def lifetimes() -> list[int]:
        simulator = Simulator(clock)
        async with in_process(simulator) as http:
            user = GraphUser(http, simulator.tenants["contoso"])
            return [(await user.sign_in()).json()["expires_in"] for _ in range(8)]

    first = await lifetimes()
    assert len(set(first)) > 4
    assert all(3_599 <= one <= 5_399 for one in first)
    assert first == await lifetimes()


async def test_the_domain_name_serves_as_well_as_the_guid(http: httpx.AsyncClient, contoso: Tenant) -> None:
    """A login address may name the tenant by domain; discovery then answers with the GUID, at the same address."""
    answer = await http.get(f"/{contoso.domain}/v2.0/.well-known/openid-configuration")
    document = answer.json()
    assert document["token_endpoint"] == f"{GRAPH}/{contoso.tenant_id}/oauth2/v2.0/token"
    assert document["issuer"] == f"{GRAPH}/{contoso.tenant_id}/v2.0"


@pytest.mark.parametrize("origin", ["http://127.0.0.1:10366", "https://simulator.test"])
async def test_discovery_never_leads_to_microsoft(simulator: Simulator, contoso: Tenant, origin: str) -> None:
    """Every address in it is the simulator's own, by which the client came: no secret of a trial goes elsewhere."""
    asked = f"{LOGIN}/{contoso.tenant_id}/oauth2/v2.0/authorize"
    routes = [f"/{name}/v2.0/.well-known/openid-configuration" for name in (contoso.tenant_id, "common")]
    async with in_process(simulator, origin) as http:
        texts = [(await http.get(route)).text for route in routes]
        texts.append((await http.get("/common/discovery/instance", params={"authorization_endpoint": asked})).text)
        texts.append((await http.post(f"/{contoso.tenant_id}/oauth2/v2.0/token")).text)
    for text in texts:
        assert set(re.findall(r"https?://[^/\"]+", text)) == {origin}
        assert "microsoftonline" not in text


async def test_instance_discovery_names_the_tenants_endpoint(http: httpx.AsyncClient) -> None:
    """What MSAL asks of an unknown authority is answered with aliases and the tenant's discovery address."""
    asked = f"{LOGIN}/abc/oauth2/v2.0/authorize"
    answer = await http.get("/common/discovery/instance", params={"authorization_endpoint": asked})
    body = answer.json()
    assert body["tenant_discovery_endpoint"] == f"{GRAPH}/abc/v2.0/.well-known/openid-configuration"
    assert body["metadata"][0]["aliases"] == ["graph.microsoft.com"]


async def test_a_refusal_has_the_exact_shape_of_entra(user: GraphUser) -> None:
    """A wrong secret is answered like the recorded error, field by field."""
    answer = await user.sign_in(client_secret="wrong")
    body = answer.json()
    assert answer.status_code == 401
    assert list(body) == [
        "error",
        "error_description",
        "error_codes",
        "timestamp",
        "trace_id",
        "correlation_id",
        "error_uri",
    ]
    assert body["error"] == "invalid_client"
    assert body["error_description"] == (
        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client "
        "secret value, not the client secret ID, for a secret added to app "
        f"'{user.tenant.client_id}'. Trace ID: {body['trace_id']} Correlation ID: {body['correlation_id']} "
        "Timestamp: 2026-03-10 12:00:00Z"
    )
    assert body["error_uri"] == f"{GRAPH}/error?code=7000215"


@pytest.mark.parametrize(
    ("changes", "expected", "error", "status"),
    [
        ({"client_secret": "wrong"}, 7000215, "invalid_client", 401),
        ({"client_secret": None}, 7000218, "invalid_client", 401),
        ({"client_id": "5e6cf0f2-0000-4000-8000-000000000000"}, 700016, "unauthorized_client", 400),
        ({"client_id": None}, 900144, "invalid_request", 400),
        ({"scope": None}, 900144, "invalid_request", 400),
        ({"scope": f"{GRAPH}/User.Read"}, 1002012, "invalid_scope", 400),
        ({"scope": f"{GRAPH}/.default openid"}, 70011, "invalid_scope", 400),
        ({"scope": "https://graph.microsoft.us/.default"}, 500011, "invalid_resource", 400),
        ({"grant_type": "password"}, 70003, "unsupported_grant_type", 400),
    ],
)
async def test_a_wrong_request_has_its_own_code(
    user: GraphUser, changes: dict[str, str | None], expected: int, error: str, status: int
) -> None:
    """Each fault of a token request is answered with the number, error and status that belong to it."""
    answer = await user.sign_in(**changes)
    assert (code(answer), answer.json()["error"], answer.status_code) == (expected, error, status)


@pytest.mark.parametrize(
    ("name", "expected"), [("11111111-2222-4333-8444-555555555555", 90002), ("a.example", 90002), ("nonsense", 900023)]
)
async def test_an_unknown_tenant_is_refused_by_both_endpoints(
    http: httpx.AsyncClient, name: str, expected: int
) -> None:
    """Discovery and the token endpoint know no such tenant."""
    discovery = await http.get(f"/{name}/v2.0/.well-known/openid-configuration")
    form = {"grant_type": "client_credentials", "client_id": "x", "scope": f"{GRAPH}/.default"}
    token = await http.post(f"/{name}/oauth2/v2.0/token", data=form)
    assert (code(discovery), code(token)) == (expected, expected)


async def test_a_secret_expires_when_its_time_comes(clock: FakeClock) -> None:
    """The secret works until the simulated clock passes its end; a rotated one works at once."""
    options = TenantOptions(key="contoso", secret_days=1)
    simulator = Simulator(clock, SimulatorOptions(tenants=(options,)))
    async with in_process(simulator) as http:
        user = GraphUser(http, simulator.tenants["contoso"])
        assert (await user.sign_in()).status_code == 200
        simulator.advance(86_401)
        assert code(await user.sign_in()) == 7000222
        old = user.tenant.client_secret
        user.tenant.rotate_secret()
        assert (await user.sign_in()).status_code == 200
        assert code(await user.sign_in(client_secret=old)) == 7000215


async def test_the_old_secret_may_live_on_beside_the_new_one(user: GraphUser) -> None:
    """A rotation that keeps the old secret leaves two that work, and Graph shows both hints."""
    old = user.tenant.client_secret
    new = user.tenant.rotate_secret("new~Secret", keep_old=True)
    assert (await user.sign_in(client_secret=old)).status_code == 200
    assert (await user.sign_in(client_secret=new)).status_code == 200
    shown = user.tenant.applications[user.tenant.client_id]["passwordCredentials"]
    assert [one["hint"] for one in shown] == [old[:3], "new"]


async def test_the_state_of_the_app_decides(user: GraphUser) -> None:
    """A disabled, unconsented or deleted app is refused with the code for it, and accepted once put right."""
    user.tenant.disable_app()
    assert code(await user.sign_in()) == 7000112
    user.tenant.enable_app()
    user.tenant.remove_service_principal()
    assert code(await user.sign_in()) == 7000229
    user.tenant.restore_service_principal()
    assert (await user.sign_in()).status_code == 200
    user.tenant.expire_secret()
    assert code(await user.sign_in()) == 7000222
    user.tenant.remove_application(user.tenant.client_id)
    assert code(await user.sign_in()) == 700016


@pytest.mark.parametrize(("number", "status"), [(53003, 400), (90033, 503), (50196, 400), (700027, 401)])
async def test_other_refusals_are_injected(simulator: Simulator, user: GraphUser, number: int, status: int) -> None:
    """What no state of the tenant brings about can be injected, and passes when its count is used up."""
    simulator.add_fault(path="*/token", aadsts=number, count=1)
    answer = await user.sign_in()
    assert (code(answer), answer.status_code) == (number, status)
    assert (await user.sign_in()).status_code == 200


async def test_a_client_request_id_comes_back_as_correlation_id(http: httpx.AsyncClient) -> None:
    """The caller's own id is in header and error."""
    answer = await http.get(
        "/nowhere.example/v2.0/.well-known/openid-configuration", headers={"client-request-id": "my-id"}
    )
    assert answer.json()["correlation_id"] == "my-id"
    assert answer.headers["client-request-id"] == "my-id"


async def test_a_national_cloud_has_its_own_graph(clock: FakeClock) -> None:
    """A tenant of China signs in for its own Graph only."""
    options = TenantOptions(key="contoso", cloud="china")
    simulator = Simulator(clock, SimulatorOptions(tenants=(options,)))
    async with in_process(simulator) as http:
        user = GraphUser(http, simulator.tenants["contoso"])
        assert code(await user.sign_in()) == 500011
        own = await user.sign_in(scope="https://microsoftgraph.chinacloudapi.cn/.default")
        assert own.status_code == 200


async def test_an_address_that_is_no_endpoint_is_a_404(http: httpx.AsyncClient) -> None:
    """Entra answers HTML where it has nothing."""
    answer = await http.get("/contoso/oauth2/nothing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html")
