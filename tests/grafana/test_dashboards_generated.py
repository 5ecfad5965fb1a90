"""The committed dashboards are those that the tables make; names and ids stay when others come and go."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from o365_exporter.catalogue import all_collectors
from tests.grafana.kit import FOLDER, ROOT, dashboards
from tools.dashboards import files, looks
from tools.dashboards.boards import DASHBOARDS
from tools.dashboards.drawing import drawn
from tools.dashboards.model import Section, Stat

UIDS = (
    "o365-tenants",
    "o365-service-health",
    "o365-expiry",
    "o365-subscriptions",
    "o365-exchange",
    "o365-skype-teams",
    "o365-exporter",
)
GRAFANA = ROOT / "grafana"


def test_committed_files_are_up_to_date() -> None:
    """Who changes a table runs ``make docs``."""
    committed = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in sorted(FOLDER.glob("*.json"))}
    assert committed == dict(sorted(files.generated().items()))


def test_check_finds_a_stale_and_a_superfluous_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Proof that the comparison compares."""
    folder = tmp_path / "grafana" / "dashboards"
    monkeypatch.setattr(files, "ROOT", tmp_path)
    folder.mkdir(parents=True)
    for name, text in files.generated().items():
        (tmp_path / name).write_text(text, "utf-8")
    assert (files.stale(), files.superfluous()) == ({}, [])
    (folder / "o365-tenants.json").write_text("{}", "utf-8")
    (folder / "o365-planner.json").write_text("{}", "utf-8")
    assert list(files.stale()) == ["grafana/dashboards/o365-tenants.json"]
    assert files.superfluous() == ["grafana/dashboards/o365-planner.json"]


def test_the_command_agrees() -> None:
    """``python -m tools.dashboards --check`` is what ``make generated`` runs."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.dashboards", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_addresses_are_stable() -> None:
    """The uids are part of addresses that people keep."""
    assert tuple(dashboard.uid for dashboard in DASHBOARDS) == UIDS
    assert set(dashboards()) == set(UIDS)


def test_a_new_panel_renumbers_none() -> None:
    """Ids are made of keys, so a link to a panel stays good."""
    page = DASHBOARDS[0]
    new = Section("new", "New", (Stat(key="new", title="New", about="New.", expr="max(o365_applications)"),))
    longer = dataclasses.replace(page, sections=(new, *page.sections))
    before = {panel["title"]: panel["id"] for panel in drawn(page)["panels"]}
    after = {panel["title"]: panel["id"] for panel in drawn(longer)["panels"]}
    assert before.items() < after.items()


def test_two_panels_of_one_key_are_refused() -> None:
    """They would have one id."""
    page = DASHBOARDS[0]
    with pytest.raises(ValueError, match=r"o365-tenants: two panels have the id \d+: give one of them another key"):
        drawn(dataclasses.replace(page, sections=(*page.sections, page.sections[0])))


def test_every_collector_has_its_section() -> None:
    """Adding a collector means adding a section with its name."""
    assert all_collectors().keys() <= {section.key for dashboard in DASHBOARDS for section in dashboard.sections}


def test_a_state_without_colour_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A state that Microsoft invents is not left without meaning."""
    monkeypatch.delitem(looks.COLOURS, "Suspended")
    with pytest.raises(KeyError, match=r"o365_sku_status: looks.COLOURS has no colour for status=\['Suspended'\]"):
        looks.states("o365_sku_status", "status")


def test_dashboards_are_small() -> None:
    """Grafana's sidecar and a ConfigMap hold them: less than 1 MiB together."""
    assert sum(len(json.dumps(page)) for page in dashboards().values()) < 2**19


def test_provisioning_names_what_is_there() -> None:
    """The folder that README says to copy to is the one that Grafana is told to read."""
    provider = yaml.safe_load((GRAFANA / "provisioning/dashboards/o365-exporter.yaml").read_text("utf-8"))["providers"][
        0
    ]
    assert f"`{provider['options']['path']}/`" in (GRAFANA / "README.md").read_text("utf-8")
    source = yaml.safe_load((GRAFANA / "provisioning/datasources/o365-exporter.yaml").read_text("utf-8"))[
        "datasources"
    ][0]
    example = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.example.yml").read_text("utf-8"))
    assert source["type"] == "prometheus"
    assert source["jsonData"]["timeInterval"] == example["global"]["scrape_interval"]


def test_readme_lists_every_dashboard() -> None:
    """With a link to its file."""
    text = (GRAFANA / "README.md").read_text("utf-8")
    assert [uid for uid in UIDS if f"(dashboards/{uid}.json)" not in text] == []
