"""``POST /-/reload``, where it is enabled: read the settings anew, as SIGHUP does, and say what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from o365_exporter.web.visitors import FROM_ELSEWHERE, is_from_elsewhere

RELOAD_PATH = "/-/reload"

Reload = Callable[[], Awaitable[tuple[bool, str]]]

_MOST_WAITING = 4
"""Requests that may be under way at once: they are served one after the other, and each reads the same files."""


class ReloadEndpoint:
    """Answers 200 with what changed, or 500 with what is wrong, as Prometheus does; 403 to other sites' pages.

    Args:
        reload: reads the settings anew, one at a time, and says whether that succeeded, with sentences, one a line.
    """

    def __init__(self, reload: Reload) -> None:
        self._reload = reload
        self._waiting = 0

    async def answer(self, request: Request) -> Response:
        """Reload; the request's body is of no interest."""
        if is_from_elsewhere(request):
            return PlainTextResponse(FROM_ELSEWHERE, 403)
        if self._waiting >= _MOST_WAITING:
            return PlainTextResponse("Others are reloading: try again.\n", 503, {"retry-after": "5"})
        self._waiting += 1
        try:
            succeeded, sentences = await self._reload()
        finally:
            self._waiting -= 1
        return PlainTextResponse(f"{sentences}\n", 200 if succeeded else 500)
