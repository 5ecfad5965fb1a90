"""CSV as it streams in: whatever the pieces, the rows are the same; what is no CSV is told apart."""

from __future__ import annotations

import asyncio
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.errors import UnexpectedAnswerError
from o365_exporter.reports.tables import LONGEST_RECORD, Header, Row, read_rows
from tests.reports.files import in_pieces

CELLS = st.text(alphabet=st.sampled_from('ab ,"\n\r;\u2028é😀'), max_size=6)


async def rows_of(body: bytes, size: int = 7) -> list[Row]:
    """All rows of a body that comes in pieces of this size."""
    return [row async for batch in read_rows(in_pieces(body, size)) for row in batch]


@given(st.lists(st.lists(CELLS, min_size=2, max_size=3), max_size=5), st.integers(1, 40), st.booleans())
def test_pieces_do_not_matter(table: list[list[str]], size: int, bom: bool) -> None:
    """Quoted newlines, commas, quotes and characters of several bytes survive any cutting into pieces."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(table)
    body = (("\ufeff" if bom else "") + text.getvalue()).encode()
    assert asyncio.run(rows_of(body, size)) == table


async def test_empty_lines_are_no_rows_and_a_last_line_needs_no_newline() -> None:
    """A file may end with or without a newline, and hold blank lines."""
    assert await rows_of(b"a,b\r\n\r\n1,2\n\n3,4") == [["a", "b"], ["1", "2"], ["3", "4"]]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"\xff\xfe\x00", "The report is not UTF-8 text."),
        (b'a,"b"c\n', "The report is not CSV: ',' expected after '\"'."),
        (b"  <!DOCTYPE html><html>", "A web page came in place of a report: '<!DOCTYPE html><html>'."),
        (b'a\n"' + b"x" * (LONGEST_RECORD + 100), "more than a million characters: a quote is not closed."),
    ],
)
async def test_what_is_no_csv_is_told_apart(body: bytes, complaint: str) -> None:
    """Each way of being no report has a sentence of its own."""
    with pytest.raises(UnexpectedAnswerError) as caught:
        await rows_of(body, 65536)
    assert complaint in caught.value.message


def test_columns_are_found_by_their_text() -> None:
    """Case and spacing of a header do not matter; the first of two columns of one name counts."""
    header = Header(["Send  Count", "read count", "Send Count"])
    assert header.number("Send Count")(["1", "2", "3"]) == 1
    assert header.number("Read Count")(["1", "2", "3"]) == 2
    assert "Receive Count" not in header


@pytest.mark.parametrize(
    ("cell", "value"), [("Yes", True), ("True", True), ("TRUE", True), ("No", False), ("false", False), ("", False)]
)
def test_booleans_in_both_spellings(cell: str, value: bool) -> None:
    """Yes and True are yes; all else is no."""
    assert Header(["Used Web"]).flag("Used Web")([cell]) is value


def test_dates_with_and_without_time_are_equal_days() -> None:
    """A day is a day, however it is written; an empty cell is none, and nonsense is a fault that names it."""
    read = Header(["Last Activity Date"]).day("Last Activity Date")
    assert read(["2026-03-10"]) == read(["2026-03-10T00:00:00Z"]) == read([" 2026-03-10 00:00:00"])
    assert read([""]) is None
    with pytest.raises(UnexpectedAnswerError, match="'soon' in the column Last Activity Date, not a date"):
        read(["soon"])


def test_numbers_are_whole_or_decimal_and_empty_is_none_of_either() -> None:
    """An empty cell is 0 as in the plugins; a text is a fault that names it."""
    read = Header(["Send Count"]).number("Send Count")
    assert (read(["7"]), read(["1.5"]), read([""])) == (7, 1.5, 0)
    with pytest.raises(UnexpectedAnswerError, match="'many' in the column Send Count, not a number"):
        read(["many"])
