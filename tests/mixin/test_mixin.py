"""The mixin renders what is shipped, with a site's selectors and thresholds in it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import _gojsonnet
import pytest
import yaml

from tests.rules.kit import RULE_FILES, Rule, load, run
from tests.rules.promql import selectors

ROOT = Path(__file__).resolve().parent.parent.parent
MIXIN = ROOT / "deploy" / "mixin"
DASHBOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
SHIPPED = [group for path in RULE_FILES for group in load(path)["groups"]]


def rendered(field: str, configuration: str = "{}") -> Any:
    """A field of the mixin, as a site with this ``_config`` gets it."""
    snippet = f"((import 'mixin.libsonnet') + {{ _config+:: {configuration} }}).{field}"
    return json.loads(_gojsonnet.evaluate_snippet(str(MIXIN / "site.jsonnet"), snippet))


def rules(configuration: str = "{}") -> list[Rule]:
    """Every rendered rule."""
    groups = rendered("prometheusAlerts", configuration)["groups"]
    return [Rule(group["name"], rule) for group in groups for rule in group["rules"]]


def thresholds() -> dict[str, float]:
    """The thresholds as they are shipped."""
    figures: dict[str, float] = rendered("_config.thresholds")
    return figures


def test_as_it_is_it_renders_the_files_exactly() -> None:
    """Who uses the mixin without settings has the same rules as everybody else."""
    assert sorted(rendered("prometheusAlerts")["groups"], key=lambda group: str(group["name"])) == sorted(
        SHIPPED, key=lambda group: str(group["name"])
    )
    assert rendered("prometheusRules") == {"groups": []}


def test_it_has_every_dashboard_as_it_is() -> None:
    """No dashboard is forgotten in the list of imports, and none is changed."""
    assert rendered("grafanaDashboards") == {path.name: json.loads(path.read_text("utf-8")) for path in DASHBOARDS}


@pytest.mark.parametrize("key", sorted(thresholds()))
def test_a_threshold_is_where_it_belongs(key: str, tmp_path: Path) -> None:
    """Each figure of _config changes at least one expression, by its own value and nothing else, and all still load."""
    before = [rule for group in SHIPPED for rule in group["rules"]]
    value = thresholds()[key]
    figure, strange = f"{value:g}", str(value + 0.03125)
    after = [rule.body for rule in rules(f"{{ thresholds+: {{ {key}: {strange} }} }}")]
    by_name = sorted(json.dumps(rule, sort_keys=True) for rule in before)
    changed = [text for text in (json.dumps(rule, sort_keys=True) for rule in after) if text not in by_name]
    assert changed
    assert all(text.replace(strange, figure) in by_name for text in changed)
    assert any(strange in json.loads(text)["expr"] for text in changed)
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": after}]}), "utf-8")
    run("promtool", "check", "rules", path)


def test_a_selector_is_in_every_use_of_a_metric() -> None:
    """In expressions and in the queries of annotations: a metric without it would mix two sites."""
    for rule in rules("{ selector: 'cluster=\"eu\"' }"):
        for expression in rule.expressions:
            for name, matchers in selectors(expression):
                expected = name.startswith("o365_")
                assert (("cluster", ("eu",)) in matchers) == expected, (rule.name, expression)


def test_a_selector_changes_nothing_else(tmp_path: Path) -> None:
    """Taken out again, the shipped rules are left; with it they load."""
    changed = rendered("prometheusAlerts", "{ selector: 'cluster=\"eu\"' }")
    text = json.dumps(changed)
    for there, shipped in (
        (r"{cluster=\"eu\",", "{"),
        (r"{cluster=\"eu\"}", ""),
        (r"{cluster=\\\"eu\\\",", "{"),
        (r"{cluster=\\\"eu\\\"}", ""),
    ):
        text = text.replace(there, shipped)
    assert json.loads(text) == rendered("prometheusAlerts")
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump(changed), "utf-8")
    run("promtool", "check", "rules", path)


def test_a_selector_may_hold_backslashes() -> None:
    """In the queries of annotations they stand within a string of a template, and must reach Prometheus whole."""
    for rule in rules("{ selector: @'cluster=~\"eu\\\\.west\"' }"):
        for text in rule.body.get("annotations", {}).values():
            for literal in re.findall(r'(?:printf|query) ("(?:[^"\\]|\\.)*")', text):
                query = json.loads(literal)
                assert query.count(r'cluster=~"eu\\.west"') == query.count("cluster=~"), rule.name
        assert "cluster" not in rule.body["expr"] or r'cluster=~"eu\\.west"' in rule.body["expr"]


def test_dashboards_take_the_selector_too() -> None:
    """Queries of panels and of variables ask for the site's own series only."""
    text = json.dumps(rendered("grafanaDashboards", "{ selector: 'cluster=\"eu\"', dashboardTags: ['eu'] }"))
    assert r"o365_exporter_tenant_up{cluster=\"eu\"" in text
    assert r"o365_exporter_tenant_up{tenant" not in text
    assert text.count('"eu"') == len(DASHBOARDS)


def test_the_job_is_a_sites_own() -> None:
    """No rule keeps the shipped name of the job."""
    text = json.dumps([rule.body for rule in rules("{ job: 'm365' }")])
    assert 'job=\\"o365-exporter\\"' not in text
    assert 'job=\\\\\\"o365-exporter' not in text


@pytest.mark.parametrize(
    ("configuration", "sentence"),
    [
        ("{ selectors: '' }", "_config: there is no selectors"),
        ("{ thresholds+: { silentDays: 1 } }", "_config.thresholds: there is no silentDays"),
        ("{ thresholds+: { silentWeekdays: -1 } }", "_config.thresholds: silentWeekdays must be a number above 0"),
        ("{ thresholds+: { reportDays: '5' } }", "_config.thresholds: reportDays must be a number above 0"),
        (
            "{ thresholds+: { seatsUsedRatio: 95 } }",
            "_config.thresholds: seatsUsedRatio must be a number above 0, a ratio",
        ),
        ("{ job: 'a\"b' }", "_config.job: "),
        ("{ dashboardTags: 'eu' }", "_config.dashboardTags: must be a list"),
        ("{ selector: 'a=~\"50%\"' }", "_config.selector: "),
        ("{ selector: 'cluster=\"eu\",' }", "_config.selector: "),
        ("{ selector: '{cluster=\"eu\"}' }", "_config.selector: "),
        ("{ selector: ' ' }", "_config.selector: "),
        ("{ selector: 'eu' }", "_config.selector: "),
        ("{ selector: 5 }", "_config.selector: 5 must be matchers"),
    ],
)
def test_bad_settings_are_refused(configuration: str, sentence: str) -> None:
    """A sentence names the key and what is wrong."""
    with pytest.raises(RuntimeError, match="RUNTIME ERROR: ") as caught:
        rendered("prometheusAlerts", configuration)
    assert sentence in str(caught.value)


def test_a_figure_that_a_file_no_longer_says_is_an_error() -> None:
    """Otherwise a threshold of a site would silently come to nothing when the rules change."""
    snippet = (
        "(import 'thresholds.libsonnet').apply('usage', 'groups: []', (import 'config.libsonnet')._config.thresholds)"
    )
    with pytest.raises(RuntimeError, match="does not say"):
        _gojsonnet.evaluate_snippet(str(MIXIN / "site.jsonnet"), snippet)


def test_the_operators_object_holds_every_group() -> None:
    """What the Prometheus Operator gets is named, labelled and whole."""
    snippet = "(import 'prometheus-operator.libsonnet')('monitoring', { release: 'prometheus' })"
    made = json.loads(_gojsonnet.evaluate_snippet(str(MIXIN / "site.jsonnet"), snippet))
    assert made["kind"] == "PrometheusRule"
    assert made["metadata"] == {"name": "o365-exporter", "namespace": "monitoring", "labels": {"release": "prometheus"}}
    assert len(made["spec"]["groups"]) == len(SHIPPED)
