"""One report file, folded piece by piece into a few numbers."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from datetime import date
from operator import add

import anyio.lowlevel

from o365_exporter.errors import UnexpectedAnswerError
from o365_exporter.fields import cleaned
from o365_exporter.reports.columns import LAST_ACTIVITY_DATE, REFRESH_DATE, REPORT_DATE, Columns, Header, OddCellError
from o365_exporter.reports.doubles import Doubles
from o365_exporter.reports.newest import Newest
from o365_exporter.reports.recipes import Folded, Recipe
from o365_exporter.reports.rows import Measure
from o365_exporter.reports.singles import Singles
from o365_exporter.reports.tables import Grid, Row, in_parts, read_rows

_FEW, _SHARE = 3, 0.05
"""So many rows, or this share of them, may be left out; more means that the form of the file has changed."""

_ONE_BY_ONE = 64
"""Rows that are looked at one by one before other tasks get their turn; each takes some 25 microseconds."""

_HASH = 32
_CONCEALED = re.compile(rf"[0-9A-Fa-f]{{{_HASH}}}")
"""How a name looks where the tenant conceals names: a hash of 32 hexadecimal digits."""


class Unchanged(Exception):  # noqa: N818 - a finding, told where reading stops
    """The first row has a refresh date that is known already, or one from before it."""


async def fold(
    pieces: AsyncGenerator[bytes, None],
    recipe: Recipe,
    *,
    known: date | None = None,
    etag: str = "",
    until: date = date.max,
) -> Folded | None:
    """The file as a few numbers; None where it has a header and no rows.

    Args:
        pieces: its bytes.
        recipe: what is made of it.
        known: the refresh date of what was read before.
        etag: the validator it came with.
        until: the last day that a report can speak of.

    Raises:
        Unchanged: nothing of it is newer than what is known; the rest was not read.
        UnexpectedAnswerError: it is no such report, or more than a small share of its rows cannot be read.
        TruncatedError: it ends in the middle of a row.
    """
    folding: _Folding | None = None
    async with aclosing(read_rows(pieces)) as batches:
        async for rows in batches:
            if folding is None and rows:
                folding = _Folding(recipe, Header(rows[0]), until)
                rows = rows[1:]  # noqa: PLW2901 - the header is none
            if folding is not None:
                for _ in folding.add(rows, known):
                    await anyio.lowlevel.checkpoint()
    if folding is None:
        raise UnexpectedAnswerError("The report has an empty body, without even a header.")
    return folding.result(etag)


class _Folding:
    """The sums while a file is being read."""

    def __init__(self, recipe: Recipe, header: Header, until: date) -> None:
        self._recipe = recipe
        self._header = header
        self._until = until
        self._missing = tuple(column for column in recipe.columns if column not in header)
        self._check()
        self._refreshed: date | None = None
        self._rows = 0
        self._left_out = 0
        self._complaint = ""
        self._named = recipe.key.column in header
        self._doubles = Doubles()
        self._names = 0
        self._hashes = 0
        self._active = 0 if recipe.activity and LAST_ACTIVITY_DATE in header else None
        self._measures = self._whole(recipe.rows)
        self._sums: list[float] = [0] * len(self._measures)
        self._newest = Newest(self._whole(recipe.newest), recipe.group) if self._has_newest() else None
        self._singles = Singles(recipe.singles, recipe.key, self._whole(recipe.each))

    def _check(self) -> None:
        """A header that lacks what everything hangs on belongs to another file, such as a login page."""
        needed = (REFRESH_DATE, self._recipe.key.column) if self._recipe.filters else (REFRESH_DATE,)
        for column in needed:
            if column in self._missing:
                raise UnexpectedAnswerError(
                    f"The report lacks the column {column}, without which it cannot be read; it begins {self._header}."
                )
        measures = (*self._recipe.rows, *self._recipe.newest, *self._recipe.each)
        if measures and not self._whole(measures):
            raise UnexpectedAnswerError(f"The report lacks every column that is read; it begins {self._header}.")

    def _has_newest(self) -> bool:
        group = self._recipe.group
        needed = (REPORT_DATE, group.column) if group else (REPORT_DATE,)
        return bool(self._recipe.newest) and not set(needed) & set(self._missing)

    def _whole(self, measures: Iterable[Measure]) -> list[Measure]:
        return [measure for measure in measures if not set(measure.quantity.columns) & set(self._missing)]

    def add(self, rows: Sequence[Row], known: date | None) -> Iterator[None]:
        """Fold some more rows; others are to have their turn wherever it yields."""
        self._rows += len(rows)
        whole = self._whole_rows(rows)
        if whole is None:
            return
        try:
            columns, totals = self._checked(whole)
        except OddCellError:
            yield from self._add_one_by_one(whole, known)
        else:
            self._fold(columns, known, totals)

    def _add_one_by_one(self, rows: Grid, known: date | None) -> Iterator[None]:
        """Fold those that can be read, and count the others."""
        for few in in_parts(rows, _ONE_BY_ONE):
            assert isinstance(few, Grid)
            columns = self._picked(few, [at for at in range(len(few)) if self._can_be_read(few.picked([at]))])
            if columns is not None:
                self._fold(columns, known)
            yield

    def _fold(self, found: Columns, known: date | None, totals: Sequence[float] | None = None) -> None:
        """Fold rows that can be read, whose totals are made already."""
        columns = self._singled_out(found) if self._named else found
        if columns is None:
            return
        self._note_refresh_date(columns, known)
        self._note_names(columns)
        if self._newest is not None:
            self._newest.add(columns)
        self._note_activity(columns)
        if (kept := self._kept(columns)) is not None:
            if totals is None or kept is not found:
                totals = self._totals(kept)
            self._sums = [*map(add, self._sums, totals)]
            self._singles.add(kept)

    def _whole_rows(self, rows: Sequence[Row]) -> Grid | None:
        """Those with a cell for each column."""
        if isinstance(rows, Grid) and rows.width == self._header.width:
            return rows if len(rows) else None
        whole = [row for row in rows if len(row) == self._header.width]
        if len(whole) < len(rows):
            odd = next(row for row in rows if len(row) != self._header.width)
            self._leave_out(len(rows) - len(whole), f"it has {len(odd)} cells under {self._header.width} columns")
        return Grid.of(whole) if whole else None

    def _picked(self, rows: Grid, positions: Sequence[int]) -> Columns | None:
        return Columns(self._header, rows.picked(positions)) if positions else None

    def _totals(self, columns: Columns) -> list[float]:
        """What each measure gets of these rows."""
        return [measure.quantity.total(columns) for measure in self._measures]

    def _checked(self, rows: Grid) -> tuple[Columns, Sequence[float]]:
        """These rows and their totals, if everything that is made of them can be read."""
        columns = Columns(self._header, rows)
        for column in (REFRESH_DATE, *([REPORT_DATE] if self._newest is not None else [])):
            self._check_days(column, columns.days_written(column).values())
        for measure in self._singles.measures:
            measure.quantity.total(columns)
        return columns, self._totals(columns)

    def _check_days(self, column: str, days: Iterable[date | None]) -> None:
        for day in days:
            if day is None:
                raise OddCellError(f"it has no {column}")
            if day > self._until:
                raise OddCellError(f"its {column} is {day}, and by the clock here that day is still to come")

    def _can_be_read(self, row: Grid) -> bool:
        try:
            self._checked(row)
        except OddCellError as error:
            self._leave_out(1, str(error))
            return False
        return True

    def _leave_out(self, count: int, complaint: str) -> None:
        self._left_out += count
        self._complaint = self._complaint or complaint

    def _singled_out(self, columns: Columns) -> Columns | None:
        """Without rows that have come before, cell by cell."""
        doubles = self._doubles.of(columns.texts(self._recipe.key.column), columns.rows)
        if not doubles:
            return columns
        self._leave_out(len(doubles), "it has come before, cell by cell")
        return self._picked(columns.rows, [at for at in range(len(columns)) if at not in doubles])

    def _note_refresh_date(self, columns: Columns, known: date | None) -> None:
        if self._refreshed is None:
            self._refreshed = columns.days_written(REFRESH_DATE)[columns.texts(REFRESH_DATE)[0]]
            if self._refreshed is not None and known is not None and self._refreshed <= known:
                raise Unchanged

    def _note_names(self, columns: Columns) -> None:
        if self._named and self._recipe.key.personal:
            names = columns.texts(self._recipe.key.column)
            lengths = [*map(len, names)]
            self._names += len(names) - lengths.count(0)
            if _HASH in lengths:
                self._hashes += sum(_CONCEALED.fullmatch(name) is not None for name in names)

    def _note_activity(self, columns: Columns) -> None:
        """Nothing that is served is made of this count, so it may be unknown without costing a row."""
        if self._active is not None:
            try:
                self._active += columns.count(("active",))
            except OddCellError:
                self._active = None

    def _kept(self, columns: Columns) -> Columns | None:
        """The rows that count, None where there is none."""
        if not self._recipe.filters:
            return columns
        keeps = self._recipe.keys.keeps
        names = columns.texts(self._recipe.key.column)
        return self._picked(columns.rows, [at for at, name in enumerate(names) if keeps(cleaned(name))])

    def result(self, etag: str) -> Folded | None:
        """What has come out; None where there was no row.

        Raises:
            UnexpectedAnswerError: too much was left out.
        """
        if not self._rows:
            return None
        self._check_share()
        assert self._refreshed is not None, "of any row that could be read"
        oddities = []
        if self._left_out:
            oddities.append(
                f"{self._left_out} of its {self._rows} rows are left out; the first, because {self._complaint}."
            )
        newest = self._newest.found() if self._newest is not None else None
        sums = dict(zip((measure.key for measure in self._measures), self._sums, strict=True))
        return Folded(
            refreshed=self._refreshed,
            rows=self._rows,
            missing=self._missing,
            values={**sums, **(newest.values if newest else {})},
            each=self._singles.values,
            cut=self._singles.cut,
            concealed=None if not self._names else 2 * self._hashes > self._names,
            etag=etag,
            active=self._active,
            left_out=self._left_out + (newest.left_out if newest else 0),
            oddities=(*oddities, *(newest.oddities if newest else ())),
        )

    def _check_share(self) -> None:
        unread = max(self._left_out, self._doubles.estimate)
        if self._refreshed is None or unread > max(_FEW, _SHARE * self._rows) or 2 * unread > self._rows:
            raise UnexpectedAnswerError(
                f"{unread} of the {self._rows} rows of the report cannot be used; the first, because {self._complaint}."
            )
