"""How a file is written: spelling of cells, and what may be odd about its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from o365_exporter.simulator.reports.cells import Value

Booleans = Literal["mixed", "true_false", "yes_no", "lower_case"]
Dates = Literal["date", "date_and_time"]

_WORDS = {"true_false": ("False", "True"), "yes_no": ("No", "Yes"), "lower_case": ("false", "true")}


@dataclass(frozen=True)
class Style:
    """Spelling of cells; ``mixed`` booleans are Yes and No for devices, True and False elsewhere."""

    booleans: Booleans = "mixed"
    dates: Dates = "date"

    def cell(self, column: str, value: Value) -> str:
        """A value as text of CSV, in quotes where it needs them."""
        match value:
            case None:
                return ""
            case bool():
                return self._boolean(column)[value]
            case date():
                return f"{value}T00:00:00" if self.dates == "date_and_time" else f"{value}"
        text = str(value)
        return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text

    def _boolean(self, column: str) -> tuple[str, str]:
        if self.booleans == "mixed":
            return _WORDS["yes_no" if column.startswith("Used ") else "true_false"]
        return _WORDS[self.booleans]


@dataclass(frozen=True)
class ColumnMood:
    """What is odd about the columns of a report.

    Args:
        reverse: whether they come in the opposite order.
        missing: names of those left out.
        added: names of new ones, at the end.
        duplicated: names of those that come a second time, at the end.
    """

    reverse: bool = False
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    duplicated: tuple[str, ...] = ()
    new_value: str = "new, since today"

    def apply(self, columns: Sequence[str]) -> list[str]:
        """The columns as a file has them."""
        kept = [name for name in columns if name not in self.missing]
        return [*(reversed(kept) if self.reverse else kept), *self.added, *self.duplicated]
