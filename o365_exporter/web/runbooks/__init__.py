"""``/runbooks/``: what to do about each alert, for whoever was woken and may have no way to the Internet.

The pages beside this module are made of ``docs/runbooks`` by ``make docs``, so that nothing reads Markdown here.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from o365_exporter.web.html import html_page

INDEX = "index"
"""The page that lists the others."""

_ENDING = ".html"


class Runbooks:
    """Answers ``/runbooks/`` and below, out of the package alone: neither a poll nor a tenant is needed."""

    def __init__(self) -> None:
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
        way = "Runbooks" if name == INDEX else f'<a href="./">Runbooks</a> › {escape(name)}'
        nav = f'<nav><a href="../">o365_exporter</a> › {way}</nav>\n'
        return html_page(f"{name}: runbook of o365_exporter", nav + self._pages[name])


async def _into_the_folder(_: Request) -> Response:
    """Relative, because a proxy in front may serve us below a path of its own."""
    return RedirectResponse("runbooks/", 308)
