"""Scenarios that are played side by side, each to a simulator of its own, and what is notified meanwhile.

All programs are real: exporters, Prometheus, Alertmanager, a receiver. Each scenario goes on when what its last step
should have caused has arrived, so that a busy machine is slow and not wrong.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from o365_exporter.commands.simulate import QUICK
from o365_exporter.simulator import Player, Scenario, Step
from tests.e2e.programs import Microsoft, Running, microsoft
from tools import stack
from tools.scaled_rules import EVALUATION

DEADLINE = 120.0
"""Seconds in which what a step causes must have arrived, at ``stack.SPEED``; many times what it takes."""

REPORTS = "O365_COLLECTORS__EXCHANGE_USAGE__INTERVAL"
SETTINGS = QUICK | {
    "O365_COLLECTORS__TEAMS_USAGE__ENABLED": "false",
    "O365_COLLECTORS__SKYPE_USAGE__ENABLED": "false",
}
"""What no scenario is about is left out."""

LONG_ENOUGH = 12.0
"""Seconds in which an alert that ended by mistake would be notified: twice what one is kept on (at ``stack.SPEED``)."""

_THINGS = (
    "issue_id",
    "service_id",
    "app_id",
    "sku_id",
    "subscription_id",
    "message_id",
    "report",
    "source",
    "collector",
    "area",
)


NOBODY = "nobody"
"""Who is told of what fires and is silenced."""


class News(NamedTuple):
    """A notification without its texts: whom it went to, about what."""

    receiver: str
    status: str
    alert: str
    tenant: str
    thing: str

    @classmethod
    def of(cls, receiver: str, status: str, labels: Mapping[str, str]) -> News:
        """What is told of an alert with these labels."""
        thing = next((labels[label] for label in _THINGS if label in labels), "")
        return cls(receiver, status, labels["alertname"], labels.get("tenant", ""), thing)


class Arrival(NamedTuple):
    """News, and when it came first."""

    at: float
    news: News


Stages = Mapping[float, frozenset[News]]
"""What must arrive after the steps of a second, before the next steps are taken."""


@dataclass
class Process:
    """An exporter as a process that can be killed and started again at its address."""

    folder: Path
    variables: Mapping[str, str]
    target: str = field(default_factory=lambda: f"127.0.0.1:{stack.free_port()}")
    program: Running | None = None

    async def start(self) -> None:
        """As a step of a scenario."""
        self.begin()

    async def stop(self) -> None:
        """As a step of a scenario."""
        self.end()

    def begin(self) -> None:
        """Run it."""
        self.program = Running(self.folder, "run", **self.variables, O365_LISTEN=self.target)

    def end(self) -> None:
        """Kill it, if it runs."""
        if self.program is not None:
            self.program.process.kill()
            self.program.process.wait()

    def until_ready(self) -> None:
        """Wait until every source has been tried."""
        assert self.program is not None
        stack.until_up(f"http://{self.target}/-/ready", self.folder / "stderr")


@dataclass
class Run:
    """One scenario on its simulator.

    Attributes:
        name: in front of its tenants' names.
        scenario: what happens.
        cloud: to whom.
        began: when the steps of each second were taken, seconds since 1970.
    """

    name: str
    scenario: Scenario
    cloud: Microsoft
    began: dict[float, float] = field(default_factory=dict)

    def variables(self) -> dict[str, str]:
        """Settings with which an exporter watches its tenants."""
        found: dict[str, str] = {}
        for key, tenant in self.cloud.simulator.tenants.items():
            prefix = f"O365_TENANTS__{self.name.replace('-', '_').upper()}_{key.upper()}__"
            found |= {
                f"{prefix}NAME": f"{self.name}/{key}",
                f"{prefix}TENANT_ID": tenant.tenant_id,
                f"{prefix}CLIENT_ID": tenant.client_id,
                f"{prefix}CLIENT_SECRET": tenant.client_secret,
                f"{prefix}LOGIN_URL": self.cloud.url,
                f"{prefix}GRAPH_URL": self.cloud.url,
            }
        return found

    def groups(self) -> list[tuple[float, list[Step]]]:
        """The steps of each second."""
        return [(at, list(steps)) for at, steps in groupby(self.scenario.steps, key=lambda step: step.at)]

    def do(self, at: float, steps: Sequence[Step], exporter: Process) -> None:
        """Take the steps of one second, whenever that is."""
        player = Player(self.scenario, self.cloud.simulator, exporter)
        self.began[at] = time.time()
        for step in steps:
            self.cloud.portal.call(player.do, step)

    def play(self, exporter: Process, watch: Watch, stages: Stages) -> None:
        """Take all steps that have not been taken, waiting after each second for what must arrive.

        After a start of the exporter the rules must also have judged for longer than any alert is kept on, so that
        what ends by mistake has ended.
        """
        for at, steps in self.groups():
            if at not in self.began:
                self.do(at, steps, exporter)
            watch.until_arrived(stages.get(at, frozenset()))
            if any(step.exporter == "start" for step in steps):
                exporter.until_ready()
                watch.until_judged(f"{self.name}/{self.scenario.tenants[0]}", LONG_ENOUGH * stack.SPEED / watch.speed)


@dataclass(frozen=True)
class Watch:
    """What has been notified.

    Attributes:
        running: by whom.
        speed: how many times as fast as shipped.
        seen: what was notified, or fired and was told to nobody, whenever somebody waited.
    """

    running: stack.Stack
    speed: float = stack.SPEED
    seen: set[News] = field(default_factory=set)

    def arrivals(self) -> list[Arrival]:
        """Each event once: Alertmanager repeats an alert when its group changes."""
        seen: dict[tuple[News, str], Arrival] = {}
        for one in self.running.receiver.all():
            news = News.of(one.receiver, one.status, one.labels)
            seen.setdefault((news, one.starts_at), Arrival(one.at, news))
        return list(seen.values())

    def counted(self) -> Counter[News]:
        """How often each event came."""
        return Counter(arrival.news for arrival in self.arrivals())

    def until_arrived(self, wanted: frozenset[News]) -> None:
        """Wait until all have arrived, and what is silenced fires; what does not is for the test to find missing."""
        end = time.monotonic() + DEADLINE * stack.SPEED / self.speed
        told = {news for news in wanted if news.receiver != NOBODY}
        self.running.receiver.wait(
            lambda all_: told <= {News.of(one.receiver, one.status, one.labels) for one in all_}, end - time.monotonic()
        )
        self.seen.update(self.counted())
        while not wanted - told <= self.seen and time.monotonic() < end:
            firing = (one["labels"] for one in self.running.alerts() if one["state"] == "firing")
            self.seen.update(News.of(NOBODY, "firing", labels) for labels in firing)
            time.sleep(1)

    def until_judged(self, tenant: str, seconds: float) -> None:
        """Wait until the rules have judged a tenant's services by fresh data for so long without a gap.

        Raises:
            TimeoutError: they do not.
        """
        fresh = f'tenant_source:o365_service_fresh:group{{tenant="{tenant}"}}'
        query = f"sum(count_over_time({fresh}[{seconds:.0f}s])) >= 2 * {seconds / EVALUATION - 1}"  # of both lists
        end = time.monotonic() + DEADLINE + seconds
        while not self.running.query(query):
            if time.monotonic() > end:
                raise TimeoutError(f"nothing is found by {query}")
            time.sleep(0.5)

    def kept_pace(self, target: str) -> bool:
        """Whether the machine was quick enough: no evaluation left out, and no scrape of an exporter that was there."""
        missed = self.running.query("sum(prometheus_rule_group_iterations_missed_total) > 0")
        return not missed and not self.running.query(f'min_over_time(up{{instance="{target}"}}[1h]) == 0')

    def until_quiet(self) -> None:
        """Wait until nothing is pending or firing any more."""
        end = time.monotonic() + DEADLINE * stack.SPEED / self.speed
        while self.running.alerts() and time.monotonic() < end:
            time.sleep(0.5)


@contextmanager
def processes(folder: Path, groups: Mapping[str, Sequence[Run]], speed: float) -> Iterator[dict[str, Process]]:
    """An exporter for each group of runs, by the group's name; none has begun, and all end with the context."""
    interval = 20 * stack.SPEED / speed  # seconds; each report may be asked for 14 times in ten minutes
    made: dict[str, Process] = {}
    for name, group in groups.items():
        (folder / name).mkdir()
        variables = {key: value for run in group for key, value in run.variables().items()}
        made[name] = Process(folder / name, SETTINGS | {REPORTS: f"{interval:g}s"} | variables)
    try:
        yield made
    finally:
        for process in made.values():
            process.end()


@contextmanager
def clouds(scenarios: Mapping[str, Scenario]) -> Iterator[dict[str, Run]]:
    """A simulator for each scenario, by name; their seeds differ, or all would have one tenant."""
    with ExitStack() as exits:
        runs: dict[str, Run] = {}
        for seed, (name, scenario) in enumerate(scenarios.items()):
            options = scenario.options().model_copy(update={"seed": seed})
            runs[name] = Run(name, scenario, exits.enter_context(microsoft(options)))
        yield runs
