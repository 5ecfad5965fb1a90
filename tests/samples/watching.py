"""One tenant whose Graph answers with samples: the real client, the real collectors, the real scheduler."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import httpx

from o365_exporter.catalogue import all_collectors, all_derived
from o365_exporter.login import CLOUDS
from o365_exporter.scheduler import Job, Scheduler, Tenant
from o365_exporter.source import Collector
from o365_exporter.store import Key, Poll, Store
from o365_exporter.telemetry import TenantFacts
from tests.graph.world import TENANT_ID, ImpatientClock, client


def read_sample(shared: Path, file: str) -> Any:
    """The content of a JSON sample."""
    return json.loads((shared / "graph" / "samples" / file).read_text("utf-8"))


def answer(shared: Path, file: str) -> httpx.Response:
    """A sample byte for byte as an answer, with the status and headers that the index gives it."""
    folder = shared / "graph" / "samples"
    index = json.loads((folder / "index.json").read_text("utf-8"))
    entry = next(entry for entry in index["samples"] if entry["file"] == file)
    headers = {"Content-Type": entry["content_type"], **entry.get("headers", {})}
    return httpx.Response(entry["status"], headers=headers, content=(folder / file).read_bytes())


def page(*items: Any) -> httpx.Response:
    """A list of Graph with these entries."""
    return httpx.Response(200, json={"value": list(items)})


@dataclass
class Watch:
    """A collector at work for the tenant contoso."""

    collector: str
    tenant: Tenant
    scheduler: Scheduler
    store: Store

    async def poll(self) -> None:
        """Poll each source once."""
        await self.scheduler.run_once([self.tenant])

    def __getitem__(self, source: str) -> Poll:
        """What the latest poll of a source left behind."""
        return self.store[Key("contoso", self.collector, source)]

    def lines(self, source: str, *families: str) -> list[str]:
        """What a source serves, sorted: all of it, or some families."""
        rendered = self[source].rendered
        blocks = [block for name, block in rendered.items() if not families or name in families]
        return sorted(line for block in blocks for line in block.decode()[:-1].split("\n"))

    def about(self, family: str) -> list[str]:
        """What the tenant serves of a family that no source stands behind alone, sorted."""
        return sorted(self.store.about("contoso").get(family, b"").decode().splitlines())

    def told(self, source: str) -> tuple[str, str]:
        """State and sentence of a source."""
        return self[source].state, self[source].message


@asynccontextmanager
async def watching(name: str, made: Collector | None = None, **options: Any) -> AsyncIterator[Watch]:
    """A collector with these options and the real client over respx; see ``tests.graph.world``.

    Args:
        name: of a collector of the catalogue.
        made: one that is not in the catalogue, instead.
        options: of the collector.
    """
    found = made or all_collectors()[name]
    chosen = found.options(**options)
    clock, store = ImpatientClock(), Store()
    async with client(clock) as graph:
        jobs = tuple(
            Job(Key("contoso", name, source.name), source, chosen.max_series) for source in found.sources(chosen)
        )
        tenant = Tenant(TenantFacts("contoso", TENANT_ID, CLOUDS["global"]), graph, jobs)
        scheduler = Scheduler(store, clock, Random(1), all_derived())  # noqa: S311 - jitter
        scheduler.watch([tenant])
        yield Watch(name, tenant, scheduler, store)
