"""What is tried again, how long is waited, and that a deadline is never waited past."""

from __future__ import annotations

import errno
from collections.abc import Iterator

import httpx
import pytest

from o365_exporter.errors import (
    Cause,
    NetworkError,
    PollError,
    PollTimeoutError,
    ThrottledError,
    TruncatedError,
    UnavailableError,
    UnexpectedAnswerError,
)
from o365_exporter.http.failures import failure_of
from o365_exporter.http.progress import Stage
from tests.graph.world import APPS, ISSUE, ISSUES, ImpatientClock, Microsoft, client, graph_error, microsoft


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A fake Microsoft."""
    with microsoft() as fake:
        yield fake


GOOD = httpx.Response(200, json={"value": []})


@pytest.mark.parametrize(
    ("header", "waited"),
    [
        ("7", 7.0),
        ("2.128", 2.128),
        (" 3 ", 3.0),
        ("Tue, 10 Mar 2026 12:00:30 GMT", 30.0),
        ("Tuesday, 10-Mar-26 12:00:09 GMT", 9.0),
    ],
)
async def test_retry_after_is_obeyed(world: Microsoft, header: str, waited: float) -> None:
    """Whole seconds, fractions and HTTP dates are waited for as they stand, and counted as retry_after."""
    world.graph("/applications").side_effect = [httpx.Response(429, headers={"Retry-After": header}), GOOD]
    clock = ImpatientClock()
    async with client(clock) as graph:
        await graph.list(APPS)
    assert clock.slept == [pytest.approx(waited)]
    assert graph.traffic.waits == {"retry_after": pytest.approx(waited)}
    assert graph.traffic.requests["/applications", "429"] == 1


@pytest.mark.parametrize(
    "header", ["", "-5", "0", "soon", "nan", "inf", "Mon, 01 Jan 2001 00:00:00 GMT", "99 Feb", "1e999"]
)
async def test_a_useless_retry_after_means_our_own_back_off(world: Microsoft, header: str) -> None:
    """What asks for nothing, for the past or for nonsense is read as if it were not there."""
    world.graph("/applications").side_effect = [httpx.Response(503, headers={"Retry-After": header}), GOOD]
    clock = ImpatientClock()
    async with client(clock) as graph:
        await graph.list(APPS)
    assert len(clock.slept) == 1
    assert 1 <= clock.slept[0] <= 2
    assert graph.traffic.waits == {"backoff": clock.slept[0]}


async def test_back_off_doubles_with_jitter_and_ends(world: Microsoft) -> None:
    """Five attempts at most; the waits between them grow and lie between half and the whole of a power of two."""
    route = world.graph("/applications").respond(500, json=graph_error("InternalServerError", "Oops."))
    clock = ImpatientClock()
    async with client(clock) as graph:
        with pytest.raises(UnavailableError) as failure:
            await graph.list(APPS)
    assert route.call_count == 5
    assert len(clock.slept) == 4
    assert all(2**n / 2 <= wait <= 2**n for n, wait in enumerate(clock.slept, start=1))
    assert failure.value.message == "graph.microsoft.com is not available (500 InternalServerError: Oops.)."


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        (httpx.ReadTimeout(""), PollTimeoutError, "timeout"),
        (httpx.ConnectError("All connection attempts failed"), NetworkError, "network"),
        (httpx.ReadError(""), NetworkError, "network"),
        (httpx.RemoteProtocolError("Server disconnected without sending a response."), NetworkError, "network"),
        (httpx.Response(502, html="<html>Bad gateway</html>"), UnavailableError, "502"),
        (httpx.Response(504), UnavailableError, "504"),
        (httpx.Response(429, json=graph_error("TooManyRequests")), ThrottledError, "429"),
    ],
)
async def test_passing_failures_are_retried(
    world: Microsoft, fault: httpx.Response | Exception, kind: type[PollError], code: str
) -> None:
    """429, server errors, time-outs and broken connections are tried again, and reported when they stay."""
    route = world.graph("/applications")
    route.side_effect = [fault, fault, GOOD]
    async with client() as graph:
        assert await graph.list(APPS) == []
        assert graph.traffic.requests["/applications", code] == 2
        route.side_effect = [fault] * 5
        with pytest.raises(kind):
            await graph.list(APPS)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
def test_a_process_without_files_blames_no_host(number: int) -> None:
    """It is said what is used up and how to raise it."""
    broken = httpx.ConnectError("All connection attempts failed")
    broken.__cause__ = ExceptionGroup("attempts", [OSError(number, "Too many open files")])
    found = failure_of(broken, host="h", path="h:443 directly", seconds=1, stage=Stage.CONNECTION, begun=False)
    assert str(found).startswith(
        "No connection can be opened: this process has used up the files that it may hold open. Raise its limit ("
    )
    assert found.cause("a/b/c") == Cause("internal", "open files")


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 412, 423, 424])
async def test_nothing_else_is_retried(world: Microsoft, status: int) -> None:
    """An answer that will not change by itself is asked for once."""
    route = world.graph("/admin/").respond(status, json=graph_error("Request_BadRequest", "No."))
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError):
            await graph.get(ISSUE, id="EX1")
    assert route.call_count == 1


async def test_a_wait_past_the_deadline_is_not_begun(world: Microsoft) -> None:
    """When Microsoft asks for more time than the poll has, the poll ends at once and says for how long it was asked."""
    route = world.graph("/applications").respond(429, headers={"Retry-After": "120"})
    clock = ImpatientClock()
    async with client(clock) as graph:
        with pytest.raises(ThrottledError) as failure, clock.deadline(60):
            await graph.list(APPS)
    assert (failure.value.retry_after, clock.slept, route.call_count) == (120, [], 1)
    assert failure.value.message == "graph.microsoft.com throttles (429)."


async def test_an_unavailable_graph_says_when_to_come_back(world: Microsoft) -> None:
    """The same for a 503 with ``Retry-After``."""
    world.graph("/applications").respond(503, headers={"Retry-After": "90"})
    clock = ImpatientClock()
    async with client(clock) as graph:
        with pytest.raises(UnavailableError) as failure, clock.deadline(60):
            await graph.list(APPS)
    assert failure.value.retry_after == 90


async def test_the_next_poll_keeps_to_a_retry_after_that_was_too_long(world: Microsoft) -> None:
    """What shares the throttled limit is left alone until the time is up, whichever source asks."""
    route = world.graph("/admin/")
    route.respond(429, headers={"Retry-After": "120"})
    clock = ImpatientClock()
    async with client(clock) as graph:
        with pytest.raises(ThrottledError), clock.deadline(60):
            await graph.list(ISSUES)
        clock.pass_time(40)
        with pytest.raises(ThrottledError, match="Microsoft asked the app to wait 80 more seconds"), clock.deadline(60):
            await graph.list(ISSUES)
        assert route.call_count == 1
        clock.pass_time(40)
        route.respond(json={"value": []})
        with clock.deadline(60):
            assert await graph.list(ISSUES) == []
    assert clock.slept == [pytest.approx(40)]
    assert graph.traffic.waits == {"retry_after": pytest.approx(40)}


async def test_a_body_that_breaks_off_is_truncated(world: Microsoft) -> None:
    """A connection that ends within the body is retried and then reported as truncated."""

    class Cut(httpx.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def] # noqa: ANN204 - an async generator in a test
            yield b'{"value": ['
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")

    route = world.graph("/applications").mock(side_effect=lambda _: httpx.Response(200, stream=Cut()))
    async with client() as graph:
        with pytest.raises(TruncatedError, match=r"graph\.microsoft\.com broke off before its end"):
            await graph.list(APPS)
    assert route.call_count == 5
    assert graph.traffic.requests["/applications", "truncated"] == 5


async def test_a_body_that_cannot_be_decompressed_is_unexpected(world: Microsoft) -> None:
    """Bytes that call themselves gzip and are not end as unexpected_answer, once."""
    route = world.graph("/applications").mock(
        side_effect=lambda _: httpx.Response(
            200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")
        )
    )
    async with client() as graph:
        with pytest.raises(UnexpectedAnswerError, match="compressed in a way that cannot be undone"):
            await graph.list(APPS)
    assert route.call_count == 1
