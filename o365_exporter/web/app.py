"""The endpoints. None of them waits for Graph or computes what a poll already knew."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from o365_exporter.clock import Clock
from o365_exporter.metrics import Metric
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.status import Board
from o365_exporter.store import Store
from o365_exporter.telemetry import TenantFacts
from o365_exporter.web.api import api_routes
from o365_exporter.web.calendar import calendar
from o365_exporter.web.discovery import PROCESS_PATH, discovered
from o365_exporter.web.feed import feed
from o365_exporter.web.pages import Drawing, Pages, PollNow
from o365_exporter.web.reload import RELOAD_PATH, Reload, ReloadEndpoint
from o365_exporter.web.scrape import Scrape
from o365_exporter.web.shelf import DOCS, RUNBOOKS


class _Name(PathConvertor):
    """A tenant's name in a path: any text, of many lines too."""

    regex = "(?s:.*)"


register_url_convertor("name", _Name())


def create_app(
    *,
    store: Store,
    board: Board,
    clock: Clock,
    metrics: Iterable[Metric],
    selfmetrics: SelfMetrics,
    version: str,
    ready: Callable[[], tuple[bool, str]],
    tenants: Callable[[], Iterable[TenantFacts]] = tuple,
    reload: Reload | None = None,
    poll_now: PollNow | None = None,
    refused: Callable[[str], None] = lambda _: None,
) -> Starlette:
    """The web application.

    Args:
        store: what is known.
        board: views of it for people.
        clock: for the age of what is known.
        metrics: every family that a poll can render, in the order in which families are served.
        selfmetrics: the process-wide series.
        version: of the exporter, which pages tell.
        ready: whether every source enabled at start has been tried once, and a sentence that says so or what is
            still awaited.
        tenants: those that are watched now, for service discovery.
        reload: reads the settings anew; None where nobody may ask for that here.
        poll_now: has a source polled out of turn; None where nobody may ask for that here.
        refused: is told why a scrape is turned away, by one of ``selfmetrics.REFUSALS``.
    """

    async def is_ready(_: Request) -> Response:
        done, sentence = ready()
        return PlainTextResponse(f"{sentence}\n", 200 if done else 503)

    async def discovery(request: Request) -> Response:
        return discovered(request, tenants())

    reloading = [Route(RELOAD_PATH, ReloadEndpoint(reload).answer, methods=["POST"])] if reload else []
    drawing = Drawing(version)
    posts, endings = feed(board, clock), calendar(board, clock)
    scrape = Scrape(store, clock, metrics, selfmetrics, refused)
    app = Starlette(
        routes=[
            *Pages(board, clock, drawing, poll_now).routes(),
            Route("/metrics", scrape.answer),
            Route(PROCESS_PATH, scrape.process),
            Route("/sd", discovery),
            Route("/feed.atom", posts.answer),
            Route("/feed/{tenant:name}.atom", posts.answer, include_in_schema=False),
            Route("/calendar.ics", endings.answer),
            Route("/calendar/{tenant:name}.ics", endings.answer, include_in_schema=False),
            *api_routes(board, version),
            Route("/-/healthy", _is_healthy),
            Route("/-/ready", is_ready),
            *reloading,
            *RUNBOOKS.routes(drawing, clock),
            *DOCS.routes(drawing, clock),
        ],
        exception_handlers={404: _not_found},
    )
    app.router.redirect_slashes = False
    return app


async def _is_healthy(_: Request) -> Response:
    """That this is answered at all shows that the event loop runs."""
    return PlainTextResponse("The exporter runs.\n")


async def _not_found(_: Request, __: Exception) -> Response:
    return PlainTextResponse(
        "Nothing is here. The metrics are at /metrics, an overview is at /, runbooks are at /runbooks/, other pages at "
        "/docs/.\n",
        404,
    )
