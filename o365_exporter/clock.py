"""Time, sleep and deadlines behind one seam, so that tests and the simulator can move them.

Nothing else in this package calls ``time.time``, ``anyio.sleep`` or ``anyio.fail_after``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Protocol

import anyio

_FOREVER = float("inf")
_EVEN_ASLEEP = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Linux counts sleep with this clock alone, other systems with their CLOCK_MONOTONIC (unlike ``time.monotonic``)."""

_deadline: ContextVar[float] = ContextVar("deadline", default=_FOREVER)


class Clock(Protocol):
    """What the program needs of time."""

    def now(self) -> float:
        """Wall clock: seconds since 1970-01-01T00:00:00Z."""
        ...

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back, and goes on while the machine sleeps."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; a negative or zero time only lets other tasks run."""
        ...

    def deadline(self, seconds: float) -> AbstractContextManager[None]:
        """Cancel what runs inside after this many seconds and raise ``TimeoutError``."""
        ...

    def time_left(self) -> float:
        """Seconds until the nearest deadline of this task; infinity where there is none."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Wall clock: seconds since 1970-01-01T00:00:00Z."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since an arbitrary start, those included for which the machine slept."""
        return time.clock_gettime(_EVEN_ASLEEP)

    async def sleep(self, seconds: float) -> None:
        """Wait by the event loop's clock."""
        await anyio.sleep(max(0.0, seconds))

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Cancel what runs inside after this many seconds and raise ``TimeoutError``."""
        token = _deadline.set(min(self.monotonic() + seconds, _deadline.get()))
        try:
            with anyio.fail_after(seconds):
                yield
        finally:
            _deadline.reset(token)

    def time_left(self) -> float:
        """Seconds until the nearest deadline of this task; infinity where there is none."""
        return _deadline.get() - self.monotonic()
