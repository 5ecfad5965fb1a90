"""Who is polled: a tenant, and each source of it as a job."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import anyio

from o365_exporter.graph import GraphClient
from o365_exporter.source import Source
from o365_exporter.store import Key
from o365_exporter.telemetry import TenantFacts


@dataclass(eq=False)
class Job:
    """One source of one tenant, and how its loop is reached; what it remembers is its ``Poll``."""

    key: Key
    source: Source[Any]
    max_series: int
    tried: anyio.Event = field(default_factory=anyio.Event)
    woken: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    def wake(self) -> None:
        """Poll now instead of at the next interval."""
        self.woken.set()


@dataclass(eq=False)
class Tenant:
    """A tenant that is being watched."""

    facts: TenantFacts
    graph: GraphClient
    jobs: tuple[Job, ...]

    def sibling(self, job: Job, source: str) -> Job | None:
        """The job of another source of the same collector."""
        wanted = job.key._replace(source=source)
        return next((other for other in self.jobs if other.key == wanted), None)

    def followers(self, job: Job) -> Iterable[Job]:
        """The jobs that show what they have together with the records of this one."""
        collector, source = job.key.collector, job.key.source
        return (other for other in self.jobs if other.source.follows == source and other.key.collector == collector)
