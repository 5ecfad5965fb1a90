"""One request on its way: counted, timed, no longer than its poll, and its date compared with our clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus

from o365_exporter.clock import Clock
from o365_exporter.errors import PollTimeoutError
from o365_exporter.http.client import Http, Request, Response, Stream, whole
from o365_exporter.http.failures import CertificateTimeError, no_answer, way
from o365_exporter.http.logins import AT_ONCE
from o365_exporter.http.patience import patience
from o365_exporter.http.progress import Progress, Stage
from o365_exporter.http.skew import Skew
from o365_exporter.http.traffic import Traffic


class Sender:
    """Sends what one tenant asks of login, Graph and download hosts.

    Attributes:
        skew: how far our clock is from Microsoft's, by the answers of login and Graph.
    """

    def __init__(self, *, http: Http, traffic: Traffic, clock: Clock) -> None:
        self._http = http
        self._traffic = traffic
        self._clock = clock
        self.skew = Skew()

    def way_to(self, url: str) -> str:
        """Host, port and the proxy on the way, for the middle of a sentence."""
        return way(self._http.path_to(url))

    async def send(self, request: Request, route: str, progress: Progress | None = None) -> Response:
        """One attempt, of login or Graph.

        Args:
            request: goes out as it is.
            route: under which it is counted, the value of the label ``api``.
            progress: notes how far it has come, for whoever wants to know.

        Raises:
            PollError: there is no response, or none before the poll's deadline.
        """
        sent_at = self._clock.now()
        with self._traffic.timed(route, self._clock) as sent, self._bounded(request, progress) as noted:
            response = await self._http.send(request, noted)
            sent.code = str(response.status)
        if response.status < HTTPStatus.BAD_REQUEST or response.headers.keys() & {"request-id", "x-ms-request-id"}:
            self.skew.note(response.headers, sent_at, self._clock.now())  # a proxy's own date says nothing
        return response

    @asynccontextmanager
    async def login_place(self, login: str, *, proven: bool) -> AsyncIterator[None]:
        """One of the places for requests to a login that all tenants share; see ``Logins``.

        Raises:
            PollTimeoutError: none was free before the poll's deadline.
        """
        place = self._http.logins.place(login, proven=proven)
        with patience(
            self._clock, lambda: f"one of {AT_ONCE} places at {self.way_to(login)}", partial(self._crowded, login)
        ):
            await place.__aenter__()
        try:
            yield
        finally:
            await place.__aexit__(None, None, None)

    def _crowded(self, login: str, seconds: float) -> PollTimeoutError:
        way = self.way_to(login)
        return PollTimeoutError(
            f"For {seconds:.3g} s there was no place for this login: {AT_ONCE} others are under way at {way}, and none "
            "of them ends.",
            subject=way,
        )

    async def opened(self, request: Request, route: str, stack: AsyncExitStack) -> Stream:
        """One attempt whose body is read by and by, until ``stack`` is closed.

        Raises:
            PollError: no answer begins, or none before the poll's deadline.
        """
        with self._traffic.timed(route, self._clock) as sent, self._bounded(request) as progress:
            stream = await stack.enter_async_context(self._http.stream(request, progress))
            sent.code = str(stream.status)
        return stream

    async def whole(self, request: Request, stream: Stream) -> Response:
        """The rest of an answer that is not a file.

        Raises:
            PollError: it breaks off, has no end, or none before the poll's deadline.
        """
        late = partial(no_answer, stream.path, stage=Stage.REST)
        with patience(self._clock, lambda: f"{Stage.REST} {way(stream.path)}", late):
            return await whole(request, stream)

    async def pieces(self, stream: Stream) -> AsyncIterator[bytes]:
        """The body of a stream, decompressed.

        Raises:
            PollError: it breaks off, or its end does not come before the poll's deadline.
        """
        pieces, late = stream.pieces(), partial(no_answer, stream.path, stage=Stage.REST)
        while True:
            with patience(self._clock, lambda: f"{Stage.REST} {way(stream.path)}", late):
                piece = await anext(pieces, None)
            if piece is None:
                return
            yield piece

    @contextmanager
    def _bounded(self, request: Request, progress: Progress | None = None) -> Iterator[Progress]:
        progress, path = progress or Progress(), self._http.path_to(request.url)
        try:
            with (
                self._http.reach.watched(path, self._clock),
                patience(
                    self._clock,
                    lambda: f"{progress.stage} {way(path)}",
                    lambda seconds: no_answer(path, seconds, progress.stage),
                ),
            ):
                yield progress
        except CertificateTimeError as error:
            raise self._with_our_time(error) from None

    def _with_our_time(self, error: CertificateTimeError) -> CertificateTimeError:
        """Whose clock is wrong cannot be told from a certificate: ours is named, with what is known of it."""
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        return CertificateTimeError(
            f"{error.message.rstrip('.')} ({now:%Y-%m-%dT%H:%M:%SZ}).",
            remedy=f"{self.skew.advice()} If it is right, a proxy or the host shows an old certificate.",
        )
