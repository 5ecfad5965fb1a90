"""The tables of docs/simulator.md, out of the simulator's own; ``tools/make_docs.py`` writes them.

The rest of the page is written by hand: a table stands between ``<!-- NAME: … -->`` and ``<!-- /NAME -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from o365_exporter.simulator.moods import MOODS
from o365_exporter.simulator.tenant.reports import STATES

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


def _moods() -> str:
    rows = "".join(
        f"| `{name}`{' *' if one.anywhere else ''} | {one.what} | {one.evidence} |\n" for name, one in MOODS.items()
    )
    return f"| Mood | What it does | Who saw it |\n| --- | --- | --- |\n{rows}"


def _report_states() -> str:
    rows = "".join(f"| `{state}` | {what} |\n" for state, what in STATES.items())
    return f"| State | What it does |\n| --- | --- |\n{rows}"


TABLES: Mapping[str, Callable[[], str]] = {"moods": _moods, "report states": _report_states}
"""How each table is made."""
