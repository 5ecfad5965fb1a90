"""What is told to people who come from cloudeteer's m365-exporter, and the series that go on under its names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from o365_exporter.catalogue import all_metrics
from o365_exporter.settings.schema import PREFIX, lookup
from tests.facts.pages import ROOT, page, table
from tests.rules.kit import load, run

NAMES = ROOT / "deploy" / "prometheus" / "rules-examples" / "m365-names.yaml"

THEIRS = """
m365_service_health m365_service_health_info m365_service_health_issue
m365_license_current m365_license_total m365_license_status m365_license_group_errors
m365_application_client_secret_expiration_timestamp m365_application_client_secret_expired
m365_exchange_mailflow_messages
m365_adsync_on_premises_sync_enabled m365_adsync_on_premises_last_sync_date_time m365_adsync_on_premises_sync_error
m365_securescore_current m365_securescore_max m365_sharepoint_usage_info
m365_intune_device_compliance m365_intune_device_count m365_intune_vpp_status m365_intune_vpp_expiry
m365_intune_dep_token_expiry m365_intune_apn_expiry
m365_onedrive_total_available_bytes m365_onedrive_used_bytes m365_onedrive_deleted_bytes
m365_teams_team_member_count m365_teams_team_owner_count m365_entraid_user_count
m365_power_capacity_rated_consumption m365_power_capacity_entitlement_total
m365_power_capacity_licenses_paid_status_count m365_power_capacity_licenses_trial_status_count
m365_collector_last_update_seconds_timestamp m365_collector_scrape_success m365_collector_scrape_duration_seconds
m365_exporter_build_info
"""
"""What it declares, in its source of October 2025."""

SERVED = (Path(__file__).parent / "m365-served.prom").read_text("utf-8")
"""What one exporter serves; it is given twice, as by two replicas."""

RECORDED = (Path(__file__).parent / "m365-recorded.prom").read_text("utf-8")
"""What Prometheus must make of it, with nothing besides but the companion that lists their numbers."""


def rules() -> list[dict[str, Any]]:
    """Every rule of the file."""
    return [rule for group in load(NAMES)["groups"] for rule in group["rules"]]


def samples(text: str, name: str) -> list[dict[str, Any]]:
    """The lines of one series as promtool wants what it shall find."""
    lines = [line.rpartition(" ") for line in text.splitlines() if re.match(rf"{name}\{{", line)]
    return [{"labels": labels, "value": float(value)} for labels, _, value in lines]


def test_the_file_loads() -> None:
    """Prometheus takes it, without a complaint."""
    assert f"SUCCESS: {len(rules())} rules found" in run("promtool", "check", "rules", "--lint=all", NAMES)


def test_the_names_have_what_they_had(tmp_path: Path) -> None:
    """Names, labels and numbers are those of the other exporter, and two replicas of ours make one series."""
    inputs = [
        {"series": re.sub(r"\}$", f',instance="{replica}",job="o365-exporter"}}', series), "values": f"{value}x2"}
        for series, _, value in (line.rpartition(" ") for line in SERVED.strip().splitlines())
        for replica in ("a", "b")
    ]
    asked = [
        {"expr": name, "eval_time": "1m", "exp_samples": samples(RECORDED, name)}
        for name in sorted({rule["record"] for rule in rules()} - {"m365_service_health_info"})
    ]
    test = {"interval": "1m", "input_series": inputs, "promql_expr_test": asked}
    file = tmp_path / "names.test.yaml"
    file.write_text(yaml.safe_dump({"rule_files": [str(NAMES)], "tests": [test]}), "utf-8")
    assert all(case["exp_samples"] for case in asked)
    run("promtool", "test", "rules", file)


def test_the_companion_says_the_numbers_that_are_recorded() -> None:
    """Each status has the number in the label that the rule gives it."""
    health, info = (
        next(rule for rule in rules() if rule["record"] == name)
        for name in ("m365_service_health", "m365_service_health_info")
    )
    recorded = {status: number for number, status in re.findall(r'(\d+) \* o365_\w+\{status="(\w+)"\}', health["expr"])}
    assert info["labels"] == {"use": "info", "bad": "-1", **recorded}
    assert recorded.keys() <= set(all_metrics()["o365_service_health_status"].values["status"])


def test_every_metric_of_theirs_has_its_row() -> None:
    """With ours, or with the word that there is none; and what is said to be recorded is."""
    told = table(page("docs/from-cloudeteer.md"), "There", "Here", "Recorded")
    named = {name: (here, recorded) for there, here, recorded in told for name in re.findall(r"`(m365_\w+)`", there)}
    assert named.keys() == set(THEIRS.split())
    assert {name for name, (_, recorded) in named.items() if recorded == "yes"} == {rule["record"] for rule in rules()}
    for here, _ in named.values():
        assert "o365_" in here or here.startswith(("none", "not needed"))


def test_settings_that_stand_for_theirs_exist() -> None:
    """Each variable of ours in the table sets something."""
    settings = "".join(row[1] for row in table(page("docs/from-cloudeteer.md"), "There", "Here"))
    names = re.findall(r"\bO365_[A-Z0-9_]+", settings)
    assert len(names) > 10
    assert [name for name in names if lookup(tuple(name.removeprefix(PREFIX).lower().split("__"))) is None] == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["record"])
def test_rules_ask_for_what_is_served(rule: dict[str, Any]) -> None:
    """Metrics of ours, or what the file has recorded before."""
    asked = set(re.findall(r"\b[mo]365_\w+", rule["expr"]))
    assert asked <= all_metrics().keys() | {each["record"] for each in rules()}
