"""The file behind a report: what is tried again, and what is not."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from o365_exporter.errors import (
    ExporterError,
    NetworkError,
    PollError,
    RefusedRedirectError,
    TruncatedError,
    UnexpectedAnswerError,
)
from o365_exporter.graph import Endpoint, GraphClient
from tests.graph.world import SKUS, ImpatientClock, client, graph_error, microsoft

REPORT = Endpoint(
    route="/reports/getThings(period='{period}')",
    permissions=("Reports.Read.All",),
    answers="file",
    counted_as="getThings",
)
GRAPH = "https://graph.microsoft.com/v1.0/reports/getThings(period='D7')"
FILE = "https://reports.office.com/data/download/ticket"


async def test_a_connection_that_breaks_before_the_file_begins_is_tried_again() -> None:
    """A kept connection that the host has closed meanwhile costs a request and no poll."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        broken = httpx.RemoteProtocolError("Server disconnected without sending a response.")
        file = world.router.get(FILE).mock(
            side_effect=[broken, httpx.Response(200, headers={"content-length": "3"}, content=b"a,b")]
        )
        async with client(clock=ImpatientClock()) as graph, graph.download(REPORT, period="D7") as found:
            assert [piece async for piece in found.pieces()] == [b"a,b"]
        assert file.call_count == 2
        assert all("authorization" not in call.request.headers for call in file.calls)
        assert graph.traffic.requests["/{report download}", "network"] == 1
        assert graph.traffic.requests["/{report download}", "200"] == 1


async def test_a_host_that_stays_away_is_given_up() -> None:
    """After three attempts the poll fails with the reason: a connection that is refused is not tried for long."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        file = world.router.get(FILE).mock(side_effect=httpx.ConnectError("no route"))
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(NetworkError, match=r"reports\.office\.com:443 \(directly\) cannot be reached"):
                async with graph.download(REPORT, period="D7"):
                    pass
        assert file.call_count == 3


async def test_a_file_whose_end_could_not_be_told_is_refused() -> None:
    """Neither a length nor chunks: half a file would look like a whole one."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        endless = httpx.Response(200, stream=httpx.ByteStream(b"a,b"))
        world.router.get(FILE).mock(return_value=endless)
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(TruncatedError, match="neither the length of a report nor its end"):
                async with graph.download(REPORT, period="D7"):
                    pass


async def test_a_file_on_another_port_of_a_known_host_is_refused() -> None:
    """Microsoft's hosts serve reports at 443; what listens elsewhere on them is not asked."""
    with microsoft() as world:
        for location in (
            "https://reports.office.com:8443/x",
            "http://reports.office.com/x",
            "https://reports.office.com:80/",
        ):
            world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": location}))
            async with client(clock=ImpatientClock()) as graph:
                with pytest.raises(RefusedRedirectError, match="not among the download hosts"):
                    async with graph.download(REPORT, period="D7"):
                        pass
        assert {call.request.url.host for call in world.router.calls} == {
            "graph.microsoft.com",
            "login.microsoftonline.com",
        }


def errors_as_file(body: bytes, kind: str) -> list[tuple[str, httpx.Response]]:
    """A body as the file, from Graph itself and from the host of the file, in one piece and in many."""
    headers = {"content-length": str(len(body)), "content-type": kind}
    return [
        (address, httpx.Response(200, headers=headers, stream=Pieces(body, size)))
        for address in (GRAPH, FILE)
        for size in (1, 65_536)
    ]


class Pieces(httpx.AsyncByteStream):
    """A body that comes in pieces of a size."""

    def __init__(self, body: bytes, size: int) -> None:
        self._pieces = [body[at : at + size] for at in range(0, len(body), size)]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece


async def failure_of_download(address: str, response: httpx.Response) -> ExporterError:
    """How a report ends whose file, or whose address, is this answer."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        world.router.get(address).mock(return_value=response)
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(ExporterError) as failure:
                await pieces_of(graph)
    return failure.value


async def pieces_of(graph: GraphClient) -> list[bytes]:
    """The report's file."""
    async with graph.download(REPORT, period="D7") as found:
        return [piece async for piece in found.pieces()]


@pytest.mark.parametrize("kind", ["application/json", "text/csv", "application/octet-stream"])
@pytest.mark.parametrize(
    ("error", "reason", "message"),
    [
        (
            graph_error("Busy", "Come back later.", **{"request-id": "r-7"}),
            "unexpected_answer",
            "Graph does not answer what was asked for tenant contoso (200 Busy: Come back later.; request-id r-7).",
        ),
        (
            graph_error("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
            "permission",
            "(200 Authorization_RequestDenied: Insufficient privileges to complete the operation.)",
        ),
        (
            {"error": {"message": "Out of order."}},
            "unexpected_answer",
            "Graph does not answer what was asked for tenant contoso (200 Out of order.).",
        ),
        ({"value": []}, "unexpected_answer", "for tenant contoso is an object in place of a file."),
    ],
)
async def test_an_error_in_place_of_a_file_is_told_as_microsofts(
    kind: str, error: dict[str, Any], reason: str, message: str
) -> None:
    """By its code, whatever status, type and host it came with; the file's address is not shown."""
    for mark in (b"", b"\xef\xbb\xbf"):
        for address, response in errors_as_file(mark + json.dumps(error).encode(), kind):
            failure = await failure_of_download(address, response)
            assert isinstance(failure, PollError)
            assert failure.reason == reason
            assert message in failure.message
            assert "ticket" not in str(failure)


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("text", [b"", b"a,b", b"a,{b}\n" * 50, b'\xef\xbb\xbf\n\n"{",b'])
async def test_looking_at_the_start_costs_no_byte(text: bytes, size: int) -> None:
    """What is no object comes whole, in whatever pieces."""
    with microsoft() as world:
        headers = {"content-length": str(len(text)), "content-type": "text/csv"}
        world.router.get(GRAPH).mock(return_value=httpx.Response(200, headers=headers, stream=Pieces(text, size)))
        async with client(clock=ImpatientClock()) as graph:
            assert b"".join(await pieces_of(graph)) == text


@pytest.mark.parametrize(
    ("location", "where"),
    [
        ("/login?next=x", "https://graph.microsoft.com"),
        ("ticket", "https://graph.microsoft.com"),
        ("//evil.example/x", "https://evil.example"),
        ("https://[bad", "no scheme://an unreadable address"),
        ("//[bad", "no scheme://an unreadable address"),
    ],
)
async def test_a_relative_address_is_told_with_the_host_that_it_leads_to(location: str, where: str) -> None:
    """A path of the same host is no address without a host; what cannot be read at all is said to be that."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": location}))
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(RefusedRedirectError) as failure:
                async with graph.download(REPORT, period="D7"):
                    pass
    assert failure.value.message.startswith(f"Graph points to {where} for a report, which is not among the download ")


async def test_a_relative_address_is_followed_where_its_host_may_be_asked() -> None:
    """On loopback, where a simulator answers."""
    root = "http://127.0.0.1:9"
    with microsoft() as world:
        world.router.get(f"{root}/v1.0/reports/getThings(period='D7')").mock(
            return_value=httpx.Response(302, headers={"location": "/files/7"})
        )
        world.router.get(f"{root}/files/7").respond(200, headers={"content-length": "3"}, content=b"a,b")
        async with client(clock=ImpatientClock(), graph_url=root) as graph, graph.download(REPORT, period="D7") as file:
            assert [piece async for piece in file.pieces()] == [b"a,b"]


@pytest.mark.parametrize("address", [GRAPH, FILE])
async def test_nothing_new_of_what_is_not_known_is_no_report(address: str) -> None:
    """304 without a validator, from Graph or from the host of the file, is told as what it is."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        world.router.get(address).mock(return_value=httpx.Response(304))
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(UnexpectedAnswerError) as failure:
                async with graph.download(REPORT, period="D7"):
                    pass
    assert failure.value.message == (
        "Graph's answer to /reports/getThings(period='D7') for tenant contoso is that it has not changed "
        f"(304 of {httpx.URL(address).host}), unasked."
    )


@pytest.mark.parametrize(
    ("status", "headers", "where"),
    [(304, {}, "no address at all"), (301, {"location": "/login"}, "graph.microsoft.com")],
)
async def test_redirects_of_lists_are_told_with_their_host(status: int, headers: dict[str, str], where: str) -> None:
    """Whether there is an address, and which host a relative one leads to."""
    with microsoft() as world:
        world.graph("/subscribedSkus").respond(status, headers=headers)
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(RefusedRedirectError) as failure:
                await graph.list(SKUS)
    assert failure.value.message == f"graph.microsoft.com points to {where} ({status}), which is not followed."


@pytest.mark.parametrize("kind", ["text/csv; charset=utf-8", "application/octet-stream", ""])
async def test_a_report_may_come_without_a_redirect(kind: str) -> None:
    """Some functions answer 200 with the file itself (Copilot's usage): it is read like any other."""
    with microsoft() as world:
        headers = {"content-length": "3", "etag": '"v1"', **({"content-type": kind} if kind else {})}
        route = world.router.get(GRAPH).mock(return_value=httpx.Response(200, headers=headers, content=b"a,b"))
        async with client(clock=ImpatientClock()) as graph, graph.download(REPORT, period="D7") as found:
            assert (found.etag, found.unchanged) == ('"v1"', False)
            assert [piece async for piece in found.pieces()] == [b"a,b"]
        assert route.call_count == 1


@pytest.mark.parametrize("kind", ["text/html", "application/json; odata.metadata=minimal"])
async def test_a_page_or_an_object_without_a_redirect_is_no_report(kind: str) -> None:
    """A sign-in page of a proxy, say."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(200, headers={"content-type": kind}, content=b"x"))
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(UnexpectedAnswerError, match="is no address of a file"):
                async with graph.download(REPORT, period="D7"):
                    pass


@pytest.mark.parametrize(
    ("status", "headers", "reason", "times"),
    [
        (429, {}, "throttled", 5),
        (429, {"retry-after": "7"}, "throttled", 5),
        (500, {}, "unavailable", 5),
        (503, {"retry-after": "7"}, "unavailable", 5),
        (403, {}, "unexpected_answer", 1),
        (404, {}, "unexpected_answer", 1),
        (418, {}, "unexpected_answer", 1),
        (302, {"location": "https://reports.office.com/y"}, "refused_redirect", 1),
    ],
)
async def test_the_hosts_of_files_are_told_as_what_they_answer(
    status: int, headers: dict[str, str], reason: str, times: int
) -> None:
    """Throttling and outages are no aged address, and are tried again; the address itself is never shown."""
    with microsoft() as world:
        world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        body = f"<html>{FILE} is no more</html>"
        file = world.router.get(FILE).mock(return_value=httpx.Response(status, headers=headers, html=body))
        file.side_effect = lambda _: httpx.Response(status, headers=headers, html=body)
        async with client(clock=ImpatientClock()) as graph:
            with pytest.raises(PollError) as failure:
                async with graph.download(REPORT, period="D7"):
                    pass
    assert (failure.value.reason, failure.value.status, file.call_count) == (reason, status, times)
    assert "ticket" not in str(failure.value)
    assert ("aged" in str(failure.value)) == (status in (403, 404))


@pytest.mark.parametrize("etag", ['"v1"', 'W/"v1"', "0x8D1"])
async def test_a_validator_is_sent_back(etag: str) -> None:
    """To Graph and to the host of the file."""
    with microsoft() as world:
        graphs = world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        files = world.router.get(FILE).mock(return_value=httpx.Response(304))
        async with client(clock=ImpatientClock()) as graph, graph.download(REPORT, etag=etag, period="D7") as found:
            assert (found.etag, found.unchanged) == (etag, True)
    assert [route.calls.last.request.headers["if-none-match"] for route in (graphs, files)] == [etag, etag]


@pytest.mark.parametrize("etag", ["v\r\nX-Evil: 1", "ü", "a b", '"' + "x" * 300 + '"', "\x00", 'one", "two', "\ud800"])
async def test_an_odd_validator_does_not_poison_the_next_poll(etag: str) -> None:
    """What no header can hold is not kept and not sent, wherever it was remembered."""
    with microsoft() as world:
        graphs = world.router.get(GRAPH).mock(return_value=httpx.Response(302, headers={"location": FILE}))
        sent = etag.encode("utf-8", "surrogatepass").replace(b"\r\n", b" ")
        headers = [(b"content-length", b"3"), (b"etag", sent)]
        world.router.get(FILE).mock(side_effect=lambda _: httpx.Response(200, headers=headers, content=b"a,b"))
        async with client(clock=ImpatientClock()) as graph, graph.download(REPORT, etag=etag, period="D7") as found:
            assert found.etag == ""
        assert "if-none-match" not in graphs.calls.last.request.headers
