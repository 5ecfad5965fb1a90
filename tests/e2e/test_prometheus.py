"""A real Prometheus scrapes the exporter; promtool judges what it serves."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import yaml
from hypothesis import given, settings

from o365_exporter.exposition import Format
from o365_exporter.simulator import SimulatorOptions
from tests.e2e.programs import Microsoft, eventually, microsoft, prometheus_running, running
from tests.exposition.test_against_prometheus_client import Families, families
from tests.facts.pages import blocks, page

CONFIGURATION = """\
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: o365
    static_configs:
      - targets: ["{target}"]
"""


@contextmanager
def relay(exporter: str) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Stands between Prometheus and the exporter, and notes what is asked for and what is served."""
    noted: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            with httpx.stream("GET", f"{exporter}{self.path}", headers=headers) as answer:
                noted.append((self.headers["Accept"], answer.headers["Content-Type"]))
                self.send_response(answer.status_code)
                for name in ("Content-Type", "Content-Encoding", "Content-Length"):
                    if name in answer.headers:
                        self.send_header(name, answer.headers[name])
                self.end_headers()
                for piece in answer.iter_raw():
                    self.wfile.write(piece)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", noted
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def prometheus_watching(program: str, folder: Path, target: str) -> Iterator[str]:
    """A Prometheus with one target; yields the address of its API."""
    folder.mkdir()
    with prometheus_running(program, folder, CONFIGURATION.format(target=target)) as address:
        yield f"{address}/api/v1"


def ask(api: str, query: str) -> dict[str, float]:
    """The values that a query has now, by job or, where it has none, by nothing."""
    answer = httpx.get(f"{api}/query", params={"query": query}).raise_for_status()
    return {entry["metric"].get("tenant", ""): float(entry["value"][1]) for entry in answer.json()["data"]["result"]}


def test_a_real_prometheus_scrapes_it(tmp_path: Path, prometheus: str) -> None:
    """It negotiates OpenMetrics, takes every series of both tenants, and knows their types and units."""
    with (
        microsoft(SimulatorOptions.many(2)) as cloud,
        running(tmp_path, "run", **many_variables(cloud)) as program,
    ):
        exporter = program.ready()
        with relay(exporter) as (target, noted), prometheus_watching(prometheus, tmp_path / "tsdb", target) as api:
            healthy = eventually(lambda: ask(api, "count by (tenant) (o365_service_healthy)"))
            assert healthy == {"contoso": 30.0, "fabrikam": 30.0}
            assert ask(api, "up") == {"": 1.0}
            lines = [line for line in httpx.get(f"{exporter}/metrics").text.split("\n") if line[:1] not in ("", "#")]
            assert ask(api, "scrape_samples_scraped") == {"": len(lines)}
            metadata = httpx.get(f"{api}/metadata").json()["data"]
            targets = httpx.get(f"{api}/targets").json()["data"]["activeTargets"]
    assert [target["lastError"] for target in targets] == [""]
    assert metadata["o365_service_healthy"][0]["type"] == "gauge"
    assert metadata["o365_exporter_graph_requests"][0]["type"] == "counter"
    assert metadata["o365_exporter_graph_request_duration_seconds"][0]["type"] == "histogram"
    accept, served = noted[0]
    assert accept.startswith("application/openmetrics-text")
    assert {content_type for _, content_type in noted} == {served}
    assert served == "application/openmetrics-text; version=1.0.0; charset=utf-8"


def test_promtool_has_no_complaint(cloud: Microsoft, tmp_path: Path, promtool: str) -> None:
    """Neither about a tenant that is well nor about one in trouble."""
    cloud.break_(path="/v1.0/subscribedSkus", status=429, retry_after=0.01)
    with running(tmp_path, "run", **cloud.three_variables()) as program:
        page = httpx.get(f"{program.ready()}/metrics").text
    assert "o365_exporter_source_failures_total{" in page
    assert "o365_exporter_graph_wait_seconds_total{" in page
    check = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, text=True, check=False)
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


def many_variables(cloud: Microsoft) -> dict[str, str]:
    """The settings with which every tenant of the simulator is watched."""
    variables = {
        "O365_LISTEN": "127.0.0.1:0",
        "O365_DEFAULTS__LOGIN_URL": cloud.url,
        "O365_DEFAULTS__GRAPH_URL": cloud.url,
    }
    for key, tenant in cloud.simulator.tenants.items():
        prefix = f"O365_TENANTS__{key.upper()}__"
        variables |= {
            f"{prefix}NAME": key,
            f"{prefix}TENANT_ID": tenant.tenant_id,
            f"{prefix}CLIENT_ID": tenant.client_id,
            f"{prefix}CLIENT_SECRET": tenant.client_secret,
        }
    return variables


def test_prometheus_discovers_every_tenant(tmp_path: Path, prometheus: str) -> None:
    """By the configuration that the docs show: a target for each tenant and one for the process, nothing twice."""
    configuration = yaml.safe_load(blocks(page("docs/many-tenants.md"), "yaml")[0])
    (job,) = configuration["scrape_configs"]
    with (
        microsoft(SimulatorOptions.many(2)) as cloud,
        running(tmp_path, "run", **many_variables(cloud), O365_TENANTS__CONTOSO__LABELS__TEAM="north") as program,
    ):
        exporter = program.ready()
        job["http_sd_configs"] = [{"url": f"{exporter}/sd", "refresh_interval": "1s"}]
        configuration["global"] = {"scrape_interval": "1s"}
        folder = tmp_path / "tsdb"
        folder.mkdir()
        with prometheus_running(prometheus, folder, yaml.safe_dump(configuration)) as address:
            api = f"{address}/api/v1"
            up = eventually(lambda: found if len(found := ask(api, "up == 1")) == 3 else None)
            healthy = eventually(lambda: ask(api, "count by (tenant) (o365_service_healthy)"))
            process = ask(api, "count(o365_exporter_build_info)")
            instances = ask(api, "count(count by (instance, job) (up or o365_service_healthy))")
            targets = httpx.get(f"{api}/targets").json()["data"]["activeTargets"]
    assert set(up) == {"", "contoso", "fabrikam"}
    assert healthy == {"contoso": 30.0, "fabrikam": 30.0}
    assert process == instances == {"": 1.0}
    assert sorted(target["scrapeUrl"].removeprefix(exporter) for target in targets) == [
        "/metrics/process",
        "/metrics?tenant=contoso",
        "/metrics?tenant=fabrikam",
    ]
    labels = [target["discoveredLabels"].get("__meta_o365_label_team", "") for target in targets]
    assert sorted(labels) == ["", "", "north"]
    assert [target["lastError"] for target in targets] == ["", "", ""]


@settings(max_examples=25)
@given(known=families())
def test_promtool_reads_whatever_labels_and_values_hold(promtool: str, known: Families) -> None:
    """Prometheus' own parser takes every page; what promtool thinks of invented names is no matter (exit code 3)."""
    text = known.page(Format.TEXT)
    check = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, check=False)
    assert check.returncode in (0, 3), check.stderr
    assert b"error while linting" not in check.stderr
