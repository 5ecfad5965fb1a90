"""Ranges of thresholds, as https://www.monitoring-plugins.org/doc/guidelines.html#THRESHOLDFORMAT has them."""

from __future__ import annotations

import re
from math import inf
from typing import NamedTuple

from o365_exporter.probing import ProbeError

_NUMBER = r"[-+]?(?:\d{1,18}(?:\.\d{0,9})?|\.\d{1,9})"
_RANGE = re.compile(rf"(?P<inside>@)?(?:(?P<start>~|{_NUMBER})?(?P<colon>:))?(?P<end>{_NUMBER})?", re.ASCII)


class Range(NamedTuple):
    """Alarms outside of it, or inside with ``@``; both ends belong to it.

    Args:
        start: -inf where there is none.
        end: +inf where there is none.
        inside: whether it alarms inside.
    """

    start: float
    end: float
    inside: bool = False

    def alarms(self, value: float) -> bool:
        """Whether this value is one to tell of."""
        return (self.start <= value <= self.end) == self.inside

    def share_of(self, total: float) -> Range:
        """A range of percentages as one of counts, without what is behind the point, as the plugins show it."""
        start, end = (bound if abs(bound) == inf else float(int(bound * total / 100)) for bound in self[:2])
        return Range(start, end, self.inside)

    def __str__(self) -> str:
        start = "~" if self.start == -inf else shown(self.start)
        end = "" if self.end == inf else shown(self.end)
        return f"{'@' if self.inside else ''}{start}:{end}"


def shown(number: float) -> str:
    """A number without exponent, and without a point where nothing is behind it."""
    return str(int(number)) if number == int(number) else f"{number:.9f}".rstrip("0")


def parse_range(text: str) -> Range:
    """What a threshold says: ``10``, ``10:``, ``~:10``, ``10:20`` or ``@10:20``.

    Raises:
        ProbeError: it is none.
    """
    found = _RANGE.fullmatch(text.strip())
    if text.startswith("/"):
        raise ProbeError(
            f"{text!r} is no range: the shell has put your folder in the place of ~, write '~:10' in quotes"
        )
    if not found or not (found["colon"] or found["end"]):
        raise ProbeError(f"{text!r} is no range: write 10, 10:, ~:10, 10:20 or @10:20")
    start = -inf if found["start"] == "~" else float(found["start"] or 0)
    end = float(found["end"]) if found["end"] else inf
    if start > end:
        raise ProbeError(f"{text!r} is no range: it starts above its end; write the smaller number first")
    return Range(start, end, bool(found["inside"]))
