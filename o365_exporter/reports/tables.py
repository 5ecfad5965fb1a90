"""CSV as it streams in: rows in pieces, each byte looked at a bounded number of times whatever the file holds.

A piece is parsed on the event loop and the loop is given back after each: measured to hold it up for 2 to 4 ms,
where a worker thread reading the same file held it up for up to half a second. What a turn costs depends on characters
and on lines, so both are bounded.
"""

from __future__ import annotations

import csv
import io
from codecs import getincrementaldecoder
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
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

MOST_LINES = 1024
"""Lines of one row; a quoted cell with more of them was never closed."""

MOST_COLUMNS = 1024
"""Columns of a file; Microsoft's reports have up to 40."""

MOST_ROWS = 2048
"""Rows that are given out before other tasks get their turn."""

_MOST_SPLIT = 2 * MOST_ROWS
"""Lines that are split at once; no report has rows as short as that."""

_STEP = 8 * 1024
"""Characters that are parsed at once where a piece is not as it should be: they may be as many lines."""

_MASK = "\1"
"""What stands for a comma within quotes while a block is split; no report has this character."""

MOST_BROKEN = 50
"""Lines with a quote that fits nothing; more means that the file is no CSV. Looking for their ends costs time."""


class Grid(Sequence[Row]):
    """Rows of one width as a single list of cells, out of which a column is a slice.

    Args:
        cells: row by row.
        width: cells of a row.
        step: from the beginning of a row to that of the next, where something stands between them.
        ending: what the last cell of every row has at its end in addition.
        masked: whether cells may hold masks in place of commas.
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
            return self._sliced(range(len(self))[at])
        start = range(len(self))[at] * self._step
        row = self._cells[start : start + self.width]
        row[-1] = row[-1].removesuffix(self._ending)
        return _unmasked(row) if self._masked else row

    def joined(self, at: int) -> str:
        """A row as one text, which is the same for the same cells."""
        start = at * self._step
        text = "\0".join(self._cells[start : start + self.width]).removesuffix(self._ending)
        return text.replace(_MASK, ",") if self._masked else text

    def column(self, position: int) -> list[str]:
        """The cells of one column."""
        cells = self.masked(position)
        return _unmasked(cells) if self._masked else cells

    def masked(self, position: int) -> list[str]:
        """The same, where a cell with a comma in it is none that can be read, and may have a mask in its place."""
        cells = self._cells[position :: self._step]
        if self._ending and position == self.width - 1:
            cells = [cell.removesuffix(self._ending) for cell in cells]
        return cells

    def _sliced(self, at: range) -> Grid:
        if at.step != 1:
            return self.picked(at)
        cells = self._cells[at.start * self._step : at.stop * self._step]
        return Grid(cells, self.width, self._step, ending=self._ending, masked=self._masked)

    def picked(self, positions: Iterable[int]) -> Grid:
        """Some of the rows."""
        return Grid(list(chain.from_iterable(map(self.__getitem__, positions))), self.width)


def in_parts(rows: Sequence[Row], most: int) -> Iterator[Sequence[Row]]:
    """The rows, so many at a time."""
    if len(rows) <= most:
        yield rows
        return
    for start in range(0, len(rows), most):
        yield rows[start : start + most]


async def read_rows(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[Sequence[Row], None]:
    """The rows of a CSV file, header included, in batches; a batch whose rows are as wide as the first is a ``Grid``.

    A line with a quote that fits nothing comes as a row of one cell, so that it costs itself and not its neighbours.
    Others have their turn after each batch.

    Args:
        pieces: the file as UTF-8 bytes, with or without a byte order mark; closed at the end.

    Raises:
        UnexpectedAnswerError: it is not UTF-8, not CSV, a row is endless, or it has too many columns.
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
            for rows in table.rows("".join(waiting)):
                yield rows
                await anyio.lowlevel.checkpoint()
            waiting, size = [], 0
    for rows in chain(table.rows("".join(waiting)), table.end()):
        yield rows
        await anyio.lowlevel.checkpoint()


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

    def rows(self, text: str) -> Iterator[Sequence[Row]]:
        """The rows that end in this text, in batches; all are to be taken."""
        text = self.rest + text
        if not self._begun and (begun := text.lstrip()):
            self._begun = True
            _check_begin(begun)
        end = text.rfind("\n") + 1
        block, tail = text[:end], text[end:]
        if grid := self._fast(block):
            self.rest = tail
            yield from in_parts(grid, MOST_ROWS)
        else:
            yield from self._slowly(block)
            self.rest += tail
        if len(self.rest) > LONGEST_RECORD + PIECE:
            raise UnexpectedAnswerError(f"A row of the report has more than {LONGEST_RECORD} characters.")

    def end(self) -> Iterator[Sequence[Row]]:
        """The last rows; the very last may lack its newline."""
        text = self.rest
        rows: Sequence[Row] = []
        for following in self._slowly(text, last=True):
            yield rows if following else following
            rows = following or rows
        if rows and self._width and not text.endswith("\n") and len(rows[-1]) != self._width:
            raise TruncatedError(
                f"The report ends in the middle of a row: {len(rows[-1])} of {self._width} cells.",
                remedy="It is asked for anew at the next poll; look for a proxy on the way that cuts answers.",
            )
        yield rows

    def _fast(self, block: str) -> Grid | None:
        """The rows of a block in which everything is as it should be, else None; no row of it is open at the end."""
        if self._width < 2 or not block.endswith("\n") or len(block) > LONGEST_RECORD + PIECE:  # noqa: PLR2004
            return None  # where a row is one cell, an empty line is none
        lines = _unquoted(block) if '"' in block else block
        return _split(lines, self._width, masked=lines is not block) if lines else None

    def _slowly(self, block: str, *, last: bool = False) -> Iterator[Sequence[Row]]:
        """Any rows, a few lines at a time; what is still open at the end is the ``rest``.

        A row that is still open is looked at again when what follows has doubled it, or is too many lines for one row.
        """
        text = io.StringIO(block, newline="")
        opened: list[str] = []
        fresh: list[str] = []
        while part := text.readlines(_STEP):
            fresh += part
            if _size(fresh) >= _size(opened) or len(opened) + len(fresh) > MOST_LINES:
                rows, opened = self._plain(opened + fresh, last=False)
                fresh = []
                yield from in_parts(rows, MOST_ROWS)
        if fresh or last:
            rows, opened = self._plain(opened + fresh, last=last)
            yield from in_parts(rows, MOST_ROWS)
        self.rest = "".join(opened)

    def _plain(self, lines: list[str], *, last: bool) -> tuple[Sequence[Row], list[str]]:
        """Any rows, and the lines of one that is still open at the end."""
        try:
            rows = list(csv.reader(lines, strict=True))
        except csv.Error:
            rows, opened = self._salvaged(lines, last=last)
        else:
            opened = []
        widths = set(map(len, rows))
        if 0 in widths:
            rows = list(filter(None, rows))
        if rows and not self._width:
            self._begin(len(rows[0]))
        return (Grid.of(rows) if rows and widths == {self._width} else rows), opened

    def _begin(self, width: int) -> None:
        if width > MOST_COLUMNS:
            raise UnexpectedAnswerError(f"The report has {width} columns, where at most {MOST_COLUMNS} are read.")
        self._width = width

    def _salvaged(self, lines: list[str], *, last: bool) -> tuple[list[Row], list[str]]:
        """Row by row, where a quote fits nothing or is open at the end; the second value is what is still open."""
        rows: list[Row] = []
        at = 0
        while at < len(lines):
            reader = csv.reader(islice(lines, at, None), strict=True)
            read = 0
            try:
                for row in reader:
                    read = reader.line_num
                    rows.append(row)
            except csv.Error as error:
                seen, at = at + reader.line_num, at + read
                opened = lines[at:] if seen == len(lines) and not last else []
                if 0 < len(opened) <= MOST_LINES and _size(opened) <= LONGEST_RECORD:
                    return rows, opened
                rows.append([lines[at]])
                at += 1
                self._note_broken(error)
            else:
                break
        return rows, []

    def _note_broken(self, error: csv.Error) -> None:
        self._broken += 1
        if self._broken > MOST_BROKEN:
            raise UnexpectedAnswerError(f"The report is not CSV: {self._broken} lines are broken; the last: {error}.")


def _size(lines: list[str]) -> int:
    return sum(map(len, lines))


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
    if count > _MOST_SPLIT:
        return None
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
    """The block without its quotes and with a mask for commas that they protect, so that it can be split as a whole.

    None where a quote is not at the beginning or end of a cell, or is missing, or protects a newline. Every second
    piece between quotes stands within a pair; nothing between two pairs is a quote within a cell.
    """
    pieces = block.split('"')
    outside, inside = pieces[::2], pieces[1::2]
    if len(outside) == len(inside) or "\0" in block or _MASK in block:
        return None
    if not {*map(itemgetter(0), filter(None, outside[1:]))} <= {",", "\n", "\r"}:
        return None
    if not {*map(itemgetter(-1), filter(None, outside[:-1]))} <= {",", "\n"}:
        return None
    protected = "\0".join(inside)
    if "\n" in protected:
        return None
    if "," in protected:
        pieces[1::2] = protected.replace(",", _MASK).split("\0")
    pieces[2::2] = [piece or '"' for piece in outside[1:]]
    return "".join(pieces)


def _unmasked(cells: list[str]) -> list[str]:
    text = "\0".join(cells)
    return text.replace(_MASK, ",").split("\0") if _MASK in text else cells
