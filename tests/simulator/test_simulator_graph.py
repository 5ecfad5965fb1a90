"""Graph: who may ask, what OData options do, how answers look."""

from __future__ import annotations

import json
from urllib.parse import quote

import httpx
import pytest

from o365_exporter.simulator import Simulator, SimulatorOptions, Tenant, TenantOptions
from tests.fakes import FakeClock
from tests.simulator.support import GRAPH, HEALTH, GraphUser, in_process

OVERVIEWS = f"{HEALTH}/healthOverviews"
ISSUES = f"{HEALTH}/issues"


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    return answer.status_code, answer.json()["error"]["code"]


# Who may ask ----------------------------------------------------------------------------------------------------


async def test_without_a_token_the_answer_is_the_recorded_one(http: httpx.AsyncClient) -> None:
    """No Authorization header: 401 with the message and inner error that third parties recorded."""
    answer = await http.get(OVERVIEWS, headers={"client-request-id": "mine"})
    assert answer.status_code == 401
    assert answer.json() == {
        "error": {
            "code": "InvalidAuthenticationToken",
            "message": "Access token is empty.",
            "innerError": {
                "date": "2026-03-10T12:00:00",
                "request-id": answer.headers["request-id"],
                "client-request-id": "mine",
            },
        }
    }


async def test_a_forged_or_foreign_token_is_refused(user: GraphUser, clock: FakeClock) -> None:
    """Signature, form and audience are checked."""
    token = (await user.sign_in()).json()["access_token"]
    stranger = Simulator(clock, SimulatorOptions(seed=1))
    async with in_process(stranger) as http:
        foreign = (await GraphUser(http, stranger.tenants["contoso"]).sign_in()).json()["access_token"]
    for wrong in (token[:-4] + "AAAA", "not-a-jwt", "a.b.c", foreign):
        assert error(await user.get(OVERVIEWS, wrong)) == (401, "InvalidAuthenticationToken")


async def test_a_token_for_another_audience_is_refused(simulator: Simulator, contoso: Tenant) -> None:
    """A token for the simulator's own address is good there and nowhere else."""
    async with in_process(simulator, "http://127.0.0.1:8080") as http:
        user = GraphUser(http, contoso)
        token = (await user.sign_in(scope="http://127.0.0.1:8080/.default")).json()["access_token"]
        assert (await user.get(OVERVIEWS, token)).status_code == 200
    async with in_process(simulator) as http:
        answer = await GraphUser(http, contoso).get(OVERVIEWS, token)
    assert answer.json()["error"]["message"] == "Access token validation failure. Invalid audience."


async def test_a_token_expires(user: GraphUser, simulator: Simulator) -> None:
    """After its lifetime a token is refused, and a new one is good."""
    assert (await user.get(OVERVIEWS)).status_code == 200
    simulator.advance(5_401)
    late = await user.get(OVERVIEWS)
    assert late.json()["error"]["message"] == "Lifetime validation failed, the token is expired."
    user.forget_token()
    assert (await user.get(OVERVIEWS)).status_code == 200


@pytest.mark.parametrize(
    ("path", "role", "code"),
    [
        (OVERVIEWS, "ServiceHealth.Read.All", "UnknownError"),
        (ISSUES, "ServiceHealth.Read.All", "UnknownError"),
        ("/v1.0/applications", "Application.Read.All", "Authorization_RequestDenied"),
        ("/v1.0/subscribedSkus", "LicenseAssignment.Read.All", "Authorization_RequestDenied"),
        ("/v1.0/subscribedSkus", "Organization.Read.All", "Authorization_RequestDenied"),
        ("/v1.0/directory/subscriptions", "Organization.Read.All", "Authorization_RequestDenied"),
        ("/v1.0/organization", "Organization.Read.All", "Authorization_RequestDenied"),
    ],
)
async def test_each_endpoint_needs_its_permission(user: GraphUser, path: str, role: str, code: str) -> None:
    """Without the role a 403 in the service's own words; with it alone an answer."""
    user.tenant.roles = {"User.Read.All.But.Not.This"}
    refused = await user.get(path)
    assert error(refused) == (403, code)
    words = "" if code == "UnknownError" else "Insufficient privileges to complete the operation."
    assert refused.json()["error"]["message"] == words
    user.tenant.roles = {role}
    user.forget_token()
    assert (await user.get(path)).status_code == 200


async def test_a_role_granted_later_needs_a_new_token(user: GraphUser) -> None:
    """A token knows the roles of its day: granting and withdrawing show in the next one."""
    user.tenant.withdraw(["ServiceHealth.Read.All"])
    assert (await user.get(OVERVIEWS)).status_code == 403
    user.tenant.grant(["ServiceHealth.Read.All"])
    assert (await user.get(OVERVIEWS)).status_code == 403
    user.forget_token()
    assert (await user.get(OVERVIEWS)).status_code == 200
    user.tenant.withdraw(["ServiceHealth.Read.All"])
    assert (await user.get(OVERVIEWS)).status_code == 200


async def test_without_any_consent_it_is_401_or_403_by_switch(user: GraphUser, simulator: Simulator) -> None:
    """A token without the roles claim is answered in either of the ways that are seen."""
    user.tenant.roles.clear()
    assert error(await user.get(OVERVIEWS)) == (403, "UnknownError")
    simulator.switch(without_roles=401)
    assert error(await user.get(OVERVIEWS)) == (401, "UnknownError")


async def test_each_tenant_sees_its_own_directory(clock: FakeClock) -> None:
    """The token, not the address, says whose data are shown."""
    simulator = Simulator(clock, SimulatorOptions.many(2))
    async with in_process(simulator) as http:
        names = [
            (await GraphUser(http, tenant).json("/v1.0/organization"))["value"][0]["displayName"]
            for tenant in simulator.tenants.values()
        ]
    assert names == ["Contoso", "Fabrikam"]


# What is there --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1.0/nothing", 400, "BadRequest"),
        (f"{HEALTH}/issues/XX1", 404, "itemNotFound"),
        (f"{OVERVIEWS}/Nothing/issues", 404, "itemNotFound"),
        ("/v1.0/applications/11111111-2222-4333-8444-555555555555", 404, "Request_ResourceNotFound"),
        ("/v1.0/subscribedSkus/$count", 400, "BadRequest"),
    ],
)
async def test_what_is_not_there_is_refused_in_graphs_shape(user: GraphUser, path: str, status: int, code: str) -> None:
    """Unknown segments are a 400, unknown ids a 404."""
    assert error(await user.get(path)) == (status, code)


async def test_the_beta_version_is_not_simulated(user: GraphUser) -> None:
    """Another version is told apart."""
    answer = await user.get("/beta/applications")
    assert error(answer) == (400, "BadRequest")
    assert answer.json()["error"]["message"] == "Invalid version: beta"


async def test_only_get_is_allowed(user: GraphUser) -> None:
    """A known address with another method is a 405."""
    token = (await user.sign_in()).json()["access_token"]
    answer = await user.http.delete("/v1.0/organization", headers={"Authorization": f"Bearer {token}"})
    assert error(answer) == (405, "Request_BadRequest")


async def test_members_are_found_by_id_in_any_case(user: GraphUser) -> None:
    """One member of each collection, by id without regard to case and applications by appId too."""
    app = user.tenant.applications[user.tenant.client_id]
    by_app_id = await user.json(f"/v1.0/applications(appId='{user.tenant.client_id}')")
    assert by_app_id["id"] == app["id"]
    assert by_app_id["@odata.context"] == f"{GRAPH}/v1.0/$metadata#applications/$entity"
    assert (await user.json(f"/v1.0/applications/{app['id'].upper()}"))["appId"] == user.tenant.client_id
    assert (await user.json(f"{OVERVIEWS}/exchange"))["service"] == "Exchange Online"
    issue = user.tenant.open_issue_ids()[0]
    assert (await user.json(f"{ISSUES}/{issue}"))["id"] == issue
    sku = user.tenant.skus["SPE_E3"]
    assert (await user.json(f"/v1.0/subscribedSkus/{sku['id']}"))["skuPartNumber"] == "SPE_E3"


async def test_issues_of_a_service(user: GraphUser) -> None:
    """Below an overview, and expanded into it, are the issues that name the service."""
    below = await user.all_pages(f"{OVERVIEWS}/Exchange/issues")
    ids = [issue["id"] for page in below for issue in page]
    assert all(issue["service"] == "Exchange Online" for page in below for issue in page)
    expanded = await user.json(f"{OVERVIEWS}/Exchange?$expand=issues")
    assert [issue["id"] for issue in expanded["issues"]] == ids
    listed = await user.json(f"{OVERVIEWS}?$expand=issues")
    assert listed["@odata.context"].endswith("#admin/serviceAnnouncement/healthOverviews(issues())")
    assert sum(len(one["issues"]) for one in listed["value"]) > 200
    assert "issues" not in (await user.json(OVERVIEWS))["value"][0]


# OData options --------------------------------------------------------------------------------------------------


async def test_select_keeps_what_is_named(user: GraphUser) -> None:
    """Only the named properties come, and the context names them."""
    body = await user.json("/v1.0/applications?$select=id,displayName")
    assert body["@odata.context"] == f"{GRAPH}/v1.0/$metadata#applications(id,displayName)"
    assert {name for one in body["value"] for name in one} == {"id", "displayName"}


@pytest.mark.parametrize(
    "query", ["$select=nonsense", "$expand=nonsense", "$filter=nonsense eq 1", "$orderby=nonsense", "$search=x"]
)
async def test_an_unknown_property_or_option_is_a_400(user: GraphUser, query: str) -> None:
    """Graph names the property that it does not know."""
    answer = await user.get(f"{ISSUES}?{query}")
    assert error(answer) == (400, "BadRequest")
    assert "nonsense" in answer.text or "$search" in answer.text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("isResolved eq false", lambda one: not one["isResolved"]),
        ("isResolved eq false and classification eq 'Incident'", None),
        ("status eq 'serviceInterruption' or status eq 'restoringService'", None),
        ("not (isResolved eq true)", lambda one: not one["isResolved"]),
        ("startswith(title,'some users') and isResolved eq false", None),
        ("startDateTime ge 2026-03-01T00:00:00Z and isResolved eq false", None),
        ("isResolved ne true and feature ne null", None),
        ("service eq 'It''s nothing'", lambda _: False),
    ],
)
async def test_filters_are_honoured(user: GraphUser, text: str, expected: object) -> None:
    """Comparisons, and, or, not, parentheses and startswith select what they say."""
    found = {issue["id"] for page in await user.all_pages(f"{ISSUES}?$filter={quote(text)}") for issue in page}
    assert found < set(user.tenant.issues)
    if callable(expected):
        assert found == {key for key, issue in user.tenant.issues.items() if expected(issue)}
    else:
        assert found


async def test_a_filter_can_be_ignored_or_refused(user: GraphUser, simulator: Simulator) -> None:
    """By switch Graph passes over the filter in silence, or answers 400."""
    path = f"{ISSUES}?$filter=isResolved eq false"
    simulator.switch(filter_mode="ignored")
    assert sum(map(len, await user.all_pages(path))) == 230
    simulator.switch(filter_mode="refused")
    assert error(await user.get(path)) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize("text", ["isResolved", "isResolved eq", "(isResolved eq false", "a b c", "id eq 'x' id"])
async def test_a_broken_filter_is_a_400(user: GraphUser, text: str) -> None:
    """What cannot be parsed is refused, never guessed."""
    assert error(await user.get(f"{ISSUES}?$filter={quote(text)}")) == (400, "BadRequest")


async def test_quotes_in_an_address_must_be_encoded(user: GraphUser) -> None:
    """Raw ones are refused where the encoded ones are understood (rknightion/graph2otel)."""
    path = f"{ISSUES}?$filter=classification%20eq%20'incident'"
    assert error(await user.get(path)) == (400, "BadRequest")
    assert (await user.get(path.replace("'", "%27"))).status_code == 200


@pytest.mark.parametrize("query", ["subscribedSkus?$top=5", "subscribedSkus?$orderby=skuId", "organization?$top=1"])
async def test_what_comes_whole_has_no_pages_and_no_order(user: GraphUser, query: str) -> None:
    """Of such lists the documentation knows ``$select`` only."""
    assert error(await user.get(f"/v1.0/{query}")) == (400, "Request_UnsupportedQuery")


async def test_filtered_apps_are_sorted_by_advanced_queries_only(user: GraphUser) -> None:
    """``$orderby`` with ``$filter`` needs ConsistencyLevel: eventual; each alone does not."""
    start, order = "$filter=startswith(displayName,%27P%27)", "$orderby=displayName"
    assert error(await user.get(f"/v1.0/applications?{start}&{order}")) == (400, "Request_UnsupportedQuery")
    rows = await user.json(f"/v1.0/applications?{start}&{order}", ConsistencyLevel="eventual")
    names = [one["displayName"] for one in rows["value"]]
    assert names == sorted(names)
    assert [(await user.get(f"/v1.0/applications?{one}")).status_code for one in (start, order)] == [200, 200]


async def test_a_top_is_the_end_of_service_health(user: GraphUser, simulator: Simulator) -> None:
    """As measured there is no next link behind it; by switch there is one (microsoft-graph-docs#16424)."""
    assert "@odata.nextLink" not in await user.json(f"{ISSUES}?$top=5")
    simulator.switch(health_top="paged")
    assert (await user.json(f"{ISSUES}?$top=5"))["@odata.nextLink"].endswith("$top=5&$skip=5")


async def test_an_expansion_cannot_be_filtered(user: GraphUser) -> None:
    """Either of the two alone is good."""
    expand, filtered = "$expand=issues", "$filter=status%20ne%20%27serviceOperational%27"
    assert error(await user.get(f"{OVERVIEWS}?{expand}&{filtered}"))[0] == 400
    assert [(await user.get(f"{OVERVIEWS}?{one}")).status_code for one in (expand, filtered)] == [200, 200]


async def test_skus_and_details_cannot_be_filtered(user: GraphUser) -> None:
    """The documentation says where filters are unsupported."""
    assert error(await user.get("/v1.0/subscribedSkus?$filter=skuPartNumber eq %27EMS%27"))[0] == 400
    assert error(await user.get(f"{ISSUES}?$filter=details eq %27x%27"))[0] == 400


async def test_issues_page_by_skip_and_the_page_size_is_not_remembered(user: GraphUser) -> None:
    """Pages of 100; ``odata.maxpagesize`` counts for the request that carries it, for the link does not."""
    assert [len(page) for page in await user.all_pages(ISSUES)] == [100, 100, 30]
    first = await user.json(ISSUES, Prefer="odata.maxpagesize=40")
    assert first["@odata.nextLink"] == f"{GRAPH}{ISSUES}?$skip=40"
    assert len(first["value"]) == 40
    assert len((await user.json(first["@odata.nextLink"]))["value"]) == 100
    whole = await user.get(ISSUES, Prefer="odata.maxpagesize=1000")
    assert len(whole.json()["value"]) == 230
    assert whole.headers["preference-applied"] == "odata.maxpagesize=1000"


async def test_directory_objects_page_by_an_opaque_token(clock: FakeClock) -> None:
    """Default 100 and at most 999 a page; the rest of the query stays in the link as it was written."""
    options = TenantOptions(key="contoso", applications=1_200)
    simulator = Simulator(clock, SimulatorOptions(tenants=(options,)))
    async with in_process(simulator) as http:
        user = GraphUser(http, simulator.tenants["contoso"])
        path = "/v1.0/applications?$select=id,appId&$top=999"
        pages = await user.all_pages(path)
        link = (await user.json(path))["@odata.nextLink"]
        default = await user.json("/v1.0/applications")
    assert [len(page) for page in pages] == [999, 201]
    assert link.startswith(f"{GRAPH}{path}&$skiptoken=")
    assert len({one["id"] for page in pages for one in page}) == 1_200
    assert len(default["value"]) == 100


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("/v1.0/applications?$top=1000", "Request_UnsupportedQuery"),
        ("/v1.0/applications?$top=0", "Request_UnsupportedQuery"),
        ("/v1.0/applications?$top=many", "BadRequest"),
        ("/v1.0/applications?$skiptoken=nonsense", "Directory_ExpiredPageToken"),
        (f"{ISSUES}?$top=1001", "BadRequest"),
    ],
)
async def test_wrong_page_sizes_and_tokens_are_refused(user: GraphUser, query: str, code: str) -> None:
    """Beyond the limits of a service there is a 400 in its words."""
    assert error(await user.get(query)) == (400, code)


async def test_counts(user: GraphUser) -> None:
    """``/$count`` is text and needs eventual consistency; ``$count=true`` needs it for directory objects only."""
    assert error(await user.get("/v1.0/applications/$count")) == (400, "Request_BadRequest")
    count = await user.get("/v1.0/applications/$count", ConsistencyLevel="eventual")
    assert (count.text, count.headers["content-type"]) == ("100", "text/plain")
    assert (await user.json(f"{ISSUES}?$count=true"))["@odata.count"] == 230
    assert "@odata.count" not in await user.json("/v1.0/applications?$count=true")
    counted = await user.json("/v1.0/applications?$count=true", ConsistencyLevel="eventual")
    assert counted["@odata.count"] == 100


async def test_orderby(user: GraphUser) -> None:
    """Rows come in the order that is asked for."""
    body = await user.json(f"{OVERVIEWS}?$orderby=service desc")
    names = [one["service"] for one in body["value"]]
    assert names == sorted(names, reverse=True)


async def test_next_links_use_the_origin_of_the_request_or_the_base_url(clock: FakeClock) -> None:
    """A client that came by another address is led on by that address; a fixed base URL wins."""
    for base_url, expected in ((None, "http://localhost:1234"), ("https://graph.example", "https://graph.example")):
        simulator = Simulator(clock, SimulatorOptions(base_url=base_url))
        async with in_process(simulator, "http://localhost:1234") as http:
            body = await GraphUser(http, simulator.tenants["contoso"]).json(ISSUES)
        assert body["@odata.nextLink"] == f"{expected}{ISSUES}?$skip=100"


# Quirks ---------------------------------------------------------------------------------------------------------


async def test_newer_enum_members_hide_from_those_who_do_not_ask(user: GraphUser, simulator: Simulator) -> None:
    """``Prefer: include-unknown-enum-members`` shows members that are otherwise ``unknownFutureValue``."""
    simulator.switch(pascal_case_rate=0)
    path = f"{OVERVIEWS}/PowerBIcom"
    prefer = "include-unknown-enum-members"
    assert (await user.json(path))["status"] == "unknownFutureValue"
    assert (await user.json(path, Prefer=prefer))["status"] == "workaroundAvailable"
    simulator.switch(prefer="ignored")
    assert (await user.json(path, Prefer=prefer))["status"] == "unknownFutureValue"
    assert len((await user.json(ISSUES, Prefer="odata.maxpagesize=9"))["value"]) == 100


async def test_enum_members_are_in_pascal_case_now_and_then(user: GraphUser, simulator: Simulator) -> None:
    """A small share by default, all by switch, and the same ones each time."""
    path = f"{ISSUES}?$select=id,status,classification,origin&$top=1000"
    body = await user.json(path)
    shown = [one[name] for one in body["value"] for name in ("status", "classification", "origin")]
    pascal = [member for member in shown if member[0].isupper()]
    assert 1 <= len(pascal) < len(shown) / 10
    assert body == await user.json(path)
    simulator.switch(pascal_case_rate=1)
    assert all(one["status"][0].isupper() for one in (await user.json(path))["value"])


async def test_keys_of_certificates_show_only_when_named(user: GraphUser) -> None:
    """Absent where ``$select`` leaves them out, without ``key`` by default, whole where they are named."""
    without = await user.json("/v1.0/applications?$select=id")
    assert all("keyCredentials" not in one for one in without["value"])
    plain = await user.json("/v1.0/applications")
    assert {key["key"] for one in plain["value"] for key in one["keyCredentials"]} == {None}
    named = await user.json("/v1.0/applications?$select=id,keyCredentials")
    keys = [key for one in named["value"] for key in one["keyCredentials"]]
    assert keys
    assert all(len(key["key"]) > 500 for key in keys)
    secrets = [one for app in plain["value"] for one in app["passwordCredentials"]]
    assert {one["secretText"] for one in secrets} == {None}


async def test_the_clients_own_app_is_registered_with_its_hint(user: GraphUser) -> None:
    """Among the apps is the client's own, whose secret shows its first three characters."""
    own = await user.json(f"/v1.0/applications(appId='{user.tenant.client_id}')")
    assert [one["hint"] for one in own["passwordCredentials"]] == [user.tenant.client_secret[:3]]
    assert user.tenant.client_secret not in json.dumps(own)


async def test_every_answer_has_graphs_headers(user: GraphUser) -> None:
    """Request ids, the simulated date and the diagnostic come with successes and errors alike."""
    for path in (OVERVIEWS, "/v1.0/nothing"):
        headers = (await user.get(path, client_request_id="mine")).headers
        assert headers["client-request-id"] == "mine"
        assert len(headers["request-id"]) == 36
        assert headers["date"] == "Tue, 10 Mar 2026 12:00:00 GMT"
        assert "ServerInfo" in json.loads(headers["x-ms-ags-diagnostic"])
    assert headers["content-type"] == "application/json"


async def test_answers_are_compressed_for_those_who_accept_it(user: GraphUser, simulator: Simulator) -> None:
    """gzip where it is accepted and worth it."""
    assert (await user.get(ISSUES)).headers["content-encoding"] == "gzip"
    assert "content-encoding" not in (await user.get(ISSUES, Accept_Encoding="identity")).headers
    assert "content-encoding" not in (await user.get("/v1.0/nothing")).headers
    simulator.switch(gzip=False)
    assert "content-encoding" not in (await user.get(ISSUES)).headers


async def test_requests_are_remembered_without_credentials(
    http: httpx.AsyncClient, user: GraphUser, simulator: Simulator
) -> None:
    """Method, path, query, tenant and status are kept; token and secret are not."""
    await user.get(f"{ISSUES}?$top=5", Prefer="odata.maxpagesize=9")
    await http.get("/v1.0/organization")
    token, issues, organization = simulator.requests
    assert (token.method, token.tenant, token.status) == ("POST", "contoso", 200)
    assert (issues.query, issues.headers["prefer"], issues.headers["authorization"]) == (
        "$top=5",
        "odata.maxpagesize=9",
        "Bearer",
    )
    assert (organization.status, organization.tenant) == (401, None)
    assert user.tenant.client_secret not in repr(list(simulator.requests))
    assert user._token not in repr(list(simulator.requests))
    assert simulator.requests.find("/v1.0/admin/*", tenant="contoso") == [issues]


async def test_the_log_of_requests_is_bounded(clock: FakeClock) -> None:
    """Only the newest requests are kept."""
    simulator = Simulator(clock, SimulatorOptions(request_log=2))
    async with in_process(simulator) as http:
        for number in range(4):
            await http.get(f"/v1.0/{number}")
    assert [one.path for one in simulator.requests] == ["/v1.0/2", "/v1.0/3"]
