"""Who is polled: a tenant, and each source of it as a job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio

from o365_exporter.graph import GraphClient
from o365_exporter.permissions import Need, is_met, needs_of
from o365_exporter.source import Source
from o365_exporter.store import Key
from o365_exporter.telemetry import TenantFacts


@dataclass(eq=False, slots=True)
class Job:
    """One source of one tenant, and where its next poll stands; what it remembers is its ``Poll``.

    Attributes:
        tried: whether it has been polled once.
        woken: whether it is to be polled again at once.
        place: its number in the timetable; None while it is being polled, or is not to be polled.
        on_wake: plans it for now; None where ``place`` is.
        scope: cancels the poll under way; None where there is none.
        is_gone: whether it is polled no more, whatever a poll under way brings.
        is_forbidden: whether Graph refused its latest poll, and the token states no permission that it needs.
    """

    key: Key
    source: Source[Any]
    max_series: int
    tried: bool = False
    woken: bool = False
    place: int | None = None
    on_wake: Callable[[], None] | None = None
    scope: anyio.CancelScope | None = None
    is_gone: bool = False
    is_forbidden: bool = False
    _first: anyio.Event | None = field(default=None, repr=False)  # only while somebody waits: one takes a kilobyte

    @property
    def is_under_way(self) -> bool:
        """Whether it is being polled, or is to be at once."""
        return self.woken or self.scope is not None

    def note_tried(self) -> None:
        """It has been polled, or a former process has."""
        self.tried = True
        if self._first is not None:
            self._first.set()
            self._first = None

    async def until_tried(self) -> None:
        """Wait until it has been polled once."""
        if not self.tried:
            self._first = self._first or anyio.Event()
            await self._first.wait()

    def wake(self) -> None:
        """Poll now instead of at the next interval."""
        self.woken = True
        if self.on_wake is not None:
            self.on_wake()

    def stop(self) -> None:
        """End a poll that is under way; there will be no other."""
        self.is_gone = True
        if self.scope is not None:
            self.scope.cancel()


@dataclass(eq=False, slots=True)
class Tenant:
    """A tenant that is being watched."""

    facts: TenantFacts
    graph: GraphClient
    jobs: tuple[Job, ...]

    @property
    def needs(self) -> Sequence[Need]:
        """What its sources need to be permitted."""
        return needs_of(job.source for job in self.jobs)

    def is_permitted(self, job: Job) -> bool:
        """Whether the token states what a source needs; not where it cannot be read. Graph may see it otherwise."""
        roles = self.graph.auth.roles
        return roles is not None and all(is_met(need, roles) for need in needs_of([job.source]))

    def sibling(self, job: Job, source: str) -> Job | None:
        """The job of another source of the same collector."""
        wanted = job.key._replace(source=source)
        return next((other for other in self.jobs if other.key == wanted), None)

    def followers(self, job: Job) -> Iterable[Job]:
        """The jobs that show what they have together with the records of this one."""
        collector, source = job.key.collector, job.key.source
        return (other for other in self.jobs if other.source.follows == source and other.key.collector == collector)
