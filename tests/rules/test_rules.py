"""The shipped rules load, are shaped alike, and each alert has its three unit tests, which pass."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.rules.kit import ALERT_NAME, RULE_FILES, RULES, TEST_FILES, alerts, load, rules, run, unit_tests

TEST_NAME = re.compile(r"^(?:(?P<alert>O365\w+) (?P<what>fires|quiet|stale)|story): \S.*$")
NEVER_IN_LABELS = {"instance", "job", "pod", "title", "service_name", "app_name", "product_name"}


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_rules_load(path: Path) -> None:
    """Prometheus takes each file, alone, without a complaint about duplicates."""
    assert "SUCCESS" in run("promtool", "check", "rules", "--lint=all", "--lint-fatal", path)


@pytest.mark.long("rules", 80)
@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: path.name.removesuffix(".test.yaml"))
def test_unit_tests_pass(path: Path) -> None:
    """What the unit tests expect of the rules is what they do."""
    assert "SUCCESS" in run("promtool", "test", "rules", path)


def test_texts_do_not_depend_on_the_time_zone() -> None:
    """Days and hours in the texts are UTC wherever Prometheus runs."""
    (path,) = TEST_FILES
    assert "SUCCESS" in run("promtool", "test", "rules", path, timezone="Asia/Tokyo")


def test_the_example_configuration_loads_all_of_them() -> None:
    """The example for Prometheus is right and takes every file."""
    printed = run("promtool", "check", "config", RULES.parent / "prometheus.example.yml")
    assert printed.count("rules found") == len(RULE_FILES)


@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.stem)
def test_one_group_for_each_file(path: Path) -> None:
    """Conditions and their basis must be judged at one moment, so a file is one group, named after it."""
    (group,) = load(path)["groups"]
    assert (group["name"], set(group)) == (f"o365-{path.stem}", {"name", "rules"})


def test_names_are_unique() -> None:
    """No alert is declared twice, and each series is recorded by one rule for one set of fixed labels."""
    names = [(rule.name, *sorted(rule.body.get("labels", {}).items())) for rule in rules()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("name", alerts())
def test_alerts_are_shaped_alike(name: str) -> None:
    """An alert has a severity that says who is disturbed, a delay, and texts; labels for texts alone are taken off."""
    body = alerts()[name].body
    assert ALERT_NAME.match(name)
    assert body["labels"]["severity"] in ("critical", "warning", "info")
    assert {value for label, value in body["labels"].items() if label != "severity"} <= {""}
    assert body["annotations"].keys() == {"summary", "description", "runbook_url"}
    assert set(body) - {"keep_firing_for"} == {"alert", "expr", "for", "labels", "annotations"}


@pytest.mark.parametrize("rule", [rule for rule in rules() if "record" in rule.body], ids=lambda rule: rule.name)
def test_recordings_are_named_as_prometheus_recommends(rule: Any) -> None:
    """level:metric:operation."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*:o365(_[a-z]+)+:[a-z]+(_[a-z]+)*", rule.name)


def test_unit_tests_are_named_by_the_rule() -> None:
    """``ALERT fires: …``, ``ALERT quiet: …``, ``ALERT stale: …`` or ``story: …``, each name once."""
    names = [test["name"] for test in unit_tests()]
    assert [name for name in names if not TEST_NAME.match(name)] == []
    assert len(names) == len(set(names))


def test_expectations_are_complete() -> None:
    """Each alert that is expected is expected with all its texts, and without labels that change or split it."""
    for test in unit_tests():
        for moment in test.get("alert_rule_test", ()):
            for expected in moment["exp_alerts"]:
                assert expected["exp_annotations"].keys() == {"summary", "description", "runbook_url"}, test["name"]
                assert not NEVER_IN_LABELS & expected["exp_labels"].keys(), test["name"]
                assert "error expanding" not in str(expected["exp_annotations"]), test["name"]
