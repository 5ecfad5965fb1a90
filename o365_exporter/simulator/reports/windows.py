"""Which days a report is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Self

from o365_exporter.simulator.draw import draw_for

PERIODS = {"D7": 7, "D30": 30, "D90": 90, "D180": 180}
"""Days of each period."""

_LAG = timedelta(days=2)
_EARLIEST, _LATEST = 2.0, 10.0


def refresh_date(seed: str, function: str, now: float) -> date:
    """The last day that a report covers at ``now`` (seconds since 1970).

    It is two days back. Each function moves on once a day, at an hour of its own between 2:00 and 10:00 UTC.
    """
    hour = draw_for(seed, "refresh", function).uniform(_EARLIEST, _LATEST)
    return (datetime.fromtimestamp(now, UTC) - timedelta(hours=hour)).date() - _LAG


@dataclass(frozen=True)
class Window:
    """The days of one file, as ordinals. ``text`` is how it was asked for: ``D7`` or ``2026-03-08``."""

    text: str
    first: int
    last: int

    @property
    def days(self) -> range:
        """All days, oldest first."""
        return range(self.first, self.last + 1)

    @property
    def period(self) -> int:
        """The cell ``Report Period``: number of days."""
        return self.last - self.first + 1

    @property
    def is_date(self) -> bool:
        """Whether it was asked for by date: only who was active on that day has a row."""
        return self.text not in PERIODS

    @classmethod
    def of(cls, text: str, refresh: date) -> Self:
        """The window that ends on the refresh date, or a day.

        Raises:
            ValueError: neither a period nor a date.
        """
        if text in PERIODS:
            return cls(text, refresh.toordinal() - PERIODS[text] + 1, refresh.toordinal())
        day = date.fromisoformat(text).toordinal()
        return cls(text, day, day)
