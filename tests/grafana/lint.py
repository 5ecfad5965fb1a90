"""Rules for dashboards, each a function that says in words what is wrong.

The first ones are those of Grafana's dashboard-linter, the others our own.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import promql_parser as promql
from grafana_foundation_sdk.models import units

from o365_exporter.catalogue import all_metrics
from tests.grafana.kit import (
    ROOT,
    Json,
    annotation_queries,
    filled,
    panel_queries,
    panels,
    variable_queries,
    variables,
)

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TYPES = {"stat", "timeseries", "table", "state-timeline", "bargauge", "text", "row"}
WIDTH = 24
UNITS = {value for value in vars(units).values() if isinstance(value, str)}
OWN_UNIT = re.compile(r"^(suffix:|time:)")
BUILT_IN = {"__all", "__rate_interval", "__range", "__interval", "__url_time_range", "__value", "__data"}
RATE_INTERVAL, RANGE = timedelta(seconds=17), timedelta(seconds=19)
"""Stand for Grafana's own variables when a query is parsed."""

_UID = re.compile(r"^/d/([\w-]+)")
_RUNBOOK = re.compile(r"\$\{runbooks:raw\}([\w-]+\.md)#([\w-]+)")
_ALL = dict.fromkeys(("tenant", "service", "sku", "collector"), ".*")
_TIMES = {"__rate_interval": "17s", "__range": "19s", "__interval": "1s"}
_SINGLE = {"max", "min", "group", "topk", "bottomk"}
"""Aggregations in which two exporters of a tenant count once."""


def sources(dashboard: Json) -> Iterator[str]:
    """The Prometheus is the one that the reader chooses."""
    template = dashboard["templating"]["list"]
    asking: list[tuple[str, Json]] = [(panel["title"], panel) for panel in panels(dashboard)]
    asking += [(f"{panel['title']} {each['refId']}", each) for panel in panels(dashboard) for each in panel["targets"]]
    asking += [(f"${each['name']}", each) for each in template if each["type"] == "query"]
    asking += [(each["name"], each) for each in dashboard["annotations"]["list"]]
    for where, what in asking:
        if what.get("datasource") != DATASOURCE:
            yield f"{where}: its data source is {what.get('datasource')}"


def texts(dashboard: Json) -> Iterator[str]:
    """Each panel says what it is, and no two say the same."""
    for panel in panels(dashboard):
        for key in ("title", "description"):
            if not panel.get(key):
                yield f"panel {panel['id']} has no {key}"
    for title, count in Counter(panel["title"] for panel in panels(dashboard)).items():
        if count > 1:
            yield f"{count} panels are called {title}"


def kinds(dashboard: Json) -> Iterator[str]:
    """Only panels that every Grafana has, and that the pictures can draw."""
    for panel in dashboard["panels"]:
        if panel["type"] not in TYPES:
            yield f"{panel['title']}: {panel['type']} is no panel of ours"


def measures(dashboard: Json) -> Iterator[str]:
    """Each number has a unit that Grafana knows; in a table each column of numbers has its own."""
    for panel in panels(dashboard):
        config = panel["fieldConfig"]
        named = {"": config["defaults"].get("unit")}
        if panel["type"] == "table":
            named = dict.fromkeys(_columns_of_values(panel)) | {
                override["matcher"]["options"]: prop["value"]
                for override in config["overrides"]
                for prop in override["properties"]
                if prop["id"] == "unit"
            }
        for column, unit in named.items():
            if unit is None or not (unit in UNITS or OWN_UNIT.match(unit)):
                yield f"{panel['title']} {column}: {unit} is no unit".replace(" :", ":")


def _columns_of_values(panel: Json) -> list[str]:
    renamed = panel["transformations"][-1]["options"]["renameByName"]
    return [title for name, title in renamed.items() if name.startswith("Value")]


def legends(dashboard: Json) -> Iterator[str]:
    """Series have names that a reader understands; in lists, columns are renamed or left out."""
    for panel in panels(dashboard):
        if panel["type"] in {"timeseries", "state-timeline", "bargauge"}:
            for target in panel["targets"]:
                if not target["legendFormat"]:
                    yield f"{panel['title']} {target['refId']}: its series have no names"


def choices(dashboard: Json) -> Iterator[str]:
    """Every variable is there, and every one is used."""
    defined = {each["name"] for each in dashboard["templating"]["list"]}
    used = _used(dashboard) - BUILT_IN
    yield from (f"${name} is used and not defined" for name in sorted(used - defined))
    yield from (f"${name} is defined and not used" for name in sorted(defined - used))


def _used(value: object) -> set[str]:
    if isinstance(value, dict):
        return set().union(*map(_used, value.values()))
    if isinstance(value, list):
        return set().union(*map(_used, value))
    return variables(value) if isinstance(value, str) else set()


def language(dashboard: Json) -> Iterator[str]:
    """Every query is PromQL."""
    for where, expr, _ in _queries(dashboard):
        try:
            _parsed(expr)
        except ValueError as error:
            yield f"{where}: {error}"


def rates(dashboard: Json) -> Iterator[str]:
    """``rate()`` spans what Grafana says; counters are counted, gauges never: many of ours speak of one day."""
    for where, expr, is_range in _queries(dashboard):
        for call in _calls(expr):
            matrix, name = call.args[0], call.func.name
            if not _is_of(matrix, "counter", "histogram"):
                yield f"{where}: {name}() of {matrix.vector_selector.name}, which is no counter"
            if matrix.range not in (RATE_INTERVAL, RANGE) and (is_range or name == "rate"):
                yield f"{where}: {name}() over {matrix.range}, not over $__rate_interval"
        counted = [call.args[0].vector_selector.name for call in _calls(expr)]
        raw = [node.name or "" for node in _nodes(expr) if isinstance(node, promql.VectorSelector)]
        for name, times in Counter(raw).items():
            if _type(name) in {"counter", "histogram"} and times != counted.count(name):
                yield f"{where}: the counter {name} is shown as it is"


def _is_of(matrix: promql.MatrixSelector, *types: str) -> bool:
    return _type(matrix.vector_selector.name or "") in types


def _type(name: str) -> str:
    metric = all_metrics().get(name) or all_metrics().get(re.sub(r"_(bucket|sum|count)$", "", name))
    return metric.type if metric else "gauge"


def _calls(expr: str) -> list[promql.Call]:
    counting = {"rate", "irate", "increase"}
    return [node for node in _nodes(expr) if isinstance(node, promql.Call) and node.func.name in counting]


def scopes(dashboard: Json) -> Iterator[str]:
    """What is about a tenant is asked for the chosen ones only."""
    for where, expr, _ in [*_queries(dashboard), *_of_variables(dashboard)]:
        for found in re.finditer(
            r"(?<![\w:])((?:\w+:)?o365_\w+(?::\w+)?)(?![\w:(-])(\{(?:\$\{[^}]*\}|[^}])*\})?", expr
        ):
            metric = all_metrics().get(re.sub(r"_(bucket|sum|count)$", "", found[1]))
            if (metric is None or metric.per_tenant) and "tenant=~`${tenant:regex}" not in (found[2] or ""):
                yield f"{where}: {found[1]} is not limited to the chosen tenants"


def replicas(dashboard: Json) -> Iterator[str]:
    """Two exporters of one tenant do not double a number: gauges go through max, min or group before they are added."""
    for where, expr, _ in _queries(dashboard):
        yield from (f"{where}: {name} would count twice with two exporters" for name in _added(_parsed(expr), ""))


def _added(node: promql.Expr, within: str) -> Iterator[str]:
    """The gauges of tenants that are in no aggregation, or of which the nearest one adds or counts."""
    if isinstance(node, promql.VectorSelector):
        metric = all_metrics().get(node.name or "")
        if metric and metric.per_tenant and metric.type == "gauge" and within not in _SINGLE:
            yield metric.name
        return
    if isinstance(node, promql.AggregateExpr):
        within = str(node.op)
    if isinstance(node, promql.BinaryExpr) and str(node.op) in {"and", "unless"}:
        yield from _added(node.lhs, within)  # the other side only filters
        return
    for part in _parts(node):
        yield from _added(part, within)


def _parts(node: promql.Expr) -> list[promql.Expr]:
    if isinstance(node, promql.BinaryExpr):
        return [node.lhs, node.rhs]
    if isinstance(node, promql.Call):
        return list(node.args)
    if isinstance(node, promql.MatrixSelector):
        return [node.vector_selector]
    return [node.expr] if hasattr(node, "expr") else []


def identities(dashboard: Json) -> Iterator[str]:
    """Ids and letters are there once."""
    for number, count in Counter(panel["id"] for panel in dashboard["panels"]).items():
        if count > 1:
            yield f"{count} panels have the id {number}"
    for panel in panels(dashboard):
        letters = [target["refId"] for target in panel["targets"]]
        if len(set(letters)) < len(letters):
            yield f"{panel['title']}: two queries have one letter"


def places(dashboard: Json) -> Iterator[str]:
    """No panel covers another or hangs over the edge."""
    for panel in dashboard["panels"]:
        if panel["gridPos"]["x"] + panel["gridPos"]["w"] > WIDTH:
            yield f"{panel['title']} hangs over the edge"
    for one, other in itertools.combinations(dashboard["panels"], 2):
        if _covers(one["gridPos"], other["gridPos"]):
            yield f"{one['title']} covers {other['title']}"


def gaps(dashboard: Json) -> Iterator[str]:
    """Panels side by side are of one height and reach from edge to edge: a hole looks as if something were missing."""
    for y, line in itertools.groupby(panels(dashboard), key=lambda each: int(each["gridPos"]["y"])):
        places = [panel["gridPos"] for panel in line]
        if sum(place["w"] for place in places) != WIDTH or len({place["h"] for place in places}) > 1:
            yield f"a hole in line {y}"


def _covers(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[size] and other[start] < one[start] + one[size]
        for start, size in (("x", "w"), ("y", "h"))
    )


def addresses(uids: set[str]) -> Callable[[Json], Iterator[str]]:
    """Links lead to dashboards that exist, keeping time and data source, and to headings of runbooks that exist."""

    def rule(dashboard: Json) -> Iterator[str]:
        for url in _urls(dashboard):
            if (page := _UID.match(url)) is not None:
                if page[1] not in uids:
                    yield f"{url}: there is no such dashboard"
                if "${__url_time_range}" not in url or "${datasource:queryparam}" not in url or "tenant" not in url:
                    yield f"{url}: it loses time, data source or tenant"
            elif "runbooks" in url and not _is_heading(url):
                yield f"{url}: there is no such heading"
            elif not url.startswith(("https://", "${runbooks:raw}")):
                yield f"{url}: where does it lead?"

    return rule


def _urls(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("url"), str) and value["url"]:
            yield value["url"]
        for inner in value.values():
            yield from _urls(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _urls(inner)


def _is_heading(url: str) -> bool:
    found = _RUNBOOK.fullmatch(url)
    if found is None or not (page := ROOT / "docs" / "runbooks" / found[1]).exists():
        return False
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.MULTILINE)
    return found[2] in {heading.lower().replace(" ", "-") for heading in headings}


def silence(dashboard: Json) -> Iterator[str]:
    """A panel without data says so in words, and each page has a number that tells whether it can be believed."""
    for panel in panels(dashboard):
        if not panel["fieldConfig"]["defaults"].get("noValue"):
            yield f"{panel['title']} is silent without data"
        recorded = any(re.search(r"\w:o365_", target["expr"]) for target in panel["targets"])
        if recorded and "empty where these are not loaded" not in panel["description"]:
            yield f"{panel['title']} does not say that it needs the rules"
    if not {"Failing sources", "Oldest data"} <= {panel["title"] for panel in panels(dashboard)}:
        yield "nothing tells whether the page can be believed"


def _queries(dashboard: Json) -> list[tuple[str, str, bool]]:
    return [*panel_queries(dashboard), *annotation_queries(dashboard)]


def _of_variables(dashboard: Json) -> list[tuple[str, str, bool]]:
    return [query for query in variable_queries(dashboard) if not query.where.endswith("$tenant")]


def _parsed(expr: str) -> promql.Expr:
    return promql.parse(filled(expr, {**_ALL, **_TIMES}))


def _nodes(expr: str) -> list[promql.Expr]:
    found: list[promql.Expr] = []
    promql.walk(_parsed(expr), found.append)
    return found
