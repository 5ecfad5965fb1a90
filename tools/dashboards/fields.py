"""Small parts of Grafana's JSON: units, thresholds, states, links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from o365_exporter.catalogue import all_metrics
from tools.dashboards import looks
from tools.dashboards.catalogue import named, unit_of
from tools.dashboards.model import ENDLESS, Link, Panel, Query, State, Step

Json = dict[str, Any]

_BEYOND = 1e9
"""More than any share; Grafana has no name for infinity."""

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""The Prometheus that the reader has chosen."""


def defaults_of(panel: Panel, **custom: Any) -> Json:
    """What holds for all series of a panel; ``custom`` are the panel's own options for them."""
    return {
        "unit": panel.unit or unit_of(panel.queries[0].expr),
        **decimals_of(panel.decimals),
        "noValue": panel.empty,
        "color": {"mode": "thresholds"},
        "thresholds": thresholds(panel.steps),
        "mappings": mappings(panel.states, absent=panel.empty, colour=looks.GOOD if panel.optional else looks.UNKNOWN),
        **({"custom": custom} if custom else {}),
    }


def link_to(link: Link) -> Json:
    """A link; those to other sites open beside."""
    return {"title": link.title, "url": link.url, "targetBlank": not link.url.startswith("/")}


def decimals_of(decimals: int | None) -> Json:
    """Nothing where Grafana shall decide."""
    return {} if decimals is None else {"decimals": decimals}


def thresholds(steps: Iterable[Step]) -> Json:
    """Colours by value."""
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in steps]}


def mappings(states: Iterable[State], *, absent: str, colour: str) -> list[Json]:
    """States, and what stands where there is no value: without it that would have the colour of the best threshold."""
    looks_of = {state.value: {"text": state.text, "color": state.colour, "index": n} for n, state in enumerate(states)}
    missing = {"match": "null+nan", "result": {"text": absent, "color": colour, "index": len(looks_of)}}
    values = {value: look for value, look in looks_of.items() if value != ENDLESS}
    endless = {"from": _BEYOND, "to": None, "result": looks_of.get(ENDLESS)}
    return [
        *([{"type": "value", "options": values}] if values else []),
        *([{"type": "range", "options": endless}] if ENDLESS in looks_of else []),
        {"type": "special", "options": missing},
    ]


def words(queries: Iterable[Query]) -> dict[str, str]:
    """What series that are called by a label with a closed list are called instead: ``send_prohibited`` is no word."""
    return {
        value: looks.spoken(value)
        for query in queries
        if (label := re.fullmatch(r"\{\{(\w+)\}\}", query.legend))
        for metric in named(query.expr)
        if metric in all_metrics()
        for value in all_metrics()[metric].values.get(label[1], ())
    }


def override(name: str, **properties: Any) -> Json:
    """What holds for one series or column alone."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key, "value": value} for key, value in properties.items()],
    }
