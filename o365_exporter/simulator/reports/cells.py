"""How the cells of a row come about. A row of ``functions.REPORTS`` names one of these for each column of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from zlib import crc32

from o365_exporter.simulator.reports.habits import Habit, scatter, up_to
from o365_exporter.simulator.reports.windows import Window

Value = str | int | bool | date | None


@dataclass
class Row:
    """What a cell may depend on.

    Args:
        window: days of the file.
        refresh: last day that is known.
        tenant_name: of the organization.
        day: ordinal of the day that the row is about: its own in a trend, else the window's last.
        people: whom it is about, and how many of them: one kind in a detail report, all kinds in a trend.
        cells: of the report, by column.
        site_type: of a trend that has several rows a day.
    """

    window: Window
    refresh: date
    tenant_name: str
    day: int
    people: Sequence[tuple[Habit, int]]
    cells: Mapping[str, Cell]
    site_type: str = ""
    _values: dict[str, Value] = field(default_factory=dict)
    _of_that_day: dict[int, list[tuple[Row, int]]] = field(default_factory=dict)

    @property
    def habit(self) -> Habit:
        """The one kind of people of a detail report's row."""
        return self.people[0][0]

    @cached_property
    def draws(self) -> list[int]:
        """The chance of each day of the window with activity."""
        return [self.habit.draw(day) for day in self.window.days if self.habit.active(day)]

    def of_that_day(self, cells: Mapping[str, Cell], licensed: int) -> list[tuple[Row, int]]:
        """The rows that a detail report of the row's day alone has, and how many people each stands for."""
        if id(cells) not in self._of_that_day:
            window = Window(date.fromordinal(self.day).isoformat(), self.day, self.day)
            self._of_that_day[id(cells)] = [
                (Row(window, self.refresh, self.tenant_name, self.day, [(habit, 1)], cells), many)
                for habit, many in self.people
                if habit.kind % 10 < licensed and habit.active(self.day)
            ]
        return self._of_that_day[id(cells)]

    def value(self, column: str) -> Value:
        """What is in a column."""
        if column not in self._values:
            self._values[column] = self.cells[column](self, column)
        return self._values[column]


Cell = Callable[[Row, str], Value]


def per_day(rate: float) -> Cell:
    """How often something was done in the window: up to about twice the rate on each active day."""
    steps = round((2 * rate + 1) * 1_000)

    def cell(row: Row, column: str) -> int:
        salt = crc32(column.encode())
        return sum(up_to(scatter(draw ^ salt), steps) // 1_000 for draw in row.draws)

    return cell


def added(*columns: str) -> Cell:
    """The sum of other columns."""
    return lambda row, _: sum(_number(row, column) for column in columns)


def times(column: str, factor: int) -> Cell:
    """So many times another column."""
    return lambda row, _: _number(row, column) * factor


def duration(column: str) -> Cell:
    """The seconds of another column as an ISO 8601 duration."""

    def cell(row: Row, _column: str) -> str:
        minutes, seconds = divmod(_number(row, column), 60)
        hours, minutes = divmod(minutes, 60)
        parts = ((hours, "H"), (minutes, "M"), (seconds, "S"))
        return "PT" + ("".join(f"{value}{unit}" for value, unit in parts if value) or "0S")

    return cell


def used(per_cent: int) -> Cell:
    """Whether a device was in use on any active day of the window; so likely a day."""

    def cell(row: Row, column: str) -> bool:
        salt = crc32(column.encode())
        return any(up_to(scatter(draw ^ salt), 100) < per_cent for draw in row.draws)

    return cell


def last_active(row: Row, _column: str) -> date | None:
    """The last day of activity up to the end of the window."""
    return _date(row.habit.last_active(row.window.last))


def last_active_if(column: str) -> Cell:
    """The same, where another column is not zero."""
    return lambda row, _: last_active(row, column) if _number(row, column) else None


def daily(column: str, cells: Mapping[str, Cell], licensed: int = 10) -> Cell:
    """What the rows of a detail report of the row's day have in a column, added up; a yes counts one."""
    return lambda row, _: sum(many * _number(one, column) for one, many in row.of_that_day(cells, licensed))


def drives(each: int, *, active: bool = False) -> Cell:
    """So much for each drive, or for each that was in use on the row's day; `All` has some that are not OneDrive's."""

    def cell(row: Row, _column: str) -> int:
        counted = sum(many for habit, many in row.people if not active or habit.active(row.day))
        return (counted if row.site_type == "All" else counted * 7 // 8) * each

    return cell


def constant(value: Value) -> Cell:
    """The same in every row."""
    return lambda _row, _: value


def one_in(so_many: int) -> Cell:
    """True for one in so many kinds of people."""
    return lambda row, _: row.habit.kind % so_many == 0


def _products(row: Row, _column: str) -> str:
    kind = row.habit.kind
    main = ("MICROSOFT 365 E3", "MICROSOFT 365 E5", "OFFICE 365 E1")[kind % 3]
    if kind % 13 == 12:  # noqa: PLR2004 - a remainder
        return ""
    return f"{main}+POWER BI (FREE)" if kind % 4 == 0 else main


def _date(ordinal: int | None) -> date | None:
    return None if ordinal is None else date.fromordinal(ordinal)


def _number(row: Row, column: str) -> int:
    value = row.value(column)
    assert isinstance(value, int)
    return value


COMMON: dict[str, Cell] = {
    "Report Refresh Date": lambda row, _: row.refresh,
    "Report Period": lambda row, _: row.window.period,
    "Site Type": lambda row, _: row.site_type,
    "Site URL": lambda _row, _: None,  # blank since names can be concealed, and blank where they are not
    "Report Date": lambda row, _: date.fromordinal(row.day),
    "Tenant Display Name": lambda row, _: row.tenant_name,
    "Is Deleted": lambda row, _: row.habit.deleted_on is not None,
    "Deleted Date": lambda row, _: _date(row.habit.deleted_on),
    "Last Activity Date": last_active,
    "Assigned Products": _products,
    "Is Licensed": lambda row, _: row.habit.kind % 17 != 3,  # noqa: PLR2004 - a remainder
}
"""Columns that mean the same in every report."""
