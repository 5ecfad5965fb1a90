"""Reading objects and lists of Graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import inf
from typing import Any

import anyio
import httpx
import pytest

from o365_exporter import __version__
from o365_exporter.errors import (
    AuthError,
    ConfigurationError,
    NoData,
    PermissionMissingError,
    PollError,
    PollTimeoutError,
    RefusedRedirectError,
    UnavailableError,
    UnexpectedAnswerError,
    UnlicensedError,
)
from o365_exporter.graph import Endpoint
from o365_exporter.graph.paging import MAX_PAGES
from o365_exporter.http.client import MAX_BODY
from tests.fakes import FakeClock
from tests.graph.world import (
    APP,
    APPS,
    GRAPH,
    ISSUE,
    ISSUES,
    SKUS,
    ImpatientClock,
    Microsoft,
    client,
    graph_error,
    microsoft,
)


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A fake Microsoft."""
    with microsoft() as fake:
        yield fake


async def test_a_request_says_what_it_wants(world: Microsoft) -> None:
    """Select, filter and page size are encoded as OData wants them, the headers ask for JSON and new members."""
    route = world.graph("/applications").respond(json={"value": []})
    async with client() as graph:
        await graph.list(APPS, filter="displayName eq 'a b'")
    request = route.calls.last.request
    assert (
        request.url.raw_path == b"/v1.0/applications?$select=id,appId&$filter=displayName%20eq%20%27a%20b%27&$top=999"
    )
    assert request.headers["authorization"] == "Bearer canary-token-1"
    assert request.headers["accept"] == "application/json"
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["prefer"] == "include-unknown-enum-members"
    assert request.headers["user-agent"] == f"o365-exporter/{__version__}"
    assert len(request.headers["client-request-id"]) == 36


async def test_service_announcements_take_their_page_size_by_prefer(world: Microsoft) -> None:
    """For an endpoint that pages by maxpagesize the size stands in Prefer, on each page, and not in the query."""
    route = world.graph("/admin/serviceAnnouncement/issues")
    route.side_effect = [
        httpx.Response(
            200, json={"value": [], "@odata.nextLink": f"{GRAPH}/admin/serviceAnnouncement/issues?$skip=100"}
        ),
        httpx.Response(200, json={"value": []}),
    ]
    async with client() as graph:
        await graph.list(ISSUES)
    assert [call.request.url.raw_path for call in route.calls] == [
        b"/v1.0/admin/serviceAnnouncement/issues",
        b"/v1.0/admin/serviceAnnouncement/issues?$skip=100",
    ]
    wanted = "odata.maxpagesize=100, include-unknown-enum-members"
    assert [call.request.headers["prefer"] for call in route.calls] == [wanted, wanted]


async def test_path_values_are_encoded(world: Microsoft) -> None:
    """What stands in a path value cannot become another path or a query."""
    route = world.graph("/admin/").respond(json={"id": "x"})
    async with client() as graph:
        await graph.get(ISSUE, id="EX 1/2?$top=3#ä")
    assert route.calls.last.request.url.raw_path == (
        b"/v1.0/admin/serviceAnnouncement/issues/EX%201%2F2%3F%24top%3D3%23%C3%A4"
    )


async def test_path_values_must_fit_the_route(world: Microsoft) -> None:
    """A missing or unknown path value is a fault of the caller and not a request."""
    async with client() as graph:
        with pytest.raises(TypeError, match=r"takes the path values \['id'\], not \[\]"):
            await graph.get(ISSUE)
    assert not world.login.called


async def test_all_pages_make_one_list(world: Microsoft) -> None:
    """Next links are followed as given, to the end."""
    link = f"{GRAPH}/applications?$skiptoken=A%2Bb%3D%3D&$select=x"
    route = world.graph("/applications")
    route.side_effect = [
        httpx.Response(200, json={"value": [{"id": "1"}], "@odata.nextLink": link}),
        httpx.Response(200, json={"value": [{"id": "2"}]}),
    ]
    async with client() as graph:
        assert await graph.list(APPS) == [{"id": "1"}, {"id": "2"}]
    assert str(route.calls.last.request.url) == link


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/applications",
        "http://graph.microsoft.com/v1.0/applications",
        "https://graph.microsoft.com:8443/v1.0/applications",
        "https://graph.microsoft.com@evil.example/",
        "https://user:pw@graph.microsoft.com/v1.0/applications",
        "https://evil.example\\@graph.microsoft.com/",
        "https://graph.microsoft.com.evil.example/",
        "//evil.example/x",
        "/v1.0/applications?$skip=1",
        "https://[::1/x",
    ],
)
async def test_the_token_goes_to_no_other_origin(world: Microsoft, link: str) -> None:
    """A next link on another scheme, host or port, or one that hides its host, is an error and never asked for."""
    world.graph("/applications").respond(json={"value": [], "@odata.nextLink": link})
    async with client() as graph:
        with pytest.raises(RefusedRedirectError, match="the token stays here"):
            await graph.list(APPS)
    assert {call.request.url.host for call in world.router.calls} == {
        "graph.microsoft.com",
        "login.microsoftonline.com",
    }
    assert len([call for call in world.router.calls if call.request.url.host == "graph.microsoft.com"]) == 1


async def test_the_default_port_may_be_spelt_out(world: Microsoft) -> None:
    """``:443`` is the same origin."""
    link = "https://graph.microsoft.com:443/v1.0/applications?$skiptoken=2"
    route = world.graph("/applications")
    route.side_effect = [
        httpx.Response(200, json={"value": [{}], "@odata.nextLink": link}),
        httpx.Response(200, json={"value": [{}]}),
    ]
    async with client() as graph:
        assert len(await graph.list(APPS)) == 2


async def test_a_page_seen_before_is_a_loop(world: Microsoft) -> None:
    """A next link that leads back ends the list with an error instead of going round for ever."""
    link = f"{GRAPH}/applications?$skiptoken=1"
    route = world.graph("/applications").respond(json={"value": [], "@odata.nextLink": link})
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="/applications for tenant contoso comes back to a page"):
            await graph.list(APPS)
    assert route.call_count == 2


@pytest.mark.parametrize("odd", [None, "text", 5, True, ["list"]])
async def test_an_entry_that_is_no_object_costs_itself(world: Microsoft, odd: Any) -> None:
    """It comes as an empty entry, which readers leave out and count; the others of its page stay."""
    world.graph("/applications").respond(json={"value": [{"id": "1"}, odd, {"id": "2"}]})
    async with client() as graph:
        assert await graph.list(APPS) == [{"id": "1"}, {}, {"id": "2"}]


async def test_an_error_under_the_status_of_a_success_is_told_in_its_words(world: Microsoft) -> None:
    """Gateways and proxies answer so; what Microsoft says is not lost behind the form of the answer."""
    world.graph("/applications").respond(200, json=graph_error("Busy", "Come back later.", **{"request-id": "r-7"}))
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError) as failure:
            await graph.list(APPS)
    assert failure.value.message == (
        "Graph's answer to /applications for tenant contoso is an error under the status of a success "
        "(200 Busy: Come back later.; request-id r-7)."
    )


async def test_too_many_pages_are_a_loop(world: Microsoft) -> None:
    """A list whose next links never end is given up."""
    numbers = iter(range(MAX_PAGES * 2))
    route = world.graph("/subscribedSkus").mock(
        side_effect=lambda _: httpx.Response(
            200, json={"value": [], "@odata.nextLink": f"{GRAPH}/subscribedSkus?p={next(numbers)}"}
        )
    )
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="more than 1000 pages"):
            await graph.list(SKUS)
    assert route.call_count == MAX_PAGES


async def test_pages_are_bounded_together(world: Microsoft) -> None:
    """Each page may be as large as it may; a list of many such is given up before it fills the memory."""
    numbers = iter(range(20))
    route = world.graph("/subscribedSkus").mock(
        side_effect=lambda _: httpx.Response(
            200, json={"value": [{"id": "x" * 1024**2}], "@odata.nextLink": f"{GRAPH}/subscribedSkus?p={next(numbers)}"}
        )
    )
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="has more than 3 MiB in 3 pages"):
            await graph.list(replace(SKUS, largest=3 * 1024**2))
    assert route.call_count == 3


@pytest.mark.parametrize(
    "body",
    [{}, {"value": None}, {"value": {}}, {"value": ["x"]}, {"value": [], "@odata.nextLink": 3}, [], "x", 7],
)
async def test_what_is_no_list_is_an_error(world: Microsoft, body: Any) -> None:
    """JSON without a list of objects in ``value`` is never read as an empty list."""
    world.graph("/applications").respond(json=body)
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError) as failure:
            await graph.list(APPS)
    assert "report it" not in str(failure.value)


async def test_a_large_page_is_asked_for_in_smaller_ones(world: Microsoft) -> None:
    """Above 4 MiB the list starts again with the next page size, and the next poll begins with that one."""

    def answer(request: httpx.Request) -> httpx.Response:
        big = "$top=999" in str(request.url)
        return httpx.Response(200, json={"value": [{"x": "a" * (MAX_BODY if big else 9)}]})

    route = world.graph("/applications").mock(side_effect=answer)
    async with client() as graph:
        assert await graph.list(APPS) == [{"x": "a" * 9}]
        assert await graph.list(APPS) == [{"x": "a" * 9}]
    assert [call.request.url.params["$top"] for call in route.calls] == ["999", "50", "50"]


async def test_a_page_too_large_at_the_smallest_size_is_an_error(world: Microsoft) -> None:
    """Where no smaller page is left, the list fails instead of being cut."""
    route = world.graph("/applications").respond(json={"value": [{"x": "a" * MAX_BODY}]})
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="larger than 4 MiB"):
            await graph.list(APPS)
    assert route.call_count == 2


async def test_a_missing_object_is_none(world: Microsoft) -> None:
    """``find`` answers None where Graph says that there is no such object."""
    world.graph("/admin/").respond(404, json=graph_error("Request_ResourceNotFound", "no such issue"))
    async with client() as graph:
        assert await graph.find(ISSUE, id="EX1") is None


async def test_a_404_of_a_gateway_is_an_error(world: Microsoft) -> None:
    """A page that no Graph wrote does not mean that an object is gone."""
    world.graph("/admin/").respond(404, html="<html><body>nginx</body></html>")
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="answered 404 with a web page instead of JSON"):
            await graph.find(ISSUE, id="EX1")


async def test_a_missing_list_is_an_error(world: Microsoft) -> None:
    """A list that Graph does not know points to a wrong cloud or address."""
    world.graph("/applications").respond(404, json=graph_error("UnknownError", "", **{"request-id": "r-1"}))
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError) as failure:
            await graph.list(APPS)
    assert str(failure.value) == (
        "Graph knows nothing at the address asked for tenant contoso (404 UnknownError; request-id r-1). "
        "If every source says so, check cloud and graph_url in the settings. If it stays, give Microsoft's support the "
        "status, the code and the request-id."
    )


async def test_a_missing_permission_is_named(world: Microsoft) -> None:
    """403 says which permission is missing and who can grant it where."""
    world.graph("/subscribedSkus").respond(
        403, json=graph_error("Authorization_RequestDenied", "Insufficient privileges.", **{"request-id": "r-2"})
    )
    async with client() as graph:
        with pytest.raises(PermissionMissingError) as failure:
            await graph.list(SKUS)
    assert str(failure.value) == (
        f"The app {APP} lacks the application permission LicenseAssignment.Read.All or Organization.Read.All in tenant "
        "contoso (403 Authorization_RequestDenied: Insufficient privileges.; request-id r-2). "
        "An administrator of the tenant can add it at https://portal.azure.com under App registrations > API "
        "permissions > Microsoft Graph > Application permissions, and grant admin consent; no restart is needed."
    )
    assert (failure.value.status, failure.value.code) == (403, "Authorization_RequestDenied")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "Neither tenant is B2C nor premium."),
        ("Forbidden", "Tenant does not have a SPO license."),
        ("accessDenied", "The licence is missing"),
    ],
)
async def test_a_missing_licence_is_no_missing_permission(world: Microsoft, code: str, message: str) -> None:
    """A 403 that speaks of a licence is unlicensed, and no new token is asked for because of it."""
    world.graph("/subscribedSkus").respond(403, json=graph_error(code, message))
    clock = ImpatientClock()
    async with client(clock) as graph:
        clock.pass_time(400)
        with pytest.raises(UnlicensedError, match="Tenant contoso lacks the licence"):
            await graph.list(SKUS)
    assert world.tokens == 1


async def test_a_refused_token_is_replaced_once(world: Microsoft) -> None:
    """A 401 drops the token, and the request goes out again with a new one."""
    route = world.graph("/applications")
    route.side_effect = [
        httpx.Response(401, json=graph_error("InvalidAuthenticationToken")),
        httpx.Response(200, json={"value": []}),
    ]
    async with client() as graph:
        assert await graph.list(APPS) == []
    assert [call.request.headers["authorization"] for call in route.calls] == [
        "Bearer canary-token-1",
        "Bearer canary-token-2",
    ]


async def test_two_refusals_are_an_auth_failure(world: Microsoft) -> None:
    """A 401 to a new token too ends the poll with the reason auth."""
    route = world.graph("/applications").respond(
        401, json=graph_error("InvalidAuthenticationToken", "Access token is empty.", **{"request-id": "r-3"})
    )
    async with client() as graph:
        with pytest.raises(AuthError) as failure:
            await graph.list(APPS)
    assert failure.value.message == (
        "Graph refuses the token of tenant contoso "
        "(401 InvalidAuthenticationToken: Access token is empty.; request-id r-3)."
    )
    assert (route.call_count, world.tokens) == (2, 2)


async def test_a_permission_granted_later_works_without_restart(world: Microsoft) -> None:
    """On a 403 the token is renewed once it is five minutes old, and the request goes out again."""
    route = world.graph("/applications").respond(403, json=graph_error("Authorization_RequestDenied"))
    clock = ImpatientClock()
    async with client(clock) as graph:
        for _ in range(3):
            with pytest.raises(PermissionMissingError):
                await graph.list(APPS)
        clock.pass_time(299)
        with pytest.raises(PermissionMissingError):
            await graph.list(APPS)
        assert (route.call_count, world.tokens) == (4, 1)
        clock.pass_time(1)
        route.side_effect = [httpx.Response(403, json=graph_error()), httpx.Response(200, json={"value": []})]
        assert await graph.list(APPS) == []
        assert (route.call_count, world.tokens) == (6, 2)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"code":"","message":""}}',
        b'{"error":{"code":"","innererror":{"code":"Inner","innererror":{"message":"deep","request-id":"r-9"}}}}',
        b'{"error":{"code":null,"message":5,"innerError":[]}}',
        b'{"error":"text"}',
        b"[]",
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_errors_in_any_shape_are_errors(world: Microsoft, body: bytes) -> None:
    """However odd the body of a refusal is, the poll fails with a reason and a sentence."""
    world.graph("/applications").respond(400, content=body)
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="for tenant contoso") as failure:
            await graph.list(APPS)
    if b"r-9" in body:
        assert "(400 Inner: deep; request-id r-9)" in str(failure.value)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"value": [', '200 with something cut or garbled instead of JSON: {"value": ['),
        (b"\x00\x01gar\x7fbage\r\n", "200 with something else instead of JSON: gar bage"),
        (
            b"<!DOCTYPE html><title>Sign in</title>",
            "200 with a web page, likely a login page, instead of JSON: Sign in",
        ),
        (
            b"\n<html><h1>Squid Proxy</h1>" + b"x" * 100,
            "200 with a web page, likely of a proxy, instead of JSON: Squid Proxy " + "x" * 67 + "…",
        ),
        (b"<p>Bearer canary-token-1 eyJ0eXAiOiJKV1Qi", "200 with a web page instead of JSON: [hidden] [hidden]"),
    ],
)
async def test_what_is_no_json_is_shown_with_its_likely_cause(world: Microsoft, body: bytes, said: str) -> None:
    """The first bytes are shown as printable text, and nothing in them that could be a token."""
    world.graph("/applications").respond(200, content=body, content_type="application/json")
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError) as failure:
            await graph.list(APPS)
    assert failure.value.message == f"graph.microsoft.com answered {said}"


async def test_a_content_type_is_not_insisted_on(world: Microsoft) -> None:
    """JSON is read whatever it is called, with or without a byte order mark."""
    world.graph("/applications").respond(content=b'\xef\xbb\xbf{"value": []}', content_type="text/html")
    async with client() as graph:
        assert await graph.list(APPS) == []


async def test_a_redirect_is_refused(world: Microsoft) -> None:
    """Graph's JSON endpoints do not redirect; the sentence names the host and nothing else of the address."""
    world.graph("/applications").respond(302, headers={"location": "https://login.corp.example/sso?ticket=hidden"})
    async with client() as graph:
        with pytest.raises(RefusedRedirectError) as failure:
            await graph.list(APPS)
    assert failure.value.message == ("graph.microsoft.com points to login.corp.example (302), which is not followed.")
    assert "ticket" not in str(failure.value)


async def test_a_403_of_a_proxy_is_no_missing_permission(world: Microsoft) -> None:
    """A web page as refusal comes from something on the way: nobody is sent to grant a permission."""
    world.graph("/applications").respond(403, html="<html>Blocked by firewall</html>")
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="403 with a web page, likely of a proxy"):
            await graph.list(APPS)


async def test_requests_are_counted_and_timed(world: Microsoft) -> None:
    """Each request counts under its route, with its status."""
    world.graph("/applications").respond(400, json=graph_error("Request_BadRequest"))
    seen: list[str] = []
    async with client(observe=lambda api, _: seen.append(api)) as graph:
        with pytest.raises(PollError):
            await graph.list(APPS)
    assert graph.traffic.requests == {
        ("/{tenant}/v2.0/.well-known/openid-configuration", "200"): 1,
        ("/{tenant}/oauth2/v2.0/token", "200"): 1,
        ("/applications", "400"): 1,
    }
    assert sorted(seen) == sorted(api for api, _ in graph.traffic.requests)


async def test_cookies_are_not_kept(world: Microsoft) -> None:
    """Tenants share the connection pool and nothing else."""
    route = world.graph("/applications").respond(json={"value": []}, headers={"set-cookie": "who=contoso; Path=/"})
    async with client() as graph:
        await graph.list(APPS)
        await graph.list(APPS)
    assert "cookie" not in route.calls.last.request.headers


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.example",
        "ftp://localhost",
        "graph.microsoft.com",
        "https://",
        "http://10.0.0.1",
        "https://u:p@h.example",
    ],
)
@pytest.mark.parametrize("key", ["login_url", "graph_url"])
async def test_secrets_travel_only_over_tls_or_loopback(url: str, key: str) -> None:
    """An address that would show the secret or the token on a network is refused, whoever builds the client."""
    with pytest.raises(ConfigurationError, match=rf"^{key}: .* cannot be used; write https://host") as failure:
        async with client(login_url=url if key == "login_url" else None, graph_url=url if key == "graph_url" else None):
            pass
    assert "u:p" not in str(failure.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://[::1]:8080/", "http://localhost", "https://x.example"]
)
async def test_loopback_may_be_plain(url: str) -> None:
    """A simulator on this machine needs no certificate."""
    async with client(login_url=url, graph_url=url):
        pass


async def test_another_address_for_graph_keeps_the_token_at_home(world: Microsoft) -> None:
    """With ``graph_url`` the next links must stay at that address."""
    local = world.router.get("http://127.0.0.1:9/v1.0/applications").respond(
        json={"value": [], "@odata.nextLink": f"{GRAPH}/applications?$skiptoken=1"}
    )
    async with client(graph_url="http://127.0.0.1:9/") as graph:
        with pytest.raises(RefusedRedirectError):
            await graph.list(Endpoint("/applications", ()))
    assert local.called


@pytest.mark.parametrize(
    "words", ["Invalid page size specified: '999'.", "The limit of '50' for Top query has been exceeded."]
)
async def test_a_page_size_that_graph_refuses_is_made_smaller(world: Microsoft, words: str) -> None:
    """Down to none, which leaves it to Graph; the next poll begins with what was taken."""

    def answer(request: httpx.Request) -> httpx.Response:
        if "$top" in request.url.params:
            return httpx.Response(400, json=graph_error("BadRequest", words))
        return httpx.Response(200, json={"value": [{"id": "1"}]})

    route = world.graph("/applications").mock(side_effect=answer)
    async with client() as graph:
        assert await graph.list(APPS) == [{"id": "1"}]
        assert await graph.list(APPS) == [{"id": "1"}]
    assert [call.request.url.params.get("$top") for call in route.calls] == ["999", "50", None, None]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("Directory_ExpiredPageToken", "The specified page token value has expired."),
        ("BadRequest", "SkipToken is invalid"),
    ],
)
async def test_a_list_whose_next_page_is_forgotten_begins_anew_once(world: Microsoft, code: str, words: str) -> None:
    """No page is served twice, and a Graph that keeps forgetting ends the poll."""
    link = f"{GRAPH}/applications?$skiptoken=1"
    first = httpx.Response(200, json={"value": [{"id": "1"}], "@odata.nextLink": link})
    forgotten = httpx.Response(400, json=graph_error(code, words))
    last = httpx.Response(200, json={"value": [{"id": "2"}]})
    route = world.graph("/applications")
    async with client() as graph:
        route.side_effect = [first, forgotten, first, last]
        assert await graph.list(APPS) == [{"id": "1"}, {"id": "2"}]
        route.side_effect = [first, forgotten, first, forgotten]
        with pytest.raises(UnexpectedAnswerError, match=r"next page|goes on"):
            await graph.list(APPS)


@pytest.mark.parametrize(
    ("status", "code"),
    [(410, "resyncRequired"), (410, ""), (404, "UnknownError"), (404, ""), (400, "Request_BadRequest"), (400, "x")],
)
async def test_a_later_page_that_is_not_known_is_a_forgotten_one_by_whatever_code(
    world: Microsoft, status: int, code: str
) -> None:
    """The first page came by the same address but for the token; only a first page's own words are about the list."""
    link = f"{GRAPH}/applications?$skiptoken=1"
    first = httpx.Response(200, json={"value": [{"id": "1"}], "@odata.nextLink": link})
    unknown = httpx.Response(status, json=graph_error(code, "Gone."))
    route = world.graph("/applications")
    async with client() as graph:
        route.side_effect = [first, unknown, first, httpx.Response(200, json={"value": [{"id": "2"}]})]
        assert await graph.list(APPS) == [{"id": "1"}, {"id": "2"}]
        route.side_effect = [first, unknown, first, unknown]
        with pytest.raises(UnexpectedAnswerError, match=rf"\({status} {code}.*Gone") as failure:
            await graph.list(APPS)
        assert failure.value.status == status
        asked = route.call_count
        route.side_effect = [unknown]
        with pytest.raises(UnexpectedAnswerError):
            await graph.list(APPS)
    assert route.call_count == asked + 1


@pytest.mark.parametrize("odd", ["", ".", "..", "a\r\nb", "a\x00b", "\ud800", "x" * 501, "a\u2028b"])
async def test_an_odd_id_reaches_no_address(world: Microsoft, odd: str) -> None:
    """Ids come from answers: one that would lead elsewhere, or into no URL at all, fails alone and with a sentence."""
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="which cannot be asked for"):
            await graph.find(ISSUE, id=odd)
    assert not world.router.calls


@pytest.mark.parametrize("code", ["UnknownError", "", "NotFoundByGateway"])
async def test_a_404_without_graphs_own_code_is_no_proof_that_something_is_gone(world: Microsoft, code: str) -> None:
    """Services behind Graph say so of what exists (graph2otel#109), so it is a failure."""
    world.graph("/admin/").respond(404, json=graph_error(code))
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="Graph knows nothing at the address asked"):
            await graph.find(ISSUE, id="EX1")


async def test_an_empty_body_of_a_service_that_a_tenant_may_lack_is_no_data(world: Microsoft) -> None:
    """Intune answers so where nothing of a kind is set up; of any other service it is an outage, and asked again."""
    policies = Endpoint("/deviceAppManagement/windowsInformationProtectionPolicies", ("X",))
    none_set_up = world.graph("/deviceAppManagement/").respond(200)
    outage = world.graph("/applications").respond(200)
    async with client() as graph:
        with pytest.raises(NoData, match="windowsInformationProtectionPolicies for tenant contoso is an empty body"):
            await graph.list(policies)
        with pytest.raises(UnavailableError, match="/applications for tenant contoso is an empty body"):
            await graph.list(APPS)
    assert (none_set_up.call_count, outage.call_count) == (1, 5)


@pytest.mark.parametrize(("left", "after"), [(inf, 15), (20, 10)])
async def test_a_list_that_its_poll_can_do_without(world: Microsoft, left: float, after: int) -> None:
    """It ends in its own time, or in half of what the poll has left; the request that waits says so a second before."""
    clock = FakeClock()

    async def never(_: httpx.Request) -> httpx.Response:
        await clock.sleep(600)
        return httpx.Response(200, json={"value": []})

    world.graph("/admin/serviceAnnouncement/issues").side_effect = never
    assert await _how_it_ends(clock, left, after) == (
        f"graph.microsoft.com:443 (directly) gave no answer within {after - 1} seconds."
    )


async def test_a_list_that_is_late_for_another_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it waited for, its poll goes on."""
    clock = FakeClock()

    async def never(*_: object) -> None:
        await clock.sleep(600)

    monkeypatch.setattr("o365_exporter.graph.client.GraphClient._whole_list", never)
    assert await _how_it_ends(clock, 50, 15) == (
        "Graph had not listed /admin/serviceAnnouncement/issues for tenant contoso whole after 15 s."
    )


async def _how_it_ends(clock: FakeClock, left: float, after: float) -> str:
    errors = list[PollTimeoutError]()

    async def asking() -> None:
        with clock.deadline(left), pytest.raises(PollTimeoutError) as raised:
            await graph.list(replace(ISSUES, within=15))
        errors.append(raised.value)

    async with client(clock) as graph, anyio.create_task_group() as tasks:
        tasks.start_soon(asking)
        await clock.advance(after)
        assert errors, "it has not ended"
    return errors[0].message
