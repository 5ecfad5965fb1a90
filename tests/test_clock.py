"""The machine's clock, and the fake one that stands for it in tests."""

from __future__ import annotations

import math
from types import SimpleNamespace

import anyio
import pytest

from o365_exporter.clock import Clock, SystemClock
from tests.fakes import NOON, FakeClock


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's clocks stand still, so that a slow machine changes nothing."""
    machine = SimpleNamespace(time=lambda: 1_800_000_000.0, clock_gettime=lambda _: 512.0)
    monkeypatch.setattr("o365_exporter.clock.time", machine)


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()], ids=["system", "fake"])
async def test_no_deadline_is_infinitely_far(clock: Clock) -> None:
    """Outside of any deadline there is all the time in the world."""
    assert clock.time_left() == math.inf


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()], ids=["system", "fake"])
async def test_the_nearest_deadline_counts(clock: Clock) -> None:
    """Inside of two deadlines the nearer one decides, whichever is the outer, and it is gone afterwards."""
    with clock.deadline(100), clock.deadline(1000):
        assert clock.time_left() == 100
        with clock.deadline(10):
            assert clock.time_left() == 10
        assert clock.time_left() == 100
    assert clock.time_left() == math.inf


@pytest.mark.parametrize("seconds", [0.0, -5.0, 0.01])
async def test_a_deadline_that_passes_is_a_timeout(seconds: float) -> None:
    """What runs longer is cancelled and becomes a TimeoutError."""
    with pytest.raises(TimeoutError), SystemClock().deadline(seconds):
        await anyio.sleep_forever()


@pytest.mark.usefixtures("stopped")
async def test_a_deadline_is_known_to_the_tasks_that_are_started_inside() -> None:
    """A task group inside of a deadline hands it on to its tasks."""
    clock = SystemClock()
    left: list[float] = []

    async def look() -> None:
        left.append(clock.time_left())

    with clock.deadline(50):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(look)
    assert left == [50]


@pytest.mark.parametrize(("asked", "slept"), [(2.5, 2.5), (0.0, 0.0), (-1.0, 0.0)])
async def test_the_system_clock_sleeps_by_the_event_loop(
    monkeypatch: pytest.MonkeyPatch, asked: float, slept: float
) -> None:
    """As long as it is told, and never less than nothing."""
    told: list[float] = []

    async def sleep(seconds: float) -> None:
        told.append(seconds)

    monkeypatch.setattr("o365_exporter.clock.anyio.sleep", sleep)
    await SystemClock().sleep(asked)
    assert told == [slept]


@pytest.mark.parametrize("seconds", [0.0, -1.0])
async def test_no_time_to_sleep_lets_others_run(seconds: float) -> None:
    """A sleep of nothing, or less, comes back at once and is no error."""
    await SystemClock().sleep(seconds)


@pytest.mark.usefixtures("stopped")
async def test_the_system_clock_is_the_machines() -> None:
    """Wall clock and monotonic clock are those of the machine."""
    clock = SystemClock()
    assert (clock.now(), clock.monotonic()) == (1_800_000_000.0, 512.0)


async def test_fake_time_stands_still_until_it_is_moved() -> None:
    """Sleepers wake in the order of their time, and each sees its own time."""
    clock = FakeClock()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now() - NOON))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sleeper, "late", 30)
        tasks.start_soon(sleeper, "early", 10)
        await clock.advance(20)
        assert woken == [("early", 10)]
        await clock.advance(20)
    assert woken == [("early", 10), ("late", 30)]
    assert clock.monotonic() == 40


async def test_a_fake_deadline_is_a_timeout() -> None:
    """A deadline of the fake clock fires when its time is reached, not before."""
    clock = FakeClock()
    ended: list[float] = []

    async def hang() -> None:
        with pytest.raises(TimeoutError), clock.deadline(50):
            await anyio.sleep_forever()
        ended.append(clock.monotonic())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hang)
        await clock.advance(49)
        assert ended == []
        await clock.advance(2)
    assert ended == [50]
