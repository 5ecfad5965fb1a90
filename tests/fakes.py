"""Stand-ins that tests share: a clock that only moves when told to."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import anyio
import anyio.lowlevel

NOON = 1773144000.0
"""2026-03-10T12:00:00Z, where every fake clock starts unless told otherwise."""

PATIENCE = 30.0
"""Seconds after which a test of real programs and sockets gives up; it says nothing of how fast they are."""


async def settle() -> None:
    """Let every other task run until it waits for something; anyio's own function for this sleeps 0.1 s at a time."""
    this = asyncio.current_task()
    busy = True
    while busy:
        await asyncio.sleep(0)
        others = [task for task in asyncio.all_tasks() if task is not this]
        waiters = [getattr(task, "_fut_waiter", None) for task in others]
        busy = any(waiter is None or waiter.done() for waiter in waiters)


class FakeClock:
    """A ``Clock`` whose time stands still until ``advance`` moves it, firing sleepers and deadlines in order."""

    def __init__(self, now: float = NOON) -> None:
        self._now = now
        self._start = now
        self._set = 0.0
        self._timers: list[tuple[float, int, Callable[[], object]]] = []
        self._order = itertools.count()
        self._deadline: ContextVar[float] = ContextVar("fake_deadline", default=float("inf"))

    def now(self) -> float:
        return self._now + self._set

    def set(self, seconds: float) -> None:
        """Somebody sets the clock by so many seconds; no time passes."""
        self._set += seconds

    def sleep_through(self, seconds: float) -> None:
        """The machine is asleep: time passes, and what waits for the event loop's clock waits as long as before."""
        self._now += seconds
        self._timers = [(when + seconds, *rest) for when, *rest in self._timers]  # type: ignore[misc] # keeps its order

    def monotonic(self) -> float:
        return self._now - self._start

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await anyio.lowlevel.checkpoint()
            return
        woken = anyio.Event()
        self._at(self._now + seconds, woken.set)
        await woken.wait()

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        end = min(self._now + seconds, self._deadline.get())
        token = self._deadline.set(end)
        lasting = [anyio.CancelScope()]

        def cancel() -> None:
            for one in lasting:
                one.cancel()

        try:
            with lasting[0] as scope:
                self._at(end, cancel)
                yield
        finally:
            lasting.clear()  # what waits for its time holds nothing that is over
            self._deadline.reset(token)
        if scope.cancelled_caught:
            raise TimeoutError

    def time_left(self) -> float:
        return self._deadline.get() - self._now

    async def advance(self, seconds: float) -> None:
        """Move on; whatever falls due on the way runs until it blocks again, in the order of its time."""
        target = self._now + seconds
        await settle()
        while self._timers and self._timers[0][0] <= target:
            self._now, _, fire = heapq.heappop(self._timers)
            fire()
            await settle()
        self._now = target

    def _at(self, when: float, fire: Callable[[], object]) -> None:
        heapq.heappush(self._timers, (when, next(self._order), fire))
