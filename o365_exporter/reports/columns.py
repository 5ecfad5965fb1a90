"""The cells of a report as values, column by column: whole columns are read at once, which is several times faster.

A cell that cannot be what its column holds is an ``OddCellError``: the caller then finds the rows that are to blame.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from math import isfinite
from operator import eq, itemgetter, or_
from typing import TypeVar

from o365_exporter.reports.tables import Row

REFRESH_DATE = "Report Refresh Date"
REPORT_DATE = "Report Date"
LAST_ACTIVITY_DATE = "Last Activity Date"
IS_DELETED = "Is Deleted"
DELETED_DATE = "Deleted Date"
USER = "User Principal Name"

_YES = frozenset(("yes", "true", "1"))
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]*)?([eE][+-]?[0-9]{1,3})?", re.ASCII)
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})([T ].*)?", re.ASCII)
_SAFE_DIGITS = 18
_TOO_LARGE = 2.0**63
_REMEMBERED = 4096

T = TypeVar("T")


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

    def __contains__(self, column: str) -> bool:
        return _spelt(column) in self._positions

    def position(self, column: str) -> int:
        """Index of a column that is there."""
        return self._positions[_spelt(column)]

    def __str__(self) -> str:
        return repr(", ".join(" ".join(cell.split()).casefold() for cell in self.cells)[:80])


class Columns:
    """Some rows of a file, column by column; each column is read once, whoever asks for it.

    Args:
        header: of the file; every row has its width.
        rows: at least one.
    """

    def __init__(self, header: Header, rows: Sequence[Row]) -> None:
        self.header = header
        self.rows = rows
        self._read: dict[tuple[str, str], Sequence[object]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def texts(self, column: str) -> list[str]:
        """The cells as they are."""
        return self._once("texts", column, lambda: list(map(itemgetter(self.header.position(column)), self.rows)))

    def numbers(self, column: str) -> list[float]:
        """Numbers; an empty cell is 0."""
        return self._once("numbers", column, lambda: _numbers(column, self.texts(column)))

    def flags(self, column: str) -> list[bool]:
        """Yes or no, in either of Microsoft's spellings."""
        return self._once("flags", column, lambda: list(map(_FLAGS.__getitem__, self.texts(column))))

    def days(self, column: str) -> list[date | None]:
        """Dates, written with or without a time; None for an empty cell."""
        return self._once("days", column, lambda: _days(column, self.texts(column)))

    def active(self) -> list[bool]:
        """Whether each row was last active on the refresh date."""
        days = self.days
        return self._once("active", "", lambda: list(map(eq, days(LAST_ACTIVITY_DATE), days(REFRESH_DATE))))

    def deleted(self) -> list[bool]:
        """Whether each row is of something deleted: Is Deleted says so, or there is a Deleted Date."""
        return self._once("deleted", "", self._deleted)

    def _deleted(self) -> list[bool]:
        flags = self.flags(IS_DELETED)
        if DELETED_DATE not in self.header:
            return flags
        return list(map(or_, flags, map(bool, map(str.strip, self.texts(DELETED_DATE)))))

    def _once(self, kind: str, column: str, read: Callable[[], list[T]]) -> list[T]:
        if (kind, column) not in self._read:
            self._read[kind, column] = read()
        return self._read[kind, column]  # type: ignore[return-value]  # each kind has one type


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


def _days(column: str, cells: list[str]) -> list[date | None]:
    try:
        return list(map(_DAYS.__getitem__, cells))
    except OddCellError as error:
        raise OddCellError(f"{error} in the column {column} is not a date") from None


def _numbers(column: str, cells: list[str]) -> list[float]:
    """As ``_number`` reads each cell; plain digits are the rule, and told for all cells at once."""
    together = "".join(cells)
    if together.isdecimal() and together.isascii() and max(map(len, cells)) <= _SAFE_DIGITS:
        return list(map(int, cells)) if "" not in cells else [int(cell or 0) for cell in cells]
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
