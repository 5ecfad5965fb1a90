"""What can wait does so while the loop is late."""

from __future__ import annotations

import anyio

from o365_exporter.graph import Endpoint
from o365_exporter.scheduler.pace import A_FEW, AT_A_LOOK, LATE, LOOK, TOO_LATE, YOUNG, Pace
from o365_exporter.scheduler.timing import LONGEST_WAIT, longest_wait
from tests.fakes import FakeClock, settle
from tests.scheduler.scripted import Run, ScriptedSource, tenant


class SlowClock(FakeClock):
    """A clock by which each turn of the loop takes as long as is told."""

    late = 0.0

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self._now += self.late


class Urgent(ScriptedSource):
    """A source of what must not wait."""

    endpoints = (Endpoint("/health", (), urgent=True),)


async def let_in(clock: SlowClock, number: int, seconds: float, longest: float = 600.0) -> list[float]:
    """When those of so many who got in within some seconds did so."""
    pace, start, found = Pace(clock), clock.monotonic(), []

    async def wait() -> None:
        async with pace.turn(longest):
            found.append(round(clock.monotonic() - start, 3))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace.keep)
        for _ in range(number):
            tasks.start_soon(wait)
        await settle()
        await clock.advance(seconds)
        tasks.cancel_scope.cancel()
    return found


async def test_nobody_waits_while_the_loop_is_in_time() -> None:
    """However many come."""
    assert await let_in(SlowClock(), 1000, 0.0) == [0.0] * 1000


async def test_while_it_is_late_nobody_is_let_in() -> None:
    """Until the longest time is over: a poll is late then, and not missing."""
    clock = SlowClock()
    clock.late = 2 * TOO_LATE
    assert await let_in(clock, 30, 50.0) == []
    found = await let_in(clock, 30, 50.0, longest=40.0)
    assert len(found) == 30
    assert min(found) >= 40.0


async def numbers(clock: SlowClock, found: list[int], of: int) -> list[int]:
    """How many were in after each look that let somebody in, while they were fewer than so many."""
    seen = {len(found)}
    while len(found) < of:
        await clock.advance(LOOK / 2)
        seen.add(len(found))
    return sorted(seen)[1:-1]


async def test_then_they_come_in_their_order_a_few_at_a_time() -> None:
    """So that they do not make it late again."""
    clock = SlowClock()
    clock.late = 2 * TOO_LATE
    pace, found = Pace(clock), []

    async def wait(number: int) -> None:
        async with pace.turn(600.0):
            found.append(number)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace.keep)
        for number in range(5 * AT_A_LOOK):
            tasks.start_soon(wait, number)
        await settle()
        await clock.advance(1.0)
        assert found == []
        clock.late = 0.0
        assert await numbers(clock, found, of=10) == [1, 3, 7]
        clock.late = 2 * TOO_LATE
        await clock.advance(4 * TOO_LATE)
        clock.late, before = 0.0, len(found)
        assert await numbers(clock, found, of=before + 10) == [before + 1, before + 3, before + 7]
        await clock.advance(10 * LOOK)
        assert found == list(range(5 * AT_A_LOOK))
        tasks.cancel_scope.cancel()


async def test_while_others_take_the_processor_a_few_are_under_way_at_once() -> None:
    """The next is let in when one is done, or has taken so long that it only waits for Microsoft."""
    clock, found, done = SlowClock(), list[int](), anyio.Event()
    clock.late = 2 * LATE
    pace = Pace(clock)

    async def poll(number: int) -> None:
        async with pace.turn(600.0):
            found.append(number)
            if number:
                await anyio.sleep_forever()
            await done.wait()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace.keep)
        for number in range(3 * A_FEW):
            tasks.start_soon(poll, number)
        await settle()
        await clock.advance(YOUNG / 2)
        assert found == list(range(A_FEW))
        done.set()
        await clock.advance(1.0)
        assert found == list(range(A_FEW + 1))
        await clock.advance(YOUNG / 2)
        assert found == list(range(2 * A_FEW))
        tasks.cancel_scope.cancel()


async def test_who_is_cancelled_leaves_no_place_behind() -> None:
    """Nobody is let in in the place of somebody who has gone."""
    clock = SlowClock()
    clock.late = 2 * TOO_LATE
    pace = Pace(clock)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(pace._waited, 600.0)
        await settle()
        tasks.cancel_scope.cancel()
    assert not pace._waiting


def test_a_poll_is_put_off_for_half_its_interval_at_most() -> None:
    """Or for ten minutes."""
    assert [longest_wait(interval) for interval in (60, 3600, 21600)] == [30, LONGEST_WAIT, LONGEST_WAIT]


async def test_health_does_not_wait_and_the_rest_does() -> None:
    """Both are polled when the loop is in time; while it is late, only what must not wait."""
    clock = SlowClock()
    urgent, other = Urgent(clock), ScriptedSource(clock, interval=3600, stale_after=7200)

    run = Run(clock, tenant(urgent, name="a"), tenant(other, name="b"))
    clock.late = 2 * TOO_LATE
    async with run.running():
        await clock.advance(300)
        first, second, *_ = urgent.polls
        assert first >= longest_wait(60)  # first polls ask for most, and wait
        assert second - first < 60 + 10 * TOO_LATE
        assert other.polls == []
        clock.late = 0.0
        await clock.advance(1)
        assert len(other.polls) == 1
