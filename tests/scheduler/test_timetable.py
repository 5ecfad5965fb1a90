"""Who is due next."""

from __future__ import annotations

import anyio

from o365_exporter.scheduler import Job, Tenant
from o365_exporter.scheduler.timetable import Timetable
from tests.fakes import FakeClock, settle
from tests.scheduler.scripted import ScriptedSource, tenant


class Desk:
    """A timetable with some jobs, and when each was begun."""

    def __init__(self, number: int) -> None:
        self.clock = FakeClock()
        self.begun: list[tuple[str, float]] = []
        self.timetable = Timetable(self.clock, self._begin)
        self.tenants = [tenant(ScriptedSource(self.clock), name=f"t{index}") for index in range(number)]

    def _begin(self, of: Tenant, _: Job) -> None:
        self.begun.append((of.facts.name, self.clock.monotonic()))

    def plan(self, index: int, delay: float) -> Job:
        """Plan the job of a tenant."""
        (job,) = self.tenants[index].jobs
        self.timetable.plan(self.tenants[index], job, delay)
        return job

    async def run(self, seconds: float) -> None:
        """Let so much time pass."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.timetable.keep)
            await settle()
            await self.clock.advance(seconds)
            tasks.cancel_scope.cancel()


async def test_each_begins_when_it_is_due() -> None:
    """In the order of time, and of planning where that is the same; what is late begins at once."""
    desk = Desk(4)
    for index, delay in enumerate((20.0, 10.0, 10.0, -5.0)):
        desk.plan(index, delay)
    await desk.run(30)
    assert desk.begun == [("t3", 0.0), ("t1", 10.0), ("t2", 10.0), ("t0", 20.0)]


async def test_what_comes_later_may_be_due_sooner() -> None:
    """Nobody sleeps over it."""
    desk = Desk(2)
    desk.plan(0, 100.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.timetable.keep)
        await settle()
        desk.plan(1, 5.0)
        await desk.clock.advance(6)
        tasks.cancel_scope.cancel()
    assert desk.begun == [("t1", 5.0)]


async def test_a_job_has_one_place() -> None:
    """Woken, it begins at once and not again at its former time; cancelled, it does not begin."""
    desk = Desk(2)
    desk.plan(0, 50.0).wake()
    desk.timetable.cancel(desk.plan(1, 10.0))
    await desk.run(100)
    assert desk.begun == [("t0", 0.0)]


async def test_what_is_void_is_thrown_away() -> None:
    """Jobs that are woken again and again, or go, leave no heap behind that grows."""
    desk = Desk(10)
    for _ in range(1000):
        for index in range(10):
            desk.plan(index, 3600.0)
    assert len(desk.timetable._due) < 200
    await desk.run(3601)
    assert len(desk.begun) == 10
    assert desk.timetable._void == 0


async def test_a_job_that_is_woken_while_it_is_polled_is_polled_again() -> None:
    """Its poll may have seen what was before."""
    desk = Desk(1)
    job = desk.plan(0, 0.0)
    await desk.run(1)
    job.wake()
    assert job.woken
    assert desk.begun == [("t0", 0.0)]
