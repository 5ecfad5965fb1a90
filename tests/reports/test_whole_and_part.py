"""A part of a report that cannot be had, or cannot be true, costs itself: the rest is right, and the loss is told."""

from __future__ import annotations

from typing import Any

import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.collectors import exchange_usage, skype_usage
from o365_exporter.errors import (
    AuthError,
    NetworkError,
    NoData,
    PollError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from o365_exporter.filters import Filter
from o365_exporter.graph import NoUsageYet
from o365_exporter.reports import PerUserOptions, Usage
from o365_exporter.reports.source import ReportSource
from o365_exporter.source import Source
from tests.reports.files import NOW, REFRESHED, ReportGraph, csv_of, polled
from tests.reports.test_usage import EMAIL, EMAIL_HEADER, SKYPE, SKYPE_HEADER, email_row, idle_row, source, values_of
from tests.stubs import text_of

DAY = 86400.0
TOO_OLD = UnexpectedAnswerError("Only support data for the past 28 days.", status=400, code="InvalidArgument")
WEEK = {"o365_exchange_email_users": 3, "o365_exchange_email_deleted_users": 0}


def email(**options: Any) -> Source[Usage]:
    """The report on mail, of which there are a week and a day."""
    return source(exchange_usage, "email_activity", **options)


def week_and(day: bytes | Exception, *week: list[object]) -> ReportGraph:
    """Three persons, two of them active on the refresh date, and whatever comes of that day."""
    rows = week or (email_row("ann", 1, 1, 1, 7), email_row("bob", 1, 1, 1, 7), idle_row("eve"))
    return ReportGraph({f"{EMAIL} D7": csv_of(EMAIL_HEADER, *rows), f"{EMAIL} {REFRESHED}": day})


async def test_a_day_file_without_rows_is_no_day_without_work() -> None:
    """microsoft-graph-docs#15273: the week knows two who were active on that day, so the day's series are absent."""
    reports = email()
    records = await polled(reports, week_and(csv_of(EMAIL_HEADER)))
    assert values_of(text_of(reports, records)) == WEEK
    assert 'period="D7"' in text_of(reports, records)
    assert 'period="day"' not in text_of(reports, records)
    assert list(reports.remarks(records)) == [
        f"The report {EMAIL} (day) is absent: it has a header and no rows, while the file of D7 has 2 rows with "
        "activity on that day."
    ]
    assert reports.left_out(records) == 1


async def test_a_filter_does_not_make_an_empty_day_true() -> None:
    """That none of the persons who count was active says nothing about whether the file is whole."""
    reports = email(users=Filter(include=("eve",)))
    records = await polled(reports, week_and(csv_of(EMAIL_HEADER)))
    assert values_of(text_of(reports, records)) == {
        "o365_exchange_email_users": 1,
        "o365_exchange_email_deleted_users": 0,
    }


@pytest.mark.parametrize("column", ["Last Activity Date", "no such column"])
async def test_true_zeros_need_a_week_that_says_so(column: str) -> None:
    """Nobody was active where the week says it; where the week does not say, the day is absent."""
    header = EMAIL_HEADER.replace("Last Activity Date", column)
    graph = ReportGraph({f"{EMAIL} D7": csv_of(header, idle_row("eve")), f"{EMAIL} {REFRESHED}": csv_of(EMAIL_HEADER)})
    reports = email()
    records = await polled(reports, graph)
    told = "o365_exchange_email_active_users" in values_of(text_of(reports, records))
    assert told is (column == "Last Activity Date")
    assert reports.left_out(records) == (not told)


async def test_a_day_that_graph_refuses_does_not_take_the_week() -> None:
    """microsoft-graph-docs#8946: of a report that stands still for more than 28 days the week is served at once."""
    reports = email()
    records = await polled(reports, week_and(TOO_OLD), now=NOW + 40 * DAY)
    assert values_of(text_of(reports, records)) == WEEK
    assert f'o365_report_refresh_timestamp_seconds{{period="D7",report="{EMAIL}"' in text_of(reports, records)
    (remark,) = reports.remarks(records)
    assert remark == f"The report {EMAIL} (day) is absent: Only support data for the past 28 days."
    assert reports.left_out(records) == 1


async def test_a_retired_product_that_still_has_a_week_keeps_it() -> None:
    """The refusal of a day is not the end of the product."""
    graph = ReportGraph({f"{SKYPE} D7": csv_of(SKYPE_HEADER, [REFRESHED, "u", REFRESHED, 1, 1, 1, 7])})
    graph.files[f"{SKYPE} {REFRESHED}"] = TOO_OLD
    skype = source(skype_usage, "users_activity")
    assert values_of(text_of(skype, await polled(skype, graph)))["o365_skype_users"] == 1


@pytest.mark.parametrize("when", [0, 30 * DAY])
async def test_a_tenant_that_had_data_is_never_taken_for_one_without_yet(when: float) -> None:
    """Reports that do not know it any more are a failure that says who looks at what, however long it lasts."""
    reports, graph = email(), week_and(csv_of(EMAIL_HEADER))
    graph.files[f"{EMAIL} D7"] = NoUsageYet("Tenant contoso has no usage data yet (404 UnknownTenantId).")
    with pytest.raises(NoUsageYet):
        await polled(reports, graph)
    known = await polled(reports, week_and(csv_of(EMAIL_HEADER)))
    with pytest.raises(UnavailableError, match=r"do not know this tenant any more.*had \d rows before") as failed:
        await polled(reports, graph, known, now=NOW + when)
    assert "If it was deleted or moved, remove it from the settings." in failed.value.remedy


async def test_a_report_that_had_rows_is_believed_to_be_empty_after_a_day_of_it() -> None:
    """A header without rows is a failure that keeps what was known, until nothing else has come for a day."""
    reports, graph = email(), week_and(csv_of(EMAIL_HEADER))
    known = await polled(reports, graph)
    graph.files[f"{EMAIL} D7"] = csv_of(EMAIL_HEADER)
    for now in (NOW + 9 * DAY, NOW + 10 * DAY - 1):
        with pytest.raises(
            UnexpectedAnswerError, match=r"suddenly has a header and no rows, after \d before"
        ) as failed:
            await polled(reports, graph, known, now=now)
        known = failed.value.unfinished
    with pytest.raises(NoData, match="has a header and no rows"):
        await polled(reports, graph, known, now=NOW + 10 * DAY)


@pytest.mark.parametrize("error", [UnavailableError("500", status=500), UnexpectedAnswerError("no CSV")])
async def test_a_day_that_keeps_failing_is_done_without(error: PollError) -> None:
    """At first the poll fails, so that it is tried again soon; when it fails again, the week is served without it."""
    reports, graph = email(), week_and(error)
    with pytest.raises(type(error)) as failed:
        await polled(reports, graph)
    records = await polled(reports, graph, failed.value.unfinished)
    assert values_of(text_of(reports, records)) == WEEK
    again = await polled(reports, graph, records)
    assert again == records, "it does not come and go with each poll"
    graph.files[f"{EMAIL} {REFRESHED}"] = csv_of(EMAIL_HEADER, email_row("ann", 3, 7, 5, 1))
    assert values_of(text_of(reports, await polled(reports, graph, again)))["o365_exchange_email_active_users"] == 1


@pytest.mark.parametrize("error", [ThrottledError("429"), NetworkError("reset"), AuthError("no token")])
async def test_what_keeps_everything_away_is_a_failure_each_time(error: PollError) -> None:
    """A broken way to Microsoft says nothing about the file, and is never hidden behind a report that is well."""
    reports, graph = email(), week_and(error)
    unfinished = None
    for _ in range(3):
        with pytest.raises(type(error)) as failed:
            await polled(reports, graph, unfinished)
        unfinished = failed.value.unfinished


async def test_a_day_of_which_microsoft_has_nothing_is_absent() -> None:
    """An answer that holds nothing about the day is told, and the week is served."""
    reports = email()
    records = await polled(reports, week_and(NoData("Nothing yet.")))
    assert values_of(text_of(reports, records)) == WEEK
    assert list(reports.remarks(records)) == [f"The report {EMAIL} (day) is absent: Nothing yet."]


ODD = {
    "a short row": [REFRESHED, "u"],
    "a long row": [*email_row("zoe", 1, 1, 1, 7), 1],
    "no refresh date": ["", *email_row("zoe", 1, 1, 1, 7)[1:]],
    "an odd refresh date": ["soon", *email_row("zoe", 1, 1, 1, 7)[1:]],
    "a refresh date to come": ["2099-01-01", *email_row("zoe", 1, 1, 1, 7)[1:]],
    "a week in place of a date": ["2026-W10-1", *email_row("zoe", 1, 1, 1, 7)[1:]],
    "the header again": EMAIL_HEADER.split(","),
    "the row before once more": email_row("user19", 3, 7, 5, 1),
    "text for a number": email_row("zoe", "many", 1, 1, 1),  # type: ignore[arg-type]
    "not a number": email_row("zoe", "NaN", 1, 1, 1),  # type: ignore[arg-type]
    "a stray quote": ['"2026-03-10"x', *email_row("zoe", 1, 1, 1, 7)[1:]],
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
async def test_one_odd_row_costs_itself(odd: list[object]) -> None:
    """The other rows are served, and a series and a sentence say that one is missing."""
    rows = [email_row(f"user{n}", 3, 7, 5, 1) for n in range(20)]
    graph = week_and(csv_of(EMAIL_HEADER, *rows, odd, email_row("last", 3, 7, 5, 1)))
    reports = email()
    records = await polled(reports, graph)
    values = values_of(text_of(reports, records))
    assert values["o365_exchange_email_active_users"] == 21
    assert values['o365_exchange_emails{action="received"}'] == 7 * 21
    assert reports.left_out(records) == 1
    (remark,) = reports.remarks(records)
    assert remark.startswith(f"The report {EMAIL} (day): 1 of its 22 rows are left out; the first, because ")


@pytest.mark.parametrize(
    ("good", "bad", "served"), [(0, 1, False), (1, 1, True), (3, 3, True), (2, 3, False), (96, 4, True), (60, 4, False)]
)
async def test_more_than_a_small_share_is_another_form_of_file(good: int, bad: int, served: bool) -> None:
    """Up to three rows or a twentieth may be missing; beyond that, or when it is most of them, nothing is true."""
    rows = [email_row(f"user{n}", 3, 7, 5, 1) for n in range(good)]
    body = csv_of(EMAIL_HEADER, *([REFRESHED, n] for n in range(bad)), *rows)
    reports, graph = email(), ReportGraph({f"{EMAIL} D7": body, f"{EMAIL} {REFRESHED}": TOO_OLD})
    if served:
        records = await polled(reports, graph)
        assert (records.week.rows, records.week.left_out) == (good + bad, bad)
    else:
        with pytest.raises(UnexpectedAnswerError, match=f"{bad} of the {good + bad} rows of the report cannot be used"):
            await polled(reports, graph)


@pytest.mark.parametrize("rows", [4, 900, 30_000])
async def test_a_file_whose_rows_all_come_twice_is_refused(rows: int) -> None:
    """However large it is: doubles are found in a sample where not every row can be remembered."""
    once = [email_row(f"user{n}", 3, 7, 5, 7) for n in range(rows)]
    graph = ReportGraph({f"{EMAIL} D7": csv_of(EMAIL_HEADER, *once, *once)})
    with pytest.raises(UnexpectedAnswerError, match="because it has come before, cell by cell"):
        await polled(email(), graph)


async def test_a_person_made_anew_is_no_double() -> None:
    """Who was deleted and came back has two rows of one name, and both count, as in the plugins."""
    graph = week_and(TOO_OLD, email_row("ann", 1, 1, 1, 7, deleted=True), email_row("ann", 1, 1, 1, 7))
    reports = email()
    assert values_of(text_of(reports, await polled(reports, graph))) == {
        "o365_exchange_email_users": 2,
        "o365_exchange_email_deleted_users": 1,
    }


async def test_an_older_edition_does_not_replace_a_newer_one() -> None:
    """One of Microsoft's servers may lag behind another: the newer numbers stay, and nothing of the older is read."""
    reports, graph = email(), week_and(csv_of(EMAIL_HEADER, email_row("ann", 3, 7, 5, 1)))
    first = await polled(reports, graph)
    older = ["2026-03-08", *email_row("ann", 1, 1, 1, 7)[1:]]
    graph.files[f"{EMAIL} D7"] = csv_of(EMAIL_HEADER, older)
    assert await polled(reports, graph, first) == first


async def test_a_report_of_a_day_to_come_is_refused() -> None:
    """A refresh date in 2099 would make every later report look old; a day ahead may be a clock that differs."""
    reports = email()
    for day, clock in (("2099-01-01", NOW), (REFRESHED, NOW - 4 * DAY)):
        graph = ReportGraph({f"{EMAIL} D7": csv_of(EMAIL_HEADER, [day, *email_row("ann", 1, 1, 1, 7)[1:]])})
        with pytest.raises(UnexpectedAnswerError, match=f"its Report Refresh Date is {day}, and by the clock here"):
            await polled(reports, graph, now=clock)
    assert (await polled(reports, week_and(TOO_OLD), now=NOW - 3 * DAY)).week.rows == 3


async def test_names_reach_labels_and_filters_as_people_see_them() -> None:
    """What is invisible in a name is in no label, and hides nothing from a filter (microsoft-365-docs#8606)."""
    persons = PerUserOptions(enabled=True, include=("ann@contoso.com$",))
    reports = email(per_user=persons, users=Filter(include=("contoso.com$",)))
    odd = "\u202eann\u200b@contoso.com\ufeff\u00a0"
    graph = week_and(csv_of(EMAIL_HEADER, email_row(odd, 3, 7, 5, 1)), email_row(odd, 1, 1, 1, 7))
    text = text_of(reports, await polled(reports, graph))
    assert 'o365_exchange_user_emails{action="sent",tenant="contoso",user="ann@contoso.com"} 3.0' in text
    assert values_of(text)["o365_exchange_email_users"] == 1


REPORTS = [
    pytest.param(name, each, id=f"{name}-{each.name}")
    for name, collector in all_collectors().items()
    for each in collector.sources(collector.options())
    if isinstance(each, ReportSource)
]


@pytest.mark.parametrize(("name", "report"), REPORTS)
async def test_no_report_takes_an_empty_day_for_zero(name: str, report: ReportSource) -> None:
    """Each report that has a day, whatever collector it will be added to, asks its week before it serves zeros."""
    if len(report.endpoints) == 1:
        assert report._day.rows == (), f"{name} has no one-day file, so nothing is made of one"
        return
    columns = [*report._week.columns, "Last Activity Date"]
    dates = {"Report Refresh Date": REFRESHED, "Last Activity Date": REFRESHED, "Deleted Date": ""}
    header = ",".join(dict.fromkeys((*columns, *report._day.columns)))
    row: list[object] = [dates.get(column, 1) for column in header.split(",")]
    function = report.endpoints[0].counted_as
    graph = ReportGraph({f"{function} D7": csv_of(header, row), f"{function} {REFRESHED}": csv_of(header)})
    records = await polled(report, graph)
    assert records.day is None
    assert report.left_out(records) == 1
