"""One real request of a source: as the daemon asks, but of a list the first page alone."""

from __future__ import annotations

from typing import Any

from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.source import Source

ANSWER_SECONDS = 10.0
"""For what Graph answers at once."""

FILE_SECONDS = 30.0
"""For a report, whose file is read whole: only in it stands how old it is."""


class _FirstPageError(Exception):
    """The first page of a list has come: the list is not read to its end, and the source knows no parts of lists."""


class OnePage(GraphClient):
    """Graph, of whose lists nothing is asked after the first page."""

    async def list(self, endpoint: Endpoint, *, filter: str = "", **path: str) -> list[dict[str, Any]]:  # noqa: A002 - OData's own name
        await self.page(endpoint, min(endpoint.page_sizes, default=0), filter=filter, **path)
        raise _FirstPageError


async def records_of(source: Source[Any], graph: OnePage, now: float) -> Any:
    """What a source makes of Graph's answer; None where that is a list, of which one page has come.

    Args:
        source: asks.
        graph: is asked.
        now: wall clock.

    Raises:
        PollError, Nothing: see ``Source.fetch``.
    """
    try:
        return await source.fetch(graph, None, now)
    except _FirstPageError:
        return None


def seconds_for(source: Source[Any]) -> float:
    """How long to wait for a source."""
    return FILE_SECONDS if any(endpoint.answers == "file" for endpoint in source.endpoints) else ANSWER_SECONDS
