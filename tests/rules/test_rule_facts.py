"""Every metric, label and closed value that rules, examples and runbooks name is one that the exporter serves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

import pytest
import yaml

from o365_exporter import collectors
from o365_exporter.catalogue import all_collectors, all_metrics
from o365_exporter.reports import Report
from tests.rules.kit import MACROS, RUNBOOKS, Rule, alerts, macros_switched_on, rules
from tests.rules.promql import Selector, counted, groupings, selectors

TARGET = frozenset({"job", "instance"})
"""Labels that Prometheus adds to whatever it scrapes."""


@dataclass(frozen=True)
class Fact:
    """What is known of a metric."""

    labels: frozenset[str]
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    type: str = "gauge"


THINGS = frozenset(
    {"issue_id", "service_id", "app_id", "kind", "area", "collector", "sku_id", "subscription_id", "message_id"}
)
"""Labels that tell two alerts of one name apart."""

PROMETHEUS = {
    "up": Fact(TARGET),
    "process_start_time_seconds": Fact(TARGET),
    "ALERTS": Fact(
        THINGS | {"alertname", "alertstate", "severity", "tenant"},
        {"alertname": tuple(alerts()), "alertstate": ("firing",)},
    ),
    "prometheus_rule_evaluation_failures_total": Fact(TARGET | {"rule_group"}, type="counter"),
}


@cache
def served() -> dict[str, Fact]:
    """The metrics that Prometheus scrapes."""
    catalogue = {
        name: Fact(TARGET.union(metric.all_labels), {**metric.values, "report": reports()}, metric.type)
        for name, metric in all_metrics().items()
    }
    return {**catalogue, **PROMETHEUS}


@cache
def reports() -> tuple[str, ...]:
    """Graph's report functions, from the tables of the collectors; ``report`` has no closed list in the catalogue."""
    tables: Iterator[tuple[Report, ...]] = (
        getattr(import_module(f"{collectors.__name__}.{name}"), "REPORTS", ()) for name in all_collectors()
    )
    return tuple(report.function for table in tables for report in table)


@cache
def facts() -> dict[str, Fact]:
    """The metrics that Prometheus scrapes, and those that the rules record, with the labels they can have."""
    known = dict(served())
    recordings = [rule for rule in rules() if "record" in rule.body]
    for rule in (*recordings, *recordings):  # twice: a rule may use what it, or a later file, records
        known[rule.name] = _recorded(rule, known)
    return known


def _recorded(rule: Rule, known: Mapping[str, Fact]) -> Fact:
    fixed = {label: (value,) for label, value in rule.body.get("labels", {}).items()}
    names = (rule.name, *(selector.name for selector in selectors(rule.body["expr"])))
    parts = [known[name] for name in names if name in known]
    labels = frozenset().union(fixed, replaced(rule.body["expr"]), *(part.labels for part in parts))
    return Fact(labels, _merged(fixed, *(part.values for part in parts)))


def replaced(expression: str) -> frozenset[str]:
    """Labels that ``label_replace`` makes."""
    return (
        frozenset(re.findall(r'"(\w+)",\s*"[^"]*",\s*"\w*",\s*"', expression))
        if "label_replace" in expression
        else frozenset()
    )


def _merged(*lists: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    merged: dict[str, tuple[str, ...]] = {}
    for values in lists:
        for label, allowed in values.items():
            merged[label] = (*merged.get(label, ()), *allowed)
    return merged


def _runbook_queries() -> Iterator[tuple[str, str]]:
    for page in sorted(RUNBOOKS.glob("*.md")):
        for query in re.findall(r"^```promql\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
            yield f"docs/runbooks/{page.name}", query


def _readme_recordings() -> Iterator[tuple[str, str]]:
    text = (MACROS.parent.parent / "README.md").read_text("utf-8")
    for code in re.findall(r"`([a-z_]+:o365_[^`…]+)`", text):
        yield "README.md", code


def _expressions() -> list[tuple[str, str]]:
    found = [(rule.name, expression) for rule in rules() for expression in rule.expressions]
    for group in yaml.safe_load(macros_switched_on())["groups"]:
        found += [(rule["alert"], rule["expr"]) for rule in group["rules"]]
    return [*found, *_runbook_queries(), *_readme_recordings()]


EXPRESSIONS = _expressions()


def _faults(selector: Selector) -> Iterator[str]:
    fact = facts().get(selector.name)
    if fact is None:
        yield f"there is no metric {selector.name}"
        return
    for label, values in selector.matchers:
        if label not in fact.labels:
            yield f"{selector.name} has no label {label}"
        closed = fact.values.get(label)
        unknown = [value for value in values if closed and value not in (*closed, "?", "TENANT", "ID")]
        if unknown:
            yield f"{selector.name} has no {label}={unknown}"


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_metrics_labels_and_values_are_those_of_the_exporter(where: str, expression: str) -> None:
    """A metric that was renamed, a label that was dropped or a value that never was would be silent for ever."""
    assert [fault for selector in selectors(expression) for fault in _faults(selector)] == [], where


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_labels_of_groupings_belong_to_one_of_the_metrics(where: str, expression: str) -> None:
    """``by (sku)`` where the label is ``sku_id`` would put all SKUs into one."""
    names = {selector.name for selector in selectors(expression)}
    known = replaced(expression).union(*(facts()[name].labels for name in names))
    assert groupings(expression) - known == set(), where


@pytest.mark.parametrize(("where", "expression"), EXPRESSIONS, ids=[where for where, _ in EXPRESSIONS])
def test_only_counters_are_counted(where: str, expression: str) -> None:
    """``rate()`` of a number that speaks of one day, or of any gauge, is nonsense."""
    assert [name for name in counted(expression) if facts()[name].type != "counter"] == [], where


def test_collectors_and_sources_exist() -> None:
    """``collector`` and ``source`` have no closed list in the catalogue; the collectors themselves are the fact."""
    sources = {
        name: {source.name for source in collector.sources(collector.options())}
        for name, collector in all_collectors().items()
    }
    for where, expression in EXPRESSIONS:
        for _, matchers in selectors(expression):
            named = dict(matchers)
            collectors = [name for name in named.get("collector", sources) if name != "?"]
            assert set(collectors) <= sources.keys(), where
            for source in named.get("source", ()):
                assert source in ("?", "TENANT", "ID") or any(source in sources[name] for name in collectors), where


def test_every_condition_is_used() -> None:
    """A condition that no alert looks at, or an alert on a condition that nobody records, is a slip."""
    recorded = {
        (rule.name.removesuffix(":time"), rule.body["labels"]["condition"])
        for rule in rules()
        if rule.body.get("labels", {}).get("condition")
    }
    used = {
        (name.removesuffix(":held").removesuffix(":time"), value)
        for rule in rules()
        for name, matchers in selectors(rule.body["expr"])
        for label, values in matchers
        if label == "condition"
        for value in values
    }
    assert recorded == used


def test_every_condition_has_a_basis() -> None:
    """Without a time at which it could last be judged a condition would never hold."""
    conditions = {
        (rule.subject, rule.body["labels"]["basis"]) for rule in rules() if rule.body.get("labels", {}).get("basis")
    }
    bases = {(rule.subject, rule.body["labels"]["basis"]) for rule in rules() if rule.name.startswith("tenant_basis:")}
    assert conditions == bases


def test_every_series_per_person_is_looked_at() -> None:
    """Concealed names matter where any series has the label ``user``, so the rule names each such metric."""
    (concealed,) = (rule for rule in rules() if rule.body.get("labels", {}).get("condition") == "concealed")
    named = {selector.name for selector in selectors(concealed.body["expr"])}
    personal = {name for name, metric in all_metrics().items() if "user" in metric.labels}
    assert named == {"o365_report_names_concealed"} | personal


@pytest.mark.parametrize(
    ("expression", "fault"),
    [
        ("max by (tenant) (o365_service_helthy)", "there is no metric o365_service_helthy"),
        ('o365_service_healthy{service="Exchange"}', "o365_service_healthy has no label service"),
        ('o365_sku_status{status="warning"}', "o365_sku_status has no status=['warning']"),
        (
            'tenant_sku:o365_sku_status:group{status="Off"}',
            "tenant_sku:o365_sku_status:group has no status=['Off']",
        ),
        (
            'o365_report_rows{report="getSharePointActivity"}',
            "o365_report_rows has no report=['getSharePointActivity']",
        ),
        (
            'tenant_sku:o365_licence_condition:held{condition=~"disabled|off"}',
            "tenant_sku:o365_licence_condition:held has no condition=['off']",
        ),
    ],
)
def test_the_check_finds_faults(expression: str, fault: str) -> None:
    """Proof that the comparison above compares."""
    assert [found for selector in selectors(expression) for found in _faults(selector)] == [fault]


def test_the_check_sees_rates() -> None:
    """Proof that a rate of a gauge would be seen, inside other functions too."""
    assert counted("sum by (tenant) (rate(o365_exchange_emails[1h]))") == {"o365_exchange_emails"}
    assert counted("increase(max_over_time(o365_exchange_emails[1h])[1d:1h]) + up") == {"o365_exchange_emails"}
    assert groupings("sum by (tenant, sku) (x)") == {"tenant", "sku"}
