"""Connections are kept and taken at the same cost for each request, however many are open."""

from __future__ import annotations

import errno
import resource
import sys
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx
import pytest

from o365_exporter.http.pool import KEPT, Pool, forget_sniffio, most_connections, pooled


@dataclass
class Request:
    """What is read of a request of httpcore's."""

    origin: str = "https://graph.example:443"

    @property
    def url(self) -> Request:
        return self


class Stream:
    """A body of two pieces."""

    def __init__(self, connection: FakeConnection) -> None:
        self._connection = connection

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async def aclose(self) -> None:
        self._connection.state = "idle"


@dataclass
class Response:
    """What is set of a response of httpcore's."""

    stream: Any


@dataclass
class FakeConnection:
    """A connection that counts what is asked of it."""

    calls: Counter[str]
    state: str = "idle"
    requests: int = 0
    error: Exception | None = None

    async def handle_async_request(self, request: Any) -> Response:
        self.calls["handle"] += 1
        self.requests += 1
        self.state = "busy"
        await anyio.lowlevel.checkpoint()
        if self.error:
            self.state = "closed"
            raise self.error
        return Response(Stream(self))

    async def aclose(self) -> None:
        self.calls["close"] += 1
        self.state = "closed"

    def is_closed(self) -> bool:
        self.calls["look"] += 1
        return self.state == "closed"

    def is_idle(self) -> bool:
        self.calls["look"] += 1
        return self.state == "idle"

    def has_expired(self) -> bool:
        self.calls["look"] += 1
        return self.state == "expired"


@dataclass
class World:
    """A pool and the connections it has made."""

    calls: Counter[str] = field(default_factory=Counter)
    made: list[FakeConnection] = field(default_factory=list)
    pool: Pool = field(init=False)

    def __post_init__(self) -> None:
        self.pool = Pool(self._connect)

    def _connect(self, _: Any) -> FakeConnection:
        self.made.append(FakeConnection(self.calls))
        return self.made[-1]

    async def begun(self, origin: str = "https://graph.example:443") -> Response:
        """A request whose response has not been read."""
        response: Response = await self.pool.handle_async_request(Request(origin))
        return response

    async def done(self, origin: str = "https://graph.example:443") -> None:
        """A request and its whole response."""
        response = await self.begun(origin)
        assert b"".join([piece async for piece in response.stream]) == b"onetwo"
        await response.stream.aclose()


async def test_a_connection_is_used_again_for_its_origin_alone() -> None:
    """Requests one after the other need one connection for each origin."""
    world = World()
    for _ in range(3):
        await world.done()
        await world.done("https://login.example:443")
    assert [connection.requests for connection in world.made] == [3, 3]


async def test_files_are_left_for_scrapes_and_probes() -> None:
    """Beyond its share of the files that may be open, a request fails as the system would let it, and others go on."""
    world = World()
    world.pool = Pool(world._connect, most=3)
    responses = [await world.begun() for _ in range(3)]
    with pytest.raises(httpx.ConnectError) as refused:
        await world.begun("https://login.example:443")
    assert isinstance(refused.value.__cause__, OSError)
    assert refused.value.__cause__.errno == errno.EMFILE
    await responses[0].stream.aclose()
    await world.done("https://login.example:443")


@pytest.mark.parametrize(
    ("files", "most"), [(16, 8), (64, 32), (1024, 768), (65536, 49152), (resource.RLIM_INFINITY, sys.maxsize)]
)
def test_connections_have_their_share_of_the_files(monkeypatch: pytest.MonkeyPatch, files: int, most: int) -> None:
    """A quarter of them, and 32 at least, are for others."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert most_connections() == most


async def test_a_busy_connection_is_nobody_elses() -> None:
    """As many as are under way, without limit: a tenant that hangs must not starve others."""
    world = World()
    responses = [await world.begun() for _ in range(100)]
    assert len(world.made) == 100
    for response in responses:
        await response.stream.aclose()
    assert world.calls["close"] == 100 - KEPT


@pytest.mark.parametrize("open_before", [10, 1000])
async def test_a_request_costs_the_same_among_many(open_before: int) -> None:
    """However many connections are open, the same few are looked at."""
    world = World()
    under_way = [await world.begun() for _ in range(open_before)]
    await under_way[0].stream.aclose()
    before = world.calls.copy()
    await world.done()
    assert world.calls - before == Counter(handle=1, look=3)


async def test_what_has_expired_is_closed_and_not_used() -> None:
    """The newest is tried first; those that nobody will want go, too."""
    world = World()
    responses = [await world.begun() for _ in range(3)]
    for response in responses:
        await response.stream.aclose()
    for connection in world.made:
        connection.state = "expired"
    await world.done()
    assert [connection.state for connection in world.made] == ["closed"] * 3 + ["idle"]


async def test_a_request_that_fails_leaves_nothing_behind() -> None:
    """Its connection is gone, and the next request opens one."""
    world = World()
    await world.done()
    world.made[0].error = ConnectionResetError()
    with pytest.raises(ConnectionResetError):
        await world.done()
    await world.done()
    assert [connection.state for connection in world.made] == ["closed", "idle"]


async def test_a_request_that_is_cancelled_closes_its_connection() -> None:
    """An answer to it may still come, and would be taken for that of the next."""
    world = World()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await world.begun()
    assert [connection.state for connection in world.made] == ["closed"]


async def test_a_body_that_is_not_read_to_its_end_gives_its_connection_back_once() -> None:
    """Whoever breaks off and closes, and closes again, does so once."""
    world = World()
    response = await world.begun()
    async for _ in response.stream:
        break
    await response.stream.aclose()
    await response.stream.aclose()
    await world.done()
    assert len(world.made) == 1


async def test_closing_closes_what_is_idle() -> None:
    """At the end of the program."""
    world = World()
    async with world.pool:
        await world.done()
    assert world.made[0].state == "closed"


async def test_httpx_takes_it() -> None:
    """The seam that httpx does not document is there, and the search for a missing module is not."""
    transport = pooled(httpx.AsyncHTTPTransport())
    assert isinstance(transport._pool, Pool)
    forget_sniffio()
    forget_sniffio()
    with pytest.raises(httpx.ConnectError):
        await transport.handle_async_request(httpx.Request("GET", "http://127.0.0.1:1/"))
