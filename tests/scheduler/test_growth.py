"""What a poll, a probe or a change costs does not grow with the number of tenants; the whole grows in proportion."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from typing import Any

import anyio
import anyio.lowlevel
import pytest
import structlog

from o365_exporter.errors import NetworkError
from o365_exporter.exposition import shown
from o365_exporter.scheduler import Scheduler, Tenant
from o365_exporter.scheduler.timing import BLOCK, FIRST_WITHIN, STARTED_WITHIN
from tests.counting import Work, counted
from tests.fakes import FakeClock
from tests.scheduler.scripted import Follower, Run, ScriptedSource, named, tenant

FEW, MANY = 10, 1000
DOWN = NetworkError("down", subject="graph.example")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of lines would take more than all the work."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    yield
    structlog.reset_defaults()


class Fleet:
    """A scheduler that knows so many tenants with three sources each, all polled once."""

    def __init__(self, number: int) -> None:
        self.clock = FakeClock()
        self.tenants = [self.member(f"t{index}") for index in range(number)]
        self.run = Run(self.clock, *self.tenants)

    def member(self, name: str) -> Tenant:
        """One more tenant."""
        other = named(ScriptedSource(self.clock, interval=3600, stale_after=7200), "other")
        return tenant(ScriptedSource(self.clock), Follower(self.clock), other, name=name)

    @property
    def scheduler(self) -> Scheduler:
        """That polls them."""
        return self.run.scheduler

    async def poll(self, watched: Tenant, answer: Any = 1.0) -> None:
        """Poll the sources of a tenant once, with this answer."""
        for job in watched.jobs:
            assert isinstance(job.source, ScriptedSource)
            job.source.answer = answer
            await self.scheduler.poll(watched, job)

    async def all_polled(self, answer: Any = 1.0) -> None:
        """Poll everything."""
        for watched in self.tenants:
            await self.poll(watched, answer)


What = Callable[[Fleet, Tenant], Awaitable[None]]


async def polls(fleet: Fleet, one: Tenant) -> None:
    """Each source of one tenant is polled."""
    await fleet.poll(one)


async def fails(fleet: Fleet, one: Tenant) -> None:
    """They fail for what all others may fail for, too."""
    await fleet.poll(one, DOWN)


async def recovers(fleet: Fleet, one: Tenant) -> None:
    """They fail and recover."""
    await fleet.poll(one, DOWN)
    await fleet.poll(one)


async def is_probed(fleet: Fleet, _: Tenant) -> None:
    """Somebody asks whether it is ready."""
    fleet.scheduler.ready()


async def is_scraped(fleet: Fleet, one: Tenant) -> None:
    """Somebody scrapes one tenant."""
    list(shown(fleet.run.store, fleet.clock.now(), {one.facts.name}))
    fleet.run.store.watches("nobody")


async def goes(fleet: Fleet, one: Tenant) -> None:
    """One tenant is watched no more."""
    fleet.scheduler.remove(one, keep=[one.jobs[0].key])


async def changes(fleet: Fleet, one: Tenant) -> None:
    """One tenant loses a source."""
    fleet.scheduler.change(one, one.facts, one.jobs[:2])


SINGLE: tuple[What, ...] = (polls, fails, recovers, is_probed, is_scraped, goes, changes)


async def work_among(number: int, answer: Any) -> dict[str, int]:
    """What each of these costs where there are so many tenants that have answered so."""
    fleet = Fleet(number)
    fleet.scheduler.watch(fleet.tenants)
    for one in fleet.tenants:
        await fleet.poll(one, answer)
    found = {}
    for what, one in zip(SINGLE, fleet.tenants[number // 3 :], strict=False):
        with counted() as work:
            await what(fleet, one)
        found[what.__name__] = work.done
    return found


@pytest.mark.parametrize("answer", [1.0, DOWN], ids=["all is well", "all fail"])
async def test_what_concerns_one_tenant_costs_the_same_among_many(answer: Any) -> None:
    """A thousand tenants or ten: the same work, down to what reaching deeper into a heap may cost."""
    few, many = await work_among(FEW, answer), await work_among(MANY, answer)
    assert min(few.values()) > 0
    assert {what: (few[what], done) for what, done in many.items() if done > 1.1 * few[what]} == {}


async def begins(fleet: Fleet) -> None:
    """All tenants are introduced."""
    fleet.scheduler.watch(fleet.tenants)


async def is_polled(fleet: Fleet) -> None:
    """Everything is polled once."""
    fleet.scheduler.watch(fleet.tenants)
    await fleet.all_polled()


async def goes_down(fleet: Fleet) -> None:
    """Everything fails for one cause, which is told, and recovers, which is told."""
    fleet.scheduler.watch(fleet.tenants)
    await fleet.all_polled(DOWN)
    fleet.scheduler._causes.tell_all()
    await fleet.all_polled()
    fleet.scheduler._causes.tell_all()


async def is_scraped_whole(fleet: Fleet) -> None:
    """Somebody scrapes everything."""
    fleet.scheduler.watch(fleet.tenants)
    list(shown(fleet.run.store, fleet.clock.now()))


@pytest.mark.parametrize("what", [begins, is_polled, goes_down, is_scraped_whole])
async def test_what_concerns_all_tenants_grows_in_proportion(what: Callable[[Fleet], Awaitable[None]]) -> None:
    """Eight times as many tenants are eight times the work."""
    totals = []
    for number in (FEW, 8 * FEW):
        fleet = Fleet(number)
        with counted() as work:
            await what(fleet)
        totals.append(work.done)
    assert totals[1] <= 1.1 * 8 * totals[0]


async def coming(number: int) -> Work:
    """What it takes that so many tenants come to a running scheduler while others want to have their turns."""
    fleet = Fleet(0)
    come = [fleet.member(f"t{index}") for index in range(number)]
    async with fleet.run.running(), anyio.create_task_group() as tasks:
        with counted() as work:

            async def others() -> None:
                while True:
                    work.turn()
                    await anyio.lowlevel.checkpoint()

            tasks.start_soon(others)
            await fleet.scheduler.add(come)
        tasks.cancel_scope.cancel()
    return work


async def test_tenants_that_come_hold_nobody_up() -> None:
    """However many they are, others have their turns in between: the longest piece of work does not grow."""
    few, many = await coming(50), await coming(400)
    assert many.done <= 1.1 * 8 * few.done
    assert many.longest <= 1.25 * few.longest


async def test_a_thousand_tenants_start_evenly_with_health_first() -> None:
    """Everything has started within five minutes, health first within one, and never many in one second."""
    fleet = Fleet(MANY)
    for each in fleet.tenants:
        each.jobs = (*each.jobs, *fleet.member(each.facts.name).jobs, *fleet.member(each.facts.name).jobs)
        each.jobs[-1].source.interval = 7200
    starts: list[tuple[float, float]] = []

    def noted(_: Tenant, job: Any, delay: float) -> None:
        starts.append((delay, job.source.interval))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fleet.scheduler._timetable, "plan", noted)
        await fleet.scheduler._start(fleet.tenants)
    delays = [delay for delay, _ in starts]
    assert delays == sorted(delays)
    health, rest = ([start for start in starts if (start[1] == 60) is first] for first in (True, False))
    assert starts == health + rest
    assert health[-1][0] < FIRST_WITHIN < 60
    assert delays[-1] < STARTED_WITHIN < 300
    gaps = [[after - before for (before, _), (after, _) in pairwise(part)] for part in (health, rest)]
    assert [max(each) < 1.01 * min(each) for each in gaps] == [True, True]
    for begin in range(0, len(rest), BLOCK * 3):  # the laborious ones are spread over the whole time
        assert len({interval for _, interval in rest[begin : begin + BLOCK * 3]}) > 1
