"""Cells as values: what Microsoft writes is read, and what only Python would take for a number or a date is not."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.reports.columns import Columns, Header, OddCellError
from o365_exporter.reports.tables import Grid


def column(name: str, *cells: str) -> Columns:
    """A file of one column."""
    return Columns(Header([name]), Grid.of([[cell] for cell in cells]))


@pytest.mark.parametrize(
    "spelt",
    [
        "Storage Used (Byte)",
        "StorageUsed (Byte)",
        "storage used(byte)",
        "Storage  Used (Byte)",
        "\u200bStorage Used Byte",
    ],
)
def test_columns_are_found_by_their_letters_and_digits(spelt: str) -> None:
    """Case, blanks and signs of a header do not matter; the first of two columns of one name counts."""
    header = Header(["Other", spelt, "Storage Used (Byte)"])
    assert Columns(header, Grid.of([["1", "2", "3"]])).numbers("Storage Used (Byte)") == [2]
    assert "Storage Used" not in header


@pytest.mark.parametrize(
    ("cell", "value"), [("Yes", True), ("True", True), ("TRUE", True), ("No", False), ("false", False), ("", False)]
)
def test_booleans_in_both_spellings(cell: str, value: bool) -> None:
    """Yes and True are yes; all else is no."""
    assert column("Used Web", cell).flags("Used Web") == [value]


def test_dates_with_and_without_time_are_equal_days() -> None:
    """A day is a day, however it is written; an empty cell is none."""
    days = column("Day", "2026-03-10", "2026-03-10T00:00:00Z", " 2026-03-10 00:00:00", "").days("Day")
    assert days == [date(2026, 3, 10)] * 3 + [None]


@pytest.mark.parametrize(
    "cell", ["soon", "2026-W47-1", "20260310", "2026-3-1", "2026-02-30", "٢٠٢٦-٠٣-١٠", "2026-03-10x", "10/03/2026"]
)
def test_what_is_no_date_is_odd_and_named(cell: str) -> None:
    """Weeks, other calendars' spellings and digits of other scripts are no dates, though Python would take some."""
    with pytest.raises(OddCellError, match="in the column Day is not a date"):
        column("Day", "2026-03-10", cell).days("Day")


def test_numbers_are_whole_or_decimal_and_empty_is_none_of_either() -> None:
    """An empty cell is 0 as in the plugins."""
    cells = ("7", "1.5", "", " 8 ", "1.5E+10", "+3", "007", "-0")
    assert column("Count", *cells).numbers("Count") == [7, 1.5, 0, 8, 1.5e10, 3, 7, 0]
    assert column("Count", "", "").numbers("Count") == [0, 0]


@pytest.mark.parametrize(
    "cell",
    ["many", "NaN", "inf", "-Infinity", "1_000", "1,234", "١٢", "²", "0x10", "1e999", "9" * 25, "9" * 5000, "--1"],
)
def test_what_is_no_number_is_odd_and_named(cell: str) -> None:
    """What would be no number in a sum, or one that nobody wrote, is told and never added."""
    with pytest.raises(OddCellError, match="in the column Count is not a number"):
        column("Count", "1", cell).numbers("Count")


@pytest.mark.parametrize("cell", ["-3", "-210.5", " -1E+10"])
def test_there_is_never_less_than_none_of_anything(cell: str) -> None:
    """A negative cell costs its row, and is no -210 mailboxes in a sum."""
    with pytest.raises(OddCellError, match=f"'{re.escape(cell)}' in the column Count is less than none"):
        column("Count", "1", cell).numbers("Count")


@pytest.mark.parametrize(
    ("flag", "day", "deleted"), [("True", "", True), ("False", "2026-01-01", True), ("Yes", " ", True), ("", "", False)]
)
def test_deleted_is_what_either_column_says(flag: str, day: str, deleted: bool) -> None:
    """Deleted Date can be blank and Is Deleted wrong: one of them is enough."""
    assert Columns(Header(["Is Deleted", "Deleted Date"]), Grid.of([[flag, day]])).where(("deleted",)) == [deleted]
    assert Columns(Header(["Is Deleted"]), Grid.of([[flag]])).where(("deleted",)) == [flag in ("True", "Yes")]


@given(st.lists(st.one_of(st.integers(0, 10**15).map(str), st.just(""), st.text(max_size=4)), min_size=1, max_size=8))
def test_a_column_is_read_as_its_cells_are(cells: list[str]) -> None:
    """Reading many cells at once gives what reading each alone gives, or fails where one of them fails."""
    one_by_one = []
    try:
        for cell in cells:
            one_by_one += column("Count", cell).numbers("Count")
    except OddCellError:
        with pytest.raises(OddCellError):
            column("Count", *cells).numbers("Count")
    else:
        assert column("Count", *cells).numbers("Count") == one_by_one
