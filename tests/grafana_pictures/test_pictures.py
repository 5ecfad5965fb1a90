"""Every dashboard is drawn with Grafana's own components, in a real browser, from a real Prometheus."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.grafana.kit import FOLDER, dashboards, panels
from tests.grafana.live import exporter_watching, prometheus_watching
from tools import stack
from tools.pictures.take import DrawingError, build, draw, without_data

pytestmark = pytest.mark.long("pictures", 100)

Json = dict[str, Any]

NEEDED = {"npm": "npm", "chromium": "chromium", "prometheus": "prometheus"}
"""Programs and their packages."""

WRONG = re.compile(r"\bNo data\b|\bNaN\b|\bundefined\b|Invalid date|\[object Object\]|\$\{?\w+")
"""What Grafana shows where a unit, a mapping or a name does not fit the data."""

REFUSAL = 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis'
"""Prometheus' own words."""


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """What draws is installed and bundled; the first time that takes a minute."""
    for program, package in NEEDED.items():
        if shutil.which(program) is None:
            pytest.skip(f"{program} is missing: apt-get install {package}")
    build()


def test_another_clone_uses_what_is_built(tmp_path: Path) -> None:
    """Nothing is installed or bundled a second time, so npm need not even be there."""
    pictures = Path(stack.ROOT) / "tools" / "pictures"
    clone = shutil.copytree(pictures, tmp_path / "pictures", ignore=shutil.ignore_patterns("node_modules", "dist"))
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "cut", "dirname", "find", "flock", "ln", "mkdir", "rm", "sha256sum", "sort", "xargs"):
        (tools / name).symlink_to(shutil.which(name) or name)
    subprocess.run([clone / "build"], check=True, env={**os.environ, "PATH": str(tools)})
    for made in ("node_modules", "dist"):
        assert (clone / made).resolve() == (pictures / made).resolve()


def test_every_panel_is_drawn(tmp_path: Path) -> None:
    """With its title and with data, without an error, and without a value that does not fit its unit."""
    with (
        exporter_watching(tmp_path, 4) as target,
        prometheus_watching(NEEDED["prometheus"], tmp_path / "prometheus", [target]) as prometheus,
    ):
        address = str(prometheus.client.base_url).removesuffix("/api/v1/")
        files = sorted(FOLDER.glob("*.json"))
        reports = draw(address, tmp_path, files, "--from", "now-1m", "--scrape-interval", "1")
    faults = [fault for report in reports for fault in faults_of(report)]
    assert (len(reports), faults) == (len(files), [])


def faults_of(report: Json) -> Iterator[str]:
    """What is missing on a picture or should not be on it."""
    uid = Path(report["dashboard"]).stem
    states = {panel["id"]: panel["state"] for panel in report["panels"]}
    for panel in panels(dashboards()[uid]):
        where = f"{uid}: {panel['title']}"
        if states[panel["id"]] != "drawn":
            yield f"{where} is {states[panel['id']]}"
        if panel["title"] not in report["text"]:
            yield f"{where} has no title"
    yield from (f"{uid} says {word}" for word in sorted(set(WRONG.findall(report["text"]))))
    if Path(report["file"]).stat().st_size < 10_000:
        yield f"{uid} is an empty picture"


def test_what_cannot_be_drawn_is_said(tmp_path: Path) -> None:
    """A type, a setting or a transformation that nothing knows, a refused query, a row that hides, and no data."""
    dashboard = tmp_path / "broken.json"
    dashboard.write_text(json.dumps(broken()), "utf-8")
    address = f"127.0.0.1:{stack.free_port()}"
    (tmp_path / "prometheus.yml").touch()
    with stack.child(stack.prometheus_command("prometheus", tmp_path, address), tmp_path / "log"):
        stack.until_up(f"http://{address}/-/ready")
        with pytest.raises(DrawingError) as error:
            draw(f"http://{address}", tmp_path, [dashboard])
    (report,) = error.value.reports
    said = {panel["title"]: f"{panel['state']}: {panel.get('message', '')}" for panel in report["panels"]}
    assert said == {
        "good": "drawn: ",
        "empty": "empty: No data",
        "type": "error: nothing here knows panels of the type piechart",
        "setting": "error: nothing here knows the field setting untit",
        "transformation": "error: nothing here knows the transformation mergge",
        "variable": 'error: nothing gives $tennant a value in up{tenant="$tennant"}',
        "query": f"error: Prometheus refuses sum(: {REFUSAL}",
        "row": "error: a collapsed row hides its panels",
    }
    assert "No data" in WRONG.findall(report["text"])
    assert f"{dashboard}: row: {said['row'].removeprefix('error: ')}" in str(error.value)


def broken() -> Json:
    """A dashboard that has one good panel."""
    rows = [
        panel("good"),
        panel("empty", expr="absent_metric"),
        panel("type", type="piechart"),
        panel("setting", fieldConfig={"defaults": {"untit": "s"}, "overrides": []}),
        panel("transformation", transformations=[{"id": "mergge", "options": {}}]),
        panel("variable", expr='up{tenant="$tennant"}'),
        panel("query", expr="sum("),
        panel("row", type="row", collapsed=True),
    ]
    places = [row | {"id": y, "gridPos": {"x": 0, "y": 4 * y, "w": 12, "h": 4}} for y, row in enumerate(rows)]
    time = {"from": "now-5m", "to": "now"}
    return {"title": "Broken", "time": time, "templating": {"list": []}, "panels": places}


def panel(title: str, expr: str = "vector(1)", **other: object) -> Json:
    """A table of one query."""
    target = {"refId": "A", "expr": expr, "format": "table", "instant": True}
    return {"title": title, "type": "table", "targets": [target], "options": {}, **other}


def test_a_picture_of_nothing_is_none() -> None:
    """A busy exporter that was not scraped in time leaves pages blank; panels that are rightly empty are told."""
    report: Json = {"file": "a.webp", "panels": [{"title": "Most items", "state": "empty"}]}
    assert without_data(report) == ["Most items"]
    report["panels"].append({"title": "Oldest data", "state": "empty"})
    with pytest.raises(DrawingError, match=r"^a\.webp: the exporter was not scraped in time"):
        without_data(report)


def test_the_lock_names_no_registry() -> None:
    """Whoever installs decides where from; without addresses the lock works everywhere."""
    lock = (Path(stack.ROOT) / "tools" / "pictures" / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
