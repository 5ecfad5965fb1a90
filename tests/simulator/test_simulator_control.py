"""Control over HTTP, and what the operations behind it do to a tenant."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from o365_exporter.simulator import Simulator, SimulatorError, Tenant
from o365_exporter.simulator.control import OPERATIONS
from o365_exporter.simulator.http import Response
from tests.simulator.support import HEALTH, GraphUser, Json

CONTOSO = "/control/tenants/contoso"


async def do(http: httpx.AsyncClient, operation: str, **arguments: Any) -> Any:
    """Change contoso and expect success; the operation's result."""
    answer = await http.post(f"{CONTOSO}/{operation}", json=arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()["result"]


async def refused(http: httpx.AsyncClient, path: str, body: Any, status: int = 400) -> str:
    """The sentence with which a request is refused."""
    answer = await http.post(path, json=body)
    assert answer.status_code == status
    sentence: str = answer.json()["error"]
    return sentence


async def test_the_index_documents_everything(http: httpx.AsyncClient) -> None:
    """Routes, operations with their keys, faults and switches are all there."""
    index = (await http.get("/control/")).json()
    assert set(index["operations"]) == {method.__name__ for method in OPERATIONS}
    for name, operation in index["operations"].items():
        assert operation["what"].endswith((".", "(AADSTS7000112).", "(AADSTS7000229).")), name
    assert index["operations"]["resolve_issue"]["keys"] == {
        "issue_id": "string; required",
        "status": "string; default 'serviceRestored'",
    }
    assert index["fault"]["delay"] == "number; default 0.0. Seconds before the answer, by the clock."
    assert set(index["switches"]) >= {"filter_mode", "throttling", "pascal_case_rate", "prefer"}
    assert "POST /control/advance" in index["routes"]


def test_half_a_character_is_an_escape() -> None:
    """As in Microsoft's JSON: no encoding has it, and whatever lists it would be a fault of the simulator."""
    assert Response(200, {"a": "é\ud83d \udfff"}).body() == b'{"a":"\xc3\xa9\\ud83d \\udfff"}'


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        (
            f"{CONTOSO}/open_issue",
            {"service": "Exchange", "titel": "x"},
            "unknown key 'titel': did you mean 'title'? The keys are service, title, classification, status, "
            "issue_id, feature",
        ),
        (f"{CONTOSO}/disable_app", {"x": 1}, "unknown key 'x': The keys are none"),
        (f"{CONTOSO}/add_post", {}, "key 'issue_id' is missing: add it"),
        (
            f"{CONTOSO}/add_credential",
            {"app_id": "x", "days": "many"},
            "key 'days' cannot be 'many': Input should be a valid number, unable to parse string as a number",
        ),
        (
            f"{CONTOSO}/rotate_secret",
            {"secret_value": 7},
            "key 'secret_value' cannot be …: Input should be a valid string",
        ),
        (
            "/control/switches",
            {"filter_mode": "odd"},
            "key 'filter_mode' cannot be 'odd': Input should be 'honoured', 'ignored' or 'refused'",
        ),
        ("/control/faults", {"aadsts": 1}, None),
        ("/control/advance", {"minutes": 1}, None),
        ("/control/advance", ["seconds"], "the body is list; send a JSON object such as {}"),
    ],
)
async def test_wrong_requests_are_refused_with_a_remedy(
    http: httpx.AsyncClient, path: str, body: Any, sentence: str | None
) -> None:
    """Key, value and remedy are named."""
    told = await refused(http, path, body)
    assert sentence is None or told == sentence


async def test_what_is_not_there_is_told(http: httpx.AsyncClient) -> None:
    """Unknown tenants, operations, faults, addresses and methods."""
    assert "there are contoso" in await refused(http, "/control/tenants/acme/add_post", {}, 404)
    assert "no operation 'explode'; use one of set_service_status," in await refused(
        http, f"{CONTOSO}/explode", {}, 404
    )
    assert "GET /control/ lists" in await refused(http, "/control/nothing", {}, 404)
    assert (await http.delete("/control/faults/9")).status_code == 404
    wrong = await http.delete("/control/advance")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "POST")
    assert "tenant contoso has no issue 'XX1'" in await refused(http, f"{CONTOSO}/add_post", {"issue_id": "XX1"})
    bad = await http.post("/control/advance", content=b"{")
    assert bad.status_code == 400
    assert "the body is not JSON" in bad.json()["error"]


async def test_the_state_of_tenants_holds_no_secret(http: httpx.AsyncClient, contoso: Tenant) -> None:
    """Ids, roles, statuses and ends can be read; the secret cannot."""
    state = (await http.get(CONTOSO)).json()
    assert (state["tenant_id"], state["client_id"]) == (contoso.tenant_id, contoso.client_id)
    assert state["services"]["Exchange"] == "serviceDegradation"
    assert list(state["open_issues"]) == contoso.open_issue_ids()
    assert state["client_secrets_end"] == ["2027-04-14T12:00:00Z"]
    everything = await http.get("/control/tenants")
    assert everything.json() == {"contoso": state}
    assert contoso.client_secret not in everything.text
    assert contoso.client_secret not in repr(contoso.client_secrets())


async def test_the_story_of_an_issue(http: httpx.AsyncClient, user: GraphUser, simulator: Simulator) -> None:
    """Opened, commented, changed, retitled, resolved: Graph shows each step, and the service follows."""
    issue_id = await do(http, "open_issue", service="Planner", title="Boards are empty", classification="advisory")
    simulator.advance(600)
    await do(http, "add_post", issue_id=issue_id, content="<p>More</p>", post_type="quick")
    await do(http, "change_issue_status", issue_id=issue_id, status="verifyingService")
    await do(http, "edit_issue", issue_id=issue_id, field="title", value="Boards were empty")
    simulator.switch(pascal_case_rate=0)
    issue = await user.json(f"{HEALTH}/issues/{issue_id}")
    assert (issue["status"], issue["title"], issue["isResolved"]) == ("verifyingService", "Boards were empty", False)
    assert issue["startDateTime"] == "2026-03-10T12:00:00.000Z"
    assert issue["lastModifiedDateTime"] == "2026-03-10T12:10:00.000Z"
    assert [post["postType"] for post in issue["posts"]] == ["regular", "quick"]
    assert (await user.json(f"{HEALTH}/healthOverviews/Planner"))["status"] == "verifyingService"
    await do(http, "resolve_issue", issue_id=issue_id)
    issue = await user.json(f"{HEALTH}/issues/{issue_id}")
    assert (issue["status"], issue["isResolved"]) == ("serviceRestored", True)
    assert issue["endDateTime"] == "2026-03-10T12:10:00.000Z"
    assert (await user.json(f"{HEALTH}/healthOverviews/Planner"))["status"] == "serviceOperational"
    await do(http, "remove_issue", issue_id=issue_id)
    assert (await user.get(f"{HEALTH}/issues/{issue_id}")).status_code == 404


def test_a_service_stays_degraded_while_another_issue_is_open(contoso: Tenant) -> None:
    """Resolving one of two issues leaves the service with the status of the other."""
    first = contoso.open_issue("Planner", status="serviceInterruption")
    second = contoso.open_issue("Planner", status="investigating")
    contoso.resolve_issue(second)
    assert contoso.services["Planner"]["status"] == "serviceInterruption"
    contoso.resolve_issue(first)
    assert contoso.services["Planner"]["status"] == "serviceOperational"


def test_posts_can_be_added_to_a_generated_issue(contoso: Tenant) -> None:
    """The posts that were there stay."""
    issue_id = contoso.open_issue_ids()[0]
    before = contoso.posts(issue_id)
    contoso.add_post(issue_id, "<p>new</p>")
    assert contoso.posts(issue_id)[:-1] == before


def test_impossible_changes_are_refused(contoso: Tenant) -> None:
    """Python callers get the same sentences."""
    with pytest.raises(SimulatorError, match="has no service 'Nope'"):
        contoso.set_service_status("Nope", "serviceOperational")
    with pytest.raises(SimulatorError, match="field 'id' of an issue cannot be edited; use one of title"):
        contoso.edit_issue(contoso.open_issue_ids()[0], "id", "x")
    with pytest.raises(SimulatorError, match="has no credential 'nope'"):
        contoso.remove_credential(contoso.client_id, "nope")


async def test_services_come_and_go(http: httpx.AsyncClient, user: GraphUser) -> None:
    """A new service appears, takes a status, and goes."""
    await do(http, "add_service", service="NewThing", name="New Thing")
    await do(http, "set_service_status", service="NewThing", status="investigating")
    assert (await user.json(f"{HEALTH}/healthOverviews/NewThing"))["status"].lower() == "investigating"
    await do(http, "remove_service", service="NewThing")
    assert (await user.get(f"{HEALTH}/healthOverviews/NewThing")).status_code == 404


async def test_secrets_and_roles(http: httpx.AsyncClient, contoso: Tenant) -> None:
    """Rotation answers with the new secret; expiry may be put off; roles and the app's state change."""
    assert await do(http, "rotate_secret", secret_value="abc~def", days=10) == "abc~def"
    assert contoso.client_secret == "abc~def"
    await do(http, "expire_secret", after=3600)
    assert (await http.get(CONTOSO)).json()["client_secrets_end"] == ["2026-03-10T13:00:00Z"]
    await do(http, "withdraw", roles=["Application.Read.All"])
    assert "Application.Read.All" not in contoso.roles
    await do(http, "grant", roles=["Application.Read.All"])
    assert "Application.Read.All" in contoso.roles
    for operation in ("disable_app", "enable_app", "remove_service_principal", "restore_service_principal"):
        await do(http, operation)
    assert contoso.app_enabled
    assert contoso.has_service_principal


async def test_tokens_are_revoked(http: httpx.AsyncClient, user: GraphUser, simulator: Simulator) -> None:
    """What was issued before is refused with 401, as by continuous access evaluation; a new one is good."""
    await user.json("/v1.0/organization")
    simulator.advance(1)
    await do(http, "revoke_tokens")
    refused = await user.get("/v1.0/organization")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert refused.json()["error"]["message"].endswith("code: TokenIssuedBeforeRevocationTimestamp")
    user.forget_token()
    await user.json("/v1.0/organization")


def test_control_from_python(simulator: Simulator, contoso: Tenant) -> None:
    """What HTTP can do can be done without it; what it refuses raises the same sentence."""
    simulator.control("POST", "tenants/contoso/withdraw", {"roles": ["Reports.Read.All"]})
    assert "Reports.Read.All" not in contoso.roles
    assert simulator.control("GET", "tenants/contoso", {})["key"] == "contoso"
    with pytest.raises(SimulatorError, match="key 'roles' is missing: add it"):
        simulator.control("POST", "tenants/contoso/withdraw", {})


async def test_applications_and_credentials(http: httpx.AsyncClient, user: GraphUser) -> None:
    """Registrations and credentials come, change and go."""
    app_id = await do(http, "add_application", display_name="Added", secrets=[10, -1], certificates=[5.5])
    path = f"/v1.0/applications(appId='{app_id}')"
    app = await user.json(path)
    assert [one["endDateTime"][:10] for one in app["passwordCredentials"]] == ["2026-03-20", "2026-03-09"]
    assert len(app["keyCredentials"]) == 1
    key_id = await do(http, "add_credential", app_id=app_id, kind="certificate", days=1)
    assert await do(http, "add_credential", app_id=app_id, key_id="mine") == "mine"
    await do(http, "remove_credential", app_id=app_id, key_id=app["keyCredentials"][0]["keyId"])
    assert [one["keyId"] for one in (await user.json(path))["keyCredentials"]] == [key_id]
    await do(http, "rename_application", app_id=app_id, display_name=None)
    assert (await user.json(path))["displayName"] is None
    await do(http, "remove_application", app_id=app_id)
    assert (await user.get(path)).status_code == 404


async def test_licences(http: httpx.AsyncClient, user: GraphUser) -> None:
    """Units and statuses of SKUs and subscriptions change one by one."""
    await do(http, "change_sku", part_number="SPE_E3", consumed=7, status="Warning", warning=3, locked_out=1)
    sku = user.tenant.skus["SPE_E3"]
    shown = await user.json(f"/v1.0/subscribedSkus/{sku['id']}")
    assert (shown["consumedUnits"], shown["capabilityStatus"]) == (7, "Warning")
    assert shown["prepaidUnits"] == {"enabled": 50, "suspended": 0, "warning": 3, "lockedOut": 1}
    subscription = sku["subscriptionIds"][0]
    await do(http, "change_subscription", subscription_id=subscription, status="Suspended", next_lifecycle_days=3)
    changed = user.tenant.subscriptions[subscription]
    assert (changed["status"], changed["nextLifecycleDateTime"]) == ("Suspended", "2026-03-13T12:00:00Z")
    await do(http, "change_subscriptions_of", part_number="SPE_E3", status="Warning")
    states = [user.tenant.subscriptions[one]["status"] for one in sku["subscriptionIds"]]
    assert states == ["Warning", "Warning"]
    await do(http, "remove_subscription", subscription_id=subscription)
    await do(http, "remove_sku", part_number="SPE_E3")
    assert len((await user.json("/v1.0/subscribedSkus"))["value"]) == 19
    assert len((await user.json("/v1.0/directory/subscriptions"))["value"]) == 23


async def test_faults_over_http(http: httpx.AsyncClient, user: GraphUser) -> None:
    """Added, listed with their counts, removed one by one or all."""
    await user.json("/v1.0/organization")
    added = await http.post("/control/faults", json={"path": "/v1.0/organization", "status": 503})
    assert added.json() == {"id": "1"}
    assert (await user.get("/v1.0/organization")).status_code == 503
    listed: Json = (await http.get("/control/faults")).json()
    assert listed == {"1": {"fault": {"path": "/v1.0/organization", "status": 503}, "seen": 1, "fired": 1}}
    assert (await http.delete("/control/faults/1")).status_code == 200
    assert (await user.get("/v1.0/organization")).status_code == 200
    await http.post("/control/faults", json={"status": 503})
    await http.delete("/control/faults")
    assert (await http.get("/control/faults")).json() == {}


async def test_control_is_out_of_reach_of_faults_and_the_log(http: httpx.AsyncClient, simulator: Simulator) -> None:
    """A fault on everything can still be taken back, and control requests are not logged."""
    await http.post("/control/faults", json={"status": 500})
    assert (await http.delete("/control/faults")).status_code == 200
    assert len(simulator.requests) == 0


async def test_time_moves_for_microsoft_only(http: httpx.AsyncClient, user: GraphUser) -> None:
    """Advancing expires tokens; the clock of the tests stays."""
    await user.json("/v1.0/organization")
    answer = await http.post("/control/advance", json={"seconds": 7_200})
    assert answer.json() == {"now": 1773151200.0, "text": "2026-03-10T14:00:00.000Z", "ahead": 7200.0}
    assert (await user.get("/v1.0/organization")).status_code == 401
    assert (await http.get("/control/time")).json()["ahead"] == 7200.0


async def test_switches_over_http(http: httpx.AsyncClient, simulator: Simulator) -> None:
    """What is not named stays as it was."""
    await http.post("/control/switches", json={"throttling": False})
    await http.post("/control/switches", json={"filter_mode": "refused"})
    switches = (await http.get("/control/switches")).json()
    assert (switches["throttling"], switches["filter_mode"]) == (False, "refused")
    assert simulator.switches.model_dump() == switches


async def test_requests_over_http(http: httpx.AsyncClient, user: GraphUser) -> None:
    """The log can be searched and emptied; no token is in it."""
    await user.json("/v1.0/organization?$select=id")
    found = await http.get("/control/requests", params={"path": "/v1.0/*", "tenant": "contoso"})
    assert found.json()["count"] == 1
    assert found.json()["requests"][0]["query"] == "$select=id"
    assert user._token not in json.dumps(found.json())
    assert (await http.get("/control/requests", params={"paht": "x"})).status_code == 400
    await http.delete("/control/requests")
    assert (await http.get("/control/requests")).json() == {"count": 0, "requests": []}


async def test_throttling_windows_can_be_forgotten(http: httpx.AsyncClient, user: GraphUser) -> None:
    """A throttled client is let in at once."""
    path = f"{HEALTH}/healthOverviews/Exchange"
    for _ in range(240):
        await user.get(path)
    assert (await user.get(path)).status_code == 429
    await http.post("/control/throttle/forget")
    assert (await user.get(path)).status_code == 200
