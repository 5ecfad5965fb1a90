"""Whom the door has turned away, and what went wrong with it: counted at once, told at most once a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from o365_exporter.clock import Clock
from o365_exporter.logs import get_logger

log = get_logger("web")

_PAUSE = 60.0
"""Seconds between two lines: whoever knocks ten thousand times must not fill the disk."""


class Refusals:
    """Counts refusals by their reason.

    Args:
        clock: for the pause between two lines.
        count: is told the reason of each, one of ``selfmetrics.REFUSALS``.
    """

    def __init__(self, clock: Clock, count: Callable[[str], None] = lambda _: None) -> None:
        self._clock = clock
        self._count = count
        self._untold: Counter[str] = Counter()
        self._quiet_until = 0.0
        self._quiet_about_faults_until = 0.0

    def note(self, reason: str) -> None:
        """Count one."""
        self._count(reason)
        self._untold[reason] += 1
        self.tell()

    def fault(self, message: str, error: Exception) -> None:
        """Write down an exception of ours, at most once a minute: a stranger may know how to cause it."""
        if self._clock.monotonic() >= self._quiet_about_faults_until:
            self._quiet_about_faults_until = self._clock.monotonic() + _PAUSE
            log.error("fault of the exporter", message=message, exc_info=error)

    def tell(self) -> None:
        """Write a line about those that no line has told yet, unless there was one a moment ago."""
        if not self._untold or self._clock.monotonic() < self._quiet_until:
            return
        self._quiet_until = self._clock.monotonic() + _PAUSE
        log.warning("clients refused", **dict(sorted(self._untold.items())), message=_MESSAGE)
        self._untold.clear()


_MESSAGE = (
    "By reason, since the last such line; o365-exporter docs security explains them. The next line comes in a minute "
    "or later."
)
