"""Connections that are kept for the next request, at the same cost for each however many are open.

httpcore's own pool looks at all connections and at all requests whenever one begins or ends: with hundreds under way
that is most of what a request costs, and whoever is slow makes it worse. Here a request takes the youngest idle
connection to its origin or opens one, and who is done gives it back.
"""

from __future__ import annotations

import errno
import importlib.util
import resource
import sys
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self

import anyio
import httpx

KEPT = 20
"""Idle connections to one origin; a tenant that hangs must not starve others, so there is no limit to busy ones."""


class Connection(Protocol):
    """What is used of a connection of httpcore's."""

    async def handle_async_request(self, request: Any) -> Any:
        """Send one request."""

    async def aclose(self) -> None:
        """Close it."""

    def is_closed(self) -> bool:
        """Whether it was closed, or never came about."""

    def is_idle(self) -> bool:
        """Whether it can take a request."""

    def has_expired(self) -> bool:
        """Whether it was idle too long, or the other side has closed it."""


Idle = deque[Connection]

_FEWEST, _OTHER_FILES = 8, 32  # connections at least; files that are not for them


class Pool:
    """Takes the place of httpcore's pool in a transport of httpx's.

    Args:
        connect: makes a connection to an origin, which is opened with its first request.
        most: connections that may be busy at once.
    """

    def __init__(self, connect: Callable[[Any], Connection], most: int = sys.maxsize) -> None:
        self._connect = connect
        self._most = most
        self._busy = 0
        self._idle: dict[str, Idle] = {}

    async def handle_async_request(self, request: Any) -> Any:
        """Send one request; its connection is free again when the body of the response is closed.

        Raises:
            httpx.ConnectError: no file is left for a connection, but for those that scrapes and probes need.
        """
        if self._busy >= self._most:
            raise httpx.ConnectError("Too many connections are busy.") from OSError(errno.EMFILE, "files")
        idle = self._idle.setdefault(str(request.url.origin), deque())
        connection = await _youngest(idle) or self._connect(request.url.origin)
        self._busy += 1
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await self._give_back(idle, connection)
            raise
        response.stream = _Body(response.stream, partial(self._give_back, idle, connection))
        return response

    async def _give_back(self, idle: Idle, connection: Connection) -> None:
        self._busy -= 1
        await _keep(idle, connection)

    async def aclose(self) -> None:
        """Close what is idle; what is busy is closed by its request."""
        for idle in self._idle.values():
            while idle:
                await idle.pop().aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class _Body:
    """The body of a response, whose end frees the connection."""

    def __init__(self, stream: Any, done: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._done: Callable[[], Awaitable[None]] | None = done

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._stream:
                yield part
        except BaseException:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        """Once, whatever happens meanwhile."""
        done, self._done = self._done, None
        if done is not None:
            with anyio.CancelScope(shield=True):
                await self._stream.aclose()
                await done()


async def _youngest(idle: Idle) -> Connection | None:
    """The connection that was used last, which lives most probably; the oldest go, one for each that is wanted."""
    if len(idle) > 1 and idle[0].has_expired():
        await idle.popleft().aclose()
    while idle:
        connection = idle.pop()
        if not connection.has_expired():
            return connection
        await connection.aclose()
    return None


async def _keep(idle: Idle, connection: Connection) -> None:
    if connection.is_closed():
        return
    if connection.is_idle() and len(idle) < KEPT:
        idle.append(connection)
        return
    with anyio.CancelScope(shield=True):
        await connection.aclose()


def most_connections() -> int:
    """How many may be busy at once, by the files that this process may hold open: some are for scrapes and probes."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if files == resource.RLIM_INFINITY else max(_FEWEST, files - max(_OTHER_FILES, files // 4))


def pooled(
    transport: httpx.AsyncHTTPTransport, network: Callable[[Any], Any] = lambda usual: usual
) -> httpx.AsyncHTTPTransport:
    """The transport with a pool of ours, and another way to connect; httpx lets nobody give it either.

    Args:
        transport: as httpx makes it.
        network: makes the network backend of httpcore's that connects, out of the usual one.
    """
    transport._pool._network_backend = network(transport._pool._network_backend)  # noqa: SLF001
    pool = Pool(transport._pool.create_connection, most_connections())  # noqa: SLF001
    transport._pool = pool  # type: ignore[assignment]  # noqa: SLF001
    return transport


def forget_sniffio() -> None:
    """Each request makes httpcore try to import it, which searches the disk each time where it is not installed."""
    if importlib.util.find_spec("sniffio") is None:
        sys.modules["sniffio"] = None  # type: ignore[assignment] # an import then fails at once
