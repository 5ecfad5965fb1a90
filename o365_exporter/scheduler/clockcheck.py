"""Tells when the clock of this machine is wrong, and when it is right again."""

from __future__ import annotations

from o365_exporter.logs import get_logger

TOLERANCE = 60.0
"""Seconds by which a clock may differ from Microsoft's; from five minutes on Entra ID refuses what is signed by it."""

log = get_logger("scheduler")


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

    def forget(self, tenant: str) -> None:
        """A tenant no longer sees that it is wrong."""
        if tenant in self._seen_by:
            self._seen_by.remove(tenant)
            if not self._seen_by:
                log.info("clock is right again")
