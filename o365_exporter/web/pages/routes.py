"""The pages for people: all tenants, one tenant, one issue, the wall, the runbooks."""

from __future__ import annotations

from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from o365_exporter.clock import Clock
from o365_exporter.status import Board
from o365_exporter.web import paths
from o365_exporter.web.pages.choosing import Chosen, page_of
from o365_exporter.web.pages.drawing import Drawing
from o365_exporter.web.pages.polling import OnDemand, PollNow
from o365_exporter.web.pages.walls import wall_of
from o365_exporter.web.pages.wording import TONES, issue_tone, roughly
from o365_exporter.web.visitors import FROM_ELSEWHERE, is_from_elsewhere

MOST_ISSUES = 100
"""Issues that a tenant's page lists."""

SEEN_AT_ONCE = 8
"""Endings and messages that are seen at once; the others unfold."""

_FORMS = {"Referrer-Policy": "same-origin"}
"""Without it a browser would not say that a form was sent from here."""

_SAID = {
    "asked": "It is being polled: its line below shows what came of it when the page is loaded again.",
    "busy": "It is being polled already.",
}


class Pages:
    """Answers what people look at, out of the board's views.

    Args:
        board: the views.
        clock: for ages.
        drawing: makes pages of them.
        poll_now: has one source polled; None where nobody may ask for that here.
    """

    def __init__(self, board: Board, clock: Clock, drawing: Drawing, poll_now: PollNow | None = None) -> None:
        self._board = board
        self._clock = clock
        self._drawing = drawing
        self._thread = CapacityLimiter(1)  # of its own: those of the default limiter may all be waiting for a login
        self._on_demand = OnDemand(poll_now, clock) if poll_now else None

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/", self._overview),
            Route("/wall", self._wall),
            Route("/tenant", self._tenant),
            Route("/issue", self._issue),
            Route("/message", self._message),
            *([Route("/poll", self._poll, methods=["POST"])] if self._on_demand else ()),
        ]

    async def _overview(self, request: Request) -> Response:
        overview = await self._board.overview()
        verdict, freshness = _two_sentences(overview.sentence)
        chosen = Chosen.of(request.query_params)
        page = await to_thread.run_sync(page_of, overview.tenants, chosen, limiter=self._thread)
        return await self._drawing.draw(
            "overview.html",
            now=overview.as_of,
            tone=TONES[overview.state],
            overview=overview,
            verdict=verdict,
            freshness=freshness,
            chosen=chosen,
            page=page,
        )

    async def _wall(self, _: Request) -> Response:
        overview = await self._board.overview()
        verdict, freshness = _two_sentences(overview.sentence)
        only = await self._board.tenant(overview.tenants[0].name) if len(overview.tenants) == 1 else None
        return await self._drawing.draw(
            "wall.html",
            now=overview.as_of,
            tone=TONES[overview.state],
            overview=overview,
            verdict=verdict,
            freshness=freshness,
            **wall_of(overview.tenants, only.issues if only else ()),
        )

    async def _tenant(self, request: Request) -> Response:
        name = request.query_params.get("name", "")
        tenant = await self._board.tenant(name)
        if tenant is None:
            return await self._missing(f"No tenant {name!r} is watched here.")
        return await self._drawing.draw(
            "tenant.html",
            now=self._clock.now(),
            tone=TONES[tenant.summary.state],
            tenant=tenant,
            most=MOST_ISSUES,
            most_endings=SEEN_AT_ONCE,
            most_messages=SEEN_AT_ONCE,
            polls_now=self._on_demand is not None,
            headers=_FORMS if self._on_demand else None,
            said=_said(request.query_params.get("poll", "")),
        )

    async def _issue(self, request: Request) -> Response:
        name, issue_id = (request.query_params.get(key, "") for key in ("tenant", "id"))
        issue = await self._board.issue(name, issue_id)
        if issue is None:
            return await self._missing(f"No issue {issue_id!r} of a tenant {name!r} is known here, or none any more.")
        return await self._drawing.draw("issue.html", now=self._clock.now(), tone=issue_tone(issue), issue=issue)

    async def _message(self, request: Request) -> Response:
        name, message_id = (request.query_params.get(key, "") for key in ("tenant", "id"))
        message = await self._board.message(name, message_id)
        if message is None:
            return await self._missing(f"No message {message_id!r} of a tenant {name!r} is known here.")
        tone = "blind" if message.action_required_by is not None else "advice"
        return await self._drawing.draw("message.html", now=self._clock.now(), tone=tone, message=message)

    async def _missing(self, sentence: str) -> Response:
        return await self._drawing.draw(
            "notice.html", now=self._clock.now(), status=404, refreshes=False, sentence=sentence
        )

    async def _poll(self, request: Request) -> Response:
        """Have one source polled, and lead back to the page of its tenant."""
        assert self._on_demand is not None, "there is no route otherwise"
        if is_from_elsewhere(request):
            return PlainTextResponse(FROM_ELSEWHERE, 403)
        name, *wanted = (request.query_params.get(key, "") for key in ("tenant", "collector", "source"))
        tenant = await self._board.tenant(name)
        for source in tenant.sources if tenant else ():
            if [source.collector, source.source] == wanted:
                outcome = self._on_demand.ask(name, source)
                return RedirectResponse(f"{paths.tenant_page(name)}&{urlencode({'poll': outcome})}", 303)
        return PlainTextResponse("There is no such source here.\n", 404)


def _two_sentences(text: str) -> tuple[str, str]:
    """What is the matter, as a heading, and how fresh that is; names in the first may hold anything."""
    verdict, _, freshness = text.rpartition(". ")
    return (verdict, freshness) if verdict else (text, "")


def _said(outcome: str) -> str:
    """What came of the wish to poll a source; the address holds it, so that anything else says nothing."""
    if outcome.isascii() and outcome.isdigit() and len(outcome) < 6:  # noqa: PLR2004 - seconds of a day
        return f"It was polled just now, or Microsoft asked to wait: try again in {roughly(int(outcome))}."
    return _SAID.get(outcome, "")
