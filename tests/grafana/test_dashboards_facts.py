"""Every metric, label and closed value that dashboards name exists, and every metric of the exporter is on one."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator

import pytest

from o365_exporter.catalogue import all_collectors, all_metrics
from tests.grafana.kit import (
    Json,
    Query,
    annotation_queries,
    dashboards,
    filled,
    panel_queries,
    panels,
    variable_queries,
)
from tests.rules.kit import Rule, rules
from tests.rules.promql import Matcher, groupings, selectors
from tests.rules.test_rule_facts import facts
from tools.dashboards import looks

ANY = dict.fromkeys(("tenant", "service", "sku", "collector"), ".*")
PROMETHEUS = {"ALERTS": {"alertname", "alertstate", "tenant", "severity"}}
"""Series that Prometheus makes of the rules, with those of their labels that dashboards name."""

_MADE = re.compile(r',\s*"(\w+)", "[^"]*", "\w+", "[^"]*"\s*\)')
"""Labels that label_replace makes."""

NOT_SHOWN: dict[str, str] = {}
"""Metrics of the catalogue that no panel shows, each with the reason."""


def _asked(page: Json) -> Iterator[Query]:
    yield from panel_queries(page)
    yield from annotation_queries(page)
    yield from variable_queries(page)


def _labels(name: str) -> frozenset[str] | set[str] | None:
    if name in PROMETHEUS:
        return PROMETHEUS[name]
    fact = facts().get(name) or facts().get(re.sub(r"_(bucket|sum|count)$", "", name))
    return None if fact is None else fact.labels | ({"le"} if name.endswith("_bucket") else set())


def unknown(page: Json) -> Iterator[str]:
    """What a dashboard names and nobody serves."""
    for query in _asked(page):
        expr = filled(query.expr, ANY)
        known = set(_MADE.findall(expr))
        for name, matchers in selectors(expr):
            labels = _labels(name)
            if labels is None:
                yield f"{query.where}: there is no metric {name}"
                continue
            known |= labels
            yield from (f"{query.where}: {fault}" for matcher in matchers for fault in _faults(name, matcher))
        yield from (f"{query.where}: nothing has the label {label}" for label in groupings(expr) - known)


def _faults(name: str, matcher: Matcher) -> Iterator[str]:
    labels, label = _labels(name) or set(), matcher.label
    if label not in labels:
        yield f"{name} has no label {label}"
    if label == "collector" and set(matcher.values) - all_collectors().keys():
        yield f"there is no collector {matcher.values}"
    closed = facts()[name].values.get(label) if name in facts() else None
    if closed and set(matcher.values) - set(closed):
        yield f"{name} has no {label}={sorted(set(matcher.values) - set(closed))}"


def unknown_columns(page: Json) -> Iterator[str]:
    """Columns of lists and names of series that no query can have."""
    for panel in panels(page):
        exprs = [filled(target["expr"], ANY) for target in panel["targets"]]
        made = {label for expr in exprs for label in groupings(expr)} | {
            label
            for expr in exprs
            if " without " in expr
            for name, _ in selectors(expr)
            for label in _labels(name) or ()
        }
        named = {label for target in panel["targets"] for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])}
        for transformation in panel.get("transformations", ()):
            named |= {name for name in transformation["options"].get("indexByName", ()) if not name.startswith("Value")}
        yield from (
            f"{panel['title']}: no query has the label {label}" for label in sorted(named - made - {"instance"})
        )


@pytest.mark.parametrize("uid", dashboards())
def test_metrics_labels_and_values_are_those_of_the_exporter(uid: str) -> None:
    """A panel on a metric that was renamed would be empty for ever."""
    assert [*unknown(dashboards()[uid]), *unknown_columns(dashboards()[uid])] == []


def _shown() -> set[str]:
    """The metrics in panels, and those that recordings in panels are made of."""
    names = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for page in dashboards().values()
        for query in panel_queries(page)
        for name, _ in selectors(filled(query.expr, ANY))
    }
    return names & all_metrics().keys()


def test_every_metric_is_shown() -> None:
    """What is served and on no panel is either forgotten or not worth serving."""
    assert all_metrics().keys() - _shown() == NOT_SHOWN.keys()
    assert all(NOT_SHOWN.values())


def test_recordings_that_the_panels_use_are_recorded() -> None:
    """And those that people ask for, by the table in deploy/prometheus/README.md, are used or can be asked."""
    recorded = {rule.name for rule in rules() if "record" in rule.body}
    used = {
        name
        for page in dashboards().values()
        for query in panel_queries(page)
        for name, _ in selectors(filled(query.expr, ANY))
        if ":" in name
    }
    assert used <= recorded


FIGURES = (
    ("ends_soon", r"< 30 \* 86400", looks.DAYS_OF_CREDENTIAL, 30),
    ("ends", r"<= 7 \* 86400", looks.DAYS_OF_CREDENTIAL, 7),
    ("subscription_ends", r"< 14 \* 86400", looks.DAYS_OF_SUBSCRIPTION, 14),
    ("nearly_full", r">= 0\.95", looks.SHARE_OF_SEATS, 0.95),
    ("O365IncidentWithoutPost", r"> 1\.5", looks.SECONDS_WITHOUT_POST, 1.5 * 86400),
    ("stuck", r"> 6 \* 86400", looks.SECONDS_OF_REPORT, 6 * 86400),
)


def _said_by(rule: Rule) -> tuple[str | None, ...]:
    """The condition that a rule records; for what is recorded under a name of its own, the alert that is made of it."""
    made_of = {"tenant_issue:o365_service_issue_silent:held": "O365IncidentWithoutPost"}
    return rule.body.get("labels", {}).get("condition"), made_of.get(rule.name)


@pytest.mark.parametrize(("condition", "text", "steps", "figure"), FIGURES, ids=[figure[0] for figure in FIGURES])
def test_thresholds_are_those_of_the_alerts(
    condition: str, text: str, steps: tuple[tuple[float | None, str], ...], figure: float
) -> None:
    """A cell that turns orange and an alert that warns mean the same."""
    exprs = [rule.body["expr"] for rule in rules() if condition in _said_by(rule)]
    assert exprs
    assert all(re.search(text, expr) for expr in exprs)
    assert figure in [value for value, _ in steps]


@pytest.mark.parametrize(
    ("expr", "fault"),
    [
        ("max(o365_service_helthy)", "there is no metric o365_service_helthy"),
        ("max by (service) (o365_service_healthy)", "nothing has the label service"),
        ('max(o365_service_healthy{service="a"})', "o365_service_healthy has no label service"),
        ('max(o365_sku_status{status="off"})', "o365_sku_status has no status=['off']"),
        ('max(o365_exporter_source_success{collector="mail"})', "there is no collector ('mail',)"),
        ('max(tenant_sku:o365_sku_seats:sum{total="all"})', "tenant_sku:o365_sku_seats:sum has no total=['all']"),
    ],
)
def test_the_check_finds_faults(expr: str, fault: str) -> None:
    """Proof that the comparison above compares."""
    page = copy.deepcopy(dashboards()["o365-tenants"])
    panels(page)[0]["targets"][0]["expr"] = expr
    assert any(found.endswith(fault) for found in unknown(page))


@pytest.mark.parametrize(
    "plant",
    [
        lambda page: [one for one in panels(page) if "transformations" in one][-1]["transformations"][1]["options"][
            "indexByName"
        ].update(colour=9),
        lambda page: panels(page)[0]["targets"][0].update(legendFormat="{{colour}}"),
    ],
)
def test_the_check_finds_columns_that_nothing_fills(plant: Callable[[Json], None]) -> None:
    """Proof that columns and names of series are looked at."""
    page = copy.deepcopy(dashboards()["o365-tenants"])
    plant(page)
    assert [found.partition(": ")[2] for found in unknown_columns(page)] == ["no query has the label colour"]
