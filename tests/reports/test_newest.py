"""The newest day of a trend: absent where it is empty, odd or contradicted, and never an older day in its place."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from o365_exporter.collectors import exchange_usage
from o365_exporter.metrics import Metric
from o365_exporter.reports import Group, Measure, Report, Sum, UsageOptions, usage_collector
from tests.reports.files import REFRESHED, ReportGraph, csv_of, polled
from tests.reports.test_usage import QUOTA, QUOTA_HEADER, source, values_of
from tests.stubs import text_of

STATUSES = ("under_limit", "warning_issued", "send_prohibited", "send_receive_prohibited", "indeterminate")
OLDER: list[object] = [REFRESHED, 10, 11, 12, 13, 14, "2026-03-09", 7]


async def quota(*rows: Sequence[object]) -> tuple[dict[str, float], list[str], int]:
    """Values by status, what is remarked, and how many rows and cells were left out."""
    report = source(exchange_usage, "mailbox_quota")
    records = await polled(report, ReportGraph({f"{QUOTA} D7": csv_of(QUOTA_HEADER, *rows)}))
    values = values_of(text_of(report, records))
    return (
        {name.split('"')[1]: value for name, value in values.items()},
        list(report.remarks(records)),
        report.left_out(records),
    )


async def test_empty_cells_of_the_newest_day_are_absent() -> None:
    """Microsoft fills them later: until then nobody knows, and 0 would be an all-clear."""
    values, remarks, left_out = await quota(OLDER, [REFRESHED, 90, "", " ", 93, 94, REFRESHED, 7])
    assert values == {"under_limit": 90, "send_receive_prohibited": 93, "indeterminate": 94}
    assert remarks == [
        f"The report {QUOTA} (D7): The newest day, {REFRESHED}, has no number under Warning Issued, Send Prohibited; "
        "what is made of it is absent."
    ]
    assert left_out == 2


async def test_an_empty_newest_day_is_not_the_day_before() -> None:
    """Older numbers beside a newer refresh date would be shown as new."""
    values, _, left_out = await quota([REFRESHED, "", "", "", "", "", REFRESHED, 7], OLDER)
    assert (values, left_out) == ({}, 5)


@pytest.mark.parametrize("cell", ["many", "NaN", "1_000"])
async def test_an_odd_cell_of_the_newest_day_costs_its_series(cell: str) -> None:
    """The others of that day are served."""
    values, _, left_out = await quota(OLDER, [REFRESHED, cell, 91, 92, 93, 94, REFRESHED, 7])
    assert (set(values), left_out) == (set(STATUSES[1:]), 1)


async def test_a_newest_day_that_stands_twice_with_other_numbers_is_not_served() -> None:
    """Nobody can say which row is true; where they agree, it does not matter."""
    one, other = ([REFRESHED, n, 91, 92, 93, 94, REFRESHED, 7] for n in (90, 7))
    values, remarks, left_out = await quota(OLDER, one, other)
    assert (values, left_out) == ({}, 2)
    assert remarks == [
        f"The report {QUOTA} (D7): The newest day, {REFRESHED}, has 2 rows that differ; none of them is served."
    ]
    assert await quota(OLDER, one, one) == ({s: 90 + n for n, s in enumerate(STATUSES)}, [], 0)


async def test_a_day_to_come_is_not_the_newest() -> None:
    """A Report Date of 2099 is no date that a report can have; the row is left out and told."""
    values, remarks, left_out = await quota(
        OLDER, [REFRESHED, 90, 91, 92, 93, 94, "2099-01-01", 7], [*OLDER[:6], REFRESHED, 7]
    )
    assert values["under_limit"] == 10
    assert (left_out, len(remarks)) == (1, 1)


ACCOUNTS = Metric("o365_onedrive_accounts", "Number of accounts on the newest day.")
TREND = "getOneDriveUsageAccountCounts"
TREND_HEADER = "Report Refresh Date,Site Type,Total,Active,Report Date,Report Period"


@pytest.mark.parametrize("group", [Group("Site Type", "All"), Group("site type", "ALL")])
async def test_the_rows_of_a_group_alone_count(group: Group) -> None:
    """``OneDrive`` stands before ``All``: of the newest day 100 counts, not 7."""
    report = Report("accounts", TREND, newest=(Measure(ACCOUNTS, Sum("Total")),), group=group, users="")
    (accounts,) = usage_collector("onedrive", "?", (report,)).sources(UsageOptions())
    rows = [
        [REFRESHED, kind, n, 1, day, 7]
        for day in ("2026-03-09", REFRESHED)
        for kind, n in (("OneDrive", 7), ("All", 100))
    ]
    graph = ReportGraph({f"{TREND} D7": csv_of(TREND_HEADER, *reversed(rows), *rows)})
    assert values_of(text_of(accounts, await polled(accounts, graph))) == {"o365_onedrive_accounts": 100}


async def test_a_group_that_nobody_named_is_not_guessed() -> None:
    """A row of the catalogue that forgets the group serves nothing and says why."""
    report = Report("accounts", TREND, newest=(Measure(ACCOUNTS, Sum("Total")),), users="")
    (accounts,) = usage_collector("onedrive", "?", (report,)).sources(UsageOptions())
    rows = [[REFRESHED, "OneDrive", 7, 1, REFRESHED, 7], [REFRESHED, "All", 100, 1, REFRESHED, 7]]
    records = await polled(accounts, ReportGraph({f"{TREND} D7": csv_of(TREND_HEADER, *rows)}))
    assert values_of(text_of(accounts, records)) == {}
    assert accounts.left_out(records) == 2
