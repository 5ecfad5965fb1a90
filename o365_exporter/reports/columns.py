"""The cells of a report as values, column by column: whole columns are read at once, which is several times faster.

A cell that cannot be what its column holds is an ``OddCellError``: the caller then finds the rows that are to blame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from itertools import compress
from math import isfinite
from operator import and_, eq, not_, or_
from typing import TypeVar

from o365_exporter.reports.tables import Grid, Row

REFRESH_DATE = "Report Refresh Date"
REPORT_DATE = "Report Date"
LAST_ACTIVITY_DATE = "Last Activity Date"
IS_DELETED = "Is Deleted"
DELETED_DATE = "Deleted Date"
USER = "User Principal Name"

_YES = frozenset(("yes", "true", "1"))
_NUMBER = re.compile(r"[+-]?0{0,99}[0-9]{1,18}(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ].*)?", re.ASCII)
_SAFE = 10**18
_TOO_LARGE = 2.0**63
_REMEMBERED = 4096

T = TypeVar("T")

Where = tuple[str, ...]
"""Conditions that a row must fulfil to count: ``active``, ``inactive``, ``deleted``; none for all rows."""


class OddCellError(Exception):
    """A cell does not hold what its column should."""


class Header:
    """Where each column stands; the first one counts where a name comes twice.

    Microsoft spells a column anew now and then (``StorageUsed (Byte)``), so letters and digits decide alone.
    """

    def __init__(self, cells: Row) -> None:
        self.cells = cells
        self.width = len(cells)
        self._positions: dict[str, int] = {}
        for position, cell in enumerate(cells):
            self._positions.setdefault(_spelt(cell), position)
        self._asked: dict[str, int | None] = {}

    def __contains__(self, column: str) -> bool:
        return self._position(column) is not None

    def position(self, column: str) -> int:
        """Index of a column that is there."""
        position = self._position(column)
        if position is None:
            raise KeyError(column)
        return position

    def _position(self, column: str) -> int | None:
        """Spelt once for each column that is asked for, and not for each batch of rows."""
        if column not in self._asked:
            self._asked[column] = self._positions.get(_spelt(column))
        return self._asked[column]

    def __str__(self) -> str:
        return repr(", ".join(" ".join(cell.split()).casefold() for cell in self.cells)[:80])


class Columns:
    """Some rows of a file, column by column; each column is read once, whoever asks for it.

    Args:
        header: of the file; every row has its width.
        rows: at least one.
    """

    def __init__(self, header: Header, rows: Grid) -> None:
        self.header = header
        self.rows = rows
        self._read: dict[tuple[str, ...], Sequence[object]] = {}
        self._days: dict[str, Mapping[str, date | None]] = {}
        self._counts: dict[Where, int] = {}
        self._totals: dict[tuple[str, ...], float] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def texts(self, column: str) -> list[str]:
        """The cells as they are."""
        return self._once(("texts", column), lambda: self.rows.column(self.header.position(column)))

    def _cells(self, column: str) -> list[str]:
        """The cells of what is no text, so that commas in them need no care."""
        return self._once(("cells", column), lambda: self.rows.masked(self.header.position(column)))

    def numbers(self, column: str) -> list[float]:
        """Numbers; an empty cell is 0."""
        return self._once(("numbers", column), lambda: _numbers(column, self._cells(column)))

    def flags(self, column: str) -> list[bool]:
        """Yes or no, in either of Microsoft's spellings."""
        return self._once(("flags", column), lambda: list(map(_FLAGS.__getitem__, self._cells(column))))

    def days(self, column: str) -> list[date | None]:
        """Dates, written with or without a time; None for an empty cell."""
        return list(map(self.days_written(column).__getitem__, self._cells(column)))

    def days_written(self, column: str) -> Mapping[str, date | None]:
        """The few dates that there are in a column, by what its cells say."""
        if column not in self._days:
            self._days[column] = _days(column, set(self._cells(column)))
        return self._days[column]

    def active(self) -> list[bool]:
        """Whether each row was last active on the refresh date."""
        return self.where(("active",))

    def where(self, conditions: Where) -> list[bool]:
        """Whether each row fulfils these conditions, of which there is at least one."""
        return self._once(("where", *conditions), lambda: self._where(conditions))

    def _where(self, conditions: Where) -> list[bool]:
        match conditions:
            case ("active",):
                return self._active()
            case ("inactive",):
                return list(map(not_, self.active()))
            case ("deleted",):
                return self._deleted()
        return list(map(and_, self.where(conditions[:-1]), self.where(conditions[-1:])))

    def count(self, where: Where) -> int:
        """How many rows fulfil the conditions."""
        if where not in self._counts:
            self._counts[where] = self._count(where)
        return self._counts[where]

    def _count(self, where: Where) -> int:
        match where:
            case ():
                return len(self)
            case _ if "inactive" in where:
                return self.count(_without(where)) - self.count(_opposite(where))
            case (one, rare):
                return list(compress(self.where((one,)), self.where((rare,)))).count(True)
        return self.where(where).count(True)

    def total(self, column: str, where: Where) -> float:
        """The sum of a column over the rows that fulfil the conditions."""
        if (column, *where) not in self._totals:
            self._totals[column, *where] = self._total(column, where)
        return self._totals[column, *where]

    def _total(self, column: str, where: Where) -> float:
        numbers = self.numbers(column)
        if not where:
            return sum(numbers)
        if "inactive" in where and isinstance(all_of_them := self.total(column, _without(where)), int):
            return all_of_them - self.total(column, _opposite(where))  # whole numbers lose nothing by that
        if len(where) == 2:  # noqa: PLR2004 - the second is the rarer one, and what it leaves is little
            one, rare = self.where(where[:1]), self.where(where[1:])
            return sum(compress(compress(numbers, rare), compress(one, rare)))
        return sum(compress(numbers, self.where(where)))

    def _active(self) -> list[bool]:
        refreshed = set(self.days_written(REFRESH_DATE).values())
        if len(refreshed) > 1:
            return list(map(eq, self.days(LAST_ACTIVITY_DATE), self.days(REFRESH_DATE)))
        active = {cell: day in refreshed for cell, day in self.days_written(LAST_ACTIVITY_DATE).items()}
        return list(map(active.__getitem__, self._cells(LAST_ACTIVITY_DATE)))

    def _deleted(self) -> list[bool]:
        """Is Deleted says so, or there is a Deleted Date."""
        flags = self.flags(IS_DELETED)
        if DELETED_DATE not in self.header:
            return flags
        days = self._cells(DELETED_DATE)
        if "" not in compress(days, flags) and len(days) - days.count("") == flags.count(True):
            return flags  # nothing that is not deleted has a date
        together = "".join(days)
        if not (written := together.split()):
            return flags
        return list(map(or_, flags, map(bool, days if written == [together] else map(str.strip, days))))

    def _once(self, key: tuple[str, ...], read: Callable[[], list[T]]) -> list[T]:
        if key not in self._read:
            self._read[key] = read()
        return self._read[key]  # type: ignore[return-value]  # each kind has one type


def _without(where: Where) -> Where:
    return tuple(condition for condition in where if condition != "inactive")


def _opposite(where: Where) -> Where:
    return tuple("active" if condition == "inactive" else condition for condition in where)


class _Memory(dict[str, T]):
    """What a cell stands for, for cells that come again and again; forgotten when there are too many."""

    def __init__(self, read: Callable[[str], T]) -> None:
        super().__init__()
        self._reader = read

    def __missing__(self, cell: str) -> T:
        if len(self) >= _REMEMBERED:
            self.clear()
        value = self[cell] = self._reader(cell)
        return value


def _flag(cell: str) -> bool:
    return cell.strip().lower() in _YES


def _day(cell: str) -> date | None:
    if not (written := cell.strip()):
        return None
    found = _DAY.fullmatch(written)  # fromisoformat alone would also take 2026-W47-1
    try:
        return date.fromisoformat(found[1] if found else "none")
    except ValueError:
        raise OddCellError(repr(cell[:40])) from None


_FLAGS = _Memory(_flag)
_DAYS = _Memory(_day)


def _days(column: str, cells: Iterable[str]) -> Mapping[str, date | None]:
    try:
        return {cell: _DAYS[cell] for cell in cells}
    except OddCellError as error:
        raise OddCellError(f"{error} in the column {column} is not a date") from None


def _numbers(column: str, cells: list[str]) -> list[float]:
    """As ``_number`` reads each cell; plain digits are the rule, and told for all cells at once."""
    together = "".join(cells)
    if together.isdecimal() and together.isascii():
        with suppress(ValueError):  # an empty cell, or more digits than Python takes
            numbers = list(map(int, cells))
            if sum(numbers) < _SAFE or max(numbers) < _SAFE:  # the sum is quicker, and none is less than nothing
                return numbers  # type: ignore[return-value]  # whole numbers are numbers
    return [_number(column, cell) for cell in cells]


def _number(column: str, cell: str) -> float:
    """A number as Microsoft writes it: Python would also take ``NaN``, ``1_000`` and the digits of other scripts.

    Whatever is counted in a report is a number of people, things, seconds or bytes, and never less than none.
    """
    written = cell.strip()
    if not written:
        return 0
    if _NUMBER.fullmatch(written):
        value = int(written) if written.lstrip("+-").isdecimal() else float(written)
        if value < 0:
            raise OddCellError(f"{cell[:40]!r} in the column {column} is less than none")
        if isfinite(value) and value < _TOO_LARGE:
            return value
    raise OddCellError(f"{cell[:40]!r} in the column {column} is not a number")


def _spelt(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
