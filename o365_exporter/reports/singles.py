"""The measures of single persons, sites or products, for those that somebody chose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from o365_exporter.fields import cleaned
from o365_exporter.reports.columns import Columns
from o365_exporter.reports.options import PerUserOptions
from o365_exporter.reports.rows import Measure, RowKey


class Singles:
    """Sums by the label of a key; ``cut`` counts the rows of those beyond the limit.

    Args:
        options: which keys get series, and under which label.
        key: what a row is about.
        measures: that the file has every column for.
    """

    def __init__(self, options: PerUserOptions, key: RowKey, measures: Sequence[Measure]) -> None:
        self._options = options
        self._key = key
        self.measures = measures if options.enabled else ()
        self.values: dict[str, dict[str, float]] = {}
        self.cut = 0

    def add(self, columns: Columns) -> None:
        """Add some more rows."""
        if not self.measures:
            return
        amounts = [(measure.key, list(measure.quantity.amounts(columns))) for measure in self.measures]
        for position, label in enumerate(self._labels(columns)):
            if label and (sums := self._sums(label)) is not None:
                for key, values in amounts:
                    sums[key] += values[position]

    def _labels(self, columns: Columns) -> Iterator[str]:
        """The label of each row, empty where it gets no series."""
        for name in map(cleaned, columns.texts(self._key.column)):
            yield self._options.label(name) if name and self._options.keeps(name) else ""

    def _sums(self, label: str) -> dict[str, float] | None:
        """The sums of a label, None beyond the limit."""
        if label not in self.values:
            if len(self.values) >= self._options.limit:
                self.cut += 1  # a name has one row, and to remember them all would cost the memory of the file
                return None
            self.values[label] = dict.fromkeys((measure.key for measure in self.measures), 0)
        return self.values[label]
