"""Time at Microsoft's, as control moves it."""

from __future__ import annotations

from contextlib import AbstractContextManager

from o365_exporter.clock import Clock


class ShiftedClock:
    """Microsoft's time: the clock it is made of, moved ahead by ``shift`` seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.shift = 0.0

    def now(self) -> float:
        return self._clock.now() + self.shift

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.shift

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def deadline(self, seconds: float) -> AbstractContextManager[None]:
        return self._clock.deadline(seconds)

    def time_left(self) -> float:
        return self._clock.time_left()
