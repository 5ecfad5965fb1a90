"""A uvicorn server inside the running loop: no signal handlers, up and down at once."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from o365_exporter.simulator.wire import TRANSPORT, UNFRAME


@asynccontextmanager
async def serving(app: ASGIApp, host: str, port: int, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve ``app`` while the context lasts, by HTTPS where there is ``tls``; yields its base URL.

    Requests that hang when it ends are cut off.

    Raises:
        OSError: the address cannot be had.
    """
    listener = _listen(host, port)
    transports: set[asyncio.Transport] = set()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            http=_protocol(transports),
            ws="none",
            lifespan="off",
            interface="asgi3",
            proxy_headers=False,
            log_config=None,
            access_log=False,
            date_header=False,
            server_header=False,
        )
    )
    server.config.load()
    server.config.ssl = tls
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    try:
        yield f"{'https' if tls else 'http'}://{f'[{host}]' if ':' in host else host}:{listener.getsockname()[1]}"
    finally:
        for transport in list(transports):
            transport.abort()
        await server.shutdown(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's algorithm on and every answer takes 40 ms more.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _protocol(transports: set[asyncio.Transport]) -> type[H11Protocol]:
    """Uvicorn's protocol, but that faults can reach the connection and the server can cut it."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            transports.add(transport)
            self.app_state = {**self.app_state, TRANSPORT: transport, UNFRAME: self.unframe}

        def connection_lost(self, exc: Exception | None) -> None:
            transports.discard(self.transport)
            super().connection_lost(exc)

        def unframe(self) -> None:
            """Take the client for one of HTTP/1.0, to which nothing but hanging up tells the end of a body."""
            self.conn.their_http_version = b"1.0"

    return Protocol
