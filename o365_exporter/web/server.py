"""uvicorn in the daemon's own event loop: it installs no signal handlers and stops when it is cancelled."""

from __future__ import annotations

import asyncio
import socket

import anyio
import uvicorn
from anyio.abc import TaskStatus
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

_GRACE = 0.3
"""Seconds that answers under way have to end when the server stops."""

_MOST_CONNECTIONS = 512
"""More than any set of Prometheus servers holds; beyond that a client is told 503."""

_KEEP_ALIVE = 75
"""Seconds; longer than the usual scrape interval, so that Prometheus keeps its connection."""

_PATIENCE = 60.0
"""Seconds that a client may take for its first request, or to take in what waits to be sent."""


async def serve(
    app: ASGIApp, sockets: list[socket.socket], *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Answer requests until cancelled; then stop within a second, whatever clients do.

    Args:
        app: what answers.
        sockets: as opened by ``listening``.
        task_status: is told when requests are answered, for ``TaskGroup.start``.
    """
    config = _config(app)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Not server.serve(): it would take over the signals and end without a shutdown when cancelled.
    await server.startup(sockets)
    task_status.started()
    try:
        await server.main_loop()
    finally:
        with anyio.CancelScope(shield=True):
            await _stop(server, sockets)


class _Connection(H11Protocol):
    """A connection that is cut when its client has neither asked nor read for a while.

    uvicorn has no such limit: a client that stops reading would keep its page in memory for good.
    """

    _limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as in uvicorn
        super().connection_made(transport)
        self._start_limit()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        asked = self.cycle is not None  # None until the first request is complete, whatever uvicorn declares
        if asked and not self.flow.write_paused:
            self._end_limit()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start_limit()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._end_limit()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._end_limit()

    def _start_limit(self) -> None:
        self._end_limit()
        self._limit = self.loop.call_later(_PATIENCE, self.transport.abort)

    def _end_limit(self) -> None:
        if self._limit:
            self._limit.cancel()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,  # its lines pass through the logging of this program
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        forwarded_allow_ips="",  # or uvicorn reads FORWARDED_ALLOW_IPS,
        workers=1,  # and WEB_CONCURRENCY, whatever that holds
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE,
        headers=[("cache-control", "no-store"), ("x-content-type-options", "nosniff")],
    )


async def _stop(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
    """Let answers under way end for a moment, then cut: a client that does not read would hold the process up."""
    with anyio.move_on_after(_GRACE):  # real time even under a fake clock: the sockets are real
        await server.shutdown(sockets)
    for connection in list(server.server_state.connections):
        connection.transport.abort()
