"""``benchmarks/rules.py`` measures the rules on what the exporter serves; here only what it makes is looked at."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import anyio
import yaml
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.outage import TENANT, Tenants, page_of_one
from benchmarks.rules import settings_of
from tests.rules.kit import RULE_FILES, RULES, installed, rules, run
from tests.rules.promql import selectors

CHOSEN = re.compile(r"o365_(exchange|skype|teams)_user_\w+|o365_exporter_state_\w+")
"""Series that somebody must switch on: single persons, which nobody does for a thousand tenants, and state on disk."""


@cache
def one() -> str:
    """The page of one tenant."""
    return anyio.run(page_of_one)


def series(page: str) -> list[tuple[str, dict[str, str], float]]:
    """What Prometheus would make of a page."""
    families = text_string_to_metric_families(page)
    return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]


def test_every_series_of_the_rules_is_there() -> None:
    """Whatever a rule reads of the exporter is in the page of three tenants, for each tenant where it is a tenant's."""
    recorded = {rule.name for rule in rules() if "record" in rule.body}
    read = {selector.name for rule in rules() for selector in selectors(rule.body["expr"])} - recorded
    wanted = {name for name in read if name.startswith("o365_") and not CHOSEN.fullmatch(name)}
    found = series(b"".join(Tenants(one(), 3).page(0)).decode())
    tenants = {name: {labels.get("tenant") for found_name, labels, _ in found if found_name == name} for name in wanted}
    three = {"tenant-0000", "tenant-0001", "tenant-0002"}
    assert {name for name, those in tenants.items() if those not in (three, {None})} == set()


def test_tenants_are_copies_with_guids_of_their_own() -> None:
    """Each has as many series as the original, none twice; only SKUs have the same GUIDs; sources succeed just now."""
    found = series(b"".join(Tenants(one(), 3).page(1234.5)).decode())
    original = [labels for _, labels, _ in series(one()) if labels.get("tenant") == TENANT]
    assert len([labels for _, labels, _ in found if "tenant" in labels]) == 3 * len(original)
    assert len({(name, *sorted(labels.items())) for name, labels, _ in found}) == len(found)
    for label, is_shared in (("tenant_id", False), ("app_id", False), ("subscription_id", False), ("sku_id", True)):
        (first, *others) = (
            {labels[label] for _, labels, _ in found if labels.get("tenant") == name and label in labels}
            for name in ("tenant-0000", "tenant-0001", "tenant-0002")
        )
        assert [first == other for other in others] == [is_shared] * 2, label
    successes = [value for name, _, value in found if name.endswith("_source_last_success_timestamp_seconds")]
    assert set(successes) == {1234.5}


def test_the_week_before_is_openmetrics(tmp_path: Path) -> None:
    """promtool makes blocks of it: two series for each product and tenant."""
    history = tmp_path / "history.om"
    history.write_text("".join(Tenants(one(), 3).week_before(1_773_144_000, 1_773_144_300)), "utf-8")
    run("promtool", "tsdb", "create-blocks-from", "openmetrics", history, tmp_path / "data")
    listed = subprocess.run(
        [installed("promtool"), "tsdb", "list", tmp_path / "data"], capture_output=True, text=True, check=True
    ).stdout
    (block,) = listed.splitlines()[1:]
    assert block.split()[4:6] == [str(5 * 18), "18"]


def test_prometheus_takes_the_settings(tmp_path: Path) -> None:
    """All files of rules are loaded as they are shipped."""
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(settings_of("127.0.0.1:1", "127.0.0.1:2", f"{RULES}/*.yaml")), "utf-8")
    assert run("promtool", "check", "config", file).count("rules found") == len(RULE_FILES)
