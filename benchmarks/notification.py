"""How long it takes from an incident in Graph until a webhook has it.

Run ``PYTHONPATH=. .venv/bin/python benchmarks/notification.py``; it takes some four minutes. Simulator, exporter,
Prometheus, Alertmanager and receiver are real. An incident is opened at a random moment and resolved when it has been
told, again and again, with the rules as many times as fast as ``make demo-stack`` has them.

The arithmetic stands beside it, for what is shipped and for what runs here: polling, scraping and evaluating take
between nothing and their interval; ``for``, in whole evaluations, and ``group_wait`` always pass. Here the exporter
polls each 10 s, the least that it takes, and the rest comes quickly, so that polling and scraping are most of it.

Measured with CPython 3.11.7 on 2 cores that others kept busy (load 6), 5 incidents, seconds; by an alert that had
another name and waited as long::

                           shipped, by arithmetic    here, by arithmetic    here, measured
    O365ServiceIncident    90 to 243                 1.2 to 17.7            8.1 to 15.5, median 11.3
"""

from __future__ import annotations

import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from anyio.from_thread import BlockingPortal, start_blocking_portal

from o365_exporter.clock import SystemClock
from o365_exporter.collectors import service_health
from o365_exporter.commands.simulate import QUICK, environment_of
from o365_exporter.scheduler import JITTER
from o365_exporter.simulator import Scenario, Simulator, load_scenario
from o365_exporter.source import parse_duration
from tools import scaled_rules, stack
from tools.receiver import Notification, Receiver

TIMES = 5
INCIDENTS = {"O365ServiceIncident": "serviceInterruption"}
"""Alert by alert, the status that the service has."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Waits:
    """Seconds that the stages take."""

    poll: float
    scrape: float
    evaluation: float
    pending: float
    grouping: float

    def __str__(self) -> str:
        pending = math.ceil(self.pending / self.evaluation) * self.evaluation
        least = pending + self.grouping
        most = least + self.poll * (1 + JITTER) + self.scrape + self.evaluation
        return (
            f"{least:6.1f} to {most:6.1f} = 0 to {self.poll * (1 + JITTER):g} poll + 0 to {self.scrape:g} scrape "
            f"+ 0 to {self.evaluation:g} evaluation + {pending:g} for + {self.grouping:g} group_wait"
        )


def read(path: Path) -> Json:
    """A YAML file."""
    document: Json = yaml.safe_load(path.read_text("utf-8"))
    return document


def shipped(alert: str) -> Waits:
    """The waits of the configuration as it is shipped."""
    prometheus = read(stack.PROMETHEUS_EXAMPLE)["global"]
    rules = read(scaled_rules.RULES / "service-health.yaml")["groups"][0]["rules"]
    (rule,) = (one for one in rules if one.get("alert") == alert)
    return Waits(
        poll=service_health.Options().interval,
        scrape=parse_duration(prometheus["scrape_interval"]),
        evaluation=parse_duration(prometheus["evaluation_interval"]),
        pending=parse_duration(rule["for"]),
        grouping=parse_duration(read(stack.ALERTMANAGER_EXAMPLE)["route"]["group_wait"]),
    )


def here(waits: Waits) -> Waits:
    """The same as it runs here."""
    return Waits(
        poll=parse_duration(QUICK["O365_COLLECTORS__SERVICE_HEALTH__INTERVAL"]),
        scrape=stack.SCRAPE,
        evaluation=scaled_rules.EVALUATION,
        pending=waits.pending / stack.SPEED,
        grouping=waits.grouping / stack.SPEED,
    )


def told(receiver: Receiver, alert: str, status: str, since: float) -> float:
    """Seconds from a moment until the notification came."""

    def found(notifications: list[Notification]) -> list[Notification]:
        return [one for one in notifications if (one.name, one.status) == (alert, status) and one.at > since]

    assert receiver.wait(lambda notifications: bool(found(notifications)), stack.PATIENCE), f"no {status} {alert}"
    return found(receiver.all())[0].at - since


def measured(running: stack.Stack, call: Callable[..., Any], alert: str) -> list[float]:
    """Open and resolve an incident so many times; seconds until each was told."""
    seconds = []
    for number in range(TIMES):
        time.sleep(random.uniform(0, 10))
        issue_id = f"EX9{alert[-2:]}{number}"
        opened = time.time()
        call("open_issue", service="Exchange", issue_id=issue_id, status=INCIDENTS[alert])
        seconds.append(told(running.receiver, alert, "firing", opened))
        resolved = time.time()
        call("resolve_issue", issue_id=issue_id)
        told(running.receiver, alert, "resolved", resolved)
    return sorted(seconds)


def watched(scenario: Scenario, portal: BlockingPortal, folder: Path) -> None:
    """Start everything, measure, and print."""
    simulator = Simulator(SystemClock(), scenario.options())

    def call(operation: str, **body: Any) -> None:
        portal.call(simulator.control, "POST", f"tenants/contoso/{operation}", body)

    target = f"127.0.0.1:{stack.free_port()}"
    exporter = (sys.executable, "-m", "o365_exporter", "run")
    with portal.wrap_async_context_manager(simulator.serve()) as url:
        settings = {**environment_of(simulator, url, scenario), "O365_LISTEN": target}
        with stack.child(exporter, folder / "exporter.log", settings):
            stack.until_up(f"http://{target}/-/ready", folder / "exporter.log")
            with stack.running(folder, [target]) as running:
                for alert in INCIDENTS:
                    seconds = measured(running, call, alert)
                    print(f"{alert}, seconds from the incident to the webhook")
                    print(f"  shipped   {shipped(alert)}")
                    print(f"  here      {here(shipped(alert))}")
                    print(
                        f"  measured  {seconds[0]:6.1f} to {seconds[-1]:6.1f}, median {statistics.median(seconds):.1f}"
                    )


def main() -> None:
    """Measure once."""
    with start_blocking_portal() as portal, tempfile.TemporaryDirectory() as folder:
        watched(load_scenario("exchange-outage"), portal, Path(folder))


if __name__ == "__main__":
    main()
