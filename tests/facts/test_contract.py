"""The catalogue against the contract: names, types, labels and closed lists are what rules and dashboards build on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.catalogue import all_metrics
from o365_exporter.errors import REASONS

NEXT_ISSUE = ("o365_exchange_", "o365_skype_", "o365_teams_", "o365_report_")
"""Beginnings of the names of the usage reports, which come with the next issue."""


@pytest.fixture(scope="module")
def contract(shared: Path) -> dict[str, Any]:
    """The contract."""
    content: dict[str, Any] = json.loads((shared / "acceptance" / "contract.json").read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def series(contract: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rules for the metrics of this issue."""
    return {name: rule for name, rule in contract["series"].items() if not name.startswith(NEXT_ISSUE)}


def test_every_metric_of_the_contract_is_declared_and_no_other(series: dict[str, Any]) -> None:
    """What is missing are the usage reports alone; what is there besides are Prometheus' own ``process_*``."""
    declared = {name for name in all_metrics() if not name.startswith("process_")}
    assert declared == set(series)


def test_types_are_the_contracts(series: dict[str, Any]) -> None:
    """Gauge, counter or histogram, as the contract says."""
    assert {name: all_metrics()[name].type for name in series} == {name: rule["type"] for name, rule in series.items()}


def test_labels_are_the_contracts(series: dict[str, Any]) -> None:
    """Exactly these labels, and none besides but those that the contract allows."""
    for name, rule in series.items():
        metric = all_metrics()[name]
        optional = set(rule.get("may", ()))
        assert set(metric.all_labels) - optional == set(rule["labels"]), name
        assert metric.open_labels == rule.get("open", False), name


def test_closed_lists_are_the_contracts(series: dict[str, Any]) -> None:
    """The values of a closed label stand in the contract, all of them and no other."""
    for name, rule in series.items():
        for label, values in rule.get("values", {}).items():
            assert sorted(all_metrics()[name].values[label]) == sorted(values), (name, label)


def test_the_reasons_are_the_contracts(contract: dict[str, Any]) -> None:
    """The closed list of reasons, in its order."""
    assert list(REASONS) == contract["failure_reasons"]
