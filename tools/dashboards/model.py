"""What a dashboard is made of: sections of panels, each panel one row of a table.

PromQL is written without the matcher of the tenant; ``queries.scoped`` adds it to whatever has that label.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

Step = tuple[float | None, str]
"""From which value on which colour; the first one has no value."""

ENDLESS = "+Inf"
"""A state's value that is beyond all numbers."""

PLAIN: tuple[Step, ...] = ((None, "text"),)


@dataclass(frozen=True, slots=True)
class State:
    """A value as a person reads it: ``value`` is what the series has, a label's value or the code of one."""

    value: str
    text: str
    colour: str


@dataclass(frozen=True, slots=True)
class Link:
    """Where a click leads; ``url`` may hold Grafana's variables."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL and what its series are called, with ``{{label}}`` for a label's value."""

    expr: str
    legend: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What all panels have.

    Args:
        key: never changes and is never used again; the panel's id is made of it.
        about: what is seen, whom it concerns and what is cut; the metrics' own help is added.
        unit: one of Grafana's; "" takes it from the name of the metric.
        empty: what stands there without data. It must not sound healthy.
        optional: having no data is usual and has no colour.
        alerts: their runbooks are linked.
    """

    kind: ClassVar[str]

    key: str
    title: str
    about: str
    width: int
    height: int = 8
    unit: str = ""
    decimals: int | None = None
    steps: tuple[Step, ...] = PLAIN
    states: tuple[State, ...] = ()
    empty: str = "no data"
    optional: bool = False
    alerts: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()

    @property
    def queries(self) -> tuple[Query, ...]:
        """In the order of their letters."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Stat(Panel):
    """One number as of now; with ``name`` the series' name stands in its place."""

    kind = "stat"

    expr: str
    width: int = 4
    height: int = 4
    legend: str = ""
    name: bool = False

    @property
    def queries(self) -> tuple[Query, ...]:
        return (Query(self.expr, self.legend),)


@dataclass(frozen=True, kw_only=True)
class Bars(Panel):
    """A bar for each series as of now."""

    kind = "bargauge"

    bars: tuple[Query, ...]
    width: int = 12
    maximum: float | None = None

    @property
    def queries(self) -> tuple[Query, ...]:
        return self.bars


@dataclass(frozen=True, kw_only=True)
class Lines(Panel):
    """Values over time.

    Args:
        stacked: for parts that together make a whole.
        daily: for numbers that speak of one day: steps rather than slopes.
        minimum, maximum: ends of the axis.
        colours: of series by name.
        lowest_first: for what is worse the lower it is; the legend begins with the worst.
    """

    kind = "timeseries"

    lines: tuple[Query, ...]
    width: int = 12
    stacked: bool = False
    daily: bool = False
    minimum: float | None = 0
    maximum: float | None = None
    colours: tuple[State, ...] = ()
    lowest_first: bool = False

    @property
    def queries(self) -> tuple[Query, ...]:
        return self.lines


@dataclass(frozen=True, kw_only=True)
class Timeline(Panel):
    """States over time; the series' values are codes of ``states``."""

    kind = "state-timeline"

    expr: str
    legend: str
    width: int = 24
    height: int = 12

    @property
    def queries(self) -> tuple[Query, ...]:
        return (Query(self.expr, self.legend),)


@dataclass(frozen=True, kw_only=True)
class Column:
    """What all columns have; ``background`` colours the cell rather than the text."""

    title: str
    unit: str = ""
    decimals: int | None = None
    steps: tuple[Step, ...] = ()
    states: tuple[State, ...] = ()
    background: bool = False
    width: int | None = None
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Label(Column):
    """A label's values."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Value(Column):
    """A query's values, in the row of the labels that all queries of the table have.

    Without ``title`` they are not shown: then the query brings a label.
    """

    expr: str


@dataclass(frozen=True, kw_only=True)
class Table(Panel):
    """A row for each thing; ``order`` are titles of columns, the later ones for rows that are equal until then.

    With ``-`` in front the greatest comes first.
    """

    kind = "table"

    columns: tuple[Column, ...]
    order: tuple[str, ...]
    width: int = 24
    height: int = 10

    @property
    def values(self) -> tuple[Value, ...]:
        """The columns that have a query."""
        return tuple(column for column in self.columns if isinstance(column, Value))

    @property
    def queries(self) -> tuple[Query, ...]:
        return tuple(Query(column.expr) for column in self.values)


@dataclass(frozen=True, slots=True)
class Section:
    """Panels under a heading. ``key`` is the collector's name where the panels are about one."""

    key: str
    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice above the panels: the values of a label."""

    name: str
    title: str
    query: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page; ``uid`` is part of its address and never changes."""

    uid: str
    title: str
    about: str
    sections: tuple[Section, ...]
    variables: tuple[Variable, ...] = ()
    links: tuple[Link, ...] = ()
    timezone: str = "browser"
    since: str = "now-24h"
    incidents: bool = True
    tags: tuple[str, ...] = field(default=("o365-exporter",))
