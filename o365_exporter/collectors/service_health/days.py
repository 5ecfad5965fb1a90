"""Day by day, what was open of each service: as the polls found it, and as Microsoft lists it afterwards.

Polls know of what happens while they go on. What was before the first of them, or while none was made for a whole day,
is read from Microsoft's list of all issues: once, by a poll that follows another one, so that no first poll waits for
it, and ``once`` never asks. What came and went while no poll was made is in that list alone: a day with such a gap is
known by the list, or not at all.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, NamedTuple

from pydantic import AfterValidator

KEPT = 14
"""Days that are kept, today among them."""

KNOWN, ADVISORY, INCIDENT = 1, 2, 4
"""What a day can be: known to its end, with an advisory open, with an incident open."""

DAY = 86400.0
_AGAIN = 6 * 3600.0
"""Seconds after which a list that could not be read, or does not know of a gap yet, is asked for again."""

_OTHERS = ""
"""In the place of a service: what holds for all of them."""

_BITS = 3
"""Of a day, so that each is an octal digit."""

_ALL = (1 << _BITS * KEPT) - 1

_ByService = Mapping[Annotated[str, AfterValidator(sys.intern)], int]


class Span(NamedTuple):
    """A time in which an issue was open, in seconds since 1970, by id of its service, or name where no id is known."""

    service: str
    kind: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Days:
    """What was open on the last days, in UTC.

    Args:
        last: the last of them, counted from 1970.
        polled: by service an octal digit for each day, the last of them for ``last``: the sum of ``KNOWN``,
            ``ADVISORY`` and ``INCIDENT``, as polls found it.
        listed: the same as Microsoft listed it afterwards.
        listed_at: wall clock of the latest reading of that list; None before the first.
        tried_at: the same of the latest attempt.
        trouble: why that list could not be read; empty where it could.
        doubted: services of which that list has what could not be read; an empty text stands for all of them.
        gap: from when to when nobody looked, by the wall clock; None where the list knows of that time, or there is
            none.
    """

    last: int = 0
    polled: _ByService = field(default_factory=dict)
    listed: _ByService = field(default_factory=dict)
    listed_at: float | None = None
    tried_at: float | None = None
    trouble: str = ""
    doubted: frozenset[str] = frozenset()
    gap: tuple[float, float] | None = None

    def digits(self, *names: str) -> Iterator[tuple[int, int, int]]:
        """Each day, counted from 1970, with what polls and list had of the service that goes by these names."""
        polled, listed = (_of(kept, names) for kept in (self.polled, self.listed))
        if not self.doubted.isdisjoint((_OTHERS, *names)):
            listed &= ~_from_to(self.last - KEPT, self.last, self.last, KNOWN)
        for ago in range(KEPT - 1, -1, -1):
            yield self.last - ago, _digit(polled, ago), _digit(listed, ago)

    def lacks(self, now: float) -> bool:
        """Whether Microsoft is to be asked: a day before today, or a part of one, is neither polled nor in the list."""
        is_late = self.tried_at is None or now - self.tried_at >= _AGAIN
        if self.trouble and not is_late:
            return False
        listed_at = -math.inf if self.listed_at is None else self.listed_at
        if self.gap is not None and listed_at < self.gap[1] and is_late:
            return True
        return any(
            not polled & KNOWN and (day + 1) * DAY > listed_at for day, polled, _ in tuple(self.digits(_OTHERS))[:-1]
        )

    def unknown_from(self, moment: float) -> Days:
        """The same, where nobody has looked since this moment: to their end these days are not known by polls."""
        first = int(moment // DAY)
        return replace(self, polled=_without(self.polled, first, self.last, self.last))


def after_poll(days: Days, spans: Iterable[Span], now: float, gap_since: float | None = None) -> Days:
    """After a poll that found these; ``gap_since`` is since when nobody had looked, None where polls go on."""
    days = up_to(days, int(now // DAY))
    if gap_since is not None:
        goes_on = days.gap is not None and days.gap[1] // DAY >= gap_since // DAY  # else its days are settled
        days = replace(days, gap=(min(gap_since, days.gap[0]) if days.gap and goes_on else gap_since, now))
    known = {**days.polled, _OTHERS: days.polled.get(_OTHERS, 0) | KNOWN}
    if days.gap is not None:
        first, final = (int(moment // DAY) for moment in days.gap)
        known = _without(known, first, min(final, days.last - 1), days.last)
    marked = _marked(known, spans, days.last)
    return days if marked == days.polled else replace(days, polled=marked)


def after_list(days: Days, spans: Iterable[Span], doubted: Iterable[str], since: float, now: float) -> Days:
    """After Microsoft's list was read, which is whole from ``since`` on; today goes on, and is not known to its end."""
    known = {_OTHERS: _from_to(math.ceil(since / DAY), days.last - 1, days.last, KNOWN)} if since < now else {}
    oldest = (days.last - KEPT + 1) * DAY
    return replace(
        days,
        listed=_marked(known, spans, days.last),
        listed_at=now,
        tried_at=now,
        trouble="",
        doubted=frozenset(doubted),
        gap=None if days.gap is None or since <= max(days.gap[0], oldest) else days.gap,
    )


def kind_of(classification: str) -> int:
    """What is of no known kind counts as the worse one, as it does for the alerts."""
    return ADVISORY if classification == "advisory" else INCIDENT


def up_to(days: Days, last: int) -> Days:
    """The same days, and those since.

    What is kept of days to come was written by a clock that was wrong, and is dropped; so is when the list was read.
    """
    passed = last - days.last
    if not passed:
        return days
    polled, listed = (
        {name: moved for name, found in kept.items() if (moved := _moved(found, passed))}
        for kept in (days.polled, days.listed)
    )
    if passed > 0:
        return replace(days, last=last, polled=polled, listed=listed)
    return replace(days, last=last, polled=polled, listed=listed, listed_at=None, tried_at=None, gap=None)


def _moved(found: int, days: int) -> int:
    bits = _BITS * min(KEPT, abs(days))
    return found << bits & _ALL if days > 0 else found >> bits


def _without(kept: Mapping[str, int], first: int, final: int, last: int) -> dict[str, int]:
    """The same where of these days, both among them, not all is known."""
    return {**kept, _OTHERS: kept.get(_OTHERS, 0) & ~_from_to(first, final, last, KNOWN)}


def _marked(kept: Mapping[str, int], spans: Iterable[Span], last: int) -> dict[str, int]:
    marked = dict(kept)
    for service, kind, start, end in spans:
        if service and (lasted := _from_to(int(start // DAY), int(end // DAY), last, kind)):
            marked[service] = marked.get(service, 0) | lasted
    return marked


def _from_to(first: int, final: int, last: int, what: int) -> int:
    """The digit on each of these days, both among them, of those that are kept up to ``last``."""
    youngest, oldest = max(0, last - final), min(KEPT - 1, last - first)
    return sum(what << _BITS * ago for ago in range(youngest, oldest + 1))


def _of(kept: Mapping[str, int], names: Iterable[str]) -> int:
    """What is kept of a service, with what holds for all."""
    found = kept.get(_OTHERS, 0)
    for name in names:
        found |= kept.get(name, 0)
    return found


def _digit(found: int, ago: int) -> int:
    return found >> _BITS * ago & (KNOWN | ADVISORY | INCIDENT)
