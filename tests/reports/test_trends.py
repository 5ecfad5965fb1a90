"""Trends as history: each day is served when a poll would have served it, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest

from o365_exporter.collectors import exchange_usage, teams_usage
from o365_exporter.errors import NoData, UnexpectedAnswerError, Unsupported
from o365_exporter.filters import Filter
from o365_exporter.history import History, Window
from o365_exporter.metrics import Metric
from o365_exporter.reports import Group, Measure, Report, Sum, Trend, UsageOptions, usage_collector
from tests.reports.files import NOW, REFRESHED, ReportGraph, csv_of

TREND = "getEmailActivityCounts"
HEADER = "Report Refresh Date,Send,Receive,Read,Report Date,Report Period"
DAY = 86_400.0
WINDOW = Window(NOW - 170 * DAY, NOW - 3 * 3600)


def history(options: exchange_usage.Options | None = None) -> History[object]:
    """That of mail."""
    return exchange_usage.COLLECTOR.history(options or exchange_usage.Options())[0]


async def read(*rows: Sequence[object], header: str = HEADER, now: float = NOW) -> dict[str, list[tuple[str, float]]]:
    """What is made of a file: beginnings and values by the label, the times as ``DAY HOUR``."""
    source = history()
    records = await source.read(ReportGraph({f"{TREND} D180": csv_of(header, *rows)}).client(), now)
    return {
        past.series.labels[0]: [(said(stretch.start), stretch.value) for stretch in past.stretches]
        for past in source.series(records, WINDOW)
    }


async def remarks_of(*rows: Sequence[object], header: str = HEADER) -> list[str]:
    """What is remarked."""
    source = history()
    records = await source.read(ReportGraph({f"{TREND} D180": csv_of(header, *rows)}).client(), NOW)
    return list(source.remarks(records, WINDOW))


def said(moment: float) -> str:
    """A time as people write it."""
    return f"{datetime.fromtimestamp(moment, UTC):%m-%d %H:%M}"


def row(day: str, *counts: object, refreshed: str = REFRESHED) -> list[object]:
    """A day of the trend."""
    return [refreshed, *counts, day, 180]


THREE = (row("2026-03-10", 3, 30, 300), row("2026-03-09", 2, 20, 200), row("2026-03-08", 1, 10, 100))


async def test_days_are_served_as_late_as_polls_serve_them() -> None:
    """Two days after the refresh date was read, each day begins two days later; the newest lasts until the end."""
    found = await read(*THREE)
    assert found["sent"] == [("03-10 00:00", 1), ("03-11 00:00", 2), ("03-12 00:00", 3)]
    assert found["read"] == [("03-10 00:00", 100), ("03-11 00:00", 200), ("03-12 00:00", 300)]


async def test_the_newest_day_lasts_until_the_end() -> None:
    """A report that is stuck is served on and on; former days were as late as usual."""
    source = history()
    late = NOW + 20 * DAY
    records = await source.read(ReportGraph({f"{TREND} D180": csv_of(HEADER, *THREE)}).client(), late)
    past = next(source.series(records, Window(NOW - 30 * DAY, late)))
    assert [(said(start), said(end), value) for start, end, value in past.stretches] == [
        ("03-10 00:00", "03-11 00:00", 1),
        ("03-11 00:00", "03-12 00:00", 2),
        ("03-12 00:00", said(late), 3),
    ]


async def test_a_report_that_is_three_days_late() -> None:
    """Early in the morning the file of yesterday is not there yet."""
    found = await read(*THREE, now=NOW + DAY)
    assert found["sent"][0] == ("03-11 00:00", 1)


async def test_an_empty_cell_is_a_gap() -> None:
    """It is not 0, also not in the newest row."""
    found = await read(row("2026-03-10", "", 30, 0), row("2026-03-09", 2, "  ", 200), THREE[2])
    assert found["sent"] == [("03-10 00:00", 1), ("03-11 00:00", 2)]
    assert found["received"] == [("03-10 00:00", 10), ("03-12 00:00", 30)]
    assert found["read"][-1] == ("03-12 00:00", 0)


async def test_a_day_with_rows_that_differ_is_a_gap() -> None:
    """Nobody can say which is true; a row that comes again as it was does not matter."""
    rows = (*THREE, row("2026-03-09", 7, 20, 200), THREE[2])
    found = await read(*rows)
    assert found["sent"] == [("03-10 00:00", 1), ("03-12 00:00", 3)]
    assert await remarks_of(*rows) == [
        f"1 rows of {TREND} are left out; the first, because the day 2026-03-09 has rows that differ, so that none of "
        "them is served."
    ]


async def test_rows_that_cannot_be_read_cost_themselves() -> None:
    """A few are named; the others are served."""
    rows = (*THREE, row("2026-03-07", "many", 1, 1), [REFRESHED, 1])
    assert len((await read(*rows))["sent"]) == 3
    assert await remarks_of(*rows) == [
        f"2 rows of {TREND} are left out; the first, because 'many' in the column Send is not a number."
    ]


async def test_days_to_come() -> None:
    """A day that has not been yet is no history."""
    assert (await read(*THREE, row("2026-04-01", 9, 9, 9)))["sent"] == (await read(*THREE))["sent"]


async def test_a_column_that_is_missing() -> None:
    """What is made of it is absent, and the rest is there."""
    header, rows = "Report Refresh Date,Send,Report Date", ([REFRESHED, 3, "2026-03-10"],)
    assert await read(*rows, header=header) == {"sent": [("03-12 00:00", 3)]}
    assert await remarks_of(*rows, header=header) == [
        f"The report {TREND} lacks the columns Receive, Read; what is made of them is absent."
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", f"The report {TREND} has an empty body, without even a header."),
        (
            b"Name,Size\r\nx,1\r\n",
            "lacks the column Report Refresh Date, without which it cannot be read",
        ),
        (csv_of("Report Refresh Date,Report Date", [REFRESHED, REFRESHED]), "lacks every column that is read"),
        (
            csv_of(HEADER, *([["x"]] * 9)),
            f"9 of the 9 rows of the report {TREND} cannot be used; the first",
        ),
        (
            csv_of(HEADER, *(row(str(date.fromordinal(739_000 + day)), 1, 1, 1) for day in range(300))),
            f"The report {TREND} has more than 200 days in D180.",
        ),
    ],
)
async def test_what_is_no_trend(body: bytes, told: str) -> None:
    """It fails with a sentence, and is never taken for a quiet half year."""
    with pytest.raises(UnexpectedAnswerError) as failed:
        await history().read(ReportGraph({f"{TREND} D180": body}).client(), NOW)
    assert told in str(failed.value)


async def test_a_header_alone() -> None:
    """Microsoft has nothing, which is an answer."""
    with pytest.raises(NoData):
        await history().read(ReportGraph({f"{TREND} D180": csv_of(HEADER)}).client(), NOW)


async def test_a_cloud_whose_files_are_nowhere() -> None:
    """It is told as for polls."""
    with pytest.raises(Unsupported, match="report_hosts"):
        await history().read(ReportGraph({}, cloud="china").client(), NOW)


def test_a_filter_on_people_hinders_what_counts_everybody() -> None:
    """The trend of mail is not asked for; that of quotas is, since its polls know no filter either."""
    some = exchange_usage.Options(users=Filter(include=("^a",)))
    mail, quota = exchange_usage.COLLECTOR.history(some)
    assert mail.hindrance == f"the filter on users is set, and {TREND} counts everybody"
    assert quota.hindrance == ""
    assert history().hindrance == ""


async def test_a_trend_with_several_rows_a_day() -> None:
    """Those of its group count, in whatever case."""
    metric = Metric("o365_drives", "Drives.")
    drives = Trend("getDrives", (Measure(metric, Sum("Total")),), Group("Site Type", "All"))
    collector = usage_collector("drives", "Drives?", (Report(source="drives", function="getDrives", trend=drives),))
    (source,) = collector.history(UsageOptions())
    header = "Report Refresh Date,Site Type,Total,Report Date"
    body = csv_of(header, [REFRESHED, "OneDrive", 7, REFRESHED], [REFRESHED, " all", 9, REFRESHED])
    records = await source.read(ReportGraph({"getDrives D180": body}).client(), NOW)
    assert [[stretch.value for stretch in past.stretches] for past in source.series(records, WINDOW)] == [[9]]


def test_what_a_trend_makes_a_poll_makes_too() -> None:
    """Metric and labels of each are those of a measure of the one-day file, or of the newest row."""
    for module in (exchange_usage, teams_usage):
        for report in module.REPORTS:
            if report.trend is not None:
                polls = {(measure.metric, *measure.labels.items()) for measure in (*report.day, *report.newest)}
                told = [(measure.metric, *measure.labels.items()) for measure in report.trend.measures]
                assert set(told) <= polls
                assert len(set(told)) == len(told)
