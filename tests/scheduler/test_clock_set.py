"""A clock is set, a machine sleeps, a process is stopped: ages stay true, and nothing comes in a burst."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Coroutine
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from o365_exporter.errors import UnavailableError
from o365_exporter.scheduler import Job, Tenant
from o365_exporter.scheduler.timetable import Timetable
from o365_exporter.store import Key, Poll
from tests.fakes import FakeClock
from tests.scheduler.scripted import Run, ScriptedSource, tenant

HOUR, DAY = 3600.0, 86400.0
KEY = Key("contoso", "test", "main")


def age(run: Run) -> float:
    """Seconds since the last success, by the clock as it stands."""
    taken = run.store[KEY].taken_at
    assert taken is not None
    return run.clock.now() - taken


@pytest.mark.parametrize("moved", [DAY, -DAY, HOUR, -HOUR, 30.0, -30.0])
async def test_a_clock_that_is_set_changes_no_age_and_no_plan(moved: float) -> None:
    """A day, an hour or half a minute, either way: what is known is as old as it is, and polled when it was due."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    run = Run(clock, tenant(source))
    async with run.running():
        await clock.advance(65)
        clock.set(moved)
        with capture_logs() as logs:
            await clock.advance(10)
        assert age(run) == 15
        await clock.advance(110)
    assert source.polls == [0, 60, 120, 180]
    (line,) = [line for line in logs if line["event"] == "clock was set"]
    way = "forward" if moved > 0 else "back"
    assert line["message"].startswith(f"The clock of this machine was set {way} by {abs(moved):.0f} s.")


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("moved", [DAY, -DAY])
async def test_a_clock_that_is_set_while_a_poll_is_under_way(moved: float, fails: bool) -> None:
    """Its success is as old as it is, and so is what was known where it fails."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    run = Run(clock, tenant(source))
    async with run.running():
        await clock.advance(5)
        source.takes, source.answer = 8, UnavailableError("Down.") if fails else 2.0
        await clock.advance(57)
        clock.set(moved)
        await clock.advance(13)
        assert age(run) == (75 if fails else 7)
        assert run.store[KEY].attempted_at == clock.now() - 7
        source.takes = 0
        await clock.advance(50)
    assert source.polls == [0, 60, 120]


async def test_old_values_are_withdrawn_though_the_clock_was_set_back() -> None:
    """A day back while polls fail: ``stale_after`` is counted in seconds that pass."""
    clock = FakeClock()
    source = ScriptedSource(clock, stale_after=600)
    run = Run(clock, tenant(source))
    async with run.running():
        await clock.advance(5)
        source.answer = UnavailableError("Down.")
        await clock.advance(60)
        clock.set(-DAY)
        await clock.advance(500)
        assert run.lines("o365_test_value") == ['o365_test_value{source="main",tenant="contoso"} 1.0']
        await clock.advance(100)
        assert run.lines("o365_test_value") == []


async def test_what_fell_due_while_the_machine_slept_is_polled_when_it_wakes() -> None:
    """Eight hours on, an hourly source does not wait for the rest of its hour."""
    clock = FakeClock()
    source = ScriptedSource(clock, interval=HOUR)
    run = Run(clock, tenant(source))
    async with run.running():
        await clock.advance(600)
        clock.sleep_through(8 * HOUR)
        await clock.advance(20)
        assert age(run) <= 20
        await clock.advance(HOUR)
    assert len(source.polls) == 3


@pytest.mark.parametrize("number", [60, 6000])
async def test_whatever_is_late_begins_within_half_a_minute_and_not_at_once(number: int) -> None:
    """After a sleep, or a process that was stopped, everything is due: what was due first begins first."""
    clock = FakeClock()
    begun: list[tuple[float, str]] = []

    def begin(of: Tenant, _: Job) -> None:
        begun.append((clock.monotonic(), of.facts.name))

    timetable = Timetable(clock, begin)
    for index in range(number):
        each = tenant(ScriptedSource(clock), name=f"t{index}")
        timetable.plan(each, each.jobs[0], 60.0 + index / number)
    await _kept(timetable.keep, clock)
    assert [name for _, name in begun] == [f"t{index}" for index in range(number)]
    first = begun[0][0]
    assert max(moment for moment, _ in begun) - first <= 31
    at_once = max(len(list(group)) for _, group in itertools.groupby(moment for moment, _ in begun))
    assert at_once <= max(5, number / 600)


async def _kept(keep: Callable[[], Coroutine[Any, Any, None]], clock: FakeClock) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep)
        await clock.advance(0)
        clock.sleep_through(8 * HOUR)
        await clock.advance(60)
        tasks.cancel_scope.cancel()


def test_what_was_never_tried_stays_so() -> None:
    """There is no moment to shift."""
    assert Poll(60, 600).shifted(DAY) == Poll(60, 600)
