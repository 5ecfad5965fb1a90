"""A report as a source: which files are asked for, when, and what series they become."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from http import HTTPStatus
from typing import Any

from o365_exporter.errors import NoData, PollError, UnexpectedAnswerError, Unsupported
from o365_exporter.filters import Filter
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.metrics import Metric, Sample
from o365_exporter.reports.folding import Folded, Recipe, Unchanged, fold
from o365_exporter.reports.options import UsageOptions
from o365_exporter.reports.rows import Report
from o365_exporter.source import Collector, Source

_REPORT = ("report", "period")
_PERIODS = {"period": ("D7", "day")}

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


@dataclass(frozen=True, slots=True)
class Usage:
    """The records of a report: its 7-day file, and the one-day file of its refresh date where that is asked for."""

    week: Folded
    day: Folded | None

    @property
    def names_concealed(self) -> bool | None:
        """Whether the names in the files are hashes; None where none were seen."""
        return self.week.concealed


class ReportSource(Source[Usage]):
    """One usage report."""

    deadline = 900.0  # a file can have hundreds of megabytes

    def __init__(self, report: Report, options: UsageOptions) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)
        self.name = report.source
        self._report = report
        users: Filter = getattr(options, report.users) if report.users else Filter()
        recipe = Recipe(users=users, persons=options.per_user)
        daily, weekly = (report.per_user, ()) if report.day else ((), report.per_user)
        self._week = replace(recipe, each=report.population, newest=report.newest, per_user=weekly)
        self._day = replace(recipe, each=report.day, per_user=daily)
        forms = ("period='{period}'", "date={date}") if report.day else ("period='{period}'",)
        self.endpoints = tuple(_endpoint(report.function, form) for form in forms)

    async def fetch(self, graph: GraphClient, previous: Usage | None, now: float) -> Usage:
        self._check_cloud(graph)
        try:
            known = previous.week if previous else None
            week = await _read(graph, self.endpoints[0], self._week, known, period="D7")
        except UnexpectedAnswerError as error:
            if self._report.retired and error.code and error.status in _NO_SUCH_REPORT:
                raise Unsupported(f"Graph has no {self._report.function} here: the product is retired.") from None
            raise
        if week is None:
            raise NoData(f"The report {self._report.function} has a header and no rows.")
        try:
            return Usage(week, await self._read_day(graph, week, previous) if self._report.day else None)
        except PollError as error:
            error.unfinished = Usage(week, None)  # a day that fails does not cost the week another download
            raise

    def _check_cloud(self, graph: GraphClient) -> None:
        """National clouds have reports in beta only, and nobody has written down which hosts their files are on."""
        if not graph.may_download:
            raise Unsupported(
                f"The cloud {graph.identity.cloud.name} has usage reports only in Graph's beta, and the hosts of their "
                "files are not documented: name them in report_hosts to have the reports."
            )

    async def _read_day(self, graph: GraphClient, week: Folded, previous: Usage | None) -> Folded:
        """The one-day file of the week's refresh date, read once; a day on which nobody was active has no rows."""
        known = previous.day if previous and previous.week.refreshed == week.refreshed else None
        if known is not None and known.rows:
            return known
        found = await _read(graph, self.endpoints[1], self._day, None, date=week.refreshed.isoformat())
        return found or Folded.empty(week.refreshed, self._day)

    def samples(self, records: Usage, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        values = dict(records.week.values)
        for period, file in _files(records):
            yield from self._about(file, period)
            values |= file.values
        for measure in self._report.measures:
            if measure.key in values:
                yield measure.metric.at(values[measure.key], **measure.labels)
        for _, file in _files(records):
            for user, own in file.per_user.items():
                yield from (
                    m.metric.at(own[m.key], user=user, **m.labels) for m in self._report.per_user if m.key in own
                )

    def _about(self, file: Folded, period: str) -> Iterator[Sample]:
        labels = {"report": self._report.function, "period": period}
        midnight = datetime.combine(file.refreshed, time(), UTC)
        yield REFRESHED.at(midnight.timestamp(), **labels)
        yield ROWS.at(file.rows, **labels)
        yield MISSING_COLUMNS.at(len(file.missing), **labels)

    def dropped(self, records: Usage) -> int:
        return sum(file.users_cut for _, file in _files(records)) * len(self._report.per_user)

    def remarks(self, records: Usage) -> Iterator[str]:
        for period, file in _files(records):
            report = f"{self._report.function} ({period})"
            lacking = ", ".join(file.missing)
            if lacking:
                yield f"The report {report} lacks the columns {lacking}; what is made of them is absent."
            if file.concealed and self._week.filters:
                yield f"The names in {report} are concealed, so the filter on names sees hashes."
            if file.concealed and file.per_user:
                yield f"The names in {report} are concealed: the series of single persons carry hashes."


def usage_collector(
    name: str,
    summary: str,
    reports: tuple[Report, ...],
    options: type[UsageOptions] = UsageOptions,
) -> Collector:
    """A collector that consists of reports and nothing else."""
    measures = (measure for report in reports for measure in (*report.measures, *report.per_user))
    return Collector(
        name=name,
        summary=summary,
        options=options,
        metrics=(*dict.fromkeys(measure.metric for measure in measures), *METRICS),
        sources=lambda chosen: tuple(ReportSource(report, chosen) for report in reports),
    )


def _endpoint(function: str, form: str) -> Endpoint:
    return Endpoint(
        route=f"/reports/{function}({form})",
        permissions=("Reports.Read.All",),
        limits="usage_reports",
        counted_as=function,
        redirects=True,
    )


async def _read(
    graph: GraphClient, endpoint: Endpoint, recipe: Recipe, known: Folded | None, **path: str
) -> Folded | None:
    """The file folded, or what is known of it where it has not moved; None where it has no rows."""
    if not graph.identity.cloud.v1_usage_reports:
        endpoint = replace(endpoint, version="beta")
    async with graph.download(endpoint, etag=known.etag if known else "", **path) as file:
        if known is not None and file.unchanged:
            return known
        try:
            return await fold(file.pieces(), recipe, known=known.refreshed if known else None, etag=file.etag)
        except Unchanged:
            return replace(known, etag=file.etag) if known else None


def _files(records: Usage) -> list[tuple[str, Folded]]:
    return [("D7", records.week), *([("day", records.day)] if records.day else [])]
