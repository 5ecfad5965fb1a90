"""What a poll of everything came to, for people: a table, then what failed, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from o365_exporter.commands.outcome import Failure, Outcome, Row, counted
from o365_exporter.errors import one_line
from o365_exporter.store import Key

MOST_ROWS = 40
"""In one table; where there are more sources, those that are well are only counted."""

_MOST_CAUSES, _NAMED = 20, 4
_NARROW = 70  # columns of the terminal below which figures are left out
_NONE = "–"
_UNITS = ((86400.0, "d"), (3600.0, "h"), (60.0, "min"))
_COLOURS = {"ok": "green", "no_data": "cyan", "unsupported": "cyan", "pending": "yellow"}


def table_of(outcome: Outcome, width: int) -> RenderableType:
    """All of it.

    Args:
        outcome: what to show.
        width: columns of the terminal.
    """
    rows = outcome.rows
    shown = rows if len(rows) <= MOST_ROWS else [row for row in rows if not row.answered]
    shown = shown[:MOST_ROWS]
    draw = _wide if width >= _NARROW else _narrow
    parts: list[RenderableType] = [draw(shown, _is_alone(rows))] if shown else []
    if rest := rows[len(shown) :]:
        number = f"and {len(rest)} more" if shown else f"{len(rest)} sources"
        parts.append(Text(f"  {number}, of {_tenants(len({row.key.tenant for row in rest}))}: {counted(rest)}\n"))
    return Group(*parts, *failures_of(outcome), Text(outcome.sentence))


def failures_of(outcome: Outcome) -> Iterator[RenderableType]:
    """Each cause once, with its remedy and whom it stops."""
    alone = _is_alone(outcome.rows)
    for failure in outcome.failures[:_MOST_CAUSES]:
        head = Text.assemble((failure.reason, "bold red"), ": ", _whom(failure, alone), overflow="fold")
        yield Group(head, Padding(Text(one_line(failure.message), overflow="fold"), (0, 0, 1, 2), expand=False))
    if left := outcome.failures[_MOST_CAUSES:]:
        sources = sum(len(failure.sources) for failure in left)
        yield Text(f"and {len(left)} more causes, which stop {sources} sources: --format json has all of them.\n")


def terminal(*, errors: bool = False) -> Console:
    """Standard output, or standard error; NO_COLOR, FORCE_COLOR and TERM are respected, and no text is markup."""
    return Console(stderr=errors, markup=False, highlight=False, emoji=False)


def _is_alone(rows: Sequence[Row]) -> bool:
    return len({row.key.tenant for row in rows}) == 1


def _wide(rows: Sequence[Row], alone: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ([] if alone else ["Tenant"]) + ["Source", "Outcome"]:
        table.add_column(name, overflow="fold")
    for name in ("Series", "Age", "Took"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        who = [] if alone else [Text(one_line(row.key.tenant))]
        series = str(row.series) if row.answered else _NONE
        took = _NONE if row.duration is None else f"{row.duration:.1f} s"
        table.add_row(*who, row.key.within_tenant, _state(row), series, _age(row.age), took)
    return table


def _narrow(rows: Sequence[Row], alone: bool) -> Table:
    """Tenants as lines of their own, and no figures."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Source", overflow="fold")
    table.add_column("Outcome", no_wrap=True)
    before = None
    for row in rows:
        if not alone and row.key.tenant != before:
            table.add_row(Text(one_line(row.key.tenant), style="bold"))
            before = row.key.tenant
        table.add_row(row.key.within_tenant, _state(row))
    return table


def _state(row: Row) -> Text:
    return Text(row.state, style=_COLOURS.get(row.state, "bold red"))


def _age(seconds: float | None) -> str:
    if seconds is None:
        return _NONE
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _whom(failure: Failure, alone: bool) -> str:
    """Whom a cause stops: some by name, all by number."""
    keys = failure.sources
    tenants = {key.tenant for key in keys}
    one = len(tenants) == 1
    names = ", ".join(one_line(_name(key, one)) for key in islice(keys, _NAMED))
    if (more := len(keys) - _NAMED) > 0:
        names += f" and {more} more"
    if alone:
        return names
    return f"{one_line(keys[0].tenant) if one else _tenants(len(tenants))}: {names}"


def _tenants(number: int) -> str:
    return f"{number} tenant{'s' * (number > 1)}"


def _name(key: Key, one: bool) -> str:
    return key.within_tenant if one else str(key)
