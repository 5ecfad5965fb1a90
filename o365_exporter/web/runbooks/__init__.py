"""``/runbooks/``: what to do about each alert, for whoever was woken and may have no way to the Internet.

The pages beside this module are made of ``docs/runbooks`` by ``make docs``, so that nothing reads Markdown here.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from o365_exporter.clock import Clock
from o365_exporter.web.pages import Drawing

INDEX = "index"
"""The page that lists the others."""

_ENDING = ".html"


class Runbooks:
    """Answers ``/runbooks/`` and below, out of the package alone: neither a poll nor a tenant is needed.

    Args:
        drawing: makes pages of them.
        clock: for the same.
    """

    def __init__(self, drawing: Drawing, clock: Clock) -> None:
        self._drawing = drawing
        self._clock = clock
        found = (page for page in files(__package__).iterdir() if page.name.endswith(_ENDING))
        self._pages: Mapping[str, str] = {page.name.removesuffix(_ENDING): page.read_text("utf-8") for page in found}

    def routes(self) -> list[Route]:
        """Where they are: a page has the name of its file, with or without ``.md``, and that file's anchors."""
        return [
            Route("/runbooks", _into_the_folder, include_in_schema=False),
            Route("/runbooks/", self._answer),
            Route("/runbooks/{page}", self._answer, include_in_schema=False),
        ]

    async def _answer(self, request: Request) -> Response:
        name = request.path_params.get("page", INDEX).removesuffix(".md")
        if name not in self._pages:
            sentence = f"There is no runbook {name!r}; /runbooks/ lists them.\n"
            return PlainTextResponse(sentence.encode("utf-8", "replace"), 404)
        return await self._drawing.draw(
            "runbook.html",
            now=self._clock.now(),
            refreshes=False,
            root="../",
            name=name,
            is_index=name == INDEX,
            text=Markup(self._pages[name]),  # noqa: S704 - made of our own docs
        )


async def _into_the_folder(_: Request) -> Response:
    """Relative, because a proxy in front may serve us below a path of its own."""
    return RedirectResponse("runbooks/", 308)
