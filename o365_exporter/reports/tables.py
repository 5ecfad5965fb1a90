"""CSV as it streams in: rows in pieces, each byte looked at a bounded number of times whatever the file holds.

A piece is parsed on the event loop and the loop is given back after each: measured to hold it up for 2 to 4 ms,
where a worker thread reading the same file held it up for up to half a second.
"""

from __future__ import annotations

import csv
import io
from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import islice

import anyio.lowlevel

from o365_exporter.errors import TruncatedError, UnexpectedAnswerError

Row = list[str]

PIECE = 64 * 1024
"""Bytes that are parsed before other tasks get their turn."""

LONGEST_RECORD = 64 * 1024
"""Characters of one row; more means that a quote was never closed, or that the file is no table."""

MOST_BROKEN = 50
"""Lines with a quote that fits nothing; more means that the file is no CSV. Looking for their ends costs time."""


async def read_rows(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[list[Row], None]:
    """The rows of a CSV file, header included, in batches.

    A line with a quote that fits nothing comes as a row of one cell, so that it costs itself and not its neighbours.

    Args:
        pieces: the file as UTF-8 bytes, with or without a byte order mark; closed at the end.

    Raises:
        UnexpectedAnswerError: it is not UTF-8, not CSV, or a row is endless.
        TruncatedError: it ends in the middle of a row.
    """
    table = _Table()
    waiting: list[str] = []
    size = 0
    async with aclosing(_texts(pieces)) as texts:
        async for text in texts:
            waiting.append(text)
            size += len(text)
            if size < len(table.rest):
                continue  # what waits for its end is looked at again when it has doubled, so that drops cost no more
            yield table.rows("".join(waiting))
            waiting, size = [], 0
            await anyio.lowlevel.checkpoint()
    yield table.rows("".join(waiting))
    yield table.end()


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


class _Table:
    """Whole rows out of text that comes in pieces; ``rest`` is the beginning of a row whose end is still to come."""

    def __init__(self) -> None:
        self.rest = ""
        self._begun = False
        self._broken = 0
        self._width = 0

    def rows(self, text: str) -> list[Row]:
        """The rows that end in this text."""
        text = self.rest + text
        if not self._begun and (begun := text.lstrip()):
            self._begun = True
            _check_begin(begun)
        end = text.rfind("\n") + 1
        rows = self._parsed(text[:end], text[end:])
        if rows and not self._width:
            self._width = len(rows[0])
        return rows

    def end(self) -> list[Row]:
        """The last row, which may lack its newline."""
        text, self.rest = self.rest, ""
        rows = self._parsed(text, "", last=True)
        if rows and self._width and not text.endswith("\n") and len(rows[-1]) != self._width:
            raise TruncatedError(
                f"The report ends in the middle of a row: {len(rows[-1])} of {self._width} cells.",
                remedy="It is asked for anew at the next poll; look for a proxy on the way that cuts answers.",
            )
        return rows

    def _parsed(self, block: str, tail: str, *, last: bool = False) -> list[Row]:
        """The rows of a block of whole lines; what follows them, and a row that is not closed, is kept as the rest."""
        if '"' not in block:
            rows, unread = _split(block), ""
        else:
            rows, unread = self._quoted(block, last=last)
        self.rest = unread + tail
        if len(self.rest) > LONGEST_RECORD + PIECE:
            raise UnexpectedAnswerError(f"A row of the report has more than {LONGEST_RECORD} characters.")
        return rows

    def _quoted(self, block: str, *, last: bool) -> tuple[list[Row], str]:
        try:
            return [row for row in csv.reader(io.StringIO(block, newline=""), strict=True) if row], ""
        except csv.Error:
            return self._salvaged(list(io.StringIO(block, newline="")), last=last)

    def _salvaged(self, lines: list[str], *, last: bool) -> tuple[list[Row], str]:
        """Row by row, where a quote fits nothing or is open at the end; the second value is what is still open."""
        rows: list[Row] = []
        at = 0
        while at < len(lines):
            reader = csv.reader(islice(lines, at, None), strict=True)
            read = 0
            try:
                for row in reader:
                    read = reader.line_num
                    if row:
                        rows.append(row)
            except csv.Error as error:
                seen, at = at + reader.line_num, at + read
                unread = "".join(lines[at:]) if seen == len(lines) and not last else ""
                if 0 < len(unread) <= LONGEST_RECORD:
                    return rows, unread
                rows.append([lines[at]])
                at += 1
                self._note_broken(error)
            else:
                break
        return rows, ""

    def _note_broken(self, error: csv.Error) -> None:
        self._broken += 1
        if self._broken > MOST_BROKEN:
            raise UnexpectedAnswerError(f"The report is not CSV: {self._broken} lines are broken; the last: {error}.")


def _check_begin(text: str) -> None:
    if text.startswith("<"):
        raise UnexpectedAnswerError(
            f"A web page came in place of a report: {' '.join(text.split())[:80]!r}.",
            remedy="Look for a proxy on the way that answers with a page of its own, such as one to sign in.",
        )


def _split(block: str) -> list[Row]:
    """Rows without any quote, which is half the work that the csv module has with them."""
    if "\r" in block:
        block = block.replace("\r\n", "\n").replace("\r", "\n")
    return [line.split(",") for line in block.split("\n") if line]
