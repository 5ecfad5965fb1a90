"""A Graph that answers what a test puts into it, for collectors and the scheduler."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

from o365_exporter.exposition import render
from o365_exporter.graph import Endpoint, GraphClient, Remembered
from o365_exporter.source import Derived, Source
from o365_exporter.store import Rendered

Entry = dict[str, Any]

TENANT_ID = "7b2c1a90-3d5e-4f60-8a71-92b3c4d5e6f7"
"""Of the tenant that the stub is asked about."""


class StubGraph:
    """Lists and entries by route; an exception in place of either is raised. ``asked`` says what was asked for."""

    def __init__(self, lists: Mapping[str, Any] | None = None, *, client_id: str = "", secret_hint: str = "") -> None:
        self.lists: dict[str, Any] = dict(lists or {})
        self.entries: dict[str, Any] = {}
        self.asked: list[str] = []
        self.auth = SimpleNamespace(state="ok", message="", certificate_start=None, certificate_end=None, roles=None)
        self.traffic = SimpleNamespace(requests={}, waits={})
        self.identity = SimpleNamespace(client_id=client_id, secret_hint=secret_hint, tenant_id=TENANT_ID)
        self.clock_skew: float | None = None
        self.common: dict[str, Any] = {}
        self.waiting = ""
        self.before_answer: Callable[[], Any] | None = None

    def remembered(self) -> Remembered:
        """What the next process must know."""
        return Remembered()

    async def page(self, endpoint: Endpoint, size: int, *, filter: str = "", **path: str) -> list[Entry]:  # noqa: A002 - as GraphClient
        """The first entries of a route."""
        return (await self.list(endpoint, filter=filter, **path))[:size]

    async def count(self, endpoint: Endpoint, *, filter: str = "", **path: str) -> int:  # noqa: A002 - as GraphClient
        """How many entries a route has."""
        return len(await self.list(endpoint, filter=filter, **path))

    async def get(self, endpoint: Endpoint, *, filter: str = "", **path: str) -> Entry:  # noqa: A002 - as GraphClient
        """The only entry of a route."""
        (entry,) = await self.list(endpoint, filter=filter, **path)
        return entry

    async def find(self, endpoint: Endpoint, **path: str) -> Entry | None:
        """The entry put under this id, None where there is none."""
        self.asked.append(endpoint.route.format(**path))
        return cast("Entry | None", self._give(self.entries.get(path["id"])))

    async def list(self, endpoint: Endpoint, *, filter: str = "", **path: str) -> list[Entry]:  # noqa: A002 - as GraphClient
        """All entries of a route; with a filter, those put under ``route?filter`` where there are any."""
        asked = endpoint.route + (f"?{filter}" if filter else "")
        self.asked.append(asked)
        if self.before_answer is not None:
            await self.before_answer()
        return cast("list[Entry]", self._give(self.lists.get(asked, self.lists.get(endpoint.route, []))))

    @staticmethod
    def without_secrets(text: str) -> str:
        """Nothing is secret here."""
        return text

    @staticmethod
    def _give(answer: Any) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self) -> GraphClient:
        """This stub in the place of the real client."""
        return cast("GraphClient", self)


async def polled(source: Source[Any], graph: StubGraph, previous: Any = None, now: float = 0.0) -> Any:
    """The records of one fetch."""
    return await source.fetch(graph.client(), previous, now)


def text_of(source: Source[Any], records: Any, **siblings: Any) -> str:
    """What the records look like at ``/metrics``, sorted by line."""
    return _sorted(render(source.samples(records, siblings), "contoso"))


def derived_text(derived: Derived, *records: Any, graph: StubGraph | None = None) -> str:
    """What is derived of these records, sorted by line."""
    return _sorted(render(derived.samples((graph or StubGraph()).client(), records), "contoso"))


def _sorted(rendered: Rendered) -> str:
    return "".join(sorted(line for block in rendered.values() for line in block.decode().splitlines(keepends=True)))
