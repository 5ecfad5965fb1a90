"""One client: HTTP/1.1 by h11, in which every wait has an end and whatever comes in a bound.

A client must ask within a total time, however often it sends a byte, and must take in each piece of an answer within
another. What it sends beyond a bound is refused and not read. One piece of an answer is held for it and no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import anyio
import h11
from anyio.abc import ByteStream
from starlette.types import ASGIApp, Message

from o365_exporter.clock import Clock
from o365_exporter.web.headers import OWN_HEADERS
from o365_exporter.web.places import Place
from o365_exporter.web.refusals import Refusals

FIRST = 10.0
"""Seconds until a client has sent the first byte of its first request."""

KEEP_ALIVE = 75.0
"""Seconds between two requests; longer than the usual scrape interval, so that Prometheus keeps its connection."""

WHOLE = 10.0
"""Seconds from the first byte of a request to its last, whatever comes in between."""

PATIENCE = 20.0
"""Seconds in which a client must take in one piece of an answer."""

LONGEST = 300.0
"""Seconds for a whole answer."""

LARGEST_HEAD = 16 * 1024
LARGEST_TARGET = 8 * 1024
LARGEST_BODY = 64 * 1024
"""Bytes; nothing that is served here takes a body of any size."""

_PIECE = 64 * 1024
"""Bytes of an answer that wait to be read by a client."""

_READ = 16 * 1024
_LINGER = 1.0
"""Seconds in which what a refused client still sends is thrown away: else it would be reset before it reads why."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of the connection itself.

    Args:
        client: its host and port.
        server: ours.
        scheme: http or https.
        names: subject alternative names of the client's verified certificate; None where it has shown none.
    """

    client: tuple[str, int]
    server: tuple[str, int]
    scheme: str = "http"
    names: frozenset[str] | None = None


class RefusedError(Exception):
    """A request that is not passed on.

    Args:
        status: of the answer.
        sentence: that the client is told.
        reason: under which it is counted.
    """

    def __init__(self, status: int, sentence: str, reason: str = "invalid") -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.reason = reason


class Conversation:
    """Requests and answers over one connection, one after the other.

    Args:
        stream: the connection.
        line: what is known of it.
        app: what answers.
        place: that it takes.
        clock: for its time limits.
        refusals: where they are counted.
    """

    def __init__(
        self, stream: ByteStream, line: Line, app: ASGIApp, place: Place, *, clock: Clock, refusals: Refusals
    ) -> None:
        self._stream = stream
        self._line = line
        self._app = app
        self._place = place
        self._clock = clock
        self._refusals = refusals
        self._http = h11.Connection(h11.SERVER, LARGEST_HEAD)
        self._method = b""
        self._started = b""

    async def hold(self) -> None:
        """Answer until either side ends it."""
        patience = FIRST
        try:
            while await self._exchange(patience):
                patience = KEEP_ALIVE
        except TimeoutError:
            self._refusals.note("slow")
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError):
            return  # the client is gone: nobody is left who could be told

    async def _exchange(self, patience: float) -> bool:
        """One request and its answer; whether another may follow."""
        self._method = b""
        try:
            request = await self._asked(patience)
        except RefusedError as refused:
            await self._refuse(refused)
            return False
        if request is None:
            return False
        self._place.waiting, self._place.asked = False, True
        with self._clock.deadline(LONGEST):
            await self._answer(*request)
        self._place.waiting, self._place.asked, self._place.since = True, False, self._clock.monotonic()
        if self._place.last or self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    # what comes in

    async def _asked(self, patience: float) -> tuple[h11.Request, bytes] | None:
        """The next whole request; None where the client asks no more."""
        if not self._http.trailing_data[0] and not await self._first_bytes(patience):
            return None
        try:
            with self._clock.deadline(WHOLE):
                return await self._whole()
        except h11.RemoteProtocolError as error:
            raise self._too_much(error) from None
        except TimeoutError:
            raise RefusedError(408, f"The request was not there within {WHOLE:g} seconds.", "slow") from None

    async def _first_bytes(self, patience: float) -> bool:
        try:
            with self._clock.deadline(patience):
                return await self._read()
        except TimeoutError:
            if patience == FIRST:  # a client that has been served may as well have nothing to ask
                raise
            return False

    async def _read(self) -> bool:
        """Take in what has come; False at the end."""
        try:
            received = await self._stream.receive(_READ)
        except anyio.EndOfStream:
            received = b""
        self._http.receive_data(received)
        return bool(received)

    async def _event(self) -> Any:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if not await self._read():
                raise anyio.EndOfStream  # in the middle of a request: nobody waits for an answer
        return event

    async def _whole(self) -> tuple[h11.Request, bytes] | None:
        request = await self._event()
        if not isinstance(request, h11.Request):
            return None
        self._method = request.method
        self._check(request)
        body = b""
        if self._http.they_are_waiting_for_100_continue:
            await self._write(self._http.send(h11.InformationalResponse(status_code=100, headers=[])))
        while isinstance(event := await self._event(), h11.Data):
            body += event.data
        return request, body

    def _check(self, request: h11.Request) -> None:
        """Refuse what is larger than anything that is served here, before more of it is read."""
        if request.http_version not in (b"1.0", b"1.1"):
            raise RefusedError(505, "Versions 1.0 and 1.1 of HTTP are served.")
        if len(request.target) > LARGEST_TARGET:
            raise RefusedError(414, f"The address is longer than {LARGEST_TARGET} bytes.", "too_large")
        if sum(len(name) + len(value) + 4 for name, value in request.headers) > LARGEST_HEAD:
            raise RefusedError(431, f"The headers are longer than {LARGEST_HEAD} bytes.", "too_large")
        headers = dict(request.headers)
        if b"transfer-encoding" in headers:
            raise RefusedError(411, "A body without Content-Length is not read.")
        if int(headers.get(b"content-length", b"0")) > LARGEST_BODY:
            raise RefusedError(413, f"The body is longer than {LARGEST_BODY} bytes.", "too_large")

    def _too_much(self, error: h11.RemoteProtocolError) -> RefusedError:
        if error.error_status_hint != 431:  # noqa: PLR2004 - as h11 says it
            return RefusedError(error.error_status_hint, "This is not a request of HTTP/1.1.")
        if b"\n" not in self._http.trailing_data[0]:
            return RefusedError(414, f"The address is longer than {LARGEST_TARGET} bytes.", "too_large")
        return RefusedError(431, f"The headers are longer than {LARGEST_HEAD} bytes.", "too_large")

    # what goes out

    async def _answer(self, request: h11.Request, body: bytes) -> None:
        messages = iter([{"type": "http.request", "body": body, "more_body": False}])

        async def receive() -> Message:
            for message in messages:
                return message
            await anyio.sleep_forever()
            raise AssertionError

        try:
            await self._app(self._scope(request), receive, self._send)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with a page, the client is told so
            self._refusals.fault("A page could not be made.", error)
            if self._http.our_state is h11.SEND_RESPONSE:
                await self._say(500, "Internal Server Error")

    def _scope(self, request: h11.Request) -> dict[str, Any]:
        path, _, query = _origin_form(request.target.decode("ascii")).partition("?")
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": request.http_version.decode("ascii"),
            "method": request.method.decode("ascii"),
            "scheme": self._line.scheme,
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": "",
            "headers": list(request.headers),
            "client": self._line.client,
            "server": self._line.server,
            "extensions": {"tls": {"client_names": self._line.names}},
        }

    async def _send(self, message: Message) -> None:
        """As ASGI has it; head and beginning of the body leave together."""
        if message["type"] == "http.response.start":
            headers = [(b"date", formatdate(self._clock.now(), usegmt=True).encode()), *message["headers"]]
            self._started = self._http.send(_response(message["status"], headers)) or b""
            return
        head, self._started = self._started, b""
        pieces = () if self._method == b"HEAD" else _cut(message.get("body", b""))
        for piece in pieces:
            data = self._http.send_with_data_passthrough(h11.Data(data=piece)) or []
            await self._write(b"".join((head, *data)))
            head = b""
        if not message.get("more_body", False):
            head += self._http.send(h11.EndOfMessage()) or b""
        if head:
            await self._write(head)

    async def _write(self, data: bytes | None) -> None:
        """Hand a piece to the system, which takes it when the client has taken what came before."""
        self._place.waiting, self._place.since = True, self._clock.monotonic()
        with self._clock.deadline(PATIENCE):
            await self._stream.send(data or b"")
        self._place.waiting = not self._place.asked

    async def _refuse(self, refused: RefusedError) -> None:
        self._refusals.note(refused.reason)
        if self._http.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            await self._say(refused.status, refused.sentence)
            await self._linger()

    async def _say(self, status: int, sentence: str) -> None:
        """A sentence, after which the connection ends; its length alone to who has asked for no more by HEAD."""
        body = sentence.encode()
        headers = [
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *OWN_HEADERS,
        ]
        content = () if self._method == b"HEAD" else (h11.Data(data=body),)
        events = (_response(status, headers), *content, h11.EndOfMessage())
        await self._write(b"".join(self._http.send(event) or b"" for event in events))

    async def _linger(self) -> None:
        with suppress(NotImplementedError):  # by TLS; there the time limit is the end
            await self._stream.send_eof()
        try:
            with self._clock.deadline(_LINGER):
                while await self._stream.receive(_READ):
                    pass
        except TimeoutError:
            return


def _origin_form(target: str) -> str:
    """Path and query, also of an address that is given in full, as to a proxy."""
    if target.startswith("/") or "://" not in target:
        return target
    rest = target.partition("://")[2]
    return f"/{rest.partition('/')[2]}"


def _response(status: int, headers: list[tuple[bytes, bytes]]) -> h11.Response:
    return h11.Response(status_code=status, headers=headers, reason=HTTPStatus(status).phrase.encode())


def _cut(body: bytes) -> Iterator[bytes]:
    if len(body) <= _PIECE:
        return iter((body,)) if body else iter(())
    return (body[start : start + _PIECE] for start in range(0, len(body), _PIECE))
