"""The tables of docs/simulator.md, out of the simulator's own; ``tools/make_docs.py`` writes them.

The rest of the page is written by hand: a table stands between ``<!-- NAME: … -->`` and ``<!-- /NAME -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from o365_exporter.simulator.arguments import arguments_of, describe
from o365_exporter.simulator.control import OPERATIONS
from o365_exporter.simulator.domains import RESOURCES
from o365_exporter.simulator.domains.resource import Resource
from o365_exporter.simulator.moods import MOODS
from o365_exporter.simulator.reports import REPORTS, Report
from o365_exporter.simulator.reports.operations import STATES
from o365_exporter.simulator.served import NOT_SERVED, OTHERS

PAGE = Path(__file__).resolve().parent.parent / "docs/simulator.md"


def document() -> str:
    """docs/simulator.md."""
    text = PAGE.read_text("utf-8")
    for name, table in TABLES.items():
        text = _filled(text, name, table())
    return text


def _filled(text: str, name: str, table: str) -> str:
    begins, ends = re.search(rf"<!-- {name}: [^\n]* -->\n", text), text.find(f"<!-- /{name} -->")
    if begins is None or ends < begins.end():
        raise ValueError(f"{PAGE} lacks the marks of the table {name!r}")
    return f"{text[: begins.end()]}\n{table}\n{text[ends:]}"


def _table(*rows: tuple[str, ...]) -> str:
    head, *others = rows
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (head, ("---",) * len(head), *others))


def _moods() -> str:
    rows = ((f"`{name}`{' *' if one.anywhere else ''}", one.what, one.evidence) for name, one in MOODS.items())
    return _table(("Mood", "What it does", "Who saw it"), *rows)


def _report_states() -> str:
    return _table(("State", "What it does"), *((f"`{state}`", what) for state, what in STATES.items()))


def _served() -> str:
    others = ((f"`{path}`", what, roles, "") for path, what, roles in OTHERS)
    head = ("Address", "What", "One of these permissions", "Rows of a page, at most")
    return _table(head, *map(_resource, RESOURCES), *others)


def _resource(one: Resource) -> tuple[str, ...]:
    options = [f"`$expand={name}`" for name in sorted(one.expandable)]
    options += ["`/$count`"] if one.countable else []
    options += [] if one.filterable else ["no `$filter`"]
    roles = sorted(one.roles, key=lambda role: ("Write" in role, role))
    page = f"{one.page}, {one.most}" if one.page else "all at once"
    return f"`{one.path.replace('{parent}', '{id}')}`", ", ".join([f"`{one.type}`", *options]), ", ".join(roles), page


def _reports() -> str:
    return _table(("Function", "What", "Arguments"), *map(_report, REPORTS.values()))


def _report(one: Report) -> tuple[str, ...]:
    types = f", each day a row for {' and for '.join(one.site_types)}" if one.site_types[0] else ""
    return f"`{one.name}`", f"{one.kind}{types}", "`period`, `date`" if one.dated else "`period`"


def _operations() -> str:
    return _table(("Operation", "What it does", "Keys"), *map(_operation, OPERATIONS))


def _operation(one: Callable[..., object]) -> tuple[str, ...]:
    keys = ", ".join(f"`{key}`" for key in describe(arguments_of(one)))
    return f"`{one.__name__}`", (one.__doc__ or "").splitlines()[0], keys


def _not_served() -> str:
    return "".join(f"- {one}\n" for one in NOT_SERVED)


TABLES: Mapping[str, Callable[[], str]] = {
    "moods": _moods,
    "report states": _report_states,
    "served": _served,
    "reports": _reports,
    "not served": _not_served,
    "operations": _operations,
}
"""How each table is made."""
