"""The newest day of a trend: one row, or an honest nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from o365_exporter.reports.columns import REPORT_DATE, Columns, OddCellError
from o365_exporter.reports.rows import Group, Measure


@dataclass(frozen=True, slots=True)
class Found:
    """What the newest day gave: ``values`` by ``Measure.key``; what was left out, and why."""

    values: Mapping[str, float]
    left_out: int = 0
    oddities: tuple[str, ...] = ()


class Newest:
    """Keeps the row with the greatest Report Date, wherever it stands.

    Args:
        measures: over that row.
        group: the rows that count; None: all.
    """

    def __init__(self, measures: Sequence[Measure], group: Group | None) -> None:
        self._measures = measures
        self._group = group
        self._day = date.min
        self._rows: dict[tuple[str, ...], Columns] = {}

    def add(self, columns: Columns) -> None:
        """Look at some more rows."""
        for position, day in enumerate(columns.days(REPORT_DATE)):
            if day is None or day < self._day or not self._counts(columns, position):
                continue
            if day > self._day:
                self._day, self._rows = day, {}
            one = Columns(columns.header, columns.rows.picked([position]))
            self._rows.setdefault(self._cells(one), one)

    def _counts(self, columns: Columns, position: int) -> bool:
        group = self._group
        return group is None or group.has(columns.texts(group.column)[position])

    def _cells(self, one: Columns) -> tuple[str, ...]:
        """What is read of a row: two rows of a day may differ in what nobody reads."""
        return tuple(one.texts(column)[0] for measure in self._measures for column in measure.quantity.columns)

    def found(self) -> Found:
        """The measures of the newest row; absent where its cells are empty, odd, or contradicted by another row.

        An empty cell is not 0: Microsoft leaves cells of the newest days empty for a while, and fills them later.
        """
        if len(self._rows) > 1:
            why = f"The newest day, {self._day}, has {len(self._rows)} rows that differ; none of them is served."
            return Found({}, len(self._rows), (why,))
        values: dict[str, float] = {}
        lacking: dict[str, None] = {}
        for one in self._rows.values():
            for measure in self._measures:
                if odd := _unreadable(one, measure):
                    lacking |= dict.fromkeys(odd)
                else:
                    values[measure.key] = measure.quantity.total(one)
        return Found(values, len(lacking), (self._told(lacking),) if lacking else ())

    def _told(self, lacking: Mapping[str, None]) -> str:
        return f"The newest day, {self._day}, has no number under {', '.join(lacking)}; what is made of it is absent."


def _unreadable(one: Columns, measure: Measure) -> list[str]:
    """Columns of a measure in which this row holds nothing, or nothing that can be read."""
    empty = [column for column in measure.quantity.columns if not one.texts(column)[0].strip()]
    if not empty:
        try:
            measure.quantity.total(one)
        except OddCellError:
            return list(measure.quantity.columns)
    return empty
