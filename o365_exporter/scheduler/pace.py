"""What can wait does so while the event loop is late, so that what is slow does not make itself slower.

A machine that is busy with other things lets polls pile up: each takes longer, more are under way at once, and in the
end all of them pass their deadlines. Lateness of the loop is what tells, whatever its cause: polls that only wait for
Microsoft cost nothing, and however many hang, they hold nobody back here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import islice, takewhile

import anyio

from o365_exporter.clock import Clock

LATE = 0.05
"""Seconds by which a turn of the loop may be late before the others are held back to a few at once."""

TOO_LATE = 0.5
"""Seconds from which on nobody is let in."""

A_FEW = 8
"""Polls under way up to which others are let in although the loop is late.

Where other programs take the processor each turn is late, and nothing gets done by waiting for one that is not.
"""

YOUNG = 10.0
"""Seconds for which a poll counts among these: what takes longer waits for Microsoft, and costs nothing."""

LOOK = 0.1
"""Seconds between two looks at how late it is, while somebody waits."""

AT_A_LOOK = 10
"""Polls that are let in at most after a look that found it in time: a hundred a second.

After a look that found it late it is one, and twice as many after each that does not: what a poll costs shows only
while it is under way, and ten at once may be a second of work where a quarter of a core is left.
"""


class Pace:
    """Lets polls in as long as the loop keeps up.

    Args:
        clock: tells how late the loop is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._waiting: dict[anyio.Event, None] = {}
        self._wanted = anyio.Event()
        self._at_a_look = 1
        self._under_way: dict[object, float] = {}

    @asynccontextmanager
    async def turn(self, longest: float) -> AsyncIterator[None]:
        """Poll inside: waits until the loop keeps up and who came before is in, but no longer than so many seconds."""
        await self._waited(longest)
        place = object()
        self._under_way[place] = self._clock.monotonic()
        try:
            yield
        finally:
            del self._under_way[place]

    async def _waited(self, longest: float) -> None:
        if not self._waiting and await self._lateness(0) <= LATE:
            return
        place = anyio.Event()
        self._waiting[place] = None
        self._wanted.set()
        try:
            with suppress(TimeoutError), self._clock.deadline(longest):
                await place.wait()
        finally:
            self._waiting.pop(place, None)

    async def keep(self) -> None:
        """Let in who waits, for ever."""
        while True:
            await self._wanted.wait()
            self._at_a_look = 1
            while self._waiting:
                late = await self._lateness(LOOK)
                if late <= LATE:
                    self._let_in(self._at_a_look)
                    self._at_a_look = min(2 * self._at_a_look, AT_A_LOOK)
                    continue
                self._at_a_look = 1
                if late <= TOO_LATE:
                    self._let_in(A_FEW - self._young())
            self._wanted = anyio.Event()

    def _young(self) -> int:
        """How many polls have begun lately and are under way."""
        since = self._clock.monotonic() - YOUNG
        return sum(1 for _ in takewhile(lambda begun: begun > since, islice(reversed(self._under_way.values()), A_FEW)))

    def _let_in(self, number: int) -> None:
        for place in list(islice(self._waiting, max(0, number))):
            del self._waiting[place]
            place.set()

    async def _lateness(self, seconds: float) -> float:
        """How many seconds later than wanted a wait ends."""
        start = self._clock.monotonic()
        await self._clock.sleep(seconds)
        return self._clock.monotonic() - start - seconds
