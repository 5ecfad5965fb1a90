"""When each source is polled, from its start until its tenant goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from random import Random

import anyio
from anyio.abc import TaskGroup

from o365_exporter.clock import Clock
from o365_exporter.scheduler.causes import Causes
from o365_exporter.scheduler.clockcheck import ClockSet
from o365_exporter.scheduler.firstround import FirstRound
from o365_exporter.scheduler.memory import Memory
from o365_exporter.scheduler.pace import Pace
from o365_exporter.scheduler.poller import Poller, fault
from o365_exporter.scheduler.publisher import Publisher
from o365_exporter.scheduler.tenants import Job, Tenant
from o365_exporter.scheduler.timetable import Timetable
from o365_exporter.scheduler.timing import Starts, longest_wait
from o365_exporter.source import Derived
from o365_exporter.store import Key, Poll, Store
from o365_exporter.telemetry import TenantFacts

AT_ONCE = 16
"""Polls under way at once where everything is polled once."""

Recall = Callable[[Tenant], Awaitable[None]]

CLOCK_LOOK = 10.0
"""Seconds between two looks at whether somebody has set the clock."""

_SLICE = 20
"""Sources that are started in one go."""


class Scheduler:
    """Keeps every source of every tenant polled.

    Args:
        store: where each poll is put.
        clock: time, sleep and deadlines.
        rng: the source of jitter.
        derived: series made of all records of a tenant together.
    """

    def __init__(self, store: Store, clock: Clock, rng: Random, derived: Sequence[Derived] = ()) -> None:
        self._store = store
        self._clock = clock
        self._causes = Causes(clock, lambda keys: store.touch(key.tenant for key in keys))
        self._clock_set = ClockSet(clock)
        self._pace = Pace(clock)
        self._timetable = Timetable(clock, self._begin)
        self._poller = Poller(clock, rng)
        self._publisher = Publisher(store, clock, self._causes, derived)
        self._first_round = FirstRound(store, clock)
        self._tasks: TaskGroup | None = None

    def watch(self, tenants: Sequence[Tenant]) -> None:
        """Make tenants known before their first poll, which ``ready`` then waits for."""
        for tenant in tenants:
            self._publisher.introduce(tenant, tenant.jobs)
            self._first_round.expect(tenant.jobs)

    def ready(self) -> tuple[bool, str]:
        """Whether every source watched at start has been tried once, and otherwise which are still awaited."""
        return self._first_round.ready()

    async def run(self, tenants: Sequence[Tenant]) -> None:
        """Poll for ever."""
        async with anyio.create_task_group() as self._tasks:
            self._tasks.start_soon(self._causes.keep_telling)
            self._tasks.start_soon(self._first_round.tell)
            self._tasks.start_soon(self._pace.keep)
            self._tasks.start_soon(self._timetable.keep)
            self._tasks.start_soon(self._keep_looking_at_the_clock)
            await self._start(tenants)
            await anyio.sleep_forever()

    def remembered(self, tenant: Tenant) -> Memory:
        """What the next process needs to go on; what is being polled just now is due for it."""
        polls, now = self._store.of(tenant.facts.name), self._clock.now()
        known = {
            job.key: replace(polls[job.key], next_run=now) if job.is_under_way else polls[job.key]
            for job in tenant.jobs
            if polls[job.key].attempted_at is not None
        }
        told = frozenset(key for key, poll in known.items() if self._causes.has_told(key, poll.cause))
        return Memory(known, told)

    async def recall(self, tenant: Tenant, memory: Memory) -> dict[Key, Exception]:
        """Go on with a tenant that is watched and not polled yet where a former process ended.

        Returns:
            The sources whose lines cannot be written, and why: they begin anew.
        """
        lost = await self._publisher.recall(tenant, memory)
        for job in tenant.jobs:
            if job.key in memory.polls and job.key not in lost:
                job.note_tried()
                self._first_round.recalled(job)
        return lost

    async def add(self, tenants: Sequence[Tenant], recall: Recall | None = None) -> None:
        """Watch more tenants while ``run`` runs; whether the program is ready does not depend on them.

        Args:
            tenants: that are added.
            recall: what a former process knew of one is shown by this.
        """
        for tenant in tenants:
            self._publisher.introduce(tenant, tenant.jobs)
            if recall is not None:
                await recall(tenant)
            await self._clock.sleep(0)
        await self._start(tenants)

    def change(self, tenant: Tenant, facts: TenantFacts, jobs: Sequence[Job]) -> None:
        """Give a tenant other facts and jobs; those that it has already go on as if nothing had happened."""
        gone = [job for job in tenant.jobs if job not in jobs]
        come = [job for job in jobs if job not in tenant.jobs]
        tenant.facts, tenant.jobs = facts, tuple(jobs)
        for job in gone:
            self._stop(job)
            self._publisher.drop(job)
        self._publisher.introduce(tenant, come)
        for job in come:
            self._timetable.plan(tenant, job, 0.0)

    def remove(self, tenant: Tenant, *, keep: Collection[Key] = ()) -> None:
        """Stop watching a tenant, whatever is in flight, and forget it but for some of its sources."""
        for job in tenant.jobs:
            self._stop(job)
        self._publisher.forget(tenant, but=keep)

    def _stop(self, job: Job) -> None:
        self._timetable.cancel(job)
        job.stop()
        self._first_round.gone(job)

    async def _start(self, tenants: Iterable[Tenant]) -> None:
        """However many they are, others want to be polled and served meanwhile."""
        starts = Starts()
        for tenant in tenants:
            starts.add(tenant)
            await self._clock.sleep(0)
        for position, (tenant, job, delay) in enumerate(starts, start=1):
            left = self._until_next(job) if job.tried else 0.0  # what a former process has planned
            self._timetable.plan(tenant, job, left if left > 0 else delay)
            if position % _SLICE == 0:
                await self._clock.sleep(0)

    def _begin(self, tenant: Tenant, job: Job) -> None:
        assert self._tasks is not None, "only while run() runs"
        self._tasks.start_soon(self._poll_and_plan, tenant, job)

    async def _poll_and_plan(self, tenant: Tenant, job: Job) -> None:
        with anyio.CancelScope() as job.scope:
            async with self._let_in(job):
                await self._poll_in_turn(tenant, job, nullcontext())
        job.scope = None
        if not job.is_gone:
            self._timetable.plan(tenant, job, 0.0 if job.woken else self._until_next(job))

    def _let_in(self, job: Job) -> AbstractAsyncContextManager[None]:
        """On a machine that cannot keep up all but service health waits, though not for ever.

        First polls wait all the same: they ask for much more than later ones, and begin with the login.
        """
        if job.source.is_urgent and job.tried:
            return nullcontext()
        return self._pace.turn(longest_wait(job.source.interval))

    async def run_once(self, tenants: Sequence[Tenant], *, tells: bool = True) -> None:
        """Poll every source once.

        Args:
            tenants: whose sources.
            tells: whether to log at the end, be it an early one, what failed.
        """
        at_once = anyio.CapacityLimiter(AT_ONCE)
        starts = Starts()
        for tenant in tenants:
            starts.add(tenant)
        try:
            async with anyio.create_task_group() as tasks:
                for tenant, job, _ in starts:
                    tasks.start_soon(self._poll_in_turn, tenant, job, at_once)
        finally:
            if tells:
                self._causes.tell_all()

    async def _poll_in_turn(self, tenant: Tenant, job: Job, turn: AbstractAsyncContextManager[object]) -> None:
        leader = None if job.tried else tenant.sibling(job, job.source.follows)
        if leader is not None:
            await leader.until_tried()
        async with turn:
            await self.poll(tenant, job)

    def _until_next(self, job: Job) -> float:
        """Seconds until the next poll."""
        return (self._store[job.key].next_run or 0.0) - self._clock.now()

    async def _keep_looking_at_the_clock(self) -> None:
        while True:
            await self._clock.sleep(CLOCK_LOOK)
            self._follow_clock()

    def _follow_clock(self) -> float:
        """By how many seconds somebody has set the clock; everything that is known keeps its age."""
        moved = self._clock_set.seconds()
        if moved:
            self._store.shift(moved)
        return moved

    async def poll(self, tenant: Tenant, job: Job) -> None:
        """Poll one source once, whatever happens, and publish what it left behind."""
        job.woken = False
        before = self._store[job.key]
        try:
            outcome = await self._poller.attempt(tenant, job, self._store.of(job.key.tenant))
            if job.is_gone:
                return  # removed in the very moment in which its poll ended
            if moved := self._follow_clock():
                outcome = outcome._replace(poll=_ending_now(outcome.poll, before, self._clock.now(), moved))
            self._publisher.publish(tenant, job, outcome)
        except Exception as error:  # noqa: BLE001 - whatever a tenant's data bring about is this source's own failure
            now = self._clock.now()
            poll = fault(before, error, job.key)
            self._store.put(job.key, replace(poll, attempted_at=now, next_run=now + job.source.interval))
        self._first_round.tried(job)
        job.note_tried()


def _ending_now(poll: Poll, before: Poll, now: float, moved: float) -> Poll:
    """A poll while which the clock was set by ``moved``: it has ended now, whichever time was noted for that."""
    until_next = (poll.next_run or now) - (poll.attempted_at or now)
    taken = now if poll.taken_at != before.taken_at else poll.shifted(moved).taken_at
    return replace(poll, taken_at=taken, attempted_at=now, next_run=now + until_next)
