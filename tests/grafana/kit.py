"""The committed dashboards as data, and what Grafana puts into their queries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "grafana" / "dashboards"

Json = dict[str, Any]

BUILT_IN = {"__rate_interval": "10s", "__range": "60s", "__interval": "1s"}
"""Grafana's own variables, as long as a Prometheus needs that scrapes every second."""

_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::\w+)?\}|([a-zA-Z_]\w*))")


class Query(NamedTuple):
    """One question to Prometheus: ``where`` says to a reader what asks it."""

    where: str
    expr: str
    is_range: bool


@cache
def dashboards() -> dict[str, Json]:
    """Every committed dashboard by its uid."""
    documents = (json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.json")))
    return {str(document["uid"]): document for document in documents}


def panels(dashboard: Json) -> list[Json]:
    """Everything that shows something; headings do not."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def panel_queries(dashboard: Json) -> Iterator[Query]:
    """What the panels ask."""
    for panel in panels(dashboard):
        for target in panel["targets"]:
            where = f"{dashboard['uid']}: {panel['title']} {target['refId']}"
            yield Query(where, target["expr"], target["range"])


def annotation_queries(dashboard: Json) -> Iterator[Query]:
    """What marks the time axis."""
    for annotation in dashboard["annotations"]["list"]:
        yield Query(f"{dashboard['uid']}: {annotation['name']}", annotation["expr"], is_range=True)


def variable_queries(dashboard: Json) -> Iterator[Query]:
    """What fills the choices above the panels, as questions to Prometheus: each series has one label, a choice."""
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            expr = _choices(variable["query"]["query"], variable["regex"])
            yield Query(f"{dashboard['uid']}: ${variable['name']}", expr, is_range=False)


def _choices(query: str, regex: str) -> str:
    """``label_values`` names the label; of the series that ``query_result`` writes down, the expression takes one."""
    if (values := re.fullmatch(r"label_values\((.+), (\w+)\)", query)) is not None:
        return f"group by ({values[2]}) ({values[1]})"
    result, label = re.fullmatch(r"query_result\((.+)\)", query, re.DOTALL), re.match(r'/(\w+)="', regex)
    assert result is not None, query
    assert label is not None, regex
    return f"group by ({label[1]}) ({result[1]})"


def variables(text: str) -> set[str]:
    """The names of Grafana's variables in a text; ``$1`` is PromQL's."""
    return {braced or plain for braced, plain in _VARIABLE.findall(text)}


def filled(expr: str, chosen: Mapping[str, str]) -> str:
    """The query as Prometheus gets it. An unknown variable is a ``KeyError``."""
    values = {**BUILT_IN, **chosen}
    return _VARIABLE.sub(lambda found: values[found[1] or found[2]], expr)
