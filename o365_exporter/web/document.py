"""A file made of what is known, for programs that come for it again and again: a feed, a calendar.

That of all tenants takes a second where there are a thousand: it is made for one reader after the other, in a thread of
its own, so that no page waits behind it, and is as good as new for many times as long as it took.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence

import anyio
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from o365_exporter.clock import Clock
from o365_exporter.status import Board, Seen

REST = 20.0
"""How many times as long as it took no other of all tenants is made: readers cost a twentieth of a core at most."""

MOST_ROOTS = 4
"""Addresses, by which readers have come, whose last documents are kept; whoever invents others waits his turn."""

Make = Callable[[Sequence[Seen], str, str], bytes]
"""Makes a document of tenants, the exporter's address as the reader has it, and the tenant's name; empty for all."""


class Document:
    """Answers with a document of one tenant or of all.

    Args:
        board: views of what is known.
        clock: tells how long one took to make.
        make: makes it.
        media_type: of it.
        missing: what is said of a tenant that is not watched; one sentence.
    """

    def __init__(self, board: Board, clock: Clock, make: Make, media_type: str, missing: str) -> None:
        self._board = board
        self._clock = clock
        self._make = make
        self._media_type = media_type
        self._missing = missing
        self._made: dict[str, bytes] = {}
        self._rests_until = -math.inf
        self._making = anyio.Lock()

    async def answer(self, request: Request) -> Response:
        """The document; 304 for a reader that has it, 404 for a tenant that is not watched."""
        tenant: str | None = request.path_params.get("tenant")
        root = str(request.base_url)
        content = await (self._of_all(root) if tenant is None else self._of(tenant, root))
        if content is None:
            return PlainTextResponse(f"No tenant is called so. {self._missing}\n", 404)
        tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"ETag": tag})
        return Response(content, headers={"Content-Type": self._media_type, "ETag": tag, "Cache-Control": "no-cache"})

    async def _of(self, tenant: str, root: str) -> bytes | None:
        return await self._board.read(lambda seen: self._make(seen, root, tenant), tenant)

    async def _of_all(self, root: str) -> bytes:
        """Whoever comes by an address whose document is not kept waits until one may be made again."""
        if kept := self._kept(root):
            return kept
        async with self._making:
            if kept := self._kept(root):
                return kept
            await self._clock.sleep(self._rests_until - self._clock.monotonic())
            began = self._clock.monotonic()
            content = await self._board.read_all(lambda seen: self._make(seen, root, ""))
            last = self._made.pop(root, b"")
            self._made[root] = last if last == content else content  # shared with those who are still being sent it
            for oldest in list(self._made)[:-MOST_ROOTS]:
                del self._made[oldest]
            now = self._clock.monotonic()
            self._rests_until = now + REST * (now - began)
            return self._made[root]

    def _kept(self, root: str) -> bytes:
        """The last document that was made for an address, until another may be made; else empty."""
        return self._made.get(root, b"") if self._clock.monotonic() < self._rests_until else b""
