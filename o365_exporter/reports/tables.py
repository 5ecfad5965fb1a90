"""CSV as it streams in: rows in pieces, each byte looked at a bounded number of times whatever the file holds.

A piece is parsed on the event loop and the loop is given back after each: measured to hold it up for 2 to 4 ms,
where a worker thread reading the same file held it up for up to half a second.
"""

from __future__ import annotations

import csv
import io
from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from itertools import chain, islice
from operator import itemgetter
from typing import overload

import anyio.lowlevel

from o365_exporter.errors import TruncatedError, UnexpectedAnswerError

Row = list[str]

PIECE = 64 * 1024
"""Bytes that are parsed before other tasks get their turn."""

LONGEST_RECORD = 64 * 1024
"""Characters of one row; more means that a quote was never closed, or that the file is no table."""

_MASK = {",": "\1", "\n": "\2"}
"""What stands for a comma or newline within quotes while a block is split; no report has these characters."""

MOST_BROKEN = 50
"""Lines with a quote that fits nothing; more means that the file is no CSV. Looking for their ends costs time."""


class Grid(Sequence[Row]):
    """Rows of one width as a single list of cells, out of which a column is a slice.

    Args:
        cells: row by row.
        width: cells of a row.
        step: from the beginning of a row to that of the next, where something stands between them.
        ending: what the last cell of every row has at its end in addition.
        masked: whether cells may hold masks.
    """

    def __init__(self, cells: list[str], width: int, step: int = 0, *, ending: str = "", masked: bool = False) -> None:
        self.width = width
        self._masked = masked
        self._ending = ending
        self._cells = cells
        self._step = step or width

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Grid:
        """Rows of one width, at least one of them."""
        return cls(list(chain.from_iterable(rows)), len(rows[0]))

    def __len__(self) -> int:
        return len(self._cells) // self._step

    @overload
    def __getitem__(self, at: int) -> Row: ...

    @overload
    def __getitem__(self, at: slice) -> Grid: ...

    def __getitem__(self, at: int | slice) -> Row | Grid:
        if isinstance(at, slice):
            return self.picked(range(len(self))[at])
        start = range(len(self))[at] * self._step
        row = self._cells[start : start + self.width]
        row[-1] = row[-1].removesuffix(self._ending)
        return _unmasked(row) if self._masked else row

    def column(self, position: int) -> list[str]:
        """The cells of one column."""
        cells = self._cells[position :: self._step]
        if self._ending and position == self.width - 1:
            cells = [cell.removesuffix(self._ending) for cell in cells]
        return _unmasked(cells) if self._masked else cells

    def picked(self, positions: Iterable[int]) -> Grid:
        """Some of the rows."""
        return Grid(list(chain.from_iterable(map(self.__getitem__, positions))), self.width)


async def read_rows(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[Sequence[Row], None]:
    """The rows of a CSV file, header included, in batches; a batch whose rows are as wide as the first is a ``Grid``.

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

    def rows(self, text: str) -> Sequence[Row]:
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

    def end(self) -> Sequence[Row]:
        """The last row, which may lack its newline."""
        text, self.rest = self.rest, ""
        rows = self._parsed(text, "", last=True)
        if rows and self._width and not text.endswith("\n") and len(rows[-1]) != self._width:
            raise TruncatedError(
                f"The report ends in the middle of a row: {len(rows[-1])} of {self._width} cells.",
                remedy="It is asked for anew at the next poll; look for a proxy on the way that cuts answers.",
            )
        return rows

    def _parsed(self, block: str, tail: str, *, last: bool = False) -> Sequence[Row]:
        """The rows of a block of whole lines; what follows them, and a row that is not closed, is kept as the rest."""
        rows, unread = self._fast(block) or self._plain(block, last=last)
        self.rest = unread + tail
        if len(self.rest) > LONGEST_RECORD + PIECE:
            raise UnexpectedAnswerError(f"A row of the report has more than {LONGEST_RECORD} characters.")
        return rows

    def _fast(self, block: str) -> tuple[Grid, str] | None:
        """The rows of a block in which everything is as it should be, else None; no row of it is open at the end."""
        if self._width < 2 or not block.endswith("\n"):  # noqa: PLR2004 - where a row is one cell, an empty line is none
            return None
        lines = _unquoted(block) if '"' in block else block
        grid = lines and _split(lines, self._width, masked=lines is not block)
        return (grid, "") if grid else None

    def _plain(self, block: str, *, last: bool) -> tuple[Sequence[Row], str]:
        """Any rows, and what is still open at the end."""
        try:
            rows = list(csv.reader(io.StringIO(block, newline=""), strict=True))
        except csv.Error:
            return self._salvaged(list(io.StringIO(block, newline="")), last=last)
        widths = set(map(len, rows))
        if self._width and widths == {self._width}:
            return Grid.of(rows), ""
        return (list(filter(None, rows)) if 0 in widths else rows), ""

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


def _split(lines: str, width: int, *, masked: bool) -> Grid | None:
    """Lines without a quote; None where one has another width. That is a third of the csv module's work with them."""
    content = lines.encode()
    replaced, count = _replaced(content, b"\n", b",\n,")
    cells = replaced.decode().split(",")
    cells.pop()  # what follows the last newline
    step = width + 1
    if len(cells) != count * step or cells[width::step].count("\n") != count:
        return None
    if "\r" not in lines:
        return Grid(cells, width, step, masked=masked)
    ends = set(cells[width - 1 :: step])
    if _replaced(content, b"\r", b"")[1] != count or not all(end.endswith("\r") for end in ends):
        return None
    return Grid(cells, width, step, ending="\r", masked=masked)


def _replaced(content: bytes, old: bytes, new: bytes) -> tuple[bytes, int]:
    """As ``bytes.replace``, and how often: of all that counts, this alone hops from find to find (CPython 3.11)."""
    replaced = content.replace(old, new)
    return replaced, (len(replaced) - len(content)) // (len(new) - len(old))


def _unquoted(block: str) -> str | None:
    """The block without its quotes and with a mask for what they protect, so that it can be split as a whole.

    None where a quote is not at the beginning or end of a cell, or is missing. Every second piece between quotes stands
    within a pair; nothing between two pairs is a quote within a cell.
    """
    pieces = block.split('"')
    outside, inside = pieces[::2], pieces[1::2]
    if len(outside) == len(inside) or any(map(block.__contains__, ("\0", *_MASK.values()))):
        return None
    if not {*map(itemgetter(0), filter(None, outside[1:]))} <= {",", "\n", "\r"}:
        return None
    if not {*map(itemgetter(-1), filter(None, outside[:-1]))} <= {",", "\n"}:
        return None
    masked = "\0".join(inside)
    for protected, mask in _MASK.items():
        masked = masked.replace(protected, mask)
    pieces[1::2] = masked.split("\0")
    pieces[2::2] = [piece or '"' for piece in outside[1:]]
    return "".join(pieces)


def _unmasked(cells: list[str]) -> list[str]:
    text = "\0".join(cells)
    if not any(map(text.__contains__, _MASK.values())):
        return cells
    for protected, mask in _MASK.items():
        text = text.replace(mask, protected)
    return text.split("\0")
