"""Mailboxes: how full they are, day by day."""

from __future__ import annotations

from datetime import date
from typing import Literal

from o365_exporter.simulator.reports.cells import Cell, Row
from o365_exporter.simulator.reports.habits import Habit, up_to

Status = Literal["under limit", "warning", "send prohibited", "send/receive prohibited", "indeterminate"]

_GIB = 1 << 30
_QUOTAS = {
    "warning": (49 * _GIB, 98 * _GIB),
    "send": (99 * _GIB // 2, 99 * _GIB),
    "send and receive": (50 * _GIB, 100 * _GIB),
}
"""Issue warning, prohibit send, prohibit send and receive: of a mailbox of 50 and one of 100 GiB."""


def quota(name: str) -> Cell:
    """A quota in bytes; empty for a few."""
    return lambda row, _: _quota(row.habit, name)


def storage(row: Row, _column: str) -> int | None:
    """Bytes in use; empty for some that were never used."""
    return _used(row.habit, row.day)


def items(row: Row, _column: str) -> int | None:
    """Number of items; empty where the storage is."""
    used = _used(row.habit, row.day)
    return None if used is None else used // 75_000


def created(row: Row, _column: str) -> date:
    """Some day between 2015 and 2020."""
    return date.fromordinal(735_600 + row.habit.kind * 4)


def count(status: Status) -> Cell:
    """How many mailboxes had a status on the row's day."""
    return lambda row, _: sum(people for habit, people in row.people if _status(habit, row.day) == status)


def _quota(habit: Habit, name: str) -> int | None:
    small, large = _QUOTAS[name]
    if habit.kind % 47 == 11:  # noqa: PLR2004 - remainders, here and below
        return None
    return large if habit.kind % 5 == 2 else small  # noqa: PLR2004


def _used(habit: Habit, day: int) -> int | None:
    if habit.never and habit.kind % 2:
        return None
    for divisor, rest, reached in ((23, 5, "warning"), (61, 7, "send"), (83, 9, "send and receive")):
        if habit.kind % divisor == rest and not habit.tidy:
            return (_quota(habit, reached) or 0) + 4_096 * (1 + habit.kind)
    if habit.kind % 29 == 3:  # noqa: PLR2004 - people who tidy up every third day
        return 49 * _GIB + (1 - (day + habit.kind) % 3) * 200_000_000
    return up_to(habit.draw(0), 40 * _GIB) + habit.kind * 1_000 * (day % 1_000)


def _status(habit: Habit, day: int) -> Status:
    used, limit = _used(habit, day), _quota(habit, "send and receive")
    if used is None or limit is None:
        return "indeterminate"
    if used > limit:
        return "send/receive prohibited"
    if used > (_quota(habit, "send") or 0):
        return "send prohibited"
    return "warning" if used > (_quota(habit, "warning") or 0) else "under limit"
