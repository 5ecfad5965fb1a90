"""What a report is made of: the quantities that rows hold, the measures made of them, and the one row for a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from o365_exporter.metrics import Metric
from o365_exporter.reports.tables import Header, Row

REFRESH_DATE = "Report Refresh Date"
REPORT_DATE = "Report Date"
LAST_ACTIVITY_DATE = "Last Activity Date"
USER = "User Principal Name"

Amount = Callable[[Row], float]


class Quantity(Protocol):
    """What one row adds to a measure."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads."""
        ...

    def bind(self, header: Header) -> Amount:
        """The reader for files with this header, which has all ``columns``."""
        ...


@dataclass(frozen=True, slots=True)
class Count:
    """Each row counts one."""

    columns: tuple[str, ...] = ()

    def bind(self, header: Header) -> Amount:  # noqa: ARG002 - a row counts whatever the columns
        return lambda _: 1


@dataclass(frozen=True, slots=True)
class Sum:
    """The number in a column; an empty cell is 0."""

    column: str

    @property
    def columns(self) -> tuple[str, ...]:
        return (self.column,)

    def bind(self, header: Header) -> Amount:
        return header.number(self.column)


@dataclass(frozen=True, slots=True)
class Flags:
    """How many of these columns say yes."""

    columns: tuple[str, ...]

    def bind(self, header: Header) -> Amount:
        flags = [header.flag(column) for column in self.columns]
        return lambda row: sum(flag(row) for flag in flags)


@dataclass(frozen=True, slots=True)
class Active:
    """A quantity of the rows that were active on the refresh day, or of all others."""

    quantity: Quantity
    active: bool

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.quantity.columns, LAST_ACTIVITY_DATE, REFRESH_DATE)

    def bind(self, header: Header) -> Amount:
        amount, wanted = self.quantity.bind(header), self.active
        last, refreshed = header.day(LAST_ACTIVITY_DATE), header.day(REFRESH_DATE)
        return lambda row: amount(row) if (last(row) == refreshed(row)) is wanted else 0


@dataclass(frozen=True, slots=True)
class Measure:
    """A series and how rows make it; per person, ``labels`` lack ``user``."""

    metric: Metric
    quantity: Quantity
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What tells it apart from the others of its report."""
        return " ".join((self.metric.name, *self.labels.values()))


@dataclass(frozen=True, slots=True)
class Report:
    """One usage report.

    Args:
        source: name of its source.
        function: Graph's function.
        population: measures over the rows of the 7-day report.
        day: measures over the rows of the one-day report; none: that form is not asked for.
        newest: measures over the row of the 7-day report with the greatest Report Date.
        per_user: measures for each person, over the one-day rows where there are ``day`` measures, else over all.
        users: the option with the filter on names; empty where the report has no names.
        retired: the product is gone: a 400 or 404 says so, and is no failure.
    """

    source: str
    function: str
    population: tuple[Measure, ...] = ()
    day: tuple[Measure, ...] = ()
    newest: tuple[Measure, ...] = ()
    per_user: tuple[Measure, ...] = ()
    users: str = "users"
    retired: bool = False

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All but those for single persons."""
        return (*self.population, *self.newest, *self.day)
