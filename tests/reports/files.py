"""Report files made by hand, and a Graph that gives them out."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from o365_exporter.graph import Endpoint
from o365_exporter.login import CLOUDS
from o365_exporter.source import Source
from tests.stubs import StubGraph
from tests.stubs import polled as polled_at

REFRESHED = "2026-03-10"
NOW = datetime(2026, 3, 12, 9, tzinfo=UTC).timestamp()
"""Two days after ``REFRESHED``, as is usual."""


async def polled(source: Source[Any], graph: StubGraph, previous: Any = None, now: float = NOW) -> Any:
    """The records of one fetch, at a time at which a report of ``REFRESHED`` can be there."""
    return await polled_at(source, graph, previous, now)


def csv_of(header: str, *rows: Sequence[object], bom: bool = True, newline: str = "\r\n") -> bytes:
    """A file as Microsoft writes it: byte order mark, CRLF."""
    lines = [header, *(",".join(str(cell) for cell in row) for row in rows)]
    return (("\ufeff" if bom else "") + newline.join(lines) + newline).encode()


async def in_pieces(body: bytes, size: int = 7) -> AsyncGenerator[bytes, None]:
    """A body as it would come over a slow line."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


@dataclass
class File:
    """What stands for a download."""

    body: bytes
    etag: str = ""
    unchanged: bool = False
    read: list[int] = field(default_factory=list)

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body, and a note of how much of it was read."""
        for start in range(0, len(self.body), 65536):
            self.read.append(min(65536, len(self.body) - start))
            yield self.body[start : start + 65536]


class ReportGraph(StubGraph):
    """Gives out files by ``FUNCTION D7`` or ``FUNCTION 2026-03-10``; an exception in place of one is raised."""

    def __init__(self, files: Mapping[str, bytes | File | Exception], cloud: str = "global") -> None:
        super().__init__()
        self.files = dict(files)
        self.identity = SimpleNamespace(cloud=CLOUDS[cloud], client_id="", secret_hint="")
        self.may_download = cloud == "global"
        self.versions: list[str] = []
        self.etags: list[str] = []

    @asynccontextmanager
    async def download(self, endpoint: Endpoint, *, etag: str = "", **path: str) -> AsyncIterator[File]:
        """The file of this function and period or date."""
        asked = f"{endpoint.counted_as} {path.get('period') or path.get('date', 'now')}"
        self.asked.append(asked)
        self.versions.append(endpoint.version)
        self.etags.append(etag)
        found = self.files[asked]
        if isinstance(found, Exception):
            raise found
        yield found if isinstance(found, File) else File(found)
