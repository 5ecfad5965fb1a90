"""What a report is made of: the quantities that rows hold, the measures made of them, and the one row for a report."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import compress, repeat
from operator import mul
from typing import Literal, Protocol

from o365_exporter.metrics import Metric
from o365_exporter.reports.columns import IS_DELETED, LAST_ACTIVITY_DATE, REFRESH_DATE, USER, Columns, Where


class Quantity(Protocol):
    """What each row adds to a measure."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        ...

    def amounts(self, columns: Columns) -> Iterable[float]:
        """A number for each row of a file that has all ``columns``.

        Raises:
            OddCellError: a cell does not hold what it should.
        """
        ...

    def total(self, columns: Columns, where: Where = ()) -> float:
        """The sum of ``amounts`` over the rows that fulfil the conditions; raises the same."""
        ...


@dataclass(frozen=True, slots=True)
class Count:
    """Each row counts one."""

    columns: tuple[str, ...] = ()

    def amounts(self, columns: Columns) -> Iterable[float]:
        return repeat(1, len(columns))

    def total(self, columns: Columns, where: Where = ()) -> float:
        return columns.count(where)


@dataclass(frozen=True, slots=True)
class Sum:
    """The number in a column; an empty cell is 0."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def amounts(self, columns: Columns) -> Iterable[float]:
        return columns.numbers(self.column)

    def total(self, columns: Columns, where: Where = ()) -> float:
        return columns.total(self.column, where)


@dataclass(frozen=True, slots=True)
class Sums:
    """The numbers in several columns; an empty cell is 0."""

    columns: tuple[str, ...]

    def amounts(self, columns: Columns) -> Iterable[float]:
        return map(sum, zip(*map(columns.numbers, self.columns), strict=True))

    def total(self, columns: Columns, where: Where = ()) -> float:
        return sum(columns.total(column, where) for column in self.columns)


@dataclass(frozen=True, slots=True)
class Flags:
    """How many of these columns say yes."""

    columns: tuple[str, ...]

    def amounts(self, columns: Columns) -> Iterable[float]:
        return map(sum, zip(*map(columns.flags, self.columns), strict=True))

    def total(self, columns: Columns, where: Where = ()) -> float:
        if where:
            return sum(compress(self.amounts(columns), columns.where(where)))
        return sum(columns.flags(column).count(True) for column in self.columns)


@dataclass(frozen=True, slots=True)
class Active:
    """A quantity of the rows that were active on the refresh day, or of all others."""

    quantity: Quantity
    active: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.quantity.columns, LAST_ACTIVITY_DATE, REFRESH_DATE)

    def amounts(self, columns: Columns) -> Iterable[float]:
        return map(mul, self.quantity.amounts(columns), columns.where(self._condition))

    def total(self, columns: Columns, where: Where = ()) -> float:
        return self.quantity.total(columns, where + self._condition)

    @property
    def _condition(self) -> Where:
        return ("active",) if self.active else ("inactive",)


@dataclass(frozen=True, slots=True)
class Deleted:
    """A quantity of the rows of what is deleted, which Microsoft leaves in its files for a month and longer."""

    quantity: Quantity

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.quantity.columns, IS_DELETED)

    def amounts(self, columns: Columns) -> Iterable[float]:
        return map(mul, self.quantity.amounts(columns), columns.where(("deleted",)))

    def total(self, columns: Columns, where: Where = ()) -> float:
        return self.quantity.total(columns, (*where, "deleted"))


@dataclass(frozen=True, slots=True)
class Measure:
    """A series and how rows make it; one for each key, ``labels`` lack that of the key."""

    metric: Metric
    quantity: Quantity
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells it apart from the others of its report; kept once, for it names the sums of each tenant."""
        return sys.intern(" ".join((self.metric.name, *self.labels.values())))


@dataclass(frozen=True, slots=True)
class RowKey:
    """What the rows of a report are about.

    Args:
        column: has its name.
        label: of its series.
        personal: it names persons, so series of its own only exist where somebody has switched them on.
    """

    column: str = USER
    label: str = "user"
    personal: bool = True


PERSON = RowKey()
"""What most reports are about."""


@dataclass(frozen=True, slots=True)
class Group:
    """The rows of a trend that count, where it has several for each day.

    OneDrive's trends have a row of the Site Type ``OneDrive`` before that of ``All``.
    """

    column: str
    value: str

    def has(self, text: str) -> bool:
        """Whether a row counts, by its cell."""
        return text.strip().casefold() == self.value.casefold()


@dataclass(frozen=True, slots=True)
class Trend:
    """What Microsoft still knows of former days: a report with a row for each day.

    Args:
        function: Graph's function.
        measures: over the row of a day, which are what a poll makes of the same day.
        group: which rows count; None where there is one for each day.
    """

    function: str
    measures: tuple[Measure, ...]
    group: Group | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """One usage report.

    Args:
        source: name of its source.
        function: Graph's function.
        population: measures over the rows of the report of its period.
        day: measures over the rows of the one-day report; none: that form is not asked for.
        newest: measures over the row of the period with the greatest Report Date.
        group: which rows count for ``newest``; None where there is one for each day.
        each: measures for each key, over the one-day rows where there are ``day`` measures, else over all.
        key: what a row is about.
        period: of the report; ``now`` for a function that takes no parameter.
        users: the option with the filter on keys; empty where none is offered.
        retired: the product is gone: a 400 or 404 says so, and is no failure.
        trend: the same for former days; None where no report says the same.
    """

    source: str
    function: str
    population: tuple[Measure, ...] = ()
    day: tuple[Measure, ...] = ()
    newest: tuple[Measure, ...] = ()
    group: Group | None = None
    each: tuple[Measure, ...] = ()
    key: RowKey = PERSON
    period: Literal["D7", "D30", "D90", "D180", "now"] = "D7"
    users: str = "users"
    retired: bool = False
    trend: Trend | None = None

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All but those for single keys."""
        return (*self.population, *self.newest, *self.day)
