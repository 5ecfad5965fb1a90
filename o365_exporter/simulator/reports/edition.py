"""One file: a report of a tenant for certain days, as text.

Measured for 200 000 users, D7 and single days, on two cores shared with other work: 100 000 (both cores busy) to
400 000 rows a second.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from hashlib import blake2b
from itertools import chain, islice

from o365_exporter.simulator.reports.cells import Row, Value
from o365_exporter.simulator.reports.functions import Report
from o365_exporter.simulator.reports.habits import Habit, kind_of, share_of_kinds
from o365_exporter.simulator.reports.people import People
from o365_exporter.simulator.reports.style import ColumnMood, Style
from o365_exporter.simulator.reports.windows import Window

_ROWS_OF_A_PIECE = {"detail": 500, "trend": 5}
"""A row of a trend is the sum of everybody's: it takes as long to make as a hundred of the others."""

_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
_END = "\r\n"
_NEW = "new, since today"
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_SPOILT: dict[str, Callable[[str], str]] = {
    "short_row": lambda line: ",".join(line.split(",")[:3]),
    "odd_dates": lambda line: _DATE.sub("soon", line),
}


DEFECTS = frozenset({"empty_newest", "undated_deletions", *_SPOILT})
"""What can be wrong with the newest day, with the deleted, or with the first row."""


@dataclass(frozen=True)
class Edition:
    """A file that can be made as often as one likes, in pieces.

    Args:
        report: which report.
        window: for which days.
        refresh: last day that is known.
        seed: of the tenant.
        tenant_name: of the organization.
        users: how many people it has.
        people: their names.
        style: how cells are written.
        mood: what is odd about the columns.
        tidy: whether nobody's mailbox is ever full.
        defect: one of ``DEFECTS``, or empty.
    """

    report: Report
    window: Window
    refresh: date
    seed: str
    tenant_name: str
    users: int
    people: People
    style: Style
    mood: ColumnMood
    tidy: bool = False
    defect: str = ""

    @cached_property
    def columns(self) -> list[str]:
        """Names of the columns as this file has them."""
        return self.mood.apply(self.report.columns)

    @property
    def etag(self) -> str:
        """Changes with what is in the file; a name stands for how all names are written."""
        size = (self.users, self.people.principal_name(0))
        text = repr(
            (
                self.report.name,
                self.window,
                self.refresh,
                self.seed,
                self.tenant_name,
                size,
                self.style,
                self.mood,
                self.defect,
            )
        )
        return f'"{blake2b(text.encode(), digest_size=12).hexdigest()}"'

    def header(self) -> bytes:
        """Byte order mark and first line."""
        return (_MARK + ",".join(self.columns) + _END).encode()

    def pieces(self) -> Iterator[bytes]:
        """The file, some hundred rows at a time."""
        yield self.header()
        yield from self.rows()

    def with_wrong_header(self) -> Iterator[bytes]:
        """The file with a first line that no page documents, as after an unannounced change."""
        yield (_MARK + ",".join(f"Column {number}" for number, _ in enumerate(self.columns)) + _END).encode()
        yield from self.rows()

    def rows(self) -> Iterator[bytes]:
        """What follows the first line, some hundred rows at a time."""
        lines = self._details() if self.report.kind == "detail" else self._days()
        if self.defect in _SPOILT:
            lines = chain(map(_SPOILT[self.defect], islice(lines, 1)), lines)
        while piece := list(islice(lines, _ROWS_OF_A_PIECE[self.report.kind])):
            yield (_END.join(piece) + _END).encode()

    def _details(self) -> Iterator[str]:
        """A line per person: made once for each kind of people, with gaps for names."""
        names = [self._names[column] for column in self.columns if column in self._names]
        templates: dict[int, str | None] = {}
        for person in range(self.users):
            kind = kind_of(person)
            if kind not in templates:
                templates[kind] = self._template(kind)
            template = templates[kind]
            if template is not None:
                yield template % (*[name(person) for name in names],)

    def _template(self, kind: int) -> str | None:
        """The line of a kind of people; None where they have none in this file."""
        habit = self._habit(kind)
        if kind % 10 >= self.report.licensed or (self.window.is_date and not habit.active(self.window.last)):
            return None
        row = self._row(self.window.last, [(habit, 1)])
        cells = ("%s" if name in self._names else self._cell(row, name).replace("%", "%%") for name in self.columns)
        return ",".join(cells)

    def _days(self) -> Iterator[str]:
        """A line per day, the newest first; each as it was when that day was the newest."""
        for day in reversed(self.window.days):
            everybody = [(self._habit(kind, day), people) for kind, people in share_of_kinds(self.users)]
            for site_type in self.report.site_types:
                row = self._row(day, everybody, site_type)
                yield ",".join(self._cell(row, name) for name in self.columns)

    def _cell(self, row: Row, column: str) -> str:
        if self._is_blank(row, column):
            return ""
        value: Value = row.value(column) if column in row.cells else _NEW
        return self.style.cell(column, value)

    def _is_blank(self, row: Row, column: str) -> bool:
        """Whether a cell is empty that is not so usually."""
        if self.defect == "undated_deletions":
            return column == "Deleted Date"
        return self.defect == "empty_newest" and row.day == self.window.last and column in self.report.cells

    def _row(self, day: int, people: list[tuple[Habit, int]], site_type: str = "") -> Row:
        return Row(self.window, self.refresh, self.tenant_name, day, people, self.report.all_cells, site_type)

    def _habit(self, kind: int, refresh: int | None = None) -> Habit:
        """Of a kind of people, by what is known on a day: the refresh date, unless another is given."""
        return Habit(self.seed, self.report.service, kind, refresh or self.refresh.toordinal(), tidy=self.tidy)

    @cached_property
    def _names(self) -> dict[str, Callable[[int], str]]:
        return {
            "User Principal Name": self.people.principal_name,
            "Display Name": self.people.display_name,
            "User Id": self.people.user_id,
            "Owner Display Name": self.people.display_name,
            "Owner Principal Name": self.people.principal_name,
        }
