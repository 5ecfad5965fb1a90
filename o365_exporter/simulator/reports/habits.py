"""What people do, day by day.

There are 499 kinds of people, dealt evenly to a tenant of any size. What a kind does on a day follows from seed, kind
and day alone: a week's numbers are the sums of its days', and a file needs no more memory than a line for each kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

KINDS = 499
_STRIDE = 311

_WEEKDAY, _WEEKEND = 79, 15  # per cent of those who use a service at all: 60 and 11 of everybody
_MASK = (1 << 64) - 1
_LOOK_BACK = 60


def kind_of(person: int) -> int:
    """The kind of a person; the first person's is 0, who works every day."""
    return person * _STRIDE % KINDS


def share_of_kinds(people: int) -> Iterator[tuple[int, int]]:
    """Each kind, and how many of the first so many people are of it."""
    for person in range(min(people, KINDS)):
        yield kind_of(person), (people - person - 1) // KINDS + 1


def scatter(value: int) -> int:
    """64 bits that look like chance (the finish of SplitMix64); near values give far ones."""
    value = value + 0x9E3779B97F4A7C15 & _MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _MASK
    return value ^ value >> 31


def up_to(draw: int, most: int) -> int:
    """A draw of 64 bits as a number from 0 to ``most`` - 1."""
    return draw * most >> 64


class Habit:
    """What one kind of people does in one service. Days are ordinals of dates.

    Args:
        seed: of the tenant.
        service: whose habits: people are active in mail on other days than in Teams.
        kind: from 0 to ``KINDS`` - 1.
        refresh: last day that is known.
        tidy: whether nobody's mailbox is ever full.
    """

    def __init__(self, seed: str, service: str, kind: int, refresh: int, *, tidy: bool = False) -> None:
        self.kind = kind
        self.tidy = tidy
        self.refresh = refresh
        self._base = scatter(crc32(f"{seed}/{service}/{kind}".encode()))
        keen = kind % 100 == 0
        self.never = not keen and kind % 9 == 7  # noqa: PLR2004 - a remainder like any other, here and below
        self.dormant = not keen and kind % 9 == 4  # noqa: PLR2004
        self.deleted_on = refresh - (refresh + kind) % 30 if kind % 41 == 20 else None  # noqa: PLR2004
        self._weekday, self._weekend = (100, 100) if keen else (_WEEKDAY, _WEEKEND)

    def active(self, day: int) -> bool:
        """Whether people of this kind use the service on a day."""
        if self.never or self.dormant or (self.deleted_on is not None and day >= self.deleted_on):
            return False
        share = self._weekday if 0 < day % 7 < 6 else self._weekend  # noqa: PLR2004 - Sunday is 0, Saturday 6
        return up_to(self.draw(day), 100) < share

    def last_active(self, day: int) -> int | None:
        """The last day of activity up to a day; None where there never was one."""
        if self.never:
            return None
        for one in range(day, day - _LOOK_BACK, -1):
            if self.active(one):
                return one
        return self.refresh - self.refresh % 500 - 30 - self.kind

    def draw(self, day: int) -> int:
        """64 bits of chance that belong to a day."""
        return scatter(self._base ^ day)
