"""One row for a report of any kind, whatever its rows are about and whichever period it has, sums it up plainly."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from o365_exporter.metrics import Metric
from o365_exporter.reports import (
    Active,
    Count,
    Deleted,
    Flags,
    Measure,
    PerUserOptions,
    Report,
    RowKey,
    Sum,
    UsageOptions,
    usage_collector,
)
from o365_exporter.reports.folding import fold
from o365_exporter.reports.recipes import Recipe
from o365_exporter.reports.rows import Quantity
from tests.reports.files import REFRESHED, ReportGraph, csv_of, in_pieces, polled
from tests.reports.test_usage import values_of
from tests.stubs import text_of

STORAGE = Metric("o365_sharepoint_site_storage_bytes", "Bytes that a site uses.", ("site",))
ACTIVATIONS = Metric("o365_office_activations", "Number of activations of a product.", ("product",))
USERS = Metric("o365_office_users", "Number of persons.")


async def test_any_column_can_be_what_a_row_is_about() -> None:
    """Products are no persons: each has its series although nobody switched them on, and a function needs no period."""
    report = Report(
        source="activations",
        function="getOffice365ActivationCounts",
        each=(Measure(ACTIVATIONS, Sum("Windows")),),
        key=RowKey("Product Type", "product", personal=False),
        period="now",
        users="",
    )
    (activations,) = usage_collector("office", "?", (report,)).sources(UsageOptions())
    assert [endpoint.route for endpoint in activations.endpoints] == ["/reports/getOffice365ActivationCounts"]
    body = csv_of("Report Refresh Date,Product Type,Windows", [REFRESHED, "E5", 7], [REFRESHED, "Visio", 0])
    text = text_of(activations, await polled(activations, ReportGraph({"getOffice365ActivationCounts now": body})))
    assert values_of(text) == {
        'o365_office_activations{product="E5"}': 7,
        'o365_office_activations{product="Visio"}': 0,
    }
    assert 'o365_report_rows{period="now",report="getOffice365ActivationCounts",tenant="contoso"} 2.0' in text


@pytest.mark.parametrize("enabled", [True, False])
async def test_what_names_persons_is_served_only_where_somebody_chose_it(enabled: bool) -> None:
    """The owner of a site is a person, whatever the label is called."""
    report = Report(
        source="sites",
        function="getSharePointSiteUsageDetail",
        each=(Measure(STORAGE, Sum("Storage Used (Byte)")),),
        population=(Measure(USERS, Count()),),
        key=RowKey("Owner Principal Name", "site"),
        period="D30",
    )
    options = UsageOptions(per_user=PerUserOptions(enabled=enabled))
    (sites,) = usage_collector("sharepoint", "?", (report,)).sources(options)
    body = csv_of("Report Refresh Date,Owner Principal Name,Storage Used (Byte)", [REFRESHED, "ann", 7])
    text = text_of(sites, await polled(sites, ReportGraph({"getSharePointSiteUsageDetail D30": body})))
    assert ('site="ann"' in text) is enabled
    assert 'period="D30"' in text


HEADER = (
    "Report Refresh Date,User Principal Name,Is Deleted,Deleted Date,Last Activity Date,Send Count,Used Web,Used Mac"
)
NAMES = st.sampled_from(["ann", "bob", "Ann", "", "Doe, John", 'the "boss"', "two\nlines", 'a"b'])
DAYS = st.sampled_from([REFRESHED, f"{REFRESHED}T00:00:00Z", "2026-03-01", ""])
FLAGS = st.sampled_from(["Yes", "No", "True", "False", ""])
NUMBERS = st.one_of(st.integers(0, 10**12).map(str), st.sampled_from(["", "0", "1.5"]))
TABLE = st.lists(
    st.tuples(NAMES, FLAGS, st.sampled_from(["", "2026-02-02"]), DAYS, NUMBERS, FLAGS, FLAGS), min_size=1, max_size=12
)
METRIC = Metric("o365_x", "X.", ("of",))
QUANTITIES: dict[str, Quantity] = {
    "rows": Count(),
    "sent": Sum("Send Count"),
    "devices": Flags(("Used Web", "Used Mac")),
    "active": Active(Count(), active=True),
    "idle sent": Active(Sum("Send Count"), active=False),
    "deleted sent": Deleted(Sum("Send Count")),
    "deleted, active": Active(Deleted(Count()), active=True),
}
MEASURES = tuple(Measure(METRIC, quantity, {"of": name}) for name, quantity in QUANTITIES.items())


def plainly(rows: list[dict[str, str]]) -> dict[str, float]:
    """The same sums, by a loop that anybody can check."""
    sums = dict.fromkeys(QUANTITIES, 0.0)
    for row in rows:
        sent, yes = float(row["Send Count"] or 0), ("yes", "true")
        active = row["Last Activity Date"][:10] == row["Report Refresh Date"]
        deleted = row["Is Deleted"].lower() in yes or bool(row["Deleted Date"])
        sums["rows"] += 1
        sums["sent"] += sent
        sums["devices"] += (row["Used Web"].lower() in yes) + (row["Used Mac"].lower() in yes)
        sums["active"] += active
        sums["idle sent"] += 0 if active else sent
        sums["deleted sent"] += sent if deleted else 0
        sums["deleted, active"] += active and deleted
    return sums


@settings(max_examples=200)
@given(TABLE, st.integers(1, 200), st.sampled_from(["\r\n", "\n"]), st.booleans())
def test_a_fold_is_what_a_plain_loop_adds_up(
    table: list[tuple[str, ...]], size: int, newline: str, quoted: bool
) -> None:
    """Whatever is quoted and wherever the pieces are cut: columns at once give what one row after another gives."""
    unique = [(REFRESHED, name and f"{name}{n}", *rest) for n, (name, *rest) in enumerate(table)]
    text = io.StringIO(newline="")
    style: Literal[0, 1] = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    csv.writer(text, quoting=style, lineterminator=newline).writerows([HEADER.split(","), *unique])
    recipe = Recipe(rows=MEASURES, each=MEASURES[1:2], singles=PerUserOptions(enabled=True))
    folded = asyncio.run(fold(in_pieces(text.getvalue().encode(), size), recipe))
    assert folded is not None
    expected = plainly(list(csv.DictReader(io.StringIO(text.getvalue(), newline=""))))
    assert {name: folded.values[f"o365_x {name}"] for name in QUANTITIES} == pytest.approx(expected)
    assert sum(own["o365_x sent"] for own in folded.each.values()) == pytest.approx(
        sum(float(row[5] or 0) for row in unique if row[1])
    )
    assert folded.left_out == 0
