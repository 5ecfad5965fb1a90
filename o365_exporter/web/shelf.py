"""``/runbooks/`` and ``/docs/``: pages for whoever was woken, or has a fault before them, and no way to the Internet.

``make docs`` makes them of the Markdown in ``docs``, so that nothing reads Markdown here.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from o365_exporter.clock import Clock
from o365_exporter.web.pages import Drawing

INDEX = "index"
"""The page that lists the others."""

_ENDING = ".html"


@dataclass(frozen=True)
class Shelf:
    """Pages that the package carries: neither a poll nor a tenant is needed.

    Args:
        folder: where they are, beside this module and in the address.
        title: of all of them together.
        noun: what one of them is.
    """

    folder: str
    title: str
    noun: str

    def names(self) -> list[str]:
        """Every page but the one that lists them."""
        pages = (page.name for page in self._files().iterdir() if page.name.endswith(_ENDING))
        return sorted({name.removesuffix(_ENDING) for name in pages} - {INDEX})

    def read(self, name: str) -> str:
        """A page, as HTML without a head, by one of its names or ``INDEX``."""
        return self._files().joinpath(name + _ENDING).read_text("utf-8")

    def routes(self, drawing: Drawing, clock: Clock) -> list[Route]:
        """Where they are: a page has the name of its file, with or without ``.md``, and that file's anchors."""

        async def answer(request: Request) -> Response:
            return await self._answer(request, drawing, clock)

        return [
            Route(f"/{self.folder}", self._into_the_folder, include_in_schema=False),
            Route(f"/{self.folder}/", answer),
            Route(f"/{self.folder}/{{page}}", answer, include_in_schema=False),
        ]

    def _files(self) -> Traversable:
        return files(__package__).joinpath(self.folder)

    async def _answer(self, request: Request, drawing: Drawing, clock: Clock) -> Response:
        name = request.path_params.get("page", INDEX).removesuffix(".md")
        if name not in (*self.names(), INDEX):
            sentence = f"There is no {self.noun} {name!r}; /{self.folder}/ lists them.\n"
            return PlainTextResponse(sentence.encode("utf-8", "replace"), 404)
        return await drawing.draw(
            "shelf.html",
            now=clock.now(),
            refreshes=False,
            root="../",
            name=name,
            is_index=name == INDEX,
            shelf=self,
            text=Markup(self.read(name)),  # noqa: S704 - made of our own docs
        )

    async def _into_the_folder(self, _: Request) -> Response:
        """Relative, because a proxy in front may serve us below a path of its own."""
        return RedirectResponse(f"{self.folder}/", 308)


RUNBOOKS = Shelf("runbooks", "Runbooks", "runbook")
DOCS = Shelf("docs", "Documentation", "page")
