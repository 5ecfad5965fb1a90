"""``/metrics``: the whole, one tenant, or the process alone, in the format and coding that the client likes best."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from weakref import WeakValueDictionary

import anyio.to_thread
from anyio import CapacityLimiter, Lock
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from o365_exporter.clock import Clock
from o365_exporter.exposition import (
    Assembler,
    Compressor,
    Format,
    Packed,
    Page,
    Segment,
    accepts_gzip,
    choose_format,
    ending,
    gzipped,
    shown,
    shown_until,
)
from o365_exporter.metrics import Metric
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.store import Store

_SMALL = 64 * 1024
"""Bytes that are compressed in a millisecond, less than handing them to a thread may take."""

_MOST_WAITING = 100
"""Scrapes that wait until another one's page is compressed; more are told to come again."""


class Scrape:
    """Answers ``/metrics``.

    Without parameters it is everything. ``tenant=NAME`` is that tenant's series, an empty ``tenant=`` the
    process-wide ones, several of them the union. Any other parameter is refused: a misspelt one would otherwise
    serve everything, and a site that scrapes tenant by tenant would get each series many times.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        metrics: Iterable[Metric],
        selfmetrics: SelfMetrics,
        refused: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._assembler = Assembler(metrics)
        self._selfmetrics = selfmetrics
        self._kept: dict[Format, _Kept] = {}
        self._compressors = {form: Compressor() for form in Format}
        # Of pages that are being sent: whoever asks for the same meanwhile shares what is compressed.
        self._shared: WeakValueDictionary[tuple[Format, frozenset[str]], Compressor] = WeakValueDictionary()
        self._refused = refused
        self._waiting = 0
        self._turn = Lock()  # one after the other: who waits for the same page finds it compressed
        self._thread = CapacityLimiter(1)  # its own: those of the default limiter may all be waiting for a login

    async def answer(self, request: Request) -> Response:
        """The page, 400 for an unknown parameter, or 404 for an unknown tenant."""
        unknown = sorted(set(request.query_params) - {"tenant"})
        if unknown:
            return _refusal(400, f"There is no parameter {unknown[0]!r}: /metrics takes tenant=NAME alone.")
        names = request.query_params.getlist("tenant")
        return await self._answer(request, set(names) if names else None)

    async def process(self, request: Request) -> Response:
        """The process-wide series; at a path, since Prometheus drops an empty parameter that it has discovered."""
        if request.query_params:
            return _refusal(400, f"There is no parameter {min(request.query_params)!r}: {request.url.path} takes none.")
        return await self._answer(request, {""})

    async def _answer(self, request: Request, tenants: set[str] | None) -> Response:
        missing = sorted(name for name in tenants or () if name and not self._store.watches(name))
        if missing:
            return _refusal(404, _unknown(missing[0], self._store.tenants()))
        form = choose_format(_header(request, "accept"))
        compress = accepts_gzip(_header(request, "accept-encoding"))
        if tenants is None:
            return await self._whole(form, compress=compress)
        page = self._page(form, tenants)
        if not compress:
            return _PageResponse(page, form)
        key = (form, frozenset(tenants))
        compressor = self._shared.setdefault(key, Compressor())
        segments = compressor.segments(page)
        if not await self._pack(segments):
            return self._busy()
        return _PageResponse(gzipped(Packed(segments)), form, "gzip", compressor)

    async def _whole(self, form: Format, *, compress: bool) -> Response:
        """Everything; what belongs to tenants is put together and compressed anew when it has changed."""
        kept, end = self._current(form), ending(form, self._process_wide(form))
        segments = kept.segments
        if not compress:
            return _PageResponse(Page([*(segment.joined() for segment in segments), end]), form)
        if kept.packed is None:
            if not await self._pack(segments):
                return self._busy()
            kept.packed = Packed(segments)
        last = Segment([end])
        last.pack()
        return _PageResponse(gzipped(kept.packed, last), form, "gzip")

    def _current(self, form: Format) -> _Kept:
        now, kept = self._clock.now(), self._kept.get(form)
        if kept is None or kept.version != self._store.version or not kept.since <= now <= kept.until:
            page = self._assembler.beginning(form, shown(self._store, now))
            segments = self._compressors[form].segments(page)
            kept = self._kept[form] = _Kept(self._store.version, now, shown_until(self._store, now), segments)
        return kept

    def _page(self, form: Format, tenants: set[str]) -> Page:
        rendered = shown(self._store, self._clock.now(), tenants)
        return self._assembler.page(form, rendered, self._process_wide(form) if "" in tenants else b"")

    def _process_wide(self, form: Format) -> bytes:
        return self._selfmetrics.render(openmetrics=form is Format.OPENMETRICS)

    async def _pack(self, segments: Sequence[Segment]) -> bool:
        """Compress those that are new; on the loop where a thread would cost more. False where too many wait."""
        fresh = _fresh(segments)
        if sum(len(piece) for segment in fresh for piece in segment.pieces) < _SMALL:
            _pack(fresh)
            return True
        if self._waiting >= _MOST_WAITING:
            return False
        self._waiting += 1
        try:
            async with self._turn:
                await anyio.to_thread.run_sync(_pack, _fresh(segments), limiter=self._thread)
        finally:
            self._waiting -= 1
        return True

    def _busy(self) -> Response:
        self._refused("busy")
        answer = _refusal(503, f"More than {_MOST_WAITING} scrapes wait for their pages.")
        answer.headers["Retry-After"] = "1"
        return answer


@dataclass(slots=True)
class _Kept:
    """What belongs to tenants in a page of everything.

    Args:
        version: of the store that it was made of.
        since: wall clock at which it was made.
        until: wall clock from which on it is another one.
        segments: all but its end; those that have not changed are those of the page before.
        packed: the same compressed; None until somebody asks for that.
    """

    version: int
    since: float
    until: float
    segments: Sequence[Segment]
    packed: Packed | None = None


class _PageResponse(Response):
    """A page sent in chunks, so that a slow client holds one chunk and not a copy of the page."""

    def __init__(self, page: Page, form: Format, coding: str = "", compressor: Compressor | None = None) -> None:
        headers = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
        if coding:
            headers["Content-Encoding"] = coding
        super().__init__(headers=headers | {"Content-Length": str(page.length)})
        self._page = page
        self._compressor = compressor  # lives as long as somebody is being sent what it knows

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI gives them
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for chunk in self._page.chunks():  # the server leaves them out where HEAD was asked for
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _pack(segments: Iterable[Segment]) -> None:
    for segment in segments:
        segment.pack()


def _fresh(segments: Iterable[Segment]) -> list[Segment]:
    """Those that are still to be compressed."""
    return [segment for segment in segments if not segment.packed]


def _unknown(name: str, known: Sequence[str]) -> str:
    if not known:
        return f"No tenant is called {name!r}. None is watched at all."
    alike = {each.casefold(): each for each in known}
    meant = get_close_matches(name.casefold(), alike, n=1, cutoff=0.8)
    guess = f"Did you mean {alike[meant[0]]!r}? " if meant else ""
    return f"No tenant is called {name!r}. {guess}The page / lists those that are watched."


def _header(request: Request, name: str) -> str:
    """All lines of one header as one."""
    return ",".join(request.headers.getlist(name))


def _refusal(status: int, sentence: str) -> Response:
    return PlainTextResponse(f"{sentence}\n".encode("utf-8", "replace"), status)
