"""The JSON of tables: several queries joined by their common labels, columns renamed and ordered."""

from __future__ import annotations

import string
from dataclasses import replace

from tools.dashboards import looks
from tools.dashboards.catalogue import unit_of
from tools.dashboards.fields import Json, decimals_of, defaults_of, link_to, mappings, override, thresholds
from tools.dashboards.model import PLAIN, Column, Label, Step, Table, Value

UNKNOWN, NOTHING = "unknown", "–"
"""In a cell without value: where it should have one, and where it need not."""


def table(panel: Table) -> Json:
    """Options, columns and transformations."""
    letters = dict(zip((id(value) for value in panel.values), string.ascii_uppercase, strict=False))
    fields = {_field(column, letters): column for column in panel.columns}
    shown = {name: column for name, column in fields.items() if column.title}
    hidden = ["Time", *(name for name, column in fields.items() if not column.title)]
    return {
        "fieldConfig": {
            "defaults": defaults_of(panel, align="auto", cellOptions={"type": "auto"}, minWidth=80)
            | {"unit": "short", "mappings": mappings((), absent=NOTHING, colour="text")},
            "overrides": [_cell(column) for column in shown.values()],
        },
        "options": {
            "cellHeight": "sm",
            "showHeader": True,
            "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": "", "enablePagination": False},
            "sortBy": [{"displayName": by.removeprefix("-"), "desc": by.startswith("-")} for by in panel.order],
        },
        "transformations": [
            {"id": "merge", "options": {}},
            {
                "id": "organize",
                "options": {
                    "excludeByName": dict.fromkeys(hidden, True),
                    "indexByName": {name: index for index, name in enumerate(shown)},
                    "renameByName": {name: column.title for name, column in shown.items()},
                },
            },
        ],
    }


def _field(column: Column, letters: dict[int, str]) -> str:
    """What Grafana calls a column: a label by its name, a value by its query's letter if there are several."""
    if isinstance(column, Label):
        return column.name
    return f"Value #{letters[id(column)]}" if len(letters) > 1 else "Value"


def _clear(colour: str) -> str:
    """What is good has no background."""
    return "transparent" if colour == looks.GOOD else colour


def _calm(steps: tuple[Step, ...]) -> list[Step]:
    return [(value, _clear(colour)) for value, colour in steps]


def _cell(column: Column) -> Json:
    properties: Json = {}
    if isinstance(column, Label):
        properties |= {"noValue": NOTHING, "custom.filterable": True}
    if isinstance(column, Value):
        properties["unit"] = column.unit or unit_of(column.expr)
        properties |= decimals_of(column.decimals)
    if column.states or column.background:
        states = [replace(state, colour=_clear(state.colour)) for state in column.states]
        properties["mappings"] = mappings(
            states if column.background else column.states,
            absent=UNKNOWN if column.background else NOTHING,
            colour=looks.UNKNOWN if column.background else "text",
        )
    steps = column.steps or (
        PLAIN if isinstance(column, Value) and column.links else ()
    )  # or it were blue as links are
    if steps:
        properties["thresholds"] = thresholds(_calm(steps) if column.background else steps)
    if steps or column.states:
        cell = {"type": "color-background", "mode": "basic"} if column.background else {"type": "color-text"}
        properties["custom.cellOptions"] = cell
    if column.links:
        properties["links"] = [link_to(link) for link in column.links]
    if column.width:
        properties["custom.width"] = column.width
    return override(column.title, **properties)
