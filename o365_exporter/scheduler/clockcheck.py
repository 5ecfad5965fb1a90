"""Tells when the clock of this machine is wrong, when it is right again, and when somebody has set it."""

from __future__ import annotations

from o365_exporter.clock import Clock
from o365_exporter.logs import get_logger

TOLERANCE = 60.0
"""Seconds by which a clock may differ from Microsoft's; from five minutes on Entra ID refuses what is signed by it."""

SET = 2.0
"""Seconds by which a clock is set; less is what NTP does to it all the time."""

log = get_logger("scheduler")


class ClockSet:
    """Sees that the wall clock was set, which is no time that has passed.

    Args:
        clock: whose wall clock is compared with its steady one.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = self._now_ahead()

    def seconds(self) -> float:
        """By how many seconds it was set since the last look, forward or (below 0) back; 0 where it was not."""
        before, self._ahead = self._ahead, self._now_ahead()
        moved = self._ahead - before
        if abs(moved) < SET:
            return 0.0
        way = "forward" if moved > 0 else "back"
        sentence = (
            f"The clock of this machine was set {way} by {abs(moved):.0f} s. What is known keeps its age, and is "
            "polled as if nothing had happened; if nobody meant that, look at NTP."
        )
        log.warning("clock was set", seconds=round(moved, 1), message=sentence)
        return moved

    def _now_ahead(self) -> float:
        return self._clock.now() - self._clock.monotonic()


class ClockCheck:
    """There is one clock and there are many tenants: it is wrong while one of them sees it."""

    def __init__(self) -> None:
        self._seen_by: set[str] = set()

    def note(self, tenant: str, skew: float | None) -> None:
        """What a tenant's answers tell; None where they tell nothing yet."""
        if skew is None or abs(skew) <= TOLERANCE:
            self.forget(tenant)
            return
        if not self._seen_by:
            where = "ahead of" if skew > 0 else "behind"
            sentence = (
                f"The clock of this machine is {abs(skew):.0f} s {where} Microsoft's: set it (by NTP). Signatures, "
                "tokens, certificates and the age of data are judged by it."
            )
            log.error("clock is wrong", seconds=round(skew, 1), message=sentence)
        self._seen_by.add(tenant)

    def recall(self, tenant: str, skew: float | None) -> None:
        """What a former process knew, and has told."""
        if skew is not None and abs(skew) > TOLERANCE:
            self._seen_by.add(tenant)

    def forget(self, tenant: str) -> None:
        """A tenant no longer sees that it is wrong."""
        if tenant in self._seen_by:
            self._seen_by.remove(tenant)
            if not self._seen_by:
                log.info("clock is right again")
