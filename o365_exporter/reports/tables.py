"""CSV as it streams in: rows in pieces, columns by the text of their header.

A piece is parsed on the event loop and the loop is given back after each: measured to hold it up for 2 to 4 ms,
where a worker thread reading the same file held it up for up to half a second.
"""

from __future__ import annotations

import csv
import io
from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from datetime import date
from functools import lru_cache

import anyio.lowlevel

from o365_exporter.errors import UnexpectedAnswerError

Row = list[str]

PIECE = 64 * 1024
"""Bytes that are parsed before other tasks get their turn."""

LONGEST_RECORD = 1024 * 1024
"""Characters of one row; more means that a quote was never closed."""

_YES = ("yes", "true", "1")


class Header:
    """Where each column stands; the first one counts where a name comes twice."""

    def __init__(self, cells: Row) -> None:
        self.width = len(cells)
        self._positions: dict[str, int] = {}
        for position, cell in enumerate(cells):
            self._positions.setdefault(_folded(cell), position)

    def __contains__(self, column: str) -> bool:
        return _folded(column) in self._positions

    def position(self, column: str) -> int:
        """Index of a column that is there."""
        return self._positions[_folded(column)]

    def __str__(self) -> str:
        return repr(", ".join(self._positions)[:80])

    def text(self, column: str) -> Callable[[Row], str]:
        """Reads the cell as it is."""
        position = self.position(column)
        return lambda row: row[position]

    def number(self, column: str) -> Callable[[Row], float]:
        """Reads a number; an empty cell is 0."""
        position = self.position(column)

        def read(row: Row) -> float:
            cell = row[position]
            try:
                return int(cell) if cell else 0
            except ValueError:
                return _decimal(column, cell)

        return read

    def flag(self, column: str) -> Callable[[Row], bool]:
        """Reads a yes or no, in either of Microsoft's spellings."""
        position = self.position(column)
        return lambda row: row[position].strip().lower() in _YES

    def day(self, column: str) -> Callable[[Row], date | None]:
        """Reads a date, with or without a time; None for an empty cell."""
        position = self.position(column)
        return lambda row: _day(column, row[position])


async def read_rows(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[list[Row], None]:
    """The rows of a CSV file, header included, in batches.

    Args:
        pieces: the file as UTF-8 bytes, with or without a byte order mark; closed at the end.

    Raises:
        UnexpectedAnswerError: it is not UTF-8, not CSV, or a row is endless.
    """
    rest = ""
    begun = False
    async with aclosing(_texts(pieces)) as texts:
        async for text in texts:
            rest += text
            if not begun and (begun := bool(rest.strip())):
                _check_begin(rest)
            whole, rest = _cut(rest)
            yield _parsed(whole)
            await anyio.lowlevel.checkpoint()
    yield _parsed(rest)


async def _texts(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[str, None]:
    """The file as text, in pieces small enough to be parsed at once."""
    decode = getincrementaldecoder("utf-8-sig")().decode
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                for start in range(0, len(piece), PIECE):
                    yield decode(piece[start : start + PIECE])
        yield decode(b"", final=True)
    except UnicodeDecodeError:
        raise UnexpectedAnswerError("The report is not UTF-8 text.") from None


def _check_begin(text: str) -> None:
    if text.lstrip().startswith("<"):
        raise UnexpectedAnswerError(
            f"A web page came in place of a report: {' '.join(text.split())[:80]!r}.",
            remedy="Look for a proxy on the way that answers with a page of its own, such as one to sign in.",
        )


def _cut(text: str) -> tuple[str, str]:
    """Whole rows, and the beginning of the next: a newline ends a row where every quote before it is closed."""
    end = text.rfind("\n") + 1
    while end and text.count('"', 0, end) % 2:
        end = text.rfind("\n", 0, end - 1) + 1
    if len(text) - end > LONGEST_RECORD:
        raise UnexpectedAnswerError("A row of the report has more than a million characters: a quote is not closed.")
    return text[:end], text[end:]


def _parsed(text: str) -> list[Row]:
    try:
        return [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise UnexpectedAnswerError(f"The report is not CSV: {error}.") from None


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()


def _decimal(column: str, cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        raise UnexpectedAnswerError(f"The report has {cell[:40]!r} in the column {column}, not a number.") from None


@lru_cache(maxsize=4096)
def _day(column: str, cell: str) -> date | None:
    try:
        return date.fromisoformat(cell.strip()[:10]) if cell.strip() else None
    except ValueError:
        raise UnexpectedAnswerError(f"The report has {cell[:40]!r} in the column {column}, not a date.") from None
