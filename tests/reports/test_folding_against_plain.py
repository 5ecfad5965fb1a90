"""Each fast way of reading a report equals the plain one, whatever the file holds."""

from __future__ import annotations

import asyncio
import csv
import io
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from o365_exporter.collectors.exchange_usage import REPORTS
from o365_exporter.errors import PollError
from o365_exporter.reports.columns import Columns, Header, OddCellError
from o365_exporter.reports.folding import fold
from o365_exporter.reports.recipes import Recipe
from o365_exporter.reports.rows import Active, Count, Deleted, Flags, Quantity, Sum
from o365_exporter.reports.tables import Grid, Row, _Table
from tests.reports.files import REFRESHED, in_pieces

PART = st.sampled_from(
    ["", "a", "b c", '"a"', '""', '"a,b"', '"a\nb"', '"a""b"', '""""', 'a"b', 'a"', '"a"b', '"', "\r", "\0\1\2", "é"]
)
LINE = st.one_of(
    st.lists(st.sampled_from(["", "a", '"a"', '"a,b"']), min_size=3, max_size=3),
    st.lists(PART, min_size=2, max_size=4),
).map(",".join)
BLOCK = st.lists(st.tuples(LINE, st.sampled_from(["\n", "\n", "\r\n", "\n\n", ""])), max_size=8).map(
    lambda lines: "".join(chain.from_iterable(lines))
)
CELL = st.text(st.sampled_from('ab ,";\u2028é'), max_size=5)


def rows_or_error(block: str) -> object:
    """The rows of a block under a header of three columns, or the kind of error and its words."""
    table = _Table()
    try:
        return [row for text in ("a,b,c\n", block, "1,2,3\n") for rows in table.rows(text) for row in rows] + [
            row for rows in table.end() for row in rows
        ]
    except PollError as error:
        return type(error), str(error)


@settings(max_examples=1000)
@given(BLOCK)
@example("a\nb\n")
@example("a,b,c,d\ne,f\n")
@example("a\n\n,b\n")
@example('a"b"\n,c,d\n')
@example('a,b,"c" \n')
@example("a,b,c\r\nd,\re,f\n")
def test_blocks_and_lines_are_one(block: str) -> None:
    """Whatever quotes and line ends do, the rows are those that the csv module alone would find."""
    found = rows_or_error(block)
    with mock.patch.object(_Table, "_fast", return_value=None):
        assert found == rows_or_error(block)


@given(
    st.lists(st.lists(CELL, min_size=3, max_size=3), min_size=1, max_size=8),
    st.booleans(),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whole_tables_take_the_fast_way(table: list[Row], quoted: bool, newline: str) -> None:
    """What is as it should be is split as a whole, and comes out as it was written, row by row and column by column."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL, lineterminator=newline).writerows(
        [["a", "b", "c"], *table]
    )
    reading, (head, _, rest) = _Table(), text.getvalue().partition(newline)
    assert [list(rows) for rows in reading.rows(head + newline)] == [[["a", "b", "c"]]]
    (grid,) = reading.rows(rest)
    assert isinstance(grid, Grid)
    assert list(grid) == table
    assert [grid.column(position) for position in range(3)] == [list(column) for column in zip(*table, strict=True)]
    assert list(grid.picked([0])) == table[:1]


HEADER = Header(["Report Refresh Date", "Last Activity Date", "Is Deleted", "Deleted Date", "Number", "Used"])
DAY = st.sampled_from([REFRESHED, f"{REFRESHED}T00:00:00Z", "2026-01-02", " 2026-01-02", ""])
NUMBER = st.one_of(
    st.integers(0, 10**6).map(str),
    st.sampled_from(
        ["", " ", "7", "007", "0" * 30 + "5", "9" * 18, "9" * 19, "1.5", "1e3", "-4", "+4", "1_0", "٣", "x"]
    ),
)
RECORD = st.tuples(
    st.sampled_from([REFRESHED] * 9 + ["2026-01-02"]),
    DAY,
    st.sampled_from(["True", "False", "yes", "No", ""]),
    st.sampled_from(["", "", " ", "2026-01-02", "2026-01-02 "]),
    NUMBER,
    st.sampled_from(["Yes", "No", "1", ""]),
).map(list)
BASES: tuple[Quantity, ...] = (Count(), Sum("Number"), Flags(("Used", "Is Deleted")))
QUANTITIES = [
    *BASES,
    *(Deleted(base) for base in BASES),
    *(
        Active(quantity, active=active)
        for base in BASES
        for quantity in (base, Deleted(base))
        for active in (True, False)
    ),
]


@given(st.lists(RECORD, min_size=1, max_size=12))
def test_totals_are_sums_of_amounts(rows: Sequence[Row]) -> None:
    """A total over columns is the sum of what each row, read by itself, adds; what a row cannot be, no total can."""
    grid = Grid.of(rows)
    together = Columns(HEADER, grid)
    for quantity in QUANTITIES:
        try:
            expected = sum(sum(quantity.amounts(Columns(HEADER, grid.picked([at])))) for at in range(len(grid)))
        except OddCellError:
            expected = None
        try:
            found = quantity.total(together)
        except OddCellError:
            found = None
        assert found == (None if expected is None else pytest.approx(expected, rel=1e-12))


MAILBOX = "Report Refresh Date,User Principal Name,Is Deleted,Deleted Date,Last Activity Date,Storage Used (Byte)"
MAILBOXES = next(report for report in REPORTS if report.source == "mailbox_usage")


@given(
    st.lists(
        st.tuples(
            CELL, st.sampled_from(["True", "False"]), st.sampled_from([REFRESHED, "2026-01-02"]), st.integers(0, 9)
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda row: row[0],
    ),
    st.integers(5, 200),
)
def test_a_folded_file_is_what_a_plain_loop_makes_of_it(people: list[tuple[str, str, str, int]], size: int) -> None:
    """Sums of a whole file, cut anywhere, are those of a loop over dictionaries."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(MAILBOX.split(","))
    writer.writerows((REFRESHED, name, gone, "", day, storage) for name, gone, day, storage in people)
    body = text.getvalue().encode()
    expected: Counter[str] = Counter()
    for row in csv.DictReader(io.StringIO(text.getvalue(), newline="")):
        activity = "active" if row["Last Activity Date"] == REFRESHED else "inactive"
        expected[f"o365_exchange_mailboxes {activity}"] += 1
        expected[f"o365_exchange_mailbox_storage_bytes {activity}"] += int(row["Storage Used (Byte)"])
        if row["Is Deleted"] == "True":
            expected[f"o365_exchange_deleted_mailboxes {activity}"] += 1
            expected[f"o365_exchange_deleted_mailbox_storage_bytes {activity}"] += int(row["Storage Used (Byte)"])
    found = asyncio.run(fold(in_pieces(body, size), Recipe(rows=MAILBOXES.population)))
    assert found is not None
    assert found.values == {measure.key: expected[measure.key] for measure in MAILBOXES.population}
