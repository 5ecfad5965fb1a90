"""A scheduler at work under a fake clock, with sources that answer as told."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio

from o365_exporter.errors import AuthError
from o365_exporter.exposition import Assembler, Format, shown
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.login import CLOUDS
from o365_exporter.metrics import Metric, Sample
from o365_exporter.scheduler import Job, Scheduler, Tenant
from o365_exporter.source import Derived, Source
from o365_exporter.store import Key, Store
from o365_exporter.telemetry import METRICS, TenantFacts
from tests.fakes import FakeClock
from tests.stubs import StubGraph

VALUE = Metric("o365_test_value", "A value.", ("source",))


class ScriptedSource(Source[float]):
    """A source that answers as told, and notes when it was asked."""

    name = "main"
    endpoints: tuple[Endpoint, ...] = ()

    def __init__(self, clock: FakeClock, *, interval: float = 60.0, stale_after: float = 600.0) -> None:
        super().__init__(interval=interval, stale_after=stale_after)
        self.clock = clock
        self.polls: list[float] = []
        self.answer: Any = 1.0
        self.takes = 0.0

    async def fetch(self, graph: GraphClient, previous: float | None, now: float) -> float:
        self.polls.append(self.clock.monotonic())
        await self.clock.sleep(self.takes)
        if isinstance(self.answer, Exception):
            raise self.answer
        return float(self.answer)

    def samples(self, records: float, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        yield VALUE.at(
            records + sum(value or 0 for name, value in siblings.items() if name != self.name), source=self.name
        )


def named(source: ScriptedSource, name: str) -> ScriptedSource:
    """The source under another name."""
    source.name = name
    return source


class Follower(ScriptedSource):
    """A source that needs the records of ``main``."""

    name = "follower"
    follows = "main"


class Waking(ScriptedSource):
    """A source whose changes wake the follower."""

    def wakes(self, previous: float | None, records: float) -> tuple[str, ...]:
        return ("follower",) if previous not in (None, records) else ()


class Steady(random.Random):
    """No jitter, so that tests can say when."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def without_token(message: str) -> AuthError:
    """The failure of a tenant that gets no token."""
    error = AuthError(message, subject="AADSTS7000222 for app")
    error.signing_in = True
    return error


def tenant(*sources: Source[Any], name: str = "contoso", max_series: int = 100) -> Tenant:
    """A tenant whose one collector has these sources."""
    jobs = tuple(Job(Key(name, "test", source.name), source, max_series) for source in sources)
    return Tenant(TenantFacts(name, "id", CLOUDS["global"]), StubGraph().client(), jobs)


class Run:
    """A scheduler at work under a fake clock."""

    def __init__(
        self, clock: FakeClock, *tenants: Tenant, rng: random.Random | None = None, derived: tuple[Derived, ...] = ()
    ) -> None:
        self.clock = clock
        self.store = Store()
        self.scheduler = Scheduler(self.store, clock, rng or Steady(), derived)
        self.tenants = tenants

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.scheduler.watch(self.tenants)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.scheduler.run, self.tenants)
            await self.clock.advance(0)
            yield
            tasks.cancel_scope.cancel()

    def lines(self, *names: str) -> list[str]:
        """The samples of these families as served now."""
        page = Assembler((VALUE, *METRICS)).page(Format.TEXT, shown(self.store, self.clock.now()))
        text = b"".join(page.chunks()).decode()
        return [line for line in text.splitlines() if line.startswith(names)]
