"""Polls each source of each tenant on its own interval; the only place that sets deadlines, catches and classifies.

A source never overlaps itself, starts are spread out with health first, and one tenant's or source's trouble
touches no other: each has its own task, and what it knows is replaced whole in the store.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import anyio
from anyio.abc import TaskGroup

from o365_exporter import telemetry
from o365_exporter.clock import Clock
from o365_exporter.errors import InternalError, Nothing, PollError, PollTimeoutError
from o365_exporter.exposition import render, render_up_to
from o365_exporter.graph import GraphClient
from o365_exporter.logs import get_logger
from o365_exporter.source import Source
from o365_exporter.store import SUCCESS_STATES, Key, Poll, Rendered, Store
from o365_exporter.telemetry import TenantFacts

START_GAP = 0.05
"""Seconds between the starts of two sources, so that many tenants do not ask all at once."""

AT_ONCE = 16
"""Polls under way at once where everything is polled once."""

JITTER = 0.05
"""Share of an interval by which a poll may come earlier or later."""

FIRST_RETRY, LAST_RETRY = 60.0, 900.0
"""Seconds after which a failed poll is tried again: doubled at each failure in a row, never beyond the interval."""

log = get_logger("scheduler")


@dataclass(eq=False)
class Job:
    """One source of one tenant, and what its loop needs to know between two polls."""

    key: Key
    source: Source[Any]
    max_series: int
    tried: anyio.Event = field(default_factory=anyio.Event)
    woken: anyio.Event = field(default_factory=anyio.Event)
    failures_in_a_row: int = 0
    remarks: frozenset[str] = frozenset()

    def wake(self) -> None:
        """Poll now instead of at the next interval."""
        self.woken.set()


@dataclass(eq=False)
class Tenant:
    """A tenant that is being watched."""

    facts: TenantFacts
    graph: GraphClient
    jobs: tuple[Job, ...]
    state: str = "pending"
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    def sibling(self, job: Job, source: str) -> Job | None:
        """The job of another source of the same collector."""
        wanted = job.key._replace(source=source)
        return next((other for other in self.jobs if other.key == wanted), None)


class Scheduler:
    """Keeps every source of every tenant polled.

    Args:
        store: where each poll is put.
        clock: time, sleep and deadlines.
        rng: the source of jitter.
    """

    def __init__(self, store: Store, clock: Clock, rng: random.Random) -> None:
        self._store = store
        self._clock = clock
        self._rng = rng
        self._awaited: list[Job] = []
        self._tasks: TaskGroup | None = None

    def watch(self, tenants: Sequence[Tenant]) -> None:
        """Make the tenants known before their first poll, which ``ready`` then waits for."""
        for tenant in tenants:
            self._introduce(tenant)
            self._awaited += tenant.jobs

    def _introduce(self, tenant: Tenant) -> None:
        """Each source is pending, but for those of which something is known from before."""
        for job in tenant.jobs:
            poll = Poll(interval=job.source.interval, stale_after=job.source.stale_after)
            if job.key in self._store:
                known = self._store[job.key]
                poll = replace(known, interval=poll.interval, stale_after=poll.stale_after)
            self._store.put(job.key, poll)
        self._render_about(tenant)

    def ready(self) -> tuple[bool, str]:
        """Whether every source watched at start has been tried once, and otherwise which are still awaited."""
        self._awaited = [job for job in self._awaited if not job.tried.is_set()]
        names = ", ".join("/".join(job.key) for job in self._awaited[:5])
        more = f" and {len(self._awaited) - 5} more" if len(self._awaited) > 5 else ""  # noqa: PLR2004 - as above
        return not self._awaited, f"not tried yet: {names}{more}" if names else "every source has been tried"

    async def run(self, tenants: Sequence[Tenant]) -> None:
        """Poll for ever."""
        async with anyio.create_task_group() as self._tasks:
            self._start(tenants)
            await anyio.sleep_forever()

    def add(self, tenants: Sequence[Tenant]) -> None:
        """Watch more tenants while ``run`` runs; whether the program is ready does not depend on them."""
        for tenant in tenants:
            self._introduce(tenant)
        self._start(tenants)

    def remove(self, tenant: Tenant, *, keep: Collection[Key] = ()) -> None:
        """Stop watching a tenant, whatever is in flight, and forget it but for some of its sources."""
        tenant.scope.cancel()
        self._awaited = [job for job in self._awaited if job not in tenant.jobs]
        self._store.forget(tenant.facts.name, but=keep)

    def _start(self, tenants: Sequence[Tenant]) -> None:
        assert self._tasks is not None, "only while run() runs"
        delays = {job: position * START_GAP for position, (_, job) in enumerate(_health_first(tenants))}
        for tenant in tenants:
            self._tasks.start_soon(self._keep_tenant, tenant, delays)

    async def _keep_tenant(self, tenant: Tenant, delays: Mapping[Job, float]) -> None:
        with tenant.scope:
            async with anyio.create_task_group() as tasks:
                for job in tenant.jobs:
                    tasks.start_soon(self._keep_polling, tenant, job, delays[job])

    async def run_once(self, tenants: Sequence[Tenant]) -> None:
        """Poll every source once."""
        at_once = anyio.CapacityLimiter(AT_ONCE)
        async with anyio.create_task_group() as tasks:
            for tenant, job in _health_first(tenants):
                tasks.start_soon(self._poll_in_turn, tenant, job, at_once)

    async def _keep_polling(self, tenant: Tenant, job: Job, delay: float) -> None:
        await self._clock.sleep(delay)
        await self._poll_in_turn(tenant, job, nullcontext())
        while True:
            await self._until_next(job)
            await self.poll(tenant, job)

    async def _poll_in_turn(self, tenant: Tenant, job: Job, turn: AbstractAsyncContextManager[object]) -> None:
        leader = tenant.sibling(job, job.source.follows)
        if leader is not None:
            await leader.tried.wait()
        async with turn:
            await self.poll(tenant, job)

    async def _until_next(self, job: Job) -> None:
        """Wait for the next run, or until somebody wakes the job."""
        next_run = self._store[job.key].next_run or 0.0
        with suppress(TimeoutError), self._clock.deadline(next_run - self._clock.now()):
            await job.woken.wait()

    async def poll(self, tenant: Tenant, job: Job) -> None:
        """Poll one source once, whatever happens, and put what it left behind into the store."""
        job.woken = anyio.Event()
        before = self._store[job.key]
        started = self._clock.monotonic()
        after, pause = await self._attempt(tenant, job, before)
        if tenant.scope.cancel_called:
            return  # removed in the very moment in which its poll ended
        duration = self._clock.monotonic() - started
        job.failures_in_a_row = 0 if after.succeeded else job.failures_in_a_row + 1
        delay = max(self._delay(job), pause + duration)
        now = self._clock.now()
        after = replace(after, attempted_at=now, duration=duration, next_run=now - duration + delay)
        self._store.put(job.key, after)
        job.tried.set()
        self._report(tenant, job, before, after)
        self._tell_siblings(tenant, job, before, after)
        self._render_about(tenant)

    async def _attempt(self, tenant: Tenant, job: Job, before: Poll) -> tuple[Poll, float]:
        """The poll as it stands after one attempt, and the seconds for which Microsoft asks to be left alone."""
        try:
            with self._clock.deadline(job.source.deadline):
                records = await job.source.fetch(tenant.graph, before.records, self._clock.now())
            return self._success(tenant, job, before, records), 0.0
        except Nothing as nothing:
            return self._nothing(before, nothing), 0.0
        except PollError as error:
            return before.failed(error.reason, str(error)), error.retry_after or 0.0
        except TimeoutError:
            seconds = job.source.deadline
            late = PollTimeoutError(f"The poll of {'/'.join(job.key)} was not done within {seconds:g} s.")
            return before.failed(late.reason, str(late)), 0.0
        except Exception as error:
            log.exception("fault of the exporter", **job.key._asdict())
            fault = InternalError(
                f"A fault of the exporter itself ({type(error).__name__}): please report its log line."
            )
            return before.failed(fault.reason, str(fault)), 0.0

    def _success(self, tenant: Tenant, job: Job, before: Poll, records: Any) -> Poll:
        rendered, dropped = self._render(tenant, job, records)
        return replace(
            before,
            state="ok",
            message="",
            records=records,
            rendered=rendered,
            dropped=dropped,
            taken_at=self._clock.now(),
        )

    def _nothing(self, before: Poll, nothing: Nothing) -> Poll:
        return replace(
            before,
            state=nothing.state,
            message=str(nothing),
            records=None,
            rendered={},
            dropped=0,
            taken_at=self._clock.now(),
        )

    def _render(self, tenant: Tenant, job: Job, records: Any) -> tuple[Rendered, int]:
        polls = self._store.of(tenant.facts.name)
        siblings = {key.source: poll.records for key, poll in polls.items() if key.collector == job.key.collector}
        samples = job.source.samples(records, siblings)
        rendered, dropped = render_up_to(job.max_series, samples, tenant.facts.name)
        return rendered, dropped + job.source.dropped(records)

    def _delay(self, job: Job) -> float:
        """Seconds from the start of one poll to the start of the next."""
        delay = job.source.interval
        if job.failures_in_a_row:
            delay = min(delay, LAST_RETRY, FIRST_RETRY * 2 ** min(job.failures_in_a_row - 1, 10))
        return delay * self._rng.uniform(1 - JITTER, 1 + JITTER)

    def _tell_siblings(self, tenant: Tenant, job: Job, before: Poll, after: Poll) -> None:
        """Poll at once, or at least render anew, what depends on what has just changed."""
        if after.state != "ok":
            return
        for source in job.source.wakes(before.records, after.records):
            if (sibling := tenant.sibling(job, source)) is not None:
                sibling.wake()
        for follower in tenant.jobs:
            if follower.source.follows == job.key.source and follower.key.collector == job.key.collector:
                self._render_again(tenant, follower)

    def _render_again(self, tenant: Tenant, job: Job) -> None:
        poll = self._store[job.key]
        if poll.records is not None:
            rendered, dropped = self._render(tenant, job, poll.records)
            self._store.put(job.key, replace(poll, rendered=rendered, dropped=dropped))

    def _report(self, tenant: Tenant, job: Job, before: Poll, after: Poll) -> None:
        """Log what is new; a state that lasts is logged when it begins, not each time."""
        line = log.bind(**job.key._asdict())
        line.debug("polled", state=after.state, seconds=round(after.duration, 3))
        self._report_tenant(tenant)
        if after.state != before.state:
            if after.succeeded:
                recovered = before.state not in ("pending", *SUCCESS_STATES)
                (line.info if recovered else line.debug)("recovered" if recovered else "state", state=after.state)
            elif after.message == tenant.graph.auth.message:
                line.debug("no token for this poll", reason=after.state)
            else:
                line.warning("poll failed", reason=after.state, message=after.message)
        remarks = frozenset(job.source.remarks(after.records)) if after.state == "ok" else job.remarks
        for remark in sorted(remarks - job.remarks):
            line.warning("odd answer", message=remark)
        job.remarks = remarks

    def _report_tenant(self, tenant: Tenant) -> None:
        """Log once what keeps a whole tenant from being polled, and poll its failed sources when that has passed."""
        state, was = tenant.graph.auth.state, tenant.state
        tenant.state = state
        if state == was or (was == "pending" and state == "ok"):
            return
        line = log.bind(tenant=tenant.facts.name)
        if state == "ok":
            line.info("tenant recovered")
            for job in tenant.jobs:
                if job.failures_in_a_row:
                    job.wake()
        elif state != "pending":
            line.error("tenant cannot be polled", reason=state, message=tenant.graph.auth.message)

    def _render_about(self, tenant: Tenant) -> None:
        name = tenant.facts.name
        samples = telemetry.samples(tenant.facts, tenant.graph, self._store.of(name), self._clock.now())
        self._store.put_about(name, render(samples, name))


def _health_first(tenants: Iterable[Tenant]) -> list[tuple[Tenant, Job]]:
    """Every job, the shortest interval first: all tenants' health before anybody's subscriptions."""
    jobs = [(tenant, job) for tenant in tenants for job in tenant.jobs]
    return sorted(jobs, key=lambda pair: pair[1].source.interval)
