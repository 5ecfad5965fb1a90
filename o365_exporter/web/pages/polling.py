"""Polls out of turn, where they are enabled: which source may be asked out of turn, and what is said to who asks."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil

from o365_exporter.clock import Clock
from o365_exporter.status import SourceView

PAUSE = 60.0
"""Seconds from one attempt of a source to the next that anybody may ask for."""

PollNow = Callable[[str, str, str], bool]
"""Polls a source of a tenant and collector at once, all by name; False where there is none, or it is under way."""


class OnDemand:
    """Has sources polled out of turn, none of them more often than once in ``PAUSE`` seconds.

    Args:
        poll_now: does it.
        clock: tells how long ago the latest attempt was.
    """

    def __init__(self, poll_now: PollNow, clock: Clock) -> None:
        self._poll_now = poll_now
        self._clock = clock
        self._asked: dict[tuple[str, str, str], float] = {}

    def ask(self, tenant: str, source: SourceView) -> str:
        """Poll a source: ``asked``, ``busy`` while that is under way, or in how many seconds it can be asked for."""
        place, now = (tenant, source.collector, source.source), self._clock.now()
        self._asked = {key: asked for key, asked in self._asked.items() if 0 <= now - asked < PAUSE}
        left = max(self._free_from(source), self._asked.get(place, now - PAUSE) + PAUSE) - now
        if left > 0:
            return str(ceil(left))
        if not self._poll_now(*place):
            return "busy"
        self._asked[place] = now
        return "asked"

    def _free_from(self, source: SourceView) -> float:
        """Whoever was told by Microsoft to wait waits until the planned time."""
        if source.state == "throttled" and source.next_run is not None:
            return source.next_run
        return 0.0 if source.attempted_at is None else source.attempted_at + PAUSE
