"""CSV as it streams in: whatever the pieces, the rows are the same; what is no CSV is told apart."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import suppress
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.collectors import exchange_usage
from o365_exporter.errors import PollError, TruncatedError, UnexpectedAnswerError
from o365_exporter.reports import tables
from o365_exporter.reports.folding import fold
from o365_exporter.reports.recipes import Recipe
from o365_exporter.reports.tables import LONGEST_RECORD, MOST_BROKEN, MOST_ROWS, PIECE, Row, read_rows
from tests.counting import Work, counted
from tests.reports.files import REFRESHED, in_pieces

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
    ("body", "error", "complaint"),
    [
        (b"\xff\xfe\x00", UnexpectedAnswerError, "The report is not UTF-8 text."),
        (b"  <!DOCTYPE html><html>", UnexpectedAnswerError, "A web page came in place of a report: '<!DOCTYPE html>"),
        (
            b"a\n" + b"x" * (LONGEST_RECORD + 2 * PIECE),
            UnexpectedAnswerError,
            "A row of the report has more than 65536",
        ),
        (b"a," * 1_024 + b"b\n", UnexpectedAnswerError, "The report has 1025 columns, where at most 1024 are read."),
        (b"a,b\n" + b'"a"b,c\n' * 51, UnexpectedAnswerError, "The report is not CSV: 51 lines are broken; the last: "),
        (b"a,b\n1,2\n3", TruncatedError, "The report ends in the middle of a row: 1 of 2 cells."),
        (b'a,b\n1,2\n3,"fou', TruncatedError, "The report ends in the middle of a row: 1 of 2 cells."),
    ],
)
async def test_what_is_no_csv_is_told_apart(body: bytes, error: type[PollError], complaint: str) -> None:
    """Each way of being no report, or of not being whole, has a sentence of its own."""
    with pytest.raises(error) as caught:
        await rows_of(body, 65536)
    assert complaint in caught.value.message


@pytest.mark.parametrize("size", [100, 65536])
@pytest.mark.parametrize(
    "broken",
    ['2,"b"c', '2,"b', '"2,b', '"', '"2"x,"b"', '2,"b","'],
    ids=["text after a quote", "last cell open", "first cell open", "quote alone", "both", "a third cell open"],
)
async def test_a_quote_that_fits_nothing_costs_its_line_alone(broken: str, size: int) -> None:
    """The lines before and after it are rows, wherever the pieces are cut; it comes as a row of one cell."""
    neighbours = [[str(n), "x" * 40] for n in range(6_000)]
    lines = [",".join(row) for row in neighbours]
    body = "\n".join(["a,b", *lines[:2], broken, *lines[2:], ""]).encode()
    rows = await rows_of(body, size)
    assert rows == [["a", "b"], *neighbours[:2], [f"{broken}\n"], *neighbours[2:]]


async def test_an_open_quote_is_given_up_before_the_file_is() -> None:
    """It is no row any more when more than a row's length follows it, even where no cell is too long for csv yet."""

    async def pieces() -> AsyncGenerator[bytes, None]:
        for start, end in pairwise((0, 60_000, 119_000, 134_000, len(body))):  # at 134 000 most is whole lines
            yield body[start:end]

    neighbours = [[str(n), "x" * 30_000] for n in range(8)]
    body = "\n".join(["a,b", '"2,b', *map(",".join, neighbours), ""]).encode()
    rows = [row async for batch in read_rows(pieces()) for row in batch]
    assert rows == [["a", "b"], ['"2,b\n'], *neighbours]


@pytest.mark.parametrize("cell", ['5" disk', 'a"', 'a "b" c', 'x""y'])
async def test_a_quote_within_a_cell_is_a_character(cell: str) -> None:
    """Only a quote at the beginning of a cell opens one."""
    assert await rows_of(f"a,b\n1,{cell}\n2,c\n".encode()) == [["a", "b"], ["1", cell], ["2", "c"]]


HOSTILE: dict[str, Callable[[str, int], str]] = {
    "a first name with a stray quote": lambda header, size: f'{header}"Ann,1\n' + "Bob,2\n" * (size // 6),
    "a stray quote half-way": lambda header, size: header + "Ann,1\n" * (size // 12) + '"' + "Bob,2\n" * (size // 12),
    "a header with a stray quote": lambda header, size: f'"{header}' + "Bob,2\n" * (size // 6),
    "a cell of newlines": lambda header, size: f'{header}"' + "\n" * size,
    "many cells of newlines": lambda header, size: header + ('"' + "\n" * 9_000 + '",1\n') * (size // 9_000),
    "quotes alone": lambda header, size: header + '"\n' * (size // 2),
    "quotes and commas": lambda header, size: header + '",",' * (size // 4),
    "two quotes a line": lambda header, size: header + '"x""\n' * (size // 5),
    "escaped quotes": lambda header, size: f'{header}"' + '""' * (size // 2),
    "NUL": lambda header, size: header + "\0" * size,
    "lines of NUL": lambda header, size: header + "\0\n" * (size // 2),
    "one endless line": lambda header, size: header + "x" * size,
    "empty lines": lambda header, size: header + "\n" * size,
    "empty lines alone": lambda _, size: "\r\n" * (size // 2),
    "short lines": lambda header, size: header + "a\n" * (size // 2),
    "commas": lambda header, size: header + "," * size,
    "lines of commas": lambda header, size: header + f"{',' * header.count(',')}\n" * (size // header.count(",")),
    "a header of commas": lambda header, size: header.strip() + "," * (size // 2) + "\n" + "," * (size // 2),
    "CR alone": lambda header, size: header + "Ann,1\r" * (size // 6),
    "only CR": lambda header, size: header + "\r" * size,
    "columns that nobody has": lambda header, size: f"{header.strip()}{',x' * 3_000}\n" * (size // 6_000),
    "cells that cannot be read": lambda header, size: header + f"{header.replace(' ', '-')}" * (size // len(header)),
    "endless numbers": lambda header, size: header + f"{REFRESHED},{'0' * 5_000}1,\n" * (size // 5_000),
}


@pytest.mark.parametrize("piece", [512, PIECE])
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_work_grows_with_the_file_and_not_with_its_square(
    hostile: Callable[[str, int], str], piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the file holds, the characters that are looked at are a small multiple of those that came.

    Between two turns of others they are a few pieces, in a bounded number of lines.
    """
    seen = Seen(monkeypatch)
    per_character = []
    for size in (100_000, 1_000_000):
        seen.characters, body = 0, hostile("a,b\n", size).encode()
        with suppress(UnexpectedAnswerError, TruncatedError):
            asyncio.run(rows_of(body, piece))
        per_character.append(seen.characters / len(body))
    assert max(per_character) < MOST_BROKEN + 10, "each broken line may cost a look at what follows it"
    assert per_character[1] <= max(per_character[0], 6)
    assert seen.most_characters <= 6 * PIECE
    assert seen.most_lines <= 16 * MOST_ROWS


class Seen:
    """What is parsed and split: characters altogether, and the most characters and lines between two turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.characters = self.most_characters = self.most_lines = 0
        self._before = self._lines = 0
        monkeypatch.setattr(tables, "csv", SimpleNamespace(reader=self._reader, Error=csv.Error))
        monkeypatch.setattr(tables, "_split", self._split)
        monkeypatch.setattr(anyio.lowlevel, "checkpoint", self._turn)

    def _reader(self, lines: Iterable[str], **how: Any) -> Any:
        def noted() -> Iterator[str]:
            for line in lines:
                self.characters += len(line)
                self._lines += 1
                yield line

        return csv.reader(noted(), **how)

    def _split(self, lines: str, width: int, *, masked: bool, split: Any = tables._split) -> Any:
        grid = split(lines, width, masked=masked)
        self.characters += len(lines)
        self._lines += len(grid) if grid else 0
        return grid

    async def _turn(self) -> None:
        self.most_characters = max(self.most_characters, self.characters - self._before)
        self.most_lines = max(self.most_lines, self._lines)
        self._before, self._lines = self.characters, 0


MAILBOXES = next(report for report in exchange_usage.REPORTS if report.source == "mailbox_usage")
HEADER = "Report Refresh Date,Item Count,Storage Used (Byte),Is Deleted,Last Activity Date\n"


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_folding_gives_others_their_turn_whatever_comes(
    hostile: Callable[[str, int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten times the file are ten times the turns, none of them longer; what is no report ends with a sentence."""
    work: Work

    async def turn() -> None:
        work.turn()

    monkeypatch.setattr(anyio.lowlevel, "checkpoint", turn)
    for size in (10_000, 100_000):
        with counted() as work, suppress(UnexpectedAnswerError, TruncatedError):
            asyncio.run(fold(in_pieces(hostile(HEADER, size).encode(), PIECE), Recipe(rows=MAILBOXES.population)))
        assert work.longest < 100_000, "instructions, some three milliseconds"
