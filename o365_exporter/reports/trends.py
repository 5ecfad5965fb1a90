"""A trend, day by day: what a report was made of before anybody polled it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import anyio.lowlevel

from o365_exporter.errors import NoData, UnexpectedAnswerError
from o365_exporter.filters import Filter
from o365_exporter.graph import GraphClient
from o365_exporter.history import History, Past, Stretch, Window
from o365_exporter.reports.asking import in_cloud, latest_day, report_endpoint
from o365_exporter.reports.columns import REFRESH_DATE, REPORT_DATE, Columns, Header, OddCellError
from o365_exporter.reports.options import UsageOptions
from o365_exporter.reports.rows import Report, Trend
from o365_exporter.reports.tables import Grid, Row, read_rows

_PERIOD = "D180"
_MOST_DAYS = 200
"""Days that a file of that period can be about; more is no trend."""

_FEW, _SHARE = 3, 0.05
"""So many rows, or this share of them, may be left out; more means that the form of the file has changed."""

_USUAL_LAG = 2
_LONGEST_LAG = 3
"""Days after which Microsoft has a day; where a file is older, it is stuck, and former days were not as late."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """What is kept of a trend.

    Args:
        refreshed: the last day that it covers.
        read_at: wall clock of the reading, seconds.
        values: by ``Measure.key``, then by day; a cell that is empty or odd has none.
        missing: columns that were wanted and are not there.
        left_out: rows that could not be used.
        complaint: why the first of them could not.
    """

    refreshed: date
    read_at: float
    values: Mapping[str, Mapping[date, float]]
    missing: tuple[str, ...] = ()
    left_out: int = 0
    complaint: str = ""

    @property
    def lag(self) -> timedelta:
        """How much later than a day its numbers are served."""
        days = (datetime.fromtimestamp(self.read_at, UTC).date() - self.refreshed).days
        return timedelta(days=days if 0 <= days <= _LONGEST_LAG else _USUAL_LAG)


class TrendHistory(History[Days]):
    """The former days of one report.

    The numbers of a day are served from the midnight (UTC) that is the report's lag later, for one day; those of the
    newest for as long as there are no others, which is how a poll serves them.
    """

    form = Days

    def __init__(self, report: Report, trend: Trend, options: UsageOptions) -> None:
        self.name = trend.function
        self.metrics = tuple(dict.fromkeys(measure.metric for measure in trend.measures))
        self.endpoints = (report_endpoint(trend.function, "(period='{period}')"),)
        self._trend = trend
        people: Filter = getattr(options, report.users) if report.users else Filter()
        if people.include or people.exclude:
            self.hindrance = f"the filter on {report.users} is set, and {trend.function} counts everybody"

    async def read(self, graph: GraphClient, now: float) -> Days:
        reading = _Reading(self._trend, latest_day(now))
        endpoint = in_cloud(self.endpoints[0], graph)
        async with graph.download(endpoint, period=_PERIOD) as file, aclosing(read_rows(file.pieces())) as batches:
            async for rows in batches:
                reading.add(rows)
                await anyio.lowlevel.checkpoint()
        return reading.result(now)

    def series(self, records: Days, window: Window) -> Iterator[Past]:
        for measure in self._trend.measures:
            values = records.values.get(measure.key, {})
            if stretches := tuple(window.cut(_stretches(values, records, window.end))):
                yield Past(measure.metric.at(0, **measure.labels), stretches)

    def remarks(self, records: Days, window: Window) -> Iterable[str]:  # noqa: ARG002 - a trend has all that it has
        if records.missing:
            lacking = ", ".join(records.missing)
            yield f"The report {self.name} lacks the columns {lacking}; what is made of them is absent."
        if records.left_out:
            yield f"{records.left_out} rows of {self.name} are left out; the first, because {records.complaint}."


def _stretches(values: Mapping[date, float], records: Days, end: float) -> Iterator[Stretch]:
    for day in sorted(values):
        start = _midnight(day + records.lag)
        yield Stretch(
            start, max(start, end) if day == records.refreshed else _midnight(day + records.lag + _DAY), values[day]
        )


def _midnight(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


class _Reading:
    """The days of a file while it is being read."""

    def __init__(self, trend: Trend, until: date) -> None:
        self._function = trend.function
        self._measures = trend.measures
        self._group = trend.group
        self._until = until
        self._header: Header | None = None
        self._rows = 0
        self._left_out = 0
        self._complaint = ""
        self._missing: tuple[str, ...] = ()
        self._refreshed: date | None = None
        self._days: dict[date, dict[str, float] | None] = {}

    def add(self, rows: Sequence[Row]) -> None:
        """Read some more rows, of which the first of all is the header."""
        if self._header is None and rows:
            self._header, rows = self._checked(Header(rows[0])), rows[1:]
        for row in rows:
            self._rows += 1
            try:
                self._note(row)
            except OddCellError as error:
                self._left_out += 1
                self._complaint = self._complaint or str(error)

    def _checked(self, header: Header) -> Header:
        wanted = dict.fromkeys(column for measure in self._measures for column in measure.quantity.columns)
        self._missing = tuple(column for column in wanted if column not in header)
        for column in (REFRESH_DATE, REPORT_DATE, *([self._group.column] if self._group else [])):
            if column not in header:
                raise UnexpectedAnswerError(
                    f"The report {self._function} lacks the column {column}, without which it cannot be read; it "
                    f"begins {header}."
                )
        if len(self._missing) == len(wanted):
            raise UnexpectedAnswerError(
                f"The report {self._function} lacks every column that is read; it begins {header}."
            )
        return header

    def _note(self, row: Row) -> None:
        assert self._header is not None, "the first row was the header"
        if len(row) != self._header.width:
            raise OddCellError(f"it has {len(row)} cells under {self._header.width} columns")
        columns = Columns(self._header, Grid.of([row]))
        if self._group and not self._group.has(columns.texts(self._group.column)[0]):
            return
        refreshed, day = self._day(columns, REFRESH_DATE), self._day(columns, REPORT_DATE)
        values = dict(self._values(columns))
        self._refreshed = max(refreshed, self._refreshed or refreshed)
        if self._days.setdefault(day, values) != values:
            self._days[day] = None
            raise OddCellError(f"the day {day} has rows that differ, so that none of them is served")
        if len(self._days) > _MOST_DAYS:
            raise UnexpectedAnswerError(f"The report {self._function} has more than {_MOST_DAYS} days in {_PERIOD}.")

    def _day(self, columns: Columns, column: str) -> date:
        (day,) = columns.days(column)
        if day is None:
            raise OddCellError(f"it has no {column}")
        if day > self._until:
            raise OddCellError(f"its {column} is {day}, and by the clock here that day is still to come")
        return day

    def _values(self, columns: Columns) -> Iterator[tuple[str, float]]:
        """What is made of a row; an empty cell is not 0: Microsoft leaves some empty for a while."""
        for measure in self._measures:
            read = measure.quantity.columns
            if not set(read) & set(self._missing) and all(columns.texts(column)[0].strip() for column in read):
                yield measure.key, measure.quantity.total(columns)

    def result(self, now: float) -> Days:
        """What has come out.

        Raises:
            NoData: there was a header alone.
            UnexpectedAnswerError: there was not even that, or too much was left out.
        """
        if self._header is None:
            raise UnexpectedAnswerError(f"The report {self._function} has an empty body, without even a header.")
        if not self._rows:
            raise NoData(f"The report {self._function} has a header and no rows.")
        if self._refreshed is None or self._left_out > max(_FEW, _SHARE * self._rows):
            raise UnexpectedAnswerError(
                f"{self._left_out} of the {self._rows} rows of the report {self._function} cannot be used; the first, "
                f"because {self._complaint}."
            )
        values: dict[str, dict[date, float]] = {}
        for day, found in self._days.items():
            for key, value in (found or {}).items():
                values.setdefault(key, {})[day] = value
        return Days(self._refreshed, now, values, self._missing, self._left_out, self._complaint)
