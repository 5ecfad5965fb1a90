"""A report as a source: which files are asked for, when, and what series they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from http import HTTPStatus
from typing import Any

from o365_exporter.errors import (
    AuthError,
    NetworkError,
    NoData,
    Nothing,
    PollError,
    ThrottledError,
    TlsError,
    UnavailableError,
    UnexpectedAnswerError,
    Unsupported,
)
from o365_exporter.filters import Filter
from o365_exporter.graph import Endpoint, GraphClient, NoUsageYet
from o365_exporter.metrics import Metric, Sample
from o365_exporter.reports.asking import in_cloud, latest_day, report_endpoint
from o365_exporter.reports.folding import Unchanged, fold
from o365_exporter.reports.options import PerUserOptions, UsageOptions
from o365_exporter.reports.recipes import Folded, Recipe
from o365_exporter.reports.rows import Report
from o365_exporter.reports.trends import TrendHistory
from o365_exporter.source import BELIEVED_AFTER, Collector, Source, format_duration

_REPORT = ("report", "period")
_PERIODS = {"period": ("D7", "D30", "D90", "D180", "now", "day")}

REFRESHED = Metric(
    "o365_report_refresh_timestamp_seconds",
    "The last day that a report covers, its Report Refresh Date at 00:00 UTC, in seconds since 1970; an age of two to "
    "three days is normal.",
    _REPORT,
    values=_PERIODS,
)
ROWS = Metric("o365_report_rows", "Number of rows of a report, whatever the filters say.", _REPORT, values=_PERIODS)
MISSING_COLUMNS = Metric(
    "o365_report_missing_columns",
    "Number of columns that the exporter reads and a report lacks; what would be made of them is absent.",
    _REPORT,
    values=_PERIODS,
)
METRICS = (REFRESHED, ROWS, MISSING_COLUMNS)


_NO_SUCH_REPORT = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND)
"""How Graph says, with a code of its own, that a function is gone; a proxy's page may have the same status."""


_OF_THE_WAY = (AuthError, NetworkError, ThrottledError, TlsError)
"""Failures that say nothing about the file that was asked for."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The records of a report: the file of its period, and the one-day file of its refresh date where there is one.

    ``lacking`` says why there is no one-day file although it was asked for; ``empty_since`` since when (wall clock) the
    file of the period has had no rows instead of these, None while it has.
    """

    week: Folded
    day: Folded | None
    lacking: str = ""
    empty_since: float | None = None

    @property
    def names_concealed(self) -> bool | None:
        """Whether the names in the files are hashes; None where none were seen."""
        return self.week.concealed


class ReportSource(Source[Usage]):
    """One usage report."""

    form = Usage
    deadline = 900.0  # a file can have hundreds of megabytes

    def __init__(self, report: Report, options: UsageOptions) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)
        self.name = report.source
        self.may_be_gone = report.retired
        self.metrics = (*_metrics_of(report), *METRICS)
        self._report = report
        keys: Filter = getattr(options, report.users) if report.users else Filter()
        singles = options.per_user if report.key.personal else PerUserOptions(enabled=True)
        recipe = Recipe(key=report.key, keys=keys, singles=singles)
        daily, weekly = (report.each, ()) if report.day else ((), report.each)
        self._week = replace(
            recipe,
            rows=report.population,
            newest=report.newest,
            group=report.group,
            each=weekly,
            activity=bool(report.day),
        )
        self._day = replace(recipe, rows=report.day, each=daily)
        self.fingerprint = " ".join(each.fingerprint for each in (self._week, self._day))
        self._path = {} if report.period == "now" else {"period": report.period}
        whole = "(period='{period}')" if self._path else ""
        self.endpoints = tuple(
            report_endpoint(report.function, form) for form in (whole, *["(date={date})"] * bool(report.day))
        )

    async def fetch(self, graph: GraphClient, previous: Usage | None, now: float) -> Usage:
        until = latest_day(now)
        week = await self._read_week(graph, previous, until, now)
        return await self._with_day(graph, week, previous, until) if self._report.day else Usage(week, None)

    async def _read_week(self, graph: GraphClient, previous: Usage | None, until: date, now: float) -> Folded:
        """The file of the report's period; what was there before is not gone because Microsoft once has nothing."""
        known = previous.week if previous else None
        try:
            week = await _read(graph, self.endpoints[0], self._week, known, until, **self._path)
        except NoUsageYet:
            if known is None:
                raise
            raise UnavailableError(
                f"Graph's usage reports do not know this tenant any more, of which {self._report.function} had "
                f"{known.rows} rows before (404 UnknownTenantId).",
                remedy="If the tenant still lives, it is an outage at Microsoft's: wait, and give their support this "
                "sentence if it stays. If it was deleted or moved, remove it from the settings.",
            ) from None
        except UnexpectedAnswerError as error:
            if self._report.retired and error.code and error.status in _NO_SUCH_REPORT:
                raise Unsupported(f"Graph has no {self._report.function} here: the product is retired.") from None
            raise
        if week is None:
            self._check_emptiness(previous, now)
            raise NoData(f"The report {self._report.function} has a header and no rows.")
        return week

    def _check_emptiness(self, previous: Usage | None, now: float) -> None:
        """Refuse to believe that a report has no rows any more before that has been the answer for a day."""
        if previous is None or not previous.week.rows:
            return
        since = now if previous.empty_since is None else previous.empty_since
        if now - since >= BELIEVED_AFTER:
            return
        error = UnexpectedAnswerError(
            f"The report {self._report.function} suddenly has a header and no rows, after {previous.week.rows} before.",
            remedy="Microsoft gives out such files now and then although people are active, so this is believed after "
            f"{format_duration(BELIEVED_AFTER)} of it.",
        )
        error.unfinished = replace(previous, empty_since=since)
        raise error

    async def _with_day(self, graph: GraphClient, week: Folded, previous: Usage | None, until: date) -> Usage:
        """The week with its day, or without where the day cannot be had: a part that fails does not take the whole."""
        before = previous if previous and previous.week.refreshed == week.refreshed else None
        if before is not None and before.day is not None and before.day.rows:
            return Usage(week, before.day)
        try:
            return await self._read_day(graph, week, until)
        except Nothing as nothing:
            return Usage(week, None, str(nothing))
        except PollError as error:
            if _is_refused(error) or (before is not None and before.day is None and not isinstance(error, _OF_THE_WAY)):
                return Usage(week, None, str(error))
            error.unfinished = Usage(week, None)  # a day that fails does not cost the week another download
            raise

    async def _read_day(self, graph: GraphClient, week: Folded, until: date) -> Usage:
        """The one-day file of the week's refresh date.

        Microsoft has given out day files with a header only for days on which people were active
        (microsoft-graph-docs#15273, #5536), so no rows are zeros only where the week's file says the same.
        """
        found = await _read(graph, self.endpoints[1], self._day, None, until, date=week.refreshed.isoformat())
        if found is not None:
            return Usage(week, found)
        if week.active == 0:
            return Usage(week, Folded.empty(week.refreshed, self._day))
        active = (
            f"has {week.active} rows with activity on that day" if week.active else "does not say who was active then"
        )
        return Usage(week, None, f"it has a header and no rows, while the file of {self._report.period} {active}.")

    def samples(self, records: Usage, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        values = dict(records.week.values)
        for period, file in self._files(records):
            yield from self._about(file, period)
            values |= file.values
        for measure in self._report.measures:
            if measure.key in values:
                yield measure.metric.at(values[measure.key], **measure.labels)
        for _, file in self._files(records):
            for name, own in file.each.items():
                yield from (
                    m.metric.at(own[m.key], **m.labels, **{self._report.key.label: name})
                    for m in self._report.each
                    if m.key in own
                )

    def _about(self, file: Folded, period: str) -> Iterator[Sample]:
        labels = {"report": self._report.function, "period": period}
        yield REFRESHED.at(_midnight(file), **labels)
        yield ROWS.at(file.rows, **labels)
        yield MISSING_COLUMNS.at(len(file.missing), **labels)

    def _files(self, records: Usage) -> list[tuple[str, Folded]]:
        return [(self._report.period, records.week), *([("day", records.day)] if records.day else [])]

    def describes(self, records: Usage) -> float:
        return _midnight(records.week)

    def dropped(self, records: Usage) -> int:
        return sum(file.cut for _, file in self._files(records)) * len(self._report.each)

    def left_out(self, records: Usage) -> int:
        return sum(file.left_out for _, file in self._files(records)) + bool(records.lacking)

    def remarks(self, records: Usage) -> Iterator[str]:
        for period, file in self._files(records):
            report = f"{self._report.function} ({period})"
            lacking = ", ".join(file.missing)
            if lacking:
                yield f"The report {report} lacks the columns {lacking}; what is made of them is absent."
            yield from (f"The report {report}: {oddity}" for oddity in file.oddities)
        yield from self._about_hashes([file for _, file in self._files(records) if file.concealed])
        if records.lacking:
            yield f"The report {self._report.function} (day) is absent: {records.lacking}"

    def _about_hashes(self, files: list[Folded]) -> Iterator[str]:
        """What becomes of names that are concealed: once, however many files of the report have them."""
        if files and self._week.filters:
            yield f"The names in {self._report.function} are concealed, so the filter on names sees hashes."
        if any(file.each for file in files):
            yield f"The names in {self._report.function} are concealed: the series of single persons carry hashes."


def _midnight(file: Folded) -> float:
    """When its last day began, as Microsoft counts days."""
    return datetime.combine(file.refreshed, time(), UTC).timestamp()


def usage_collector(
    name: str,
    summary: str,
    reports: tuple[Report, ...],
    options: type[UsageOptions] = UsageOptions,
) -> Collector:
    """A collector that consists of reports and nothing else."""
    return Collector(
        name=name,
        summary=summary,
        options=options,
        metrics=(*dict.fromkeys(metric for report in reports for metric in _metrics_of(report)), *METRICS),
        sources=lambda chosen: tuple(ReportSource(report, chosen) for report in reports),
        history=lambda chosen: tuple(TrendHistory(report, report.trend, chosen) for report in reports if report.trend),
    )


def _metrics_of(report: Report) -> tuple[Metric, ...]:
    return tuple(dict.fromkeys(measure.metric for measure in (*report.measures, *report.each)))


def _is_refused(error: PollError) -> bool:
    """Whether Graph itself has said that there is no such file, as of days more than 28 days ago.

    ``InvalidArgument``, "Only support data for the past 28 days": microsoft-graph-docs#8946. A report that Microsoft
    has not refreshed for that long still has its week.
    """
    return isinstance(error, UnexpectedAnswerError) and bool(error.code) and error.status in _NO_SUCH_REPORT


async def _read(
    graph: GraphClient, endpoint: Endpoint, recipe: Recipe, known: Folded | None, until: date, **path: str
) -> Folded | None:
    """The file folded, or what is known of it where it has not moved; None where it has no rows."""
    async with graph.download(in_cloud(endpoint, graph), etag=known.etag if known else "", **path) as file:
        if known is not None and file.unchanged:
            return known
        try:
            since = known.refreshed if known else None
            return await fold(file.pieces(), recipe, known=since, etag=file.etag, until=until)
        except Unchanged:
            return replace(known, etag=file.etag) if known else None
