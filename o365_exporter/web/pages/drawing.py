"""Templates into answers: everything is escaped, nothing is loaded from anywhere, others have their turn in between."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import anyio.lowlevel
import anyio.to_thread
from anyio import CapacityLimiter
from jinja2 import Environment, FunctionLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.responses import HTMLResponse

from o365_exporter.fields import iso
from o365_exporter.status.sentences import listed
from o365_exporter.web import paths
from o365_exporter.web.pages import wording

_AT_ONCE = 64
"""Pieces of a template that are written before others have their turn: less than a millisecond's worth."""

_ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="{}"/></svg>'
_COLOURS = {"good": "#2e9e62", "advice": "#3f7fd0", "blind": "#d08a1d", "trouble": "#d13b30", "unknown": "#8b959d"}
"""Of the icon in a browser's tab."""


@pass_context
def _ago(context: Context, moment: float) -> str:
    return wording.roughly(context["now"] - moment)


@pass_context
def _until(context: Context, moment: float) -> str:
    return wording.until(moment, context["now"])


@pass_context
def _coming(context: Context, moment: float) -> str:
    return wording.coming(moment, context["now"])


_FILTERS: dict[str, Callable[..., Any]] = {
    **{
        each.__name__: each
        for each in (
            *(
                wording.bars,
                wording.counted,
                wording.day_told,
                wording.date,
                wording.flat,
                wording.gist,
                wording.grouped,
                wording.issue_tone,
                listed,
            ),
            *(wording.roughly, wording.service_tone, wording.skew, wording.source_tone, wording.told, wording.took),
            *(wording.utc, wording.words, iso),
        )
    },
    "ago": _ago,
    "until": _until,
    "coming": _coming,
    "from_microsoft": Markup,  # what ``status`` has sanitised, and nothing else
}
_WORDS = {
    "tones": wording.TONES,
    "titles": wording.TITLES,
    "day_tones": wording.DAY_TONES,
    "heights": wording.DAY_HEIGHTS,
    "waits": wording.WAITS,
    "paths": paths,
}


class Drawing:
    """Makes pages of the templates beside this module.

    Args:
        version: of the exporter, at the foot of each page.
    """

    def __init__(self, version: str) -> None:
        self._folder = folder = files(__package__) / "templates"
        self._thread = CapacityLimiter(1)  # of its own: those of the default limiter may all be waiting for a login
        self._is_compiled = False
        style, script = ((folder / name).read_text("utf-8") for name in ("style.css", "page.js"))
        self._headers = {"Content-Security-Policy": _policy(style, script)}
        self._environment = Environment(
            loader=FunctionLoader(lambda name: (folder / name).read_text("utf-8")),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._environment.filters |= _FILTERS
        self._environment.globals |= {
            **_WORDS,
            "version": version,
            "icon": _icon,
            "style": Markup(style),  # noqa: S704 - ours
            "script": Markup(script),  # noqa: S704 - ours
        }

    def _compile(self) -> None:
        """All templates at once, a tenth of a second's work, when somebody looks for the first time."""
        for each in self._folder.iterdir():
            if each.name.endswith(".html"):
                self._environment.get_template(each.name)
        self._is_compiled = True

    async def draw(
        self,
        template: str,
        *,
        now: float,
        status: int = 200,
        refreshes: bool = True,
        root: str = "",
        headers: Mapping[str, str] | None = None,
        **about: Any,
    ) -> HTMLResponse:
        """A page as an answer.

        Args:
            template: a file beside this one.
            now: wall clock, seconds; ages are told as seen from then.
            status: of the answer.
            refreshes: whether the page loads itself anew each minute.
            root: the relative way from the page to ``/``, if it is not in that folder.
            headers: more of them.
            about: whatever the template shows.
        """
        if not self._is_compiled:
            await anyio.to_thread.run_sync(self._compile, limiter=self._thread)
        made = self._environment.get_template(template)
        pieces: list[str] = []
        for number, piece in enumerate(made.generate(root=root, refreshes=refreshes, now=now, **about)):
            pieces.append(piece)
            if number % _AT_ONCE == 0:
                await anyio.lowlevel.checkpoint()
        return HTMLResponse("".join(pieces).encode("utf-8", "replace"), status, {**self._headers, **(headers or {})})


def _icon(tone: str) -> str:
    return f"data:image/svg+xml,{quote(_ICON.format(_COLOURS[tone]))}"


def _policy(style: str, script: str) -> str:
    """Only our style and script, requests and forms to nobody else."""
    allowed = ("default-src 'none'", f"style-src {_hash(style)}", f"script-src {_hash(script)}", "connect-src 'self'")
    return "; ".join((*allowed, "img-src data:", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'"))


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
