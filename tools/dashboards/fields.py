"""Small parts of Grafana's JSON: units, thresholds, states, links."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tools.dashboards import looks
from tools.dashboards.catalogue import unit_of
from tools.dashboards.model import Link, Panel, State, Step

Json = dict[str, Any]

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
        "mappings": mappings(panel.states, absent=panel.empty, colour=looks.UNKNOWN),
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
    options = {state.value: {"text": state.text, "color": state.colour, "index": n} for n, state in enumerate(states)}
    missing = {"match": "null+nan", "result": {"text": absent, "color": colour, "index": len(options)}}
    return [*([{"type": "value", "options": options}] if options else []), {"type": "special", "options": missing}]


def override(name: str, **properties: Any) -> Json:
    """What holds for one series or column alone."""
    return {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": key, "value": value} for key, value in properties.items()],
    }
