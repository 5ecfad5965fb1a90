"""Sending an answer, whole or as badly as a fault wants it.

Cutting a body or a connection needs the real socket: the server leaves its transport in the request's state. Without
one (an in-process client) the same faults raise ``ConnectionResetError`` in the client.
"""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import anyio
import anyio.lowlevel
from starlette.requests import Request as StarletteRequest
from starlette.types import Receive, Scope, Send

from o365_exporter.clock import Clock
from o365_exporter.simulator.faults import Fault, Wire
from o365_exporter.simulator.http import Request, Response, Stream

TRANSPORT = "transport"
"""Key under which the server leaves a connection's transport in ``scope["state"]``."""

UNFRAME = "unframe"
"""Key under which it leaves a function that lets an answer end with the connection."""

_WORTH_COMPRESSING = 1_000
_BOMB, _BOMB_PIECE = 512 * 1024**2, 16 * 1024**2  # bytes, decompressed


class Connection:
    """The way back to the client."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send

    def request(self) -> StarletteRequest:
        """The request on this connection."""
        return StarletteRequest(self._scope, self._receive)

    @property
    def host(self) -> str:
        """The header ``Host``."""
        return self.request().headers.get("host", "")

    async def wait(self, clock: Clock, seconds: float | None) -> bool:
        """Let so many seconds pass, or all time with None; False if the client gave up before."""
        stayed = False
        async with anyio.create_task_group() as tasks:

            async def sleep() -> None:
                nonlocal stayed
                if seconds is None:
                    await anyio.sleep_forever()
                else:
                    await clock.sleep(seconds)
                stayed = True
                tasks.cancel_scope.cancel()

            tasks.start_soon(sleep)
            while (await self._receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()
        return stayed

    async def send(self, request: Request, response: Response, *, gzip_allowed: bool, fault: Fault | None) -> None:
        """Send an answer; ``fault.wire`` says what goes wrong on the way."""
        wire = fault.wire if fault else None
        if wire == "broken_connection":
            return await self._break()
        if wire == "bomb":
            bomb = Stream(_explosive, "chunked")
            packed = {**response.headers, "content-encoding": "gzip"}
            return await self._flow(request, replace(response, headers=packed), bomb, gzip_allowed=False, wire=None)
        if isinstance(response.payload, Stream) and wire != "wrong_gzip":
            return await self._flow(request, response, response.payload, gzip_allowed=gzip_allowed, wire=wire)
        body = response.body()
        headers = {"content-type": response.content_type, **response.headers}
        accepted = "gzip" in request.headers.get("accept-encoding", "")
        if wire in ("wrong_gzip", "cut_gzip") or (gzip_allowed and accepted and len(body) > _WORTH_COMPRESSING):
            headers["content-encoding"] = "gzip"
            body = body if wire == "wrong_gzip" else await _compressed(body)
            body = body[: len(body) // 2] if wire == "cut_gzip" else body
        if wire == "cut_length" or request.path.endswith("/token"):  # Graph sends chunks, Entra a length
            headers["content-length"] = str(len(body))
        elif response.status != 304:  # noqa: PLR2004 - Not Modified has no body
            headers["transfer-encoding"] = "chunked"
        await self._start(response.status, headers)
        if wire in ("cut_length", "cut_chunked", "reset_body"):
            await self._send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            return await self._break(politely=wire != "reset_body")
        return await self._send({"type": "http.response.body", "body": body})

    async def _flow(
        self, request: Request, response: Response, stream: Stream, *, gzip_allowed: bool, wire: Wire | None
    ) -> None:
        """Send a stream piece by piece, for as long as somebody listens."""
        stream = _broken(stream, wire)
        headers = {"content-type": response.content_type, **response.headers}
        pieces = stream.pieces
        if gzip_allowed and "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            pieces = partial(_gzipped, stream.pieces, cut=wire == "cut_gzip")
        if stream.framing == "length":
            headers["content-length"] = str(await _length(pieces()))
        elif stream.framing == "chunked":
            headers["transfer-encoding"] = "chunked"
        elif unframe := self._scope.get("state", {}).get(UNFRAME):
            unframe()
        await self._start(response.status, headers)
        listened = await self._pour(_beginning(pieces()) if stream.cut else pieces())
        if listened and stream.cut:
            await self._break(politely=wire != "reset_body")
        elif listened:
            await self._send({"type": "http.response.body", "body": b""})

    async def send_raw(self, text: str) -> None:
        """Send these characters as bytes, whatever they are, and hang up."""
        transport = self._transport()
        transport.write(text.encode("latin-1"))
        await self._break(politely=True)

    async def drip(self, response: Response, clock: Clock) -> None:
        """Send a response a byte a second, for as long as somebody waits for it."""
        await self._start(response.status, {"content-type": response.content_type, **response.headers})
        for byte in response.body():
            if not await self.wait(clock, 1.0):
                return
            await self._send({"type": "http.response.body", "body": bytes([byte]), "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})

    async def _pour(self, pieces: Iterator[bytes]) -> bool:
        """Send pieces as fast as they are taken; False if the client went before the last."""
        listened = False
        async with anyio.create_task_group() as tasks:

            async def hang_up() -> None:
                while (await self._receive())["type"] != "http.disconnect":
                    pass
                tasks.cancel_scope.cancel()

            tasks.start_soon(hang_up)
            for piece in pieces:
                await self._send({"type": "http.response.body", "body": piece, "more_body": True})
                await anyio.lowlevel.checkpoint()
            listened = True
            tasks.cancel_scope.cancel()
        return listened

    async def _start(self, status: int, headers: dict[str, str]) -> None:
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def _break(self, *, politely: bool = False) -> None:
        """End the connection, with a reset unless ``politely``."""
        transport = self._transport()
        if politely:
            transport.close()
        else:
            transport.abort()
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def _transport(self) -> asyncio.Transport:
        transport = self._scope.get("state", {}).get(TRANSPORT)
        if not isinstance(transport, asyncio.Transport):
            raise ConnectionResetError("the simulator broke this connection, as a fault told it")
        return transport


def _broken(stream: Stream, wire: Wire | None) -> Stream:
    """The stream as a fault wants it."""
    match wire:
        case "cut_length":
            return replace(stream, framing="length", cut=True)
        case "cut_chunked" | "reset_body":
            return replace(stream, framing="chunked", cut=True)
        case "cut_close":
            return replace(stream, framing="close", cut=True)
    return stream


def _beginning(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """All pieces but the last, and half of that."""
    last = b""
    for piece in pieces:
        if last:
            yield last
        last = piece
    yield last[: len(last) // 2]


def _gzipped(pieces: Callable[[], Iterator[bytes]], *, cut: bool) -> Iterator[bytes]:
    """The pieces compressed; where that is cut, every row that was begun is whole, and the end is missing."""
    compressor = zlib.compressobj(1, wbits=31)  # 31: with gzip's head and check sum
    for piece in pieces():
        if packed := compressor.compress(piece):
            yield packed
    yield compressor.flush(zlib.Z_SYNC_FLUSH if cut else zlib.Z_FINISH)


def _explosive() -> Iterator[bytes]:
    """Half a gigabyte of blanks, in half a megabyte."""
    compressor = zlib.compressobj(9, wbits=31)
    yield compressor.compress(b" ") + compressor.flush(zlib.Z_FULL_FLUSH)
    raw = zlib.compressobj(9, wbits=-15)
    piece = raw.compress(b" " * _BOMB_PIECE) + raw.flush(zlib.Z_FULL_FLUSH)  # such pieces can follow one another
    for _ in range(_BOMB // _BOMB_PIECE):
        yield piece


async def _length(pieces: Iterator[bytes]) -> int:
    """Bytes of a stream, counted by making it once for nothing: it would not fit in memory."""
    total = 0
    for piece in pieces:
        total += len(piece)
        await anyio.lowlevel.checkpoint()
    return total


async def _compressed(body: bytes) -> bytes:
    if len(body) < 100_000:  # noqa: PLR2004 - a thread would take longer
        return gzip.compress(body, 6, mtime=0)
    return await anyio.to_thread.run_sync(lambda: gzip.compress(body, 1, mtime=0))
