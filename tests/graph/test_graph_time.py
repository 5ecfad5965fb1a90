"""Time: no wait outlasts its poll, its cause is told, ways that are blocked are known, and clocks compared."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from o365_exporter.clock import SystemClock
from o365_exporter.errors import (
    AuthError,
    Cause,
    PollError,
    PollTimeoutError,
    ThrottledError,
    TlsError,
    UnavailableError,
)
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.http import ConnectionOptions
from o365_exporter.http.failures import CertificateTimeError, failure_of
from o365_exporter.http.progress import Stage
from o365_exporter.http.retry import LONGEST_OUTAGE, LONGEST_THROTTLING
from o365_exporter.http.skew import CHECK_CLOCK, Skew
from o365_exporter.login import CredentialOptions
from tests.certificates import certificate, key_pem, pem
from tests.fakes import NOON, FakeClock
from tests.graph.world import (
    APP,
    APPS,
    ISSUES,
    SKUS,
    ImpatientClock,
    Microsoft,
    client,
    discovery,
    entra_error,
    graph_error,
    microsoft,
)
from tests.http.loopback import certificates, hanging, listening
from tests.http.loopback import microsoft as on_loopback

OVERVIEWS = Endpoint("/admin/serviceAnnouncement/healthOverviews", ("X",), limits="service_communications")
REPORT = Endpoint("/reports/getThings(period='{period}')", ("Reports.Read.All",), answers="file", counted_as="x")


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A fake Microsoft."""
    with microsoft() as fake:
        yield fake


async def cut_off(clock: FakeClock, graph: GraphClient, work: Any, seconds: float = 50) -> PollError:
    """What a poll of so many seconds raises that hangs: its own error, before its own deadline."""
    await graph.auth.token()
    found: list[PollError] = []

    async def poll() -> None:
        with clock.deadline(seconds):
            try:
                await work
            except PollError as error:
                found.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(poll)
        await clock.advance(seconds)
    (error,) = found
    return error


async def never(*_: Any) -> httpx.Response:
    """No answer."""
    await anyio.sleep_forever()
    raise AssertionError


async def test_a_graph_that_hangs_is_named_before_the_polls_deadline(world: Microsoft) -> None:
    """Host, port, the way there and the seconds stand in the error that the poll raises itself."""
    world.graph("/applications").mock(side_effect=never)
    clock = FakeClock()
    async with client(clock) as graph:
        error = await cut_off(clock, graph, graph.list(APPS))
    assert isinstance(error, PollTimeoutError)
    assert error.message == "graph.microsoft.com:443 (directly) gave no answer within 49 seconds."


async def test_a_login_that_hangs_is_named_to_every_source() -> None:
    """The one that asks says which host gave no answer, those that wait for it that they wait for the sign-in."""

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        await (hanging if b"oauth2" in request else on_loopback)(request, writer)

    async with listening(serve) as port:
        url, clock = f"http://127.0.0.1:{port}", SystemClock()
        async with client(clock, login_url=url, graph_url=url) as graph:
            told: list[str] = []

            async def poll() -> None:
                with pytest.raises(PollTimeoutError) as failure, clock.deadline(2):
                    await graph.list(APPS)
                told.append(failure.value.message)

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(poll)
                tasks.start_soon(poll)
            assert graph.auth.state == "timeout"
    asked, waited = sorted(told)
    assert asked.startswith(f"127.0.0.1:{port} (directly) gave no answer within 1.")
    assert waited.startswith("The login of tenant contoso gave no token within 1.")


async def test_a_source_that_waits_for_a_place_says_so(world: Microsoft) -> None:
    """Three requests hang, and the last place is service health's: a fourth does not blame a host it never asked."""
    world.graph("/").mock(side_effect=never)
    clock = FakeClock()
    async with client(clock) as graph, anyio.create_task_group() as tasks:
        await graph.auth.token()
        for _ in range(3):
            tasks.start_soon(graph.get, SKUS)
        await clock.advance(0)
        error = await cut_off(clock, graph, graph.list(APPS))
        tasks.cancel_scope.cancel()
    assert error.message == (
        "For 49 s there was no place for this request: 3 others of tenant contoso are under way, and none of them ends."
    )


async def test_what_is_waited_for_can_be_asked(world: Microsoft) -> None:
    """By the task that waits, also when somebody else has cancelled it, and by nobody else."""
    world.graph("/applications").mock(side_effect=never)
    clock = FakeClock()
    told: list[str] = []
    async with client(clock) as graph:

        async def poll() -> None:
            with anyio.CancelScope() as scope:
                scopes.append(scope)
                await graph.list(APPS)
            told.append(graph.waiting)

        scopes: list[anyio.CancelScope] = []
        await graph.auth.token()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(poll)
            await clock.advance(1)
            scopes[0].cancel()
        assert told == ["an answer of graph.microsoft.com:443 (directly)"]
        assert graph.waiting == ""
        world.graph("/subscribedSkus").respond(json={"value": []})
        await graph.list(SKUS)
        assert graph.waiting == ""


async def test_a_file_that_drips_says_what_is_lacking(world: Microsoft) -> None:
    """The wait for each next piece is bounded by the poll, too."""

    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def] # noqa: ANN204 - an async generator in a test
            yield b"Report Refresh Date"
            await anyio.sleep_forever()

    world.graph("/reports/").respond(302, headers={"location": "https://reports.office.com/x"})
    file = httpx.Response(200, headers={"transfer-encoding": "chunked"}, stream=Drip())
    world.router.get("https://reports.office.com/x").mock(return_value=file)
    clock = FakeClock()
    async with client(clock) as graph:

        async def read() -> None:
            async with graph.download(REPORT, period="D7") as found:
                async for _ in found.pieces():
                    pass

        error = await cut_off(clock, graph, read())
    assert error.message == "reports.office.com:443 (directly) gave no more of its answer within 49 seconds."


async def test_sentences_name_the_function_and_no_placeholder(world: Microsoft) -> None:
    """Where a report has no file, its period or date stands in the sentence."""
    world.graph("/reports/").respond(200, json={})
    async with client() as graph:
        with pytest.raises(PollError) as failure:
            async with graph.download(REPORT, period="D7"):
                pass
    assert failure.value.message == (
        "Graph's answer to /reports/getThings(period='D7') for tenant contoso is an object in place of a file."
    )


async def test_a_firewall_that_drops_packets_is_found_out_once(world: Microsoft) -> None:
    """No second attempt, and for half a minute no second request: all sources get the first one's answer."""
    world.discovery.mock(side_effect=httpx.ConnectTimeout(""))
    clock = ImpatientClock()
    async with client(clock) as graph:
        for endpoint in (APPS, SKUS, ISSUES):
            with pytest.raises(PollTimeoutError) as failure:
                await graph.list(endpoint)
            clock.pass_time(9)
        assert failure.value.message == "No TCP connection to login.microsoftonline.com:443 (directly) within 5 s."
        assert "firewall" in failure.value.remedy
        assert (world.discovery.call_count, clock.slept) == (1, [])
        clock.pass_time(10)
        found = discovery("https://login.microsoftonline.com")
        world.discovery.mock(side_effect=lambda _: httpx.Response(200, json=found))
        world.graph("/applications").respond(json={"value": []})
        assert await graph.list(APPS) == []


async def test_one_request_finds_out_whether_a_way_is_open_again(world: Microsoft) -> None:
    """While it tries, the others keep to what is known."""
    world.graph("/").mock(side_effect=httpx.ConnectTimeout(""))
    clock = FakeClock()
    async with client(clock) as graph:
        with pytest.raises(PollTimeoutError):
            await graph.list(APPS)
        await clock.advance(31)
        world.graph("/").mock(side_effect=never)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(graph.get, SKUS)
            await clock.advance(1)
            with pytest.raises(PollTimeoutError, match="No TCP connection"):
                await graph.list(APPS)
            tasks.cancel_scope.cancel()
        world.graph("/").mock(return_value=httpx.Response(200, json={"value": []}))
        assert await graph.list(APPS) == []


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "600"}], ids=["no time", "a time"])
async def test_a_throttled_tenant_is_one_cause(world: Microsoft, headers: dict[str, str]) -> None:
    """Whatever limits the sources have, and whether Microsoft says for how long or not."""
    world.graph("/").mock(return_value=httpx.Response(429, headers=headers, json=graph_error("TooManyRequests")))
    causes = set()
    clock = ImpatientClock()
    async with client(clock) as graph:
        for endpoint in (APPS, SKUS, ISSUES, ISSUES):
            with pytest.raises(ThrottledError) as failure, clock.deadline(60):
                await graph.list(endpoint)
            causes.add(failure.value.cause(endpoint.route))
    assert causes == {Cause("throttled", "throttling of contoso by graph.microsoft.com")}


async def test_a_blocked_port_ends_the_poll_within_seconds() -> None:
    """A listener whose queue is full drops packets as a firewall does; the way through a proxy is named as such."""
    with ExitStack() as stack:
        blocked = stack.enter_context(socket.socket())
        blocked.bind(("127.0.0.1", 0))
        blocked.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(blocked.getsockname())
        url = f"http://127.0.0.1:{blocked.getsockname()[1]}"
        async with client(SystemClock(), login_url=url, connect_seconds=0.2) as graph:
            with pytest.raises(PollTimeoutError, match=r"^No TCP connection to 127.* \(directly\) within 0\.2 s\."):
                await graph.list(APPS)


async def test_a_handshake_that_hangs_is_told_from_a_blocked_port() -> None:
    """The connection stands, but nothing comes of it."""
    connections: list[asyncio.Event] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(closed := asyncio.Event())
        await reader.read()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with client(SystemClock(), login_url=url, connection=ConnectionOptions(request_timeout=0.2)) as graph:
            with pytest.raises(PollTimeoutError, match=r"^No TLS handshake with 127"):
                await graph.list(APPS)
        for closed in connections:
            await closed.wait()


async def test_a_poll_on_real_sockets_is_cut_off_by_its_own_error() -> None:
    """The same with the machine's clock: the cause comes before the deadline does, by a tenth of the time."""

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        await (hanging if b"/v1.0/" in request else on_loopback)(request, writer)

    async with listening(serve) as port:
        url, clock = f"http://127.0.0.1:{port}", SystemClock()
        async with client(clock, login_url=url, graph_url=url) as graph:
            await graph.auth.token()
            named = rf"^127\.0\.0\.1:{port} \(directly\) gave no answer"
            with pytest.raises(PollTimeoutError, match=named), clock.deadline(3.0):
                await graph.list(APPS)


@pytest.mark.parametrize(
    ("status", "kind", "longest"), [(429, ThrottledError, LONGEST_THROTTLING), (503, UnavailableError, LONGEST_OUTAGE)]
)
@pytest.mark.parametrize("header", ["86400", "1e300", "Fri, 01 Jan 2055 00:00:00 GMT"])
async def test_a_retry_after_beyond_reason_is_capped(
    world: Microsoft, status: int, kind: type[PollError], longest: float, header: str
) -> None:
    """One answer that asks for a day does not blind the exporter for a day, nor for an hour."""
    world.graph("/applications").respond(status, headers={"Retry-After": header})
    clock = ImpatientClock()
    async with client(clock) as graph:
        with pytest.raises(kind) as failure, clock.deadline(50):
            await graph.list(APPS)
        assert failure.value.retry_after == longest
        assert longest <= 900
        clock.pass_time(longest)
        world.graph("/applications").respond(json={"value": []})
        with clock.deadline(50):
            assert await graph.list(APPS) == []


async def test_a_503_that_asks_for_patience_holds_back_its_whole_service(world: Microsoft) -> None:
    """What shares the limit is not asked before the time is up and is unavailable for one cause; others are asked."""
    world.graph("/admin/serviceAnnouncement/issues").respond(503, headers={"Retry-After": "120"})
    overviews = world.graph("/admin/serviceAnnouncement/healthOverviews").respond(json={"value": []})
    world.graph("/subscribedSkus").respond(json={"value": []})
    clock = ImpatientClock()
    async with client(clock) as graph:
        with pytest.raises(UnavailableError) as outage, clock.deadline(50):
            await graph.list(ISSUES)
        with pytest.raises(UnavailableError) as held, clock.deadline(50):
            await graph.list(OVERVIEWS)
        assert held.value.message == (
            f"{outage.value.message} Microsoft asked the app to wait 120 more seconds in tenant contoso, longer than "
            "this poll has."
        )
        assert held.value.cause("overviews") == outage.value.cause("issues")
        assert held.value.retry_after == 120
        assert not overviews.called
        with clock.deadline(50):
            await graph.list(SKUS)


@pytest.mark.parametrize(
    ("status", "words"), [(429, ""), (503, "Resource temporarily unavailable."), (500, "query broker")]
)
async def test_what_waits_for_others_has_their_cause(world: Microsoft, status: int, words: str) -> None:
    """One cause for the answer and for whoever is held back because of it, so that it is told once."""
    body = {"error": {"code": "x", "message": words}}
    world.graph("/admin/").respond(status, headers={"Retry-After": "120"}, json=body)
    clock = ImpatientClock()
    causes = set()
    async with client(clock) as graph:
        for endpoint in (ISSUES, OVERVIEWS):
            with pytest.raises((ThrottledError, UnavailableError)) as failure, clock.deadline(50):
                await graph.list(endpoint)
            causes.add(failure.value.cause(endpoint.route))
    assert len(causes) == 1


# Clocks


def dated(offset: float, **more: str) -> dict[str, str]:
    """Headers of a Microsoft whose clock is so many seconds ahead of ours."""
    return {"date": format_datetime(datetime.fromtimestamp(NOON + offset, UTC), usegmt=True), **more}


async def test_the_skew_is_absent_before_the_first_date(world: Microsoft) -> None:
    """What is not known is not 0."""
    world.graph("/applications").respond(json={"value": []})
    async with client() as graph:
        assert graph.clock_skew is None
        await graph.list(APPS)
        assert graph.clock_skew is None


@pytest.mark.parametrize("offset", [0, 3600, -86400])
async def test_the_skew_is_measured_at_login_and_graph(world: Microsoft, offset: float) -> None:
    """Ours minus Microsoft's, positive where ours is ahead."""
    world.graph("/applications").respond(json={"value": []}, headers=dated(-offset))
    async with client(FakeClock()) as graph:
        await graph.list(APPS)
        assert graph.clock_skew == pytest.approx(offset, abs=1)


def test_half_of_a_slow_answers_time_is_allowed_for() -> None:
    """The host may have written its date at any moment between sending and receiving; fast answers narrow that down."""
    skew = Skew()
    skew.note(dated(0), NOON - 10, NOON + 10)
    assert skew.seconds == pytest.approx(-0.5)
    skew.note(dated(0), NOON + 5.0, NOON + 5.2)
    assert skew.seconds == pytest.approx(4.6)
    skew.note(dated(0), NOON - 20, NOON + 20)
    assert skew.seconds == pytest.approx(4.6)


def test_a_clock_that_is_set_is_noticed_at_once() -> None:
    """What contradicts everything before it counts alone."""
    skew = Skew()
    skew.note(dated(0), NOON, NOON + 0.1)
    skew.note(dated(-7200), NOON, NOON + 0.1)
    assert skew.seconds == pytest.approx(7199.55)


@pytest.mark.parametrize("headers", [{}, {"date": "yesterday"}, {"date": ""}, dated(-9999, age="9999")])
def test_dates_that_say_nothing_are_passed_over(headers: dict[str, str]) -> None:
    """None at all, none that can be read, and that of a page which a cache has kept."""
    skew = Skew()
    skew.note(headers, NOON, NOON)
    assert (skew.seconds, skew.advice()) == (None, CHECK_CLOCK)


async def test_a_proxys_own_date_is_not_microsofts(world: Microsoft) -> None:
    """A refusal without a request id may be of anybody."""
    world.graph("/applications").respond(404, html="<html>proxy</html>", headers=dated(-9999))
    async with client(FakeClock()) as graph:
        with pytest.raises(PollError):
            await graph.list(APPS)
        assert graph.clock_skew is None


@pytest.mark.parametrize(
    ("offset", "advice"),
    [
        (0, "agrees with Microsoft's, so that is not the cause"),
        (-5 * 3600, "is 5 hours ahead of Microsoft's: set it"),
        (3 * 86400, "is 3 days behind Microsoft's: set it"),
        (100, "is 100 seconds behind Microsoft's: set it"),
    ],
)
async def test_a_statement_out_of_time_names_the_clock(
    world: Microsoft, tmp_path: Path, offset: float, advice: str
) -> None:
    """Where Entra ID says that an assertion is not valid now, the sentence says by how much our clock is wrong."""
    (tmp_path / "own.pem").write_bytes(pem(certificate()) + key_pem())
    body = entra_error(700024, "Client assertion is not within its valid time range.")
    world.login.respond(401, json=body, headers=dated(offset, **{"x-ms-request-id": "1"}))
    credential = CredentialOptions(client_id=APP, certificate_file=tmp_path / "own.pem")
    async with client(FakeClock(), credential=credential) as graph:
        with pytest.raises(AuthError) as failure:
            await graph.list(APPS)
    assert advice in failure.value.remedy


@pytest.mark.parametrize("offset", [400, -400])
async def test_a_certificate_that_is_out_of_time_by_a_wrong_clock_names_the_clock(tmp_path: Path, offset: int) -> None:
    """Our own certificate is judged by our clock, so its end may be no end."""
    (tmp_path / "own.pem").write_bytes(pem(certificate()) + key_pem())
    credential = CredentialOptions(client_id=APP, certificate_file=tmp_path / "own.pem")
    with microsoft():
        clock = FakeClock(NOON + offset * 86400)
        async with client(clock, credential=credential) as graph:
            with pytest.raises(AuthError) as failure:
                await graph.list(APPS)
    assert "clock of the machine that runs the exporter" in failure.value.remedy


@pytest.mark.parametrize(("year", "days", "word"), [(2190, 9, "not valid yet"), (2001, 9, "expired")])
async def test_a_hosts_certificate_out_of_time_names_the_clock(tmp_path: Path, year: int, days: int, word: str) -> None:
    """Without any answer before, what our clock says stands in the sentence; with one, by how much it is wrong."""
    ca, context = certificates(tmp_path, year=year, days=days)
    async with listening(on_loopback, context) as secure, listening(on_loopback) as plain:
        login, graph_url = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secure}"
        options = ConnectionOptions(ca_file=ca)
        async with client(ImpatientClock(), connection=options, login_url=login, graph_url=graph_url) as graph:
            with pytest.raises(TlsError) as failure:
                await graph.list(APPS)
            assert failure.value.message == (
                f"The certificate of 127.0.0.1:{secure} (directly) is {word}, says this machine's clock "
                "(2026-03-10T12:00:00Z)."
            )
            assert failure.value.remedy.startswith(CHECK_CLOCK)
            graph._sender.skew.note(dated(86400 * 90), NOON, NOON)
            with pytest.raises(TlsError, match="is 90 days behind Microsoft's"):
                await graph.list(APPS)


def test_other_faults_of_a_certificate_do_not_name_the_clock() -> None:
    """An unknown authority has nothing to do with it."""
    broken = ssl.SSLCertVerificationError(1, "x")
    broken.verify_code, broken.verify_message = 20, "unable to get local issuer certificate"
    refused = httpx.ConnectError("")
    refused.__cause__ = broken
    error = failure_of(refused, host="h", path="h:443 directly", seconds=1, stage=Stage.HANDSHAKE, begun=False)
    assert not isinstance(error, CertificateTimeError)
    assert "clock" not in str(error)


def test_causes_that_go_round_have_an_end() -> None:
    """An error may be its own cause's context; what is looked for in such a chain is found, or not, once."""
    refused, other = httpx.ConnectError("no route"), OSError("no route")
    refused.__cause__, other.__context__ = other, refused
    error = failure_of(refused, host="h", path="h:443 directly", seconds=1, stage=Stage.CONNECTION, begun=False)
    assert error.message == "h:443 (directly) cannot be reached: no route."
