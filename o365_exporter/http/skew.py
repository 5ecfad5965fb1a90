"""How far this machine's clock is from Microsoft's, by the ``Date`` of its answers.

Each answer bounds the difference: the host wrote its date, in whole seconds, at some moment between our sending and our
receiving. The bounds of several answers are cut to what they have in common; where they have nothing in common, a
clock has been set, and the newest counts alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

CHECK_CLOCK = "Check the clock of the machine that runs the exporter."
KEEP_CLOCK = "On Linux: timedatectl set-ntp true (of a container, on its host)."
_NOTABLE = 60.0  # seconds; less breaks nothing: Entra ID allows for minutes, and certificates last for months


class Skew:
    """The best estimate so far."""

    def __init__(self) -> None:
        self._bounds: tuple[float, float] | None = None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the most that it can be."""
        return self._bounds

    def recall(self, bounds: tuple[float, float]) -> None:
        """What a former process has found out; an answer with which it has nothing in common puts it aside."""
        self._bounds = bounds

    @property
    def seconds(self) -> float | None:
        """Ours minus Microsoft's, positive where ours is ahead; None before the first answer with a date."""
        return sum(self._bounds) / 2 if self._bounds else None

    @property
    def is_notable(self) -> bool:
        """Whether it is more than what breaks nothing."""
        return self.seconds is not None and abs(self.seconds) >= _NOTABLE

    def note(self, headers: Mapping[str, str], sent: float, received: float) -> None:
        """One answer.

        Args:
            headers: of an answer of Microsoft's own; one that was kept by a cache says its ``Age``, and nothing here.
            sent: wall clock before the request.
            received: wall clock after the answer's head.
        """
        date = None if "age" in headers else http_date(headers.get("date", ""))
        if date is None or received < sent:  # our clock was set back meanwhile
            return
        low, high = sent - date - 1, received - date
        if self._bounds and max(low, self._bounds[0]) <= min(high, self._bounds[1]):
            low, high = max(low, self._bounds[0]), min(high, self._bounds[1])
        self._bounds = low, high

    def advice(self) -> str:
        """What to do about the clock, where that may be the cause of something."""
        if self.seconds is None:
            return CHECK_CLOCK
        if not self.is_notable:
            return "The clock of the machine that runs the exporter agrees with Microsoft's, so that is not the cause."
        return (
            f"The clock of the machine that runs the exporter is {_distance(self.seconds)}: "
            "set it, and let it be kept (NTP)."
        )


def clock_fault(skews: Iterable[float | None]) -> str:
    """How far this machine's clock is from Microsoft's, in words; empty where nothing is wrong, or that is not known.

    Args:
        skews: seconds by which it is ahead of Microsoft's, as several tenants or hosts tell; the worst counts.
    """
    worst = max((each for each in skews if each is not None), key=abs, default=0.0)
    return _distance(worst) if abs(worst) >= _NOTABLE else ""


def _distance(seconds: float) -> str:
    return f"{_duration(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'} Microsoft's"


def http_date(text: str) -> float | None:
    """Seconds since 1970 of a date in a header; None for anything else."""
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} seconds"
