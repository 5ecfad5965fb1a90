"""One request as the simulator sees it, and the response it will give."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request as StarletteRequest

from o365_exporter.simulator.options import Framing

JSON_TYPE = "application/json; charset=utf-8"

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON has as escapes alone."""


@dataclass(frozen=True)
class Request:
    """What was asked.

    ``origin`` is the address by which the client came, ``elsewhere`` whether that is another than the socket's: a
    proxy's, or a fixed one. ``path`` is decoded, with single slashes; ``query`` is the raw query string; header names
    are lower case.
    """

    method: str
    origin: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    request_id: str
    elsewhere: bool = False

    @property
    def parameters(self) -> dict[str, str]:
        """Query parameters, decoded; a repeated one counts with its last value."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """Fields of a form body, decoded."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    @property
    def preferences(self) -> set[str]:
        """What the request prefers, each as ``name`` or ``name=value``."""
        return {part.strip() for part in self.headers.get("prefer", "").split(",") if part.strip()}

    @classmethod
    async def read(cls, taken: StarletteRequest, request_id: str, base_url: str | None) -> Request:
        """Take a request off the wire, whole; ``base_url`` replaces the origin it came in by.

        Graph takes several slashes for one, and clients that join addresses without care rely on it.
        """
        forwarded = any(name in taken.headers for name in ("x-forwarded-proto", "x-forwarded-host"))
        return cls(
            method=taken.method,
            origin=(base_url or _origin(taken)).rstrip("/"),
            elsewhere=bool(base_url) or forwarded,
            path=re.sub("/+", "/", taken.scope["path"]),
            query=taken.scope["query_string"].decode("latin-1"),
            headers=dict(taken.headers),
            body=await taken.body(),
            request_id=request_id,
        )


def _origin(taken: StarletteRequest) -> str:
    """Where the client thinks it is; of several proxies, the first one knows."""
    scheme, host = (
        taken.headers.get(f"x-forwarded-{name}", "").partition(",")[0].strip() for name in ("proto", "host")
    )
    return f"{scheme or taken.url.scheme}://{host or taken.headers.get('host', 'localhost')}"


@dataclass(frozen=True)
class Stream:
    """A body that is made while it is sent.

    Args:
        pieces: makes the body, from its beginning.
        framing: how its end is told: by the last chunk, by a length in the head, or not at all but by hanging up.
        cut: whether the connection ends before the body does.
    """

    pieces: Callable[[], Iterator[bytes]]
    framing: Framing = "chunked"
    cut: bool = False


@dataclass
class Response:
    """What goes back: ``payload`` is JSON, a ``Stream``, or text or bytes where the content type says so."""

    status: int
    payload: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = JSON_TYPE

    def body(self) -> bytes:
        """The bytes of the answer before any compression, whole."""
        if isinstance(self.payload, Stream):
            return b"".join(self.payload.pieces())
        if isinstance(self.payload, bytes):
            return self.payload
        if isinstance(self.payload, str) and "json" not in self.content_type:
            return self.payload.encode()
        text = json.dumps(self.payload, ensure_ascii=False, separators=(",", ":"))
        return _HALVES.sub(lambda half: f"\\u{ord(half[0]):x}", text).encode()
