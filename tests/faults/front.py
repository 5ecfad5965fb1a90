"""What stands before a host of Microsoft's: bytes pass, until something is to go wrong with the connection itself."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import Any

_PIECE = 65536


class Front:
    """A port on loopback behind which a server is, and does what it is told to instead.

    Attributes:
        mode: ``pass``, ``refuse``, ``reset``, ``silent`` (takes what comes and answers nothing) or ``swallow`` (no
            connection comes about).
        behind: port of the server.
    """

    def __init__(self, behind: int) -> None:
        self.mode = "pass"
        self.behind = behind
        self.port = 0
        self._server: asyncio.Server | None = None
        self._full: list[socket.socket] = []
        self._tasks = set[asyncio.Task[Any]]()

    async def open(self) -> None:
        """Listen, on the port of before where there was one."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def become(self, mode: str, behind: int) -> None:
        """Do something else, also to whoever is connected."""
        await self.close()
        self.mode, self.behind = mode, behind
        if mode == "swallow":
            self._fill()
        elif mode != "refuse":
            await self.open()

    async def close(self) -> None:
        """Listen no more, and hang up."""
        for full in self._full:
            full.close()
        self._full.clear()
        if self._server is not None:
            self._server.close()
        tasks, self._server = list(self._tasks), None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _fill(self) -> None:
        """A listener whose queue is full: what else comes is dropped, as by a firewall."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(0)
        self._full = [listener]
        for _ in range(3):
            waiting = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            waiting.setblocking(False)  # noqa: FBT003 - its own signature
            with suppress(BlockingIOError):
                waiting.connect(("127.0.0.1", self.port))
            self._full.append(waiting)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._served(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match self.mode:
            case "reset":
                return
            case "silent":
                while await reader.read(_PIECE):
                    pass
                return
        upstream, out = await asyncio.open_connection("127.0.0.1", self.behind)
        there = asyncio.ensure_future(_pipe(reader, out))
        try:
            await _pipe(upstream, writer)
            writer.write_eof()
        finally:
            there.cancel()
            out.transport.abort()


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(_PIECE):
        writer.write(piece)
        await writer.drain()
