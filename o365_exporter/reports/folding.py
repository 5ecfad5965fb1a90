"""One report file, folded row by row into a few numbers."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from o365_exporter.errors import UnexpectedAnswerError
from o365_exporter.filters import Filter
from o365_exporter.reports.options import PerUserOptions
from o365_exporter.reports.rows import REFRESH_DATE, REPORT_DATE, USER, Amount, Measure
from o365_exporter.reports.tables import Header, Row, read_rows

_CONCEALED = re.compile(r"[0-9A-Fa-f]{32}")
"""How a name looks where the tenant conceals names: a hash of 32 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What is to be made of one file.

    Args:
        each: measures over all rows.
        newest: measures over the row with the greatest Report Date.
        per_user: measures for single persons.
        users: who counts.
        persons: who gets series.
    """

    each: tuple[Measure, ...] = ()
    newest: tuple[Measure, ...] = ()
    per_user: tuple[Measure, ...] = ()
    users: Filter = field(default_factory=Filter)
    persons: PerUserOptions = field(default_factory=PerUserOptions)

    @property
    def filters(self) -> bool:
        """Whether some rows may not count."""
        return bool(self.users.include or self.users.exclude)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that is read, each once."""
        measures = (*self.each, *self.newest, *(self.per_user if self.persons.enabled else ()))
        wanted = [column for measure in measures for column in measure.quantity.columns]
        names = [USER] if self.filters or (self.per_user and self.persons.enabled) else []
        return tuple(dict.fromkeys([REFRESH_DATE, *([REPORT_DATE] if self.newest else []), *names, *wanted]))


Values = Mapping[str, float]
"""Sums by ``Measure.key``; a measure whose columns are missing has none."""


@dataclass(frozen=True, slots=True)
class Folded:
    """What is kept of one file.

    Args:
        refreshed: the last day that it covers.
        rows: how many it has, whatever the filters say.
        missing: columns that were wanted and are not there.
        values: the measures.
        per_user: the measures for single persons, by the label ``user``.
        users_cut: persons beyond the limit.
        concealed: whether names are hashes; None where none were seen.
        etag: validator of the file; empty where it has none.
    """

    refreshed: date
    rows: int
    missing: tuple[str, ...]
    values: Values
    per_user: Mapping[str, Values]
    users_cut: int
    concealed: bool | None
    etag: str

    @classmethod
    def empty(cls, refreshed: date, recipe: Recipe) -> Self:
        """A file without rows, whose sums are 0."""
        values = dict.fromkeys((measure.key for measure in recipe.each), 0.0)
        return cls(refreshed, 0, (), values, {}, 0, None, "")


class Unchanged(Exception):  # noqa: N818 - a finding, told where reading stops
    """The first row has the refresh date that is known already."""


async def fold(
    pieces: AsyncGenerator[bytes, None], recipe: Recipe, *, known: date | None = None, etag: str = ""
) -> Folded | None:
    """The file as a few numbers; None where it has a header and no rows.

    Args:
        pieces: its bytes.
        recipe: what is made of it.
        known: the refresh date of what was read before.
        etag: the validator it came with.

    Raises:
        Unchanged: it is of the refresh date that is known; the rest was not read.
        UnexpectedAnswerError: it is no such report.
    """
    folding: _Folding | None = None
    async with aclosing(read_rows(pieces)) as batches:
        async for rows in batches:
            if folding is None and rows:
                folding = _Folding(recipe, Header(rows.pop(0)))
            if folding is not None:
                folding.add(rows, known)
    if folding is None:
        raise UnexpectedAnswerError("The report has an empty body, without even a header.")
    return folding.result(etag)


class _Folding:
    """The sums while a file is being read."""

    def __init__(self, recipe: Recipe, header: Header) -> None:
        self._recipe = recipe
        self._header = header
        self._missing = tuple(column for column in recipe.columns if column not in header)
        self._check()
        self._refresh = header.day(REFRESH_DATE)
        self._refreshed: date | None = None
        self._rows = 0
        self._user = header.text(USER) if USER in header else None
        self._keeps = recipe.users.keeps if recipe.filters else None
        self._names = 0
        self._hashes = 0
        self._each = self._bind(recipe.each)
        self._sums: dict[str, float] = dict.fromkeys((key for key, _ in self._each), 0)
        self._newest: tuple[date, Row] | None = None
        self._per_user = self._bind(recipe.per_user) if recipe.persons.enabled else []
        self._persons: dict[str, dict[str, float]] = {}
        self._cut = 0

    def _check(self) -> None:
        """A header that lacks what everything hangs on belongs to another file, such as a login page."""
        needed = (REFRESH_DATE, USER) if self._recipe.filters else (REFRESH_DATE,)
        for column in needed:
            if column in self._missing:
                raise UnexpectedAnswerError(
                    f"The report lacks the column {column}, without which it cannot be read; it begins {self._header}."
                )
        wanted = set(self._recipe.columns) - {REFRESH_DATE}
        if wanted and wanted <= set(self._missing):
            raise UnexpectedAnswerError(f"The report lacks every column that is read; it begins {self._header}.")

    def _bind(self, measures: Iterable[Measure]) -> list[tuple[str, Amount]]:
        whole = (m for m in measures if not set(m.quantity.columns) & set(self._missing))
        return [(measure.key, measure.quantity.bind(self._header)) for measure in whole]

    def add(self, rows: list[Row], known: date | None) -> None:
        """Fold some more rows."""
        for row in rows:
            if len(row) != self._header.width:
                raise UnexpectedAnswerError(
                    f"Row {self._rows + 1} of the report has {len(row)} cells under {self._header.width} columns."
                )
            self._rows += 1
            if self._rows == 1 or self._recipe.newest:
                self._note_dates(row, known)
            name = self._user(row) if self._user else ""
            self._note_name(name)
            if self._keeps is None or self._keeps(name):
                for key, amount in self._each:
                    self._sums[key] += amount(row)
                if self._per_user:
                    self._add_person(name, row)

    def _note_dates(self, row: Row, known: date | None) -> None:
        if self._refreshed is None:
            self._refreshed = self._refresh(row)
            if self._refreshed is None:
                raise UnexpectedAnswerError(f"The first row of the report has no {REFRESH_DATE}.")
            if self._refreshed == known:
                raise Unchanged
        if self._recipe.newest and REPORT_DATE not in self._missing:
            day = self._header.day(REPORT_DATE)(row)
            if day is not None and (self._newest is None or day > self._newest[0]):
                self._newest = (day, row)

    def _note_name(self, name: str) -> None:
        if name:
            self._names += 1
            self._hashes += _CONCEALED.fullmatch(name) is not None

    def _add_person(self, name: str, row: Row) -> None:
        persons = self._recipe.persons
        if not name or not persons.keeps(name):
            return
        label = persons.label(name)
        if label not in self._persons:
            if len(self._persons) >= persons.limit:
                self._cut += 1  # a name has one row, and to remember them all would cost the memory of the file
                return
            self._persons[label] = dict.fromkeys((key for key, _ in self._per_user), 0)
        for key, amount in self._per_user:
            self._persons[label][key] += amount(row)

    def result(self, etag: str) -> Folded | None:
        """What has come out; None where there was no row."""
        if self._refreshed is None:
            return None
        _, newest = self._newest or (None, [])
        newest_values = {key: amount(newest) for key, amount in self._bind(self._recipe.newest)} if newest else {}
        return Folded(
            refreshed=self._refreshed,
            rows=self._rows,
            missing=self._missing,
            values={**self._sums, **newest_values},
            per_user=self._persons,
            users_cut=self._cut,
            concealed=None if not self._names else 2 * self._hashes > self._names,
            etag=etag,
        )
