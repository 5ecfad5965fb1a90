"""What the shipped alert rules cost Prometheus in each minute of an outage that all tenants share.

Run ``PYTHONPATH=. .venv/bin/python benchmarks/rules.py 100 1000``; it takes ten minutes for each number of tenants. A
real Prometheus scrapes the page of ``benchmarks/outage.py`` each minute and evaluates ``deploy/prometheus/rules`` as
they are. Printed are, of three evaluations, each for a minute:

- CPU: seconds of all rules together, garbage collection included, which is what Prometheus takes with them less what it
  takes to scrape alone. Other work on the machine does not show in them.
- seconds by the clock, as ``prometheus_rule_group_last_duration_seconds`` has them: of all rules, of each group (groups
  run side by side), and of the rules that take most. Other work on the machine shows in these.
- samples that the expressions read, without those of texts: the same on every machine.

The history that rules read:

- what they recorded a minute ago, and ``ALERTS``: made by the run itself, which reads only when incidents fire. An
  alert that still waits costs as much as one that fires, because its texts are made in each evaluation too.
- up to an hour of a raw series, in texts and for tenants that were renamed: there are only the minutes of the run. A
  sample more in a range is nothing beside finding its series.
- the week before, of numbers of users and their days: made by promtool for the time of the run, as a block.

Measured on 28 November 2026 with Prometheus 2.42 on 2 cores; 1 000 tenants at commit adcec6f on an idle machine, the
others before, with a load of 6 to 17 from other work, so that their clock says little::

    tenants   series   alerts   CPU s   by the clock   samples read
         10     9319       70    0.12           0.33          12761
        100    86319      700    1.19           3.88         126881
       1000   868720     7000   13.82           9.21        1268081

By the clock service health takes 4.9 s, subscriptions 1.8, credentials 1.0, exporter 0.8, usage 0.7; the slowest rules
are O365ServiceIncident (1.9 s) and O365ServiceAdvisory (1.2 s), mostly for their texts. Samples grow as the tenants do;
CPU with 1000 is 1.2 times that, of which much is garbage collection.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import httpx
import yaml

from benchmarks.outage import Tenants, page_of_one
from o365_exporter import logs
from tools import stack
from tools.scaled_rules import RULES

INTERVAL = 60
"""Seconds between two scrapes and two evaluations."""
SCRAPES = 2
"""How many minutes are measured without rules, after one in which every series is made."""
WARM_UP = 4
"""Minutes until incidents fire."""
READINGS = 3
MOST = 5
"""How many rules are listed."""

Json = dict[str, Any]


@contextmanager
def served(tenants: Tenants) -> Iterator[str]:
    """Serve the page while the context lasts; yields ``HOST:PORT``."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.end_headers()
            for part in tenants.page(time.time()):
                self.wfile.write(part)

        def log_message(self, *_: object) -> None:
            """Requests are not of interest."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def settings_of(target: str, own: str, *files: str) -> Json:
    """prometheus.example.yml with other addresses, with these files of rules, and nobody who is told."""
    settings: Json = yaml.safe_load(stack.PROMETHEUS_EXAMPLE.read_text("utf-8"))
    interval = f"{INTERVAL}s"
    settings["global"] = {"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval}
    settings["rule_files"] = list(files)
    del settings["alerting"]
    for job in settings["scrape_configs"]:
        job["static_configs"] = [{"targets": [target if job["job_name"] == "o365-exporter" else own]}]
    return settings


def backfill(folder: Path, tenants: Tenants, seconds: int) -> None:
    """The week before, as blocks."""
    now = int(time.time())
    history = folder / "history.om"
    with history.open("w", encoding="utf-8") as file:
        file.writelines(tenants.week_before(now - 300, now + seconds))
    promtool = stack.program("promtool", "prometheus")
    command = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(history), str(folder / "prometheus")]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - ours


@dataclass(frozen=True)
class Reading:
    """The latest evaluation of everything: seconds by group, and by rule; and how many alerts are on."""

    groups: Mapping[str, float]
    rules: Mapping[str, float]
    firing: int
    pending: int

    @classmethod
    def of(cls, groups: list[Json]) -> Reading:
        """Of what Prometheus tells about its rules."""
        rules = [rule for group in groups for rule in group["rules"]]
        states = [alert["state"] for rule in rules for alert in rule.get("alerts", ())]
        return cls(
            {group["name"]: group["evaluationTime"] for group in groups},
            {title(rule): rule["evaluationTime"] for rule in rules},
            states.count("firing"),
            states.count("pending"),
        )


def title(rule: Json) -> str:
    """A rule by its name, and a recording by the labels that tell it from others of that name."""
    labels = ",".join(f"{name}={value}" for name, value in rule.get("labels", {}).items())
    return f"{rule['name']}{{{labels}}}" if labels and rule["type"] == "recording" else str(rule["name"])


class Prometheus:
    """A Prometheus that runs."""

    def __init__(self, process: subprocess.Popen[bytes], http: httpx.Client, url: str, file: Path) -> None:
        self._process = process
        self._http = http
        self._url = url
        self._file = file

    def configure(self, settings: Json) -> None:
        """Go on with other settings."""
        self._file.write_text(yaml.safe_dump(settings), "utf-8")
        self._process.send_signal(signal.SIGHUP)

    def cpu(self) -> float:
        """Its CPU seconds since it began."""
        page = self._http.get(f"{self._url}/metrics").raise_for_status().text
        (line,) = (line for line in page.splitlines() if line.startswith("process_cpu_seconds_total "))
        return float(line.rpartition(" ")[2])

    def cpu_of(self, minutes: int) -> float:
        """CPU seconds of each of the next minutes, on the average."""
        before = self.cpu()
        time.sleep(minutes * INTERVAL)
        return (self.cpu() - before) / minutes

    def groups(self) -> list[Json]:
        """The groups of rules, with the time that each took."""
        found: list[Json] = self._ask("rules")["groups"]
        return found

    def series(self) -> int:
        """How many it holds."""
        return int(self._ask("status/tsdb")["headStats"]["numSeries"])

    def samples(self) -> int:
        """How many samples the expressions of all rules read."""
        queries = [rule["query"] for group in self.groups() for rule in group["rules"]]
        stats = (self._ask("query", query=f"count({query})", stats="all")["stats"] for query in queries)
        return sum(int(one["samples"]["totalQueryableSamples"]) for one in stats)

    def _ask(self, what: str, **parameters: str) -> Json:
        answer = self._http.get(f"{self._url}/api/v1/{what}", params=parameters)
        data: Json = answer.raise_for_status().json()["data"]
        return data


@contextmanager
def running(folder: Path, settings: Json, own: str) -> Iterator[Prometheus]:
    """Run Prometheus while the context lasts."""
    file, log = folder / "prometheus.yml", folder / "prometheus.log"
    file.write_text(yaml.safe_dump(settings), "utf-8")
    command = stack.prometheus_command(stack.program("prometheus", "prometheus"), folder, own)
    with (
        stack.child(command, log) as process,
        httpx.Client(timeout=stack.PATIENCE, trust_env=False) as http,
    ):
        stack.until_up(f"http://{own}/-/ready", log, process)
        yield Prometheus(process, http, f"http://{own}", file)


def measure(page: str, count: int) -> None:
    """Print what the rules cost with so many tenants."""
    tenants, own = Tenants(page, count), f"127.0.0.1:{stack.free_port()}"
    with tempfile.TemporaryDirectory() as name, served(tenants) as target:
        folder = Path(name)
        backfill(folder, tenants, (1 + SCRAPES + WARM_UP + READINGS + 5) * INTERVAL)
        with running(folder, settings_of(target, own), own) as prometheus:
            time.sleep(INTERVAL)
            alone = prometheus.cpu_of(SCRAPES)
            prometheus.configure(settings_of(target, own, f"{RULES}/*.yaml"))
            time.sleep(WARM_UP * INTERVAL)
            readings, both = [], 0.0
            for _ in range(READINGS):
                both += prometheus.cpu_of(1) / READINGS
                readings.append(Reading.of(prometheus.groups()))
            alerts = f"{readings[-1].firing} alerts firing, {readings[-1].pending} pending"
            print(f"{count} tenants: {prometheus.series()} series, {alerts}")
            print(f"{both - alone:9.2f}  CPU seconds of all rules, beside {alone:.2f} of scraping")
            show(readings)
            print(f"{prometheus.samples():9}  samples read by expressions", flush=True)


def show(readings: Sequence[Reading]) -> None:
    """Print seconds by the clock, the median of the readings."""
    groups = {name: statistics.median(one.groups[name] for one in readings) for name in readings[-1].groups}
    rules = {name: statistics.median(one.rules[name] for one in readings) for name in readings[-1].rules}
    print(f"{sum(groups.values()):9.2f}  s by the clock, of all rules")
    for name, seconds in groups.items():
        print(f"{seconds:11.2f}  {name}")
    for name, seconds in sorted(rules.items(), key=lambda item: -item[1])[:MOST]:
        print(f"{seconds:13.2f}  {name}")


def main() -> None:
    """Measure with each number of tenants."""
    parser = argparse.ArgumentParser(description="Measure what the alert rules cost Prometheus.")
    parser.add_argument("tenants", type=int, nargs="*", default=[100, 1000], metavar="N", help="how many (100 1000)")
    arguments = parser.parse_args()
    logs.configure(logs.LogOptions(level="error"))
    page = anyio.run(page_of_one)
    for count in arguments.tenants:
        measure(page, count)


if __name__ == "__main__":
    main()
