"""Which source is due next: one heap for all, since a task that sleeps costs kilobytes and must be woken to end."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import anyio

from o365_exporter.clock import Clock
from o365_exporter.scheduler.tenants import Job, Tenant

_Entry = tuple[float, int, Tenant, Job]  # monotonic time, number, and what is due

_MOMENT = 0.001  # seconds that are not worth a wait, and hide what rounding leaves over
_AT_A_TIME = 5  # at least, which are begun in one go,
_SHARE = 1 / 600  # or this share of all, so that whatever is late has begun within half a minute
_GAP = 0.05  # seconds between two goes
_LOOK = 15.0  # seconds of the event loop, which does not count for how long the machine slept
_FEW = 64  # entries that hold nothing any more, for which it is not worth to make the heap anew


class Timetable:
    """Begins jobs when they are due.

    Args:
        clock: tells the time.
        begin: starts one poll of a job; must not wait.
    """

    def __init__(self, clock: Clock, begin: Callable[[Tenant, Job], None]) -> None:
        self._clock = clock
        self._begin = begin
        self._due: list[_Entry] = []
        self._order = itertools.count(1)
        self._void = 0
        self._at_a_time = 0
        self._sooner = anyio.Event()

    def plan(self, tenant: Tenant, job: Job, delay: float) -> None:
        """Begin a job after so many seconds, or when it is woken; a former plan for it is void."""
        self.cancel(job)
        job.place = next(self._order)
        job.on_wake = partial(self.plan, tenant, job, 0.0)
        entry = (self._clock.monotonic() + max(0.0, delay), job.place, tenant, job)
        heapq.heappush(self._due, entry)
        if self._due[0] is entry:
            self._sooner.set()

    def cancel(self, job: Job) -> None:
        """Forget what was planned for a job."""
        if job.place is None:
            return
        job.place = job.on_wake = None
        self._void += 1
        if self._void > _FEW + len(self._due) // 2:
            self._due = [entry for entry in self._due if entry[3].place == entry[1]]
            heapq.heapify(self._due)
            self._void = 0

    async def keep(self) -> None:
        """Begin what is due, for ever.

        After a machine has slept, or the process was stopped, thousands may be due at once: they begin one after the
        other, in the order in which they were due.
        """
        while True:
            self._sooner = anyio.Event()
            if self._begin_due():
                with suppress(TimeoutError), self._clock.deadline(min(self._until_next(), _LOOK)):
                    await self._sooner.wait()
            else:
                await self._clock.sleep(_GAP)

    def _until_next(self) -> float:
        return self._due[0][0] - self._clock.monotonic() if self._due else float("inf")

    def _begin_due(self) -> bool:
        """Some of what is due; whether that was all."""
        self._at_a_time = max(_AT_A_TIME, self._at_a_time, int(len(self._due) * _SHARE))
        now, left = self._clock.monotonic() + _MOMENT, self._at_a_time
        while self._due and self._due[0][0] <= now:
            if not left:
                return False
            _, number, tenant, job = heapq.heappop(self._due)
            if job.place != number:
                self._void -= 1
                continue
            job.place = job.on_wake = None
            left -= 1
            self._begin(tenant, job)
        self._at_a_time = 0
        return True
