"""What Nagios and Centreon read: one line with a status, numbers behind a bar, and more lines for people.

https://www.monitoring-plugins.org/doc/guidelines.html#PLUGOUTPUT. Foreign names cannot end a line, begin the numbers or
add one, and the whole is bounded: the status is that of everything, whatever is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from o365_exporter.probing.ranges import Range, shown

_MOST_MESSAGES = 20
_LONGEST_MESSAGE = 500
_LEAST = 512
"""Bytes for the status line, however few are allowed."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
_IN_LABEL = str.maketrans(dict.fromkeys("='|", "_"))


class Status(IntEnum):
    """How bad it is; where several hold, the plugins take the highest."""

    OK = 0
    UNKNOWN = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def code(self) -> int:
        """The exit code."""
        return {Status.OK: 0, Status.WARNING: 1, Status.CRITICAL: 2, Status.UNKNOWN: 3}[self]


class Perfdata(NamedTuple):
    """One number for graphs.

    Args:
        label: its name.
        value: finished text.
        unit: behind it.
        warning: range, in the unit of the value.
        critical: likewise.
        least: the smallest value there can be, finished text.
        most: the largest one, likewise.
    """

    label: str
    value: str
    unit: str = ""
    warning: Range | None = None
    critical: Range | None = None
    least: str = ""
    most: str = ""

    def __str__(self) -> str:
        label = _plain(self.label).translate(_IN_LABEL)
        ranges = ";".join("" if one is None else str(one) for one in (self.warning, self.critical))
        return f"'{label}'={self.value}{self.unit};{ranges};{self.least};{self.most}"


class Report:
    """What a check found, piece by piece."""

    def __init__(self) -> None:
        self._messages: dict[Status, dict[str, None]] = {status: {} for status in Status}
        self._perfdata: list[Perfdata] = []
        self._lines: list[str] = []

    @property
    def status(self) -> Status:
        """The worst so far."""
        return max(status for status in Status if self._messages[status] or status is Status.OK)

    @property
    def is_silent(self) -> bool:
        """Whether nothing was said, which is no reason to be content."""
        return not any(self._messages.values())

    def say(self, status: Status, message: str) -> None:
        """Something for the first line; the same is said once."""
        self._messages[status][_plain(message)] = None

    def graph(self, perfdata: Sequence[Perfdata]) -> None:
        """Some more numbers."""
        self._perfdata += perfdata

    def tell(self, line: str) -> None:
        """Something for who wants to know more."""
        self._lines.append(_plain(line))

    def text(self, most: int, *, verbose: bool) -> str:
        """Everything, in at most so many bytes.

        Args:
            most: bytes.
            verbose: whether lines follow the first one.
        """
        first = " ".join(self._first())
        room = max(most, _LEAST)
        first = _cut(first, room - len(_left_out(len(self._perfdata), "numbers")) - 3)
        room -= len(first.encode()) + 3
        numbers = list(_fitting(map(str, self._perfdata), room))
        if hidden := len(self._perfdata) - len(numbers):
            mark = _left_out(hidden, "numbers")
            numbers = list(_fitting(numbers, room - len(mark)))
            first += _left_out(len(self._perfdata) - len(numbers), "numbers")
        line = f"{first} | {' '.join(numbers)}" if numbers else first
        return "\n".join([line, *(self._rest(most - len(line.encode()) - 1) if verbose else ())])

    def _rest(self, room: int) -> Iterator[str]:
        mark = 40  # bytes for the line that says how many are missing
        shown_lines = list(_fitting(self._lines, room))
        if len(shown_lines) < len(self._lines):
            shown_lines = list(_fitting(self._lines, room - mark))
            yield from shown_lines
            if room >= mark:
                yield f"… and {len(self._lines) - len(shown_lines)} more lines"
        else:
            yield from shown_lines

    def _first(self) -> Iterator[str]:
        """The worst first; what is well is said only where all is."""
        for status in sorted(Status, reverse=True):
            messages = list(self._messages[status])
            if (messages and status) or status is self.status:
                more = len(messages) - _MOST_MESSAGES
                kept = [_cut(message, _LONGEST_MESSAGE) for message in messages[:_MOST_MESSAGES]]
                yield f"{status.name}: {' - '.join(kept)}{f' - and {more} more' if more > 0 else ''}"


def of_bytes(number: float) -> str:
    """Bytes in steps of 1024, as the plugins show them: 89.41 GB."""
    units = ["B", "KB", "MB", "GB", "TB", "PB", "EB"]
    while abs(number) >= 1024 and len(units) > 1:  # noqa: PLR2004 - the step
        number /= 1024
        del units[0]
    return f"{number:.2f} {units[0]}"


_SPANS = (("y", 31_556_926), ("M", 2_629_743), ("w", 604_800), ("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def of_seconds(seconds: float) -> str:
    """A span of time in the plugins' units, of which a year has 365.24 days and a month a twelfth of that."""
    rest, parts = int(seconds), []
    for unit, length in _SPANS:
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


def number(value: float, digits: int = 0) -> str:
    """A number as the plugins print it: whole, or with two digits behind the point."""
    return f"{value:.{digits}f}" if digits else shown(float(int(value)))


def cleaned(text: str) -> str:
    """Text that ends no line, and that XML may hold."""
    return _CONTROL.sub(" ", text)


def _plain(text: str) -> str:
    """Text that ends no line and begins no numbers."""
    return cleaned(text).replace("|", "¦")


def _cut(text: str, most: int) -> str:
    """The beginning of a text, in at most so many bytes."""
    encoded = text.encode()
    return text if len(encoded) <= most else encoded[: most - 3].decode(errors="ignore") + "…"


def _left_out(count: int, what: str) -> str:
    return f" ({count} {what} left out)" if count else ""


def _fitting(texts: Iterable[str], room: int) -> Iterator[str]:
    """The first ones that fit, with one byte between them."""
    for text in texts:
        room -= len(text.encode()) + 1
        if room < 0:
            return
        yield text
