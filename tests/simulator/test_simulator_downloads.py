"""The second origin: tickets, redirects, conditional requests, broken files, and how files travel."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest

from o365_exporter.clock import SystemClock
from o365_exporter.simulator import Simulator, SimulatorError, SimulatorOptions, Tenant
from o365_exporter.simulator.reports import Edition
from tests.fakes import PATIENCE, FakeClock
from tests.simulator.support import GraphUser, in_process, rows_of

EMAIL = "getEmailActivityUserDetail"
SKYPE = "getSkypeForBusinessActivityUserDetail"
QUOTAS = "getMailboxUsageQuotaStatusMailboxCounts"
D7 = f"/v1.0/reports/{EMAIL}(period='D7')"
FILES = "/data/v1.0/download/*"


async def location(user: GraphUser, path: str = D7) -> str:
    """Where Graph sends a client for a report."""
    answer = await user.get(path)
    assert answer.status_code == 302, answer.text
    address: str = answer.headers["location"]
    return address


# Tickets ------------------------------------------------------------------------------------------------------------


async def test_a_token_sent_along_is_refused_and_noted(user: GraphUser, simulator: Simulator) -> None:
    """Who forwards Authorization gets nothing, and the log shows what happened, but no ticket."""
    address = await location(user)
    refused = await user.get(address)
    assert refused.status_code == 401
    assert refused.text == "This address needs no Authorization, and must not be sent any."
    noted = simulator.requests[-1]
    assert (noted.headers["host"], noted.headers["authorization"]) == ("reports.office.com", "Bearer")
    assert (noted.path, noted.query, noted.tenant) == (f"/data/v1.0/download/{EMAIL}/D7", "token=…", "contoso")
    assert (await user.http.get(address)).status_code == 200
    assert simulator.requests[-1].headers["authorization"] == ""


async def test_a_ticket_is_good_for_some_minutes(user: GraphUser, simulator: Simulator) -> None:
    """As often as one likes until then."""
    address = await location(user)
    simulator.advance(299)
    assert [(await user.http.get(address)).status_code for _ in range(2)] == [200, 200]
    simulator.advance(1)
    late = await user.http.get(address)
    assert (late.status_code, late.text) == (403, "This address has expired.")


async def test_tickets_cannot_be_made_or_bent(user: GraphUser) -> None:
    """A ticket is for one file, and must be given whole."""
    address = await location(user)
    for bent in (
        address.replace(EMAIL, SKYPE),
        address.replace("/D7?", "/D30?"),
        address[:-1],
        address.partition("?")[0],
        f"{address.partition('=')[0]}=.{'0' * 64}",
    ):
        assert (await user.http.get(bent)).status_code == 403, bent
    origin = address.partition("/data")[0]
    assert (await user.http.get(f"{origin}/data/v1.0/else")).status_code == 404
    assert (await user.http.post(address)).status_code == 404


async def test_a_ticket_is_for_the_refresh_date_of_its_hour(user: GraphUser, simulator: Simulator) -> None:
    """A file that is refreshed between redirect and download is still the one that was promised."""
    contoso = simulator.tenants["contoso"]
    before = contoso.refresh_date(EMAIL)
    while contoso.refresh_date(EMAIL) == before:
        simulator.advance(60)
    simulator.advance(-60)
    user.forget_token()
    address = await location(user)
    simulator.advance(120)
    assert rows_of((await user.http.get(address)).content)[0]["Report Refresh Date"] == f"{before}"


# Redirects ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("manner", "hosts"),
    [
        ("once", ["reports.office.com"]),
        ("twice", ["reports.office.com", "reports.office.com"]),
        ("twice_elsewhere", ["reports.office.com", "reports.example.net"]),
        ("forbidden_host", ["reports.example.net"]),
    ],
)
async def test_redirects(user: GraphUser, simulator: Simulator, manner: str, hosts: list[str]) -> None:
    """To the file, by a detour, or astray; the second address is relative where the host stays."""
    simulator.switch(report_redirect=manner)
    address = httpx.URL(await location(user))
    seen = [address.host]
    answer = await user.http.get(address) if address.host == "reports.office.com" else None
    if answer is not None and answer.status_code == 302:
        address = address.join(answer.headers["location"])
        seen.append(address.host)
        if manner == "twice":
            assert answer.headers["location"].startswith("/data/v1.0/download/")
            answer = await user.http.get(address)
    assert seen == hosts
    if manner in ("once", "twice"):
        assert answer is not None
        assert answer.content.startswith(b"\xef\xbb\xbfReport Refresh Date,")


async def test_downloads_may_be_said_to_be_elsewhere(clock: FakeClock) -> None:
    """Behind a proxy the address is what the options say."""
    simulator = Simulator(clock, SimulatorOptions(download_url="https://files.test:8443/"))
    async with in_process(simulator) as http:
        user = GraphUser(http, simulator.tenants["contoso"])
        assert (await location(user)).startswith("https://files.test:8443/data/")
        assert len(await user.table(EMAIL)) == 250


# Conditional requests -----------------------------------------------------------------------------------------------


async def test_a_file_that_the_client_has_is_not_sent_again(
    user: GraphUser, simulator: Simulator, contoso: Tenant
) -> None:
    """304 from Graph and from the file's own address until the next refresh, or any change of the file."""
    address = await location(user)
    tag = (await user.http.get(address)).headers["etag"]
    assert tag.startswith('"')
    again = await user.get(D7, if_none_match=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    file = await user.http.get(address, headers={"If-None-Match": f'"other", {tag}'})
    assert (file.status_code, file.content, file.headers["etag"]) == (304, b"", tag)
    assert (await user.get(D7.replace("D7", "D30"), if_none_match=tag)).status_code == 302
    contoso.conceal_names()
    assert (await user.get(D7, if_none_match=tag)).status_code == 302
    contoso.conceal_names(concealed=False)
    simulator.advance(86_400)
    user.forget_token()
    assert (await user.get(D7, if_none_match=tag)).status_code == 302


@pytest.mark.parametrize(("manner", "file"), [("file_only", 304), ("ignored", 200)])
async def test_conditional_requests_may_be_ignored(
    user: GraphUser, simulator: Simulator, manner: str, file: int
) -> None:
    """By Graph, or altogether: not all functions honour them."""
    address = await location(user)
    tag = (await user.http.get(address)).headers["etag"]
    simulator.switch(report_etags=manner)
    assert (await user.get(D7, if_none_match=tag)).status_code == 302
    assert (await user.http.get(address, headers={"If-None-Match": tag})).status_code == file


# Broken files -------------------------------------------------------------------------------------------------------


async def test_states_of_a_file(user: GraphUser, contoso: Tenant) -> None:
    """A page, nothing, a header without rows, rows under a strange header; ``usual`` ends it."""
    usual = await user.report(EMAIL)
    first, _, rest = usual.content.partition(b"\r\n")
    contoso.set_report_state(EMAIL, "html")
    page = await user.report(EMAIL)
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert page.text.startswith("<html>")
    contoso.set_report_state(EMAIL, "empty")
    assert (await user.report(EMAIL)).content == b""
    contoso.set_report_state(EMAIL, "header_only")
    assert (await user.report(EMAIL)).content == first + b"\r\n"
    contoso.set_report_state(EMAIL, "wrong_header")
    strange, _, rows = (await user.report(EMAIL)).content.partition(b"\r\n")
    assert strange.startswith(b"\xef\xbb\xbfColumn 0,Column 1,")
    assert rows == rest
    contoso.set_report_state(EMAIL, "usual")
    assert (await user.report(EMAIL)).content == usual.content


async def test_a_day_without_rows_under_a_live_week(user: GraphUser, contoso: Tenant) -> None:
    """The file of one day has its header alone; the week shows who was active on that day."""
    contoso.set_report_state(EMAIL, "header_only_day")
    day = await user.report(EMAIL, "date=2026-03-08")
    assert day.content == (await user.report(EMAIL)).content.partition(b"\r\n")[0] + b"\r\n"
    assert "2026-03-08" in {row["Last Activity Date"] for row in await user.table(EMAIL)}


async def test_the_newest_day_of_a_trend_can_be_empty(user: GraphUser, contoso: Tenant) -> None:
    """Dates and no numbers; the days before are whole. What has no day cannot be so."""
    contoso.set_report_state(QUOTAS, "empty_newest")
    newest, *others = await user.table(QUOTAS)
    assert {name for name, cell in newest.items() if cell} == {"Report Refresh Date", "Report Date", "Report Period"}
    assert all(cell for row in others for cell in row.values())
    with pytest.raises(SimulatorError, match="has no row for a day"):
        contoso.set_report_state(EMAIL, "empty_newest")


async def test_the_deleted_can_be_without_a_date(user: GraphUser, contoso: Tenant) -> None:
    """They are deleted all the same."""
    contoso.set_report_state(EMAIL, "undated_deletions")
    rows = await user.table(EMAIL)
    assert {row["Deleted Date"] for row in rows} == {""}
    assert "True" in {row["Is Deleted"] for row in rows}


async def test_one_row_can_be_odd(user: GraphUser, contoso: Tenant) -> None:
    """The first is short, or has words for dates; all others are as they were, and the ETag is another."""
    usual = await user.report(EMAIL)
    lines = usual.content.split(b"\r\n")
    contoso.set_report_state(EMAIL, "short_row")
    short = await user.report(EMAIL)
    assert short.content.split(b"\r\n") == [lines[0], b",".join(lines[1].split(b",")[:3]), *lines[2:]]
    contoso.set_report_state(EMAIL, "odd_dates")
    odd = await user.report(EMAIL)
    assert odd.content.split(b"\r\n")[1].startswith(b"soon,")
    assert odd.content.split(b"\r\n")[2:] == lines[2:]
    assert len({one.headers["etag"] for one in (usual, short, odd)}) == 3


async def test_graph_can_answer_with_the_file_itself(user: GraphUser, contoso: Tenant) -> None:
    """200 and CSV where others get a redirect."""
    expected = (await user.report(EMAIL)).content
    contoso.set_report_state(EMAIL, "direct")
    answer = await user.get(D7)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/octet-stream")
    assert answer.content == expected


async def test_reports_that_are_not_there(user: GraphUser, contoso: Tenant) -> None:
    """A retired product answers 404, 400 or a header alone; others are as before."""
    path = f"/v1.0/reports/{SKYPE}(period='D7')"
    for state, status in (("not_found", 404), ("bad_request", 400), ("header_only", 302)):
        contoso.set_report_state("getSkypeForBusiness*", state)  # type: ignore[arg-type]
        assert (await user.get(path)).status_code == status
        assert (await user.get(D7)).status_code == 302
    assert await user.table(SKYPE) == []
    contoso.set_report_state("*", "usual")
    assert set(contoso.report_states().values()) == {"usual"}
    assert len(await user.table(SKYPE)) == 100


async def test_a_report_that_is_stuck(user: GraphUser, simulator: Simulator, contoso: Tenant) -> None:
    """Its refresh date stays while others move on; once freed it catches up."""
    contoso.set_report_state(EMAIL, "stuck")
    simulator.advance(3 * 86_400)
    user.forget_token()
    dates = {name: (await user.table(name))[0]["Report Refresh Date"] for name in (EMAIL, SKYPE)}
    assert dates == {EMAIL: "2026-03-08", SKYPE: "2026-03-11"}
    contoso.set_report_state(EMAIL, "usual")
    assert (await user.table(EMAIL))[0]["Report Refresh Date"] == "2026-03-11"
    contoso.set_report_state(EMAIL, "stuck", days=4)
    assert (await user.table(EMAIL))[0]["Report Refresh Date"] == "2026-03-07"


async def test_a_truncated_file_without_a_socket(user: GraphUser, contoso: Tenant) -> None:
    """In one process the client meets a reset, as with the same fault elsewhere."""
    contoso.set_report_state(EMAIL, "truncated")
    with pytest.raises(ConnectionResetError):
        await user.report(EMAIL)


async def test_faults_happen_to_downloads_too(user: GraphUser, simulator: Simulator) -> None:
    """A status in plain text, a page, or any text in place of the file; by function and window, by tenant."""
    simulator.add_fault(path=FILES, status=503, retry_after=7, tenant="contoso", count=1)
    late = await user.report(EMAIL)
    assert (late.status_code, late.text, late.headers["retry-after"]) == (503, "An error was injected.", "7")
    simulator.add_fault(path=f"*/{EMAIL}/D7", text="Report Refresh Date\r\n", content_type="application/octet-stream")
    file = await user.report(EMAIL)
    assert (file.content, file.headers["transfer-encoding"]) == (b"Report Refresh Date\r\n", "chunked")
    assert (await user.report(SKYPE)).status_code == 200


async def test_control_over_http(http: httpx.AsyncClient, user: GraphUser, contoso: Tenant) -> None:
    """Names, states, columns and switches are all in reach of scripts."""
    posts: list[tuple[str, dict[str, Any]]] = [
        ("tenants/contoso/conceal_names", {}),
        ("tenants/contoso/set_report_state", {"function": "getSkype*", "state": "header_only"}),
        ("tenants/contoso/set_report_columns", {"function": EMAIL, "missing": ["Read Count"]}),
        ("switches", {"report_dates": "date_and_time"}),
    ]
    for path, body in posts:
        assert (await http.post(f"/control/{path}", json=body)).status_code == 200, path
    row = (await user.table(EMAIL))[0]
    assert "Read Count" not in row
    assert (len(row["User Principal Name"]), row["Report Refresh Date"]) == (32, "2026-03-08T00:00:00")
    assert (await http.get("/control/")).json()["download_url"] == "https://reports.office.com"
    state = (await http.get("/control/tenants/contoso")).json()
    assert state["concealed_names"] is True
    assert state["reports"] == contoso.report_states()
    assert state["reports"][SKYPE] == "header_only"
    wrong = await http.post("/control/tenants/contoso/set_report_state", json={"function": EMAIL, "state": "odd"})
    assert wrong.json()["error"].startswith("key 'state' cannot be 'odd': Input should be 'usual', 'html', ")


# Over sockets -------------------------------------------------------------------------------------------------------


@pytest.fixture
def real() -> Simulator:
    """A simulator in real time, of more people than one piece of a file has."""
    return Simulator(SystemClock(), SimulatorOptions.many(1, users=1_200))


@pytest.fixture
async def visitor(real: Simulator) -> AsyncIterator[GraphUser]:
    """A client of it over sockets."""
    async with real.serve() as url, httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE) as http:
        yield GraphUser(http, real.tenants["contoso"])


async def test_files_are_on_a_port_of_their_own(real: Simulator, visitor: GraphUser) -> None:
    """The second origin is another port of the host by which the client came; each serves its own only."""
    address = await location(visitor)
    assert address.startswith(f"{real.download_url}/data/")
    assert real.download_url != str(visitor.http.base_url).rstrip("/")
    assert len(rows_of((await visitor.http.get(address)).content)) == 1_200
    assert (await visitor.http.get(address.replace(real.download_url, ""))).status_code == 404
    assert (await visitor.http.get(f"{real.download_url}/control/")).status_code == 404
    named = await visitor.get(D7, host="simulator.test:1234")
    port = real.download_url.rpartition(":")[2]
    assert named.headers["location"].startswith(f"http://simulator.test:{port}/data/")


async def test_the_second_origin_comes_and_goes_with_the_first(real: Simulator) -> None:
    """Its port can be chosen, and is free again afterwards."""
    async with real.serve():
        port = int(real.download_url.rpartition(":")[2])
    assert real.download_url == "https://reports.office.com"
    async with real.serve(download_port=port):
        assert real.download_url == f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
@pytest.mark.parametrize(("framing", "transfer"), [("chunked", "chunked"), ("length", None), ("close", None)])
async def test_how_the_end_of_a_file_is_told(
    real: Simulator, visitor: GraphUser, encoding: str, framing: str, transfer: str | None
) -> None:
    """By the last chunk, by a length, or by nothing but the end of the connection; packed for who accepts it."""
    expected = b"".join(_edition(real).pieces())
    real.switch(report_framing=framing)
    address = await location(visitor)
    request = visitor.http.build_request("GET", address, headers={"Accept-Encoding": encoding})
    file = await visitor.http.send(request, stream=True)
    raw = b"".join([piece async for piece in file.aiter_raw()])
    await file.aclose()
    assert file.headers.get("transfer-encoding") == transfer
    assert file.headers.get("content-length") == (str(len(raw)) if framing == "length" else None)
    assert file.headers.get("connection") == ("close" if framing == "close" else None)
    assert file.headers.get("content-encoding") == ("gzip" if encoding == "gzip" else None)
    assert (gzip.decompress(raw) if encoding == "gzip" else raw) == expected


def _edition(simulator: Simulator) -> Edition:
    contoso = simulator.tenants["contoso"]
    return contoso.edition(EMAIL, "D7", contoso.refresh_date(EMAIL), simulator._downloads.style())


@pytest.mark.parametrize("framing", ["chunked", "length"])
async def test_a_truncated_file_is_met_as_such(real: Simulator, visitor: GraphUser, framing: str) -> None:
    """The connection ends before the last chunk, or before the length is reached; the next request is well."""
    real.switch(report_framing=framing, gzip=False)
    real.tenants["contoso"].set_report_state(EMAIL, "truncated")
    address = await location(visitor)
    received: list[bytes] = []
    with pytest.raises(httpx.RemoteProtocolError):
        await _take(visitor, address, received)
    assert sum(map(len, received)) > 60_000
    real.tenants["contoso"].set_report_state(EMAIL, "usual")
    assert (await visitor.http.get(address)).status_code == 200


async def _take(visitor: GraphUser, address: str, received: list[bytes]) -> None:
    async with visitor.http.stream("GET", address) as file:
        async for piece in file.aiter_bytes():
            received.append(piece)  # noqa: PERF401 - what came before the error is wanted


async def test_a_truncated_file_that_ends_by_hanging_up_looks_whole(real: Simulator, visitor: GraphUser) -> None:
    """Without length and chunks nobody can tell."""
    real.switch(report_framing="close")
    address = await location(visitor)
    whole = (await visitor.http.get(address)).content
    real.tenants["contoso"].set_report_state(EMAIL, "truncated")
    part = (await visitor.http.get(address)).content
    assert whole.startswith(part)
    assert len(part) < len(whole)


@pytest.mark.parametrize("wire", ["cut_length", "cut_chunked", "broken_connection", "wrong_gzip"])
async def test_wire_faults_happen_to_files(real: Simulator, visitor: GraphUser, wire: str) -> None:
    """What breaks answers of Graph breaks files in the same way."""
    real.add_fault(path=FILES, wire=wire, count=1)
    address = await location(visitor)
    with pytest.raises((httpx.TransportError, httpx.DecodingError)):
        await visitor.http.get(address)
    assert (await visitor.http.get(address)).status_code == 200


async def test_a_file_may_lack_the_end_of_its_compression_alone(real: Simulator, visitor: GraphUser) -> None:
    """For HTTP it is whole, so that a client that does not look at the end of gzip takes it for that."""
    address = await location(visitor)
    whole = (await visitor.http.get(address)).content
    real.add_fault(path=FILES, wire="cut_gzip", count=1)
    async with visitor.http.stream("GET", address) as file:
        packed = b"".join([piece async for piece in file.aiter_raw()])
    member = zlib.decompressobj(31)
    assert member.decompress(packed) == whole
    assert not member.eof


async def test_a_client_that_has_read_enough_ends_the_download(
    visitor: GraphUser, real: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of a file of three million rows is neither sent nor made for who closes after the first piece."""
    real.tenants["contoso"].users = 3_000_000
    ended, made, rows = asyncio.Event(), itertools.count(), Edition.rows

    def watched(edition: Edition) -> Iterator[bytes]:
        try:
            for piece in rows(edition):
                next(made)
                yield piece
        finally:
            ended.set()

    monkeypatch.setattr(Edition, "rows", watched)
    async with visitor.http.stream("GET", await location(visitor), headers={"Accept-Encoding": "identity"}) as file:
        await anext(file.aiter_raw())
    async with asyncio.timeout(PATIENCE):
        await ended.wait()
    assert next(made) < 1_000


# Size ---------------------------------------------------------------------------------------------------------------


async def _peak(users: int, framing: str, encoding: str) -> tuple[int, int]:
    """Bytes of memory that a download needs at most, and bytes sent; nobody keeps what is sent."""
    simulator = Simulator(FakeClock(), SimulatorOptions.many(1, users=users))
    simulator.switch(report_framing=framing)
    async with in_process(simulator) as http:
        address = httpx.URL(await location(GraphUser(http, simulator.tenants["contoso"])))
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "https",
        "path": address.path,
        "query_string": address.query,
        "headers": [(b"host", b"reports.office.com"), (b"accept-encoding", encoding.encode())],
        "server": ("reports.office.com", 443),
    }
    request = [{"type": "http.request", "body": b"", "more_body": False}]
    sent = 0

    async def receive() -> Any:
        return request.pop() if request else await asyncio.Future()

    async def send(message: Any) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))

    tracemalloc.start()
    try:
        await simulator.app(scope, receive, send)
        return tracemalloc.get_traced_memory()[1], sent
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("framing", "encoding"), [("chunked", "identity"), ("length", "gzip")])
async def test_memory_does_not_grow_with_users(framing: str, encoding: str) -> None:
    """Ten times the people need no more memory, although the file is ten times as long."""
    few, small = await _peak(2_000, framing, encoding)
    many, large = await _peak(20_000, framing, encoding)
    assert large > 8 * small
    assert many < few * 1.1
    assert many < 3_000_000
