"""The catalogue against the contract: names, types, labels and closed lists are what rules and dashboards build on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.catalogue import all_metrics
from o365_exporter.errors import REASONS


@pytest.fixture(scope="module")
def contract(shared: Path) -> dict[str, Any]:
    """The contract."""
    content: dict[str, Any] = json.loads((shared / "acceptance" / "contract.json").read_text("utf-8"))
    return content


@pytest.fixture(scope="module")
def series(contract: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The rules for each metric: those that are always served, and those for single persons."""
    return {**contract["series"], **contract["opt_in_series"]}


def test_every_metric_of_the_contract_is_declared(series: dict[str, Any]) -> None:
    """Nothing is missing; there may be more."""
    assert series.keys() - all_metrics().keys() == set()


def test_types_are_the_contracts(series: dict[str, Any]) -> None:
    """Gauge, counter or histogram, as the contract says."""
    assert {name: all_metrics()[name].type for name in series} == {name: rule["type"] for name, rule in series.items()}


def test_labels_are_the_contracts(series: dict[str, Any]) -> None:
    """Exactly these labels, and none besides but those that the contract allows, by name or because it is open."""
    for name, rule in series.items():
        metric = all_metrics()[name]
        labels, besides = set(rule["labels"]), set(metric.all_labels) - set(rule.get("may", ())) - set(rule["labels"])
        assert labels <= set(metric.all_labels), name
        assert rule.get("open", False) or not besides, name
        assert metric.open_labels == rule.get("open", False), name


def test_closed_lists_are_the_contracts(series: dict[str, Any]) -> None:
    """The values of a closed label that stand in the contract are there; there may be more."""
    for name, rule in series.items():
        for label, values in rule.get("values", {}).items():
            assert set(values) <= set(all_metrics()[name].values[label]), (name, label)


def test_the_reasons_are_the_contracts(contract: dict[str, Any]) -> None:
    """The closed list of reasons, in its order."""
    assert list(REASONS) == contract["failure_reasons"]
