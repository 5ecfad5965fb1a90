"""``backfill``: half a year of history in a real Prometheus, and what becomes of it when something is in the way."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, pairwise
from operator import itemgetter
from pathlib import Path
from typing import Any

import httpx
import pytest

from o365_exporter.simulator import SimulatorOptions, TenantOptions
from tests.e2e.programs import (
    PROGRAM,
    ROOT,
    Microsoft,
    environment,
    eventually,
    finished,
    microsoft,
    prometheus_running,
    running,
)

DAY, STEP, HOURS = 86_400, 300, 3_600
EMAILS = "getEmailActivityCounts"
TRENDS = (
    EMAILS,
    "getMailboxUsageQuotaStatusMailboxCounts",
    "getTeamsUserActivityCounts",
    "getTeamsDeviceUsageUserCounts",
)
ISSUES = "/v1.0/admin/serviceAnnouncement/issues"
TEAMS_ALONE = {
    "O365_COLLECTORS__SERVICE_HEALTH__SERVICES__INCLUDE": '["^Microsoft Teams$"]',
    "O365_COLLECTORS__SERVICE_HEALTH__KEEP_RESOLVED": "0",
}
USAGE_ALONE = {"O365_COLLECTORS__SERVICE_HEALTH__ENABLED": "false"}
LABELS = ("--label", "job=o365", "--label")
CONFIGURATION = """\
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: o365
    static_configs:
      - targets: ["{target}"]
"""


@pytest.fixture
def cloud() -> Iterator[Microsoft]:
    """A simulated Microsoft with little in it."""
    tenant = TenantOptions(key="contoso", issues=60, applications=20)
    with microsoft(SimulatorOptions(tenants=(tenant,))) as made:
        yield made


def queries(metric: str) -> list[str]:
    """What the dashboards draw of a family over time, for all tenants and services."""
    found: list[str] = []

    def look(part: Any) -> None:
        if isinstance(part, dict):
            if metric in str(part.get("expr", "")) and part.get("range"):
                found.append(re.sub(r"\$\{[^}]+\}", ".+", part["expr"]))
            part = list(part.values())
        if isinstance(part, list):
            for each in part:
                look(each)

    for path in sorted((ROOT / "grafana" / "dashboards").glob("*.json")):
        look(json.loads(path.read_text("utf-8")))
    return list(dict.fromkeys(found))


@pytest.mark.long("backfill", 40)
def test_dashboards_draw_half_a_year_that_joins_what_is_scraped(
    cloud: Microsoft, tmp_path: Path, promtool: str, prometheus: str
) -> None:
    """Blocks of promtool in a real Prometheus: no gap in what dashboards draw, and no series of its own."""
    output, folder = tmp_path / "history.om", tmp_path / "prometheus"
    folder.mkdir()
    with running(tmp_path, "run", **cloud.three_variables(**TEAMS_ALONE)) as program:
        target = program.ready().removeprefix("http://")
        done = finished(
            "backfill", "-o", str(output), *LABELS, f"instance={target}", **cloud.three_variables(**TEAMS_ALONE)
        )
        assert (done.returncode, output.stat().st_size > 10**8) == (0, True)
        advice = re.search(r"promtool (tsdb .*) DATA_FOLDER", done.stdout)
        retention = re.search(r"--storage\.tsdb\.retention\.time=\d+d", done.stdout)
        assert advice is not None
        assert retention is not None
        made = subprocess.run(
            [promtool, *advice[1].split(), str(folder / "prometheus")], capture_output=True, text=True, check=False
        )
        assert (made.returncode, made.stderr) == (0, "")
        ends = re.search(r"^History of .* to (\S+):", done.stderr)
        assert ends is not None
        end = int(datetime.fromisoformat(ends[1]).timestamp())
        drawn = [query for family in ("o365_exchange_emails", "o365_teams_messages") for query in queries(family)]
        drawn += queries("o365_service_open_issues")
        assert len(drawn) >= 3
        configuration = CONFIGURATION.format(target=target)
        with prometheus_running(prometheus, folder, configuration, "", retention[0]) as address:
            api = f"{address}/api/v1"
            eventually(lambda: ask(api, "query", query="o365_exchange_emails"))
            for query in drawn:
                asked = {"query": query, "start": end - 160 * DAY, "end": end - STEP, "step": 6 * HOURS}
                series = ask(api, "query_range", **asked)
                assert [len(each["values"]) for each in series] == [160 * 4] * len(series), query
                assert series, query
            for family in ("o365_exchange_emails", "o365_teams_device_users", "o365_service_open_issues"):
                now = ask(api, "query", query=family)
                then = ask(api, "query", query=family, time=end - STEP)
                assert now
                assert sorted(map(labels, then)) == sorted(map(labels, now)), family


def ask(api: str, what: str, **parameters: Any) -> list[dict[str, Any]]:
    """The result of a query."""
    answer = httpx.get(f"{api}/{what}", params=parameters, timeout=30).raise_for_status()
    result: list[dict[str, Any]] = answer.json()["data"]["result"]
    return result


def labels(entry: dict[str, Any]) -> list[tuple[str, str]]:
    """What tells a series apart."""
    return sorted(entry["metric"].items())


def backfilled(cloud: Microsoft, output: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A run for the usage of one day."""
    return finished("backfill", "-o", str(output), "--days", "1", *options, **cloud.three_variables(**USAGE_ALONE))


def asked(cloud: Microsoft) -> list[int]:
    """How often each trend was asked for."""
    return [cloud.asked(f"/v1.0/reports/{name}(*") for name in TRENDS]


def test_what_cannot_be_had_is_named_and_nothing_is_written(cloud: Microsoft, tmp_path: Path) -> None:
    """Exit code 1 and the reason; what could be had is not asked for again, and --partial is content with it."""
    output = tmp_path / "history.om"
    cloud.break_(path=f"/v1.0/reports/{EMAILS}*", status=403, code="S2SUnauthorized")
    first = backfilled(cloud, output)
    assert (first.returncode, first.stdout, output.exists()) == (1, "", False)
    assert f"{cloud.tenant.tenant_id}: {EMAILS} could not be had. The app" in first.stderr
    assert "Reports.Read.All" in first.stderr
    partial = backfilled(cloud, output, "--partial")
    assert (partial.returncode, "o365_exchange_emails" in output.read_text("utf-8")) == (1, False)
    assert "\no365_teams_calls{" in output.read_text("utf-8")
    assert asked(cloud) == [2, 1, 1, 1]
    cloud.mend()
    whole = backfilled(cloud, output, "--overwrite")
    assert (whole.returncode, "\no365_exchange_emails{" in output.read_text("utf-8")) == (0, True)
    assert asked(cloud) == [3, 1, 1, 1]
    assert [path.name for path in tmp_path.iterdir()] == ["history.om"]


def test_a_run_that_is_killed_goes_on_where_it_was(cloud: Microsoft, tmp_path: Path) -> None:
    """What was read before the process was killed is not asked for again."""
    output = tmp_path / "history.om"
    (tmp_path / "first").mkdir()
    cloud.break_(path=f"/v1.0/reports/{TRENDS[-1]}*", hang=True)
    arguments = ("backfill", "-o", str(output), "--days", "1")
    with running(tmp_path / "first", *arguments, **cloud.three_variables(**USAGE_ALONE)):
        eventually(lambda: asked(cloud)[-1])
    with running(tmp_path / "first", *arguments, **cloud.three_variables(**USAGE_ALONE)) as second:
        eventually(lambda: asked(cloud)[-1] > 1)
        assert second.stop(signal.SIGINT) == 130
        assert f"Stopped. Give the same command again to go on: what was read is in {output}.work." in second.err
    cloud.mend()
    done = backfilled(cloud, output)
    assert (done.returncode, output.exists()) == (0, True)
    assert "1 report or list to read; 3 were read by a run before." in done.stderr
    assert asked(cloud)[:-1] == [1, 1, 1]


def test_a_wrong_secret_is_told_once(cloud: Microsoft, tmp_path: Path) -> None:
    """One line for all that it stops, and one sign-in."""
    cloud.break_(path="*/token", aadsts=7000215)
    done = backfilled(cloud, tmp_path / "history.om")
    told = [line for line in done.stderr.splitlines() if "could not be had" in line]
    assert (done.returncode, len(told)) == (1, 1)
    assert all(name in told[0] for name in TRENDS)


def test_ten_thousand_issues(tmp_path: Path) -> None:
    """They are listed without their posts; each series is in one piece, and its times go up by five minutes."""
    tenant = TenantOptions(key="contoso", issues=10_000, applications=20)
    output = tmp_path / "history.om"
    with microsoft(SimulatorOptions(tenants=(tenant,))) as cloud:
        others = {f"O365_COLLECTORS__{name}_USAGE__ENABLED": "false" for name in ("EXCHANGE", "TEAMS")}
        done = finished("backfill", "-o", str(output), "--days", "2", **cloud.three_variables(**others))
        assert (done.returncode, cloud.asked(ISSUES)) == (0, 10)
        (first, *_) = cloud.call(lambda: cloud.simulator.requests.find(ISSUES))
        assert "posts" not in first.query
    lines = [line.rpartition("} ") for line in output.read_text("utf-8").splitlines() if not line.startswith("#")]
    series = [(name, [int(line[2].split()[1]) for line in each]) for name, each in groupby(lines, itemgetter(0))]
    assert len({name for name, _ in series}) == len(series) > 60
    assert {later - earlier for _, times in series for earlier, later in pairwise(times)} == {STEP}


def test_no_room_on_the_disk(cloud: Microsoft, tmp_path: Path) -> None:
    """The file is not there, not even in part, and what was read is kept for another try."""
    output = tmp_path / "history.om"
    command = shlex.join([*PROGRAM, "backfill", "-o", str(output), "--days", "1"])
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f 100; exec {command}"],
        env=environment(cloud.three_variables(**USAGE_ALONE)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.endswith(f"{output} cannot be written: File too large. What was read is kept.\n")
    assert [path.name for path in tmp_path.iterdir()] == ["history.om.work"]
