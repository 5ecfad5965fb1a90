"""The server: takes connections, gives them places and, where the door says so, TLS; stops when it is cancelled."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl

import anyio
import anyio.lowlevel
from anyio.abc import ByteStream, SocketStream, TaskGroup, TaskStatus
from anyio.streams.tls import TLSAttribute, TLSStream
from starlette.types import ASGIApp

from o365_exporter.web.conversation import Conversation, Line
from o365_exporter.web.door import Door
from o365_exporter.web.guard import Guard
from o365_exporter.web.places import Place, Places
from o365_exporter.web.tls import names_in

HANDSHAKE = 10.0
"""Seconds for the whole handshake of TLS."""

_GRACE = 0.3
"""Seconds that answers under way have to end when the server stops."""

_BREATH = 0.1
"""Seconds until a connection is taken again where the system had no file left for one."""

_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_CROWDED = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


async def serve(
    app: ASGIApp, sockets: list[socket.socket], door: Door, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
) -> None:
    """Answer requests until cancelled; then stop within a second, whatever clients do.

    Args:
        app: what answers.
        sockets: as opened by ``listening``.
        door: who is let in, and how.
        task_status: is told when requests are answered, for ``TaskGroup.start``.
    """
    async with anyio.create_task_group() as clients:
        server = _Server(Guard(app, door), door, clients)
        try:
            async with anyio.create_task_group() as tasks:
                for listening in sockets:
                    tasks.start_soon(server.take_from, listening)
                tasks.start_soon(door.follow)
                task_status.started()
        finally:
            for listening in sockets:
                listening.close()
            with anyio.CancelScope(shield=True):
                await _stop(door.places)


async def _stop(places: Places) -> None:
    """Let answers under way end for a moment, then cut: a client that does not read would hold the process up."""
    for place in places.all():
        place.last = True
        if not place.asked:
            place.scope.cancel()
    with anyio.move_on_after(_GRACE):  # real time even under a fake clock: the sockets are real
        if places.number:
            await places.empty.wait()
    for place in places.all():
        place.scope.cancel()


class _Server:
    """Takes connections, each in a task that ends by its place's scope alone."""

    def __init__(self, app: ASGIApp, door: Door, clients: TaskGroup) -> None:
        self._app = app
        self._door = door
        self._clients = clients

    async def take_from(self, listening: socket.socket) -> None:
        """Take connections for ever."""
        listening.settimeout(0)
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, address = await loop.sock_accept(listening)
            except OSError as error:
                if error.errno in _EXHAUSTED:
                    self._door.refusals.note("files")
                    self._door.places.end_one()
                    await self._door.clock.sleep(_BREATH)
                continue  # else the client has gone before we came
            self._give_place(connection, address[0], address[1])
            await anyio.lowlevel.checkpoint()  # or a crowd at the door would keep everybody inside waiting

    def _give_place(self, connection: socket.socket, host: str, port: int) -> None:
        place, ended = self._door.places.take(host, self._door.clock.monotonic())
        if ended:
            self._door.refusals.note("replaced")
        if place is None:
            self._door.refusals.note("crowded")
            _turn_away(connection, plain=self._door.rules.context is None)
            return
        self._clients.start_soon(self._hold, connection, (host, port), place)

    async def _hold(self, connection: socket.socket, client: tuple[str, int], place: Place) -> None:
        with place.scope:
            try:
                stream = await SocketStream.from_socket(connection)
            except OSError:
                connection.close()
            else:
                await self._talk(stream, connection, client, place)
        self._door.places.leave(place)

    async def _talk(
        self, stream: SocketStream, connection: socket.socket, client: tuple[str, int], place: Place
    ) -> None:
        try:
            server = connection.getsockname()[:2]
            secured = await self._secured(stream)
            if secured is not None:
                line = Line(client, (server[0], server[1]), *_of_tls(secured))
                await Conversation(
                    secured, line, self._app, place, clock=self._door.clock, refusals=self._door.refusals
                ).hold()
        except OSError:
            return  # the client has gone
        except Exception as error:  # noqa: BLE001 - what one client can cause ends its connection and nothing else
            self._door.refusals.fault("A connection was ended.", error)
        finally:
            await anyio.aclose_forcefully(stream)

    async def _secured(self, stream: SocketStream) -> ByteStream | None:
        """The connection with TLS where that is wanted; None where none comes about."""
        context = self._door.rules.context
        if context is None:
            return stream
        try:
            with self._door.clock.deadline(HANDSHAKE):
                return await TLSStream.wrap(stream, server_side=True, ssl_context=context, standard_compatible=False)
        except TimeoutError:
            self._door.refusals.note("slow")
        except ssl.SSLError:
            self._door.refusals.note("tls")
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            return None  # the client has gone, as one does who only looks whether the port is open
        return None


def _of_tls(stream: ByteStream) -> tuple[str, frozenset[str] | None]:
    if not isinstance(stream, TLSStream):
        return "http", None
    return "https", names_in(stream.extra(TLSAttribute.peer_certificate, None))  # noqa: S610 - of anyio


def _turn_away(connection: socket.socket, *, plain: bool) -> None:
    with connection:
        connection.settimeout(0)
        try:
            if plain:
                connection.send(_CROWDED)
        except OSError:
            return
