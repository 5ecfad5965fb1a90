"""``/metrics``: the whole, one tenant, or the process alone, in the format and coding that the client likes best."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

import anyio.to_thread
from anyio import CapacityLimiter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from o365_exporter.clock import Clock
from o365_exporter.exposition import Assembler, Format, Page, accepts_gzip, choose_format, shown
from o365_exporter.metrics import Metric
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.store import Store

_SMALL = 64 * 1024
"""Bytes that are compressed in a millisecond, less than handing them to a thread may take."""

_LEVEL = 4
"""Half the time of level 6 for five per cent more bytes."""


class Scrape:
    """Answers ``/metrics``.

    Without parameters it is everything. ``tenant=NAME`` is that tenant's series, an empty ``tenant=`` the
    process-wide ones, several of them the union. Any other parameter is refused: a misspelt one would otherwise
    serve everything, and a site that scrapes tenant by tenant would get each series many times.
    """

    def __init__(self, store: Store, clock: Clock, metrics: Iterable[Metric], selfmetrics: SelfMetrics) -> None:
        self._store = store
        self._clock = clock
        self._assembler = Assembler(metrics)
        self._selfmetrics = selfmetrics
        # Its own threads: those of the default limiter may all be waiting for a login.
        self._threads = CapacityLimiter(2)

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
        page = self._page(form, tenants)
        if not accepts_gzip(_header(request, "accept-encoding")):
            return _PageResponse(page, form)
        return _PageResponse(await self._compressed(page), form, "gzip")

    def _page(self, form: Format, tenants: set[str] | None) -> Page:
        rendered = shown(self._store, self._clock.now(), tenants)
        if tenants is not None and "" not in tenants:
            return self._assembler.page(form, rendered)
        process_wide = self._selfmetrics.render(openmetrics=form is Format.OPENMETRICS)
        return self._assembler.page(form, rendered, process_wide)

    async def _compressed(self, page: Page) -> Page:
        if page.length < _SMALL:
            return _gzip(page)
        return await anyio.to_thread.run_sync(_gzip, page, limiter=self._threads)


class _PageResponse(Response):
    """A page sent in chunks, so that a slow client holds one chunk and not a copy of the page."""

    def __init__(self, page: Page, form: Format, coding: str = "") -> None:
        headers = {"Content-Type": form.value, "Vary": "Accept, Accept-Encoding"}
        if coding:
            headers["Content-Encoding"] = coding
        super().__init__(headers=headers | {"Content-Length": str(page.length)})
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI gives them
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for chunk in self._page.chunks():  # the server leaves them out where HEAD was asked for
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _gzip(page: Page) -> Page:
    return Page([gzip.compress(b"".join(page.pieces), _LEVEL, mtime=0)])


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
