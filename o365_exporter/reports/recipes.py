"""What is to be made of a report file, and what is kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import blake2b
from typing import Any, Self

from o365_exporter.filters import Filter
from o365_exporter.reports.columns import REFRESH_DATE, REPORT_DATE
from o365_exporter.reports.options import PerUserOptions
from o365_exporter.reports.rows import PERSON, Group, Measure, RowKey


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is to be made of one file.

    Args:
        rows: measures over all rows.
        newest: measures over the row with the greatest Report Date.
        group: the rows that ``newest`` is looked for among; None: all.
        each: measures for single keys.
        key: what a row is about.
        keys: which rows count, by key.
        singles: which keys get series.
        activity: whether to count the rows that were active on the refresh date.
    """

    rows: tuple[Measure, ...] = ()
    newest: tuple[Measure, ...] = ()
    group: Group | None = None
    each: tuple[Measure, ...] = ()
    key: RowKey = PERSON
    keys: Filter = field(default_factory=Filter)
    singles: PerUserOptions = field(default_factory=PerUserOptions)
    activity: bool = False

    @property
    def filters(self) -> bool:
        """Whether some rows may not count."""
        return bool(self.keys.include or self.keys.exclude)

    @property
    def fingerprint(self) -> str:
        """Another one wherever another sum would be made of the same file; it tells no secret."""
        each = (self.each, self.singles.include, self.singles.exclude, self.singles.limit, self.singles.label("user"))
        parts = (self.rows, self.newest, self.group, self.key, self.keys, *(each if self.singles.enabled else ()))
        return blake2b(repr(_told(parts)).encode(), digest_size=8).hexdigest()

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        measures = (*self.rows, *self.newest, *(self.each if self.singles.enabled else ()))
        wanted = [column for measure in measures for column in measure.quantity.columns]
        names = [self.key.column] if self.filters or (self.each and self.singles.enabled) else []
        dates = [REPORT_DATE] if self.newest else []
        groups = [self.group.column] if self.group else []
        return tuple(dict.fromkeys([REFRESH_DATE, *dates, *groups, *names, *wanted]))


def _told(part: Any) -> Any:
    """Measures by their key and quantity: what the help text of a metric says changes no sum."""
    if isinstance(part, Measure):
        return part.key, part.quantity
    return tuple(map(_told, part)) if isinstance(part, tuple) else part


Values = Mapping[str, float]
"""Sums by ``Measure.key``; a measure whose columns are missing has none."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What is kept of one file.

    Args:
        refreshed: the last day that it covers.
        rows: how many it has, whatever the filters say.
        missing: columns that were wanted and are not there.
        values: the measures.
        each: the measures for single keys, by the label of the key.
        cut: keys beyond the limit.
        concealed: whether names are hashes; None where none were seen.
        etag: validator of the file; empty where it has none.
        active: rows that were active on the refresh date, whatever the filters say; None where that was not counted.
        left_out: rows and cells that could not be read.
        oddities: sentences about what could not be read, without the name of the report.
    """

    refreshed: date
    rows: int
    missing: tuple[str, ...]
    values: Values
    each: Mapping[str, Values]
    cut: int
    concealed: bool | None
    etag: str
    active: int | None = None
    left_out: int = 0
    oddities: tuple[str, ...] = ()

    @classmethod
    def empty(cls, refreshed: date, recipe: Recipe) -> Self:
        """A file without rows, whose sums are 0."""
        values = dict.fromkeys((measure.key for measure in recipe.rows), 0.0)
        return cls(refreshed, 0, (), values, {}, 0, None, "")
