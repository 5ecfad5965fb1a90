"""A real Prometheus evaluates every rule on data that are scraped in every unlucky way at once, and none fails.

An alert whose rule fails is silent, and "many-to-many matching" depends on the data.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client.core import Sample
from prometheus_client.parser import text_string_to_metric_families

from o365_exporter.catalogue import all_metrics
from tests.e2e.programs import eventually, prometheus_running
from tests.rules.kit import ROOT, RULES, installed, rules
from tools.stack import free_port

GOLDEN = ROOT / "tests" / "e2e" / "golden" / "contoso.prom"
GOLDEN_TIME = 1_773_144_000
"""When the golden page was made, in seconds since 1970."""

NASTY = "\"'\\`}){ $labels {{ .x }}%q,\n\t\u00ad\u200b\x7f\U000e0001\U0001f680é|.*"
"""What a name can consist of: PromQL's and the templates' own signs, and runes that Go writes as escapes."""
NAMED = {
    "tenant",
    "service_id",
    "issue_id",
    "app_id",
    "credential_id",
    "sku_id",
    "subscription_id",
    "message_id",
    "user",
}
RENAMED = {
    *("service_name", "title", "services", "feature", "app_name", "credential_name", "sku_part_number", "product_name"),
    "applies_to",
}
REJUDGED = {"status", "classification", "trial", "category", "severity", "major_change"}
"""Labels with closed lists whose value may change from one poll to the next."""

TROUBLE = {
    "o365_exporter_series_dropped": 5.0,
    "o365_report_missing_columns": 2.0,
    "o365_report_names_concealed": 1.0,
}
"""Values instead of the golden page's, where all is well."""

EXPORTERS = (
    {"job": "o365-exporter", "instance": "a"},  # two replicas
    {"job": "o365-exporter", "instance": "b"},
    {"job": "again", "instance": "b"},  # scraped by a second job
    {"job": "federate", "instance": "hq", "replica": "1"},  # copies that another Prometheus has of them
    {"job": "federate", "instance": "hq", "replica": "2"},
)
"""The labels of targets, each of which sees things a little differently."""


def page(copy: int) -> str:
    """What an exporter serves now; another ``copy`` differs in whatever two replicas can see differently."""
    later = time.time() - GOLDEN_TIME
    return "".join(f"{series} {value + later * is_time!r}\n" for series, value, is_time in _lines(copy))


@cache
def _lines(copy: int) -> list[tuple[str, float, bool]]:
    """Each series with its value on the golden page, and whether that is a moment."""
    families = text_string_to_metric_families(GOLDEN.read_text("utf-8"))
    return [_line(sample, copy) for family in families for sample in family.samples]


def _line(sample: Sample, copy: int) -> tuple[str, float, bool]:
    labels = {label: _label(sample.name, label, value, copy) for label, value in sample.labels.items()}
    written = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels.items())
    value = TROUBLE.get(sample.name, sample.value)
    return f"{sample.name}{{{written}}}", value, sample.name.endswith("_timestamp_seconds")


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _label(name: str, label: str, value: str, copy: int) -> str:
    if label in NAMED:
        return value + NASTY
    if label in RENAMED:
        return f"{value}{NASTY}{copy}"
    if label in REJUDGED:
        members = all_metrics()[name].values[label]
        return members[(members.index(value) + copy) % len(members)]
    return value


@pytest.fixture(scope="module")
def exporters() -> Iterator[str]:
    """Where the pages are served, each at the path of its number."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            self.wfile.write(page(int(self.path.strip("/"))).encode())

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def configuration(exporters: str, own: str) -> dict[str, Any]:
    """Every exporter, Prometheus itself, and its own recordings a second time, as from a Prometheus further down."""
    jobs = [
        {
            "job_name": f"exporter-{number}",
            "metrics_path": f"/{number}",
            "static_configs": [{"targets": [exporters], "labels": labels}],
        }
        for number, labels in enumerate(EXPORTERS)
    ]
    # what was federated is not federated again, or it would grow with each round
    federation = {"metrics_path": "/federate", "params": {"match[]": ['{__name__=~".+:o365.+", job!="below"}']}}
    watching = [{"targets": [own]}]
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(RULES / "*.yaml")],
        "scrape_configs": [
            *jobs,
            {"job_name": "prometheus", "static_configs": watching},
            {"job_name": "below", **federation, "static_configs": watching},
        ],
    }


@pytest.fixture(scope="module")
def prometheus(exporters: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A Prometheus that has evaluated all rules on all of it."""
    folder: Path = tmp_path_factory.mktemp("prometheus")
    own = f"127.0.0.1:{free_port()}"
    settings = yaml.safe_dump(configuration(exporters, own))
    with (
        prometheus_running(installed("prometheus"), folder, settings, own) as address,
        httpx.Client(base_url=f"{address}/api/v1", trust_env=False) as client,
    ):
        eventually(lambda: _value(client, "min(sum_over_time(up[1m]))") >= ROUNDS)
        yield client


ROUNDS = 6
"""Scrapes of each target before the rules are looked at; by then recordings of recordings are there twice."""

MANY = 50
"""Alerts that are at least pending, so that what holds for all of them means something."""


def _value(client: httpx.Client, query: str) -> float:
    found = client.get("/query", params={"query": query}).raise_for_status().json()["data"]["result"]
    return float(found[0]["value"][1]) if found else 0.0


def _rules(client: httpx.Client) -> list[dict[str, Any]]:
    groups = client.get("/rules").raise_for_status().json()["data"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_no_rule_fails(prometheus: httpx.Client) -> None:
    """However often and however differently the same thing is seen."""
    found = _rules(prometheus)
    assert len(found) == len(rules())
    assert [(rule["name"], rule.get("lastError")) for rule in found if rule["health"] != "ok"] == []
    assert _value(prometheus, "sum(prometheus_rule_evaluation_failures_total)") == 0


def _alerts(client: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/alerts").raise_for_status().json()["data"]["alerts"]
    assert len(found) > MANY
    return found


def test_no_text_fails(prometheus: httpx.Client) -> None:
    """Names of any kind can be put into the queries of a text, and come out as they are."""
    texts = [text for alert in _alerts(prometheus) for text in alert["annotations"].values()]
    assert [text for text in texts if "error expanding" in text] == []
    assert any(f"Exchange Online{NASTY}" in text for text in texts)


def test_no_alert_tells_who_saw_it(prometheus: httpx.Client) -> None:
    """Whatever labels targets have, an alert is of the tenant and the thing."""
    labels = {label for alert in _alerts(prometheus) for label in alert["labels"]}
    assert not labels & {"job", "instance", "replica"}
