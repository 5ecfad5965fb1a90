"""Prometheus, Alertmanager and a receiver of notifications: the shipped configuration, many times as fast.

The rules are scaled (``tools.scaled_rules``), the waits of the route tree too; its ``repeat_interval`` is not, so that
whatever comes twice has happened twice. The receivers' addresses lead here, where every notification is kept and shown.
All is on loopback, on free ports, in one folder; every program ends with the ``with`` block, or with this process.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import yaml

from tools import scaled_rules
from tools.receiver import Json, Receiver

ROOT = Path(__file__).resolve().parent.parent
PROMETHEUS_EXAMPLE = ROOT / "deploy" / "prometheus" / "prometheus.example.yml"
ALERTMANAGER_EXAMPLE = ROOT / "deploy" / "alertmanager" / "alertmanager.example.yml"

SPEED = 180.0
"""How many times as fast: an hour of the rules lasts 20 seconds."""

SCRAPE = 5.0
"""Seconds between two scrapes, and in which one must be done: one second is often too short where much else runs."""

PATIENCE = 180.0
"""Seconds in which a program must be up."""


class MissingProgramError(RuntimeError):
    """A program is not installed; the text says how to install it."""


class ProgramEndedError(RuntimeError):
    """A program that should run has ended; the text says which and how, with the last line of its log."""


@dataclass(frozen=True)
class Stack:
    """What runs: addresses of the web pages and APIs, what has been received, and the programs by their logs."""

    prometheus: str
    alertmanager: str
    receiver: Receiver
    http: httpx.Client
    children: Mapping[Path, subprocess.Popen[bytes]] = field(default_factory=dict)

    def ensure_running(self) -> None:
        """See that Prometheus and Alertmanager still run.

        Raises:
            ProgramEndedError: one does not.
        """
        for log, process in self.children.items():
            ensure_running(log.stem, process, log)

    def alerts_page(self) -> str:
        """Address of Prometheus' page of alerts; Debian has only the older one."""
        pages = (f"{self.prometheus}/alerts", f"{self.prometheus}/classic/alerts")
        return next(filter(partial(_answers, self.http), pages), pages[0])

    def alerts(self) -> list[Json]:
        """What is pending or firing in Prometheus."""
        found: list[Json] = self._ask("alerts")["alerts"]
        return found

    def query(self, expression: str) -> list[Json]:
        """What Prometheus has as the result of PromQL now."""
        found: list[Json] = self._ask("query", query=expression)["result"]
        return found

    def _ask(self, what: str, **parameters: str) -> Json:
        answer = self.http.get(f"{self.prometheus}/api/v1/{what}", params=parameters)
        data: Json = answer.raise_for_status().json()["data"]
        return data


@dataclass(frozen=True)
class Programs:
    """Paths of what must be installed."""

    prometheus: str = field(default_factory=lambda: program("prometheus", "prometheus"))
    alertmanager: str = field(
        default_factory=lambda: program("prometheus-alertmanager", "prometheus-alertmanager", "alertmanager")
    )


def program(name: str, package: str, *others: str) -> str:
    """The path of a program that has one of these names.

    Raises:
        MissingProgramError: none is there.
    """
    found = next(filter(None, map(shutil.which, (name, *others))), None)
    if found is None:
        raise MissingProgramError(f"{name} is missing: apt-get install {package}")
    return found


@contextmanager
def running(
    folder: Path, targets: Sequence[str], speed: float = SPEED, programs: Programs | None = None
) -> Iterator[Stack]:
    """Watch exporters for as long as the context lasts.

    Args:
        folder: for configuration, data and logs; must exist.
        targets: ``HOST:PORT`` of exporters.
        speed: how many times as fast as shipped.
        programs: where they are; None to look.

    Raises:
        MissingProgramError: a program is not installed.
        ProgramEndedError: one has ended before it was up.
        TimeoutError: one did not come up; the text has the end of its log.
    """
    programs = programs or Programs()
    scale = scaled_rules.Scale(1 / speed)
    receiver = Receiver()
    scaled_rules.write(folder / "rules", scale)
    with receiver.listening(), httpx.Client(timeout=PATIENCE, trust_env=False) as http:
        stack = Stack(f"http://127.0.0.1:{free_port()}", f"http://127.0.0.1:{free_port()}", receiver, http)
        _write(folder / "alertmanager.yml", alertmanager_settings(receiver.url, scale))
        _write(folder / "prometheus.yml", prometheus_settings(stack, targets))
        logs = folder / "alertmanager.log", folder / "prometheus.log"
        with (
            child(_alertmanager(programs, stack, folder), logs[0]) as alertmanager,
            child(_prometheus(programs, stack, folder), logs[1]) as prometheus,
        ):
            until_up(f"{stack.alertmanager}/-/ready", logs[0], alertmanager)
            until_up(f"{stack.prometheus}/-/ready", logs[1], prometheus)
            yield replace(stack, children={logs[0]: alertmanager, logs[1]: prometheus})


def prometheus_settings(stack: Stack, targets: Sequence[str]) -> Json:
    """prometheus.example.yml with other addresses, and intervals of seconds."""
    settings: Json = yaml.safe_load(PROMETHEUS_EXAMPLE.read_text("utf-8"))
    evaluation, scrape = f"{scaled_rules.EVALUATION:g}s", f"{SCRAPE:g}s"
    settings["global"] = {"scrape_interval": scrape, "scrape_timeout": scrape, "evaluation_interval": evaluation}
    places = {"o365-exporter": list(targets), "prometheus": [urlsplit(stack.prometheus).netloc]}
    for job in settings["scrape_configs"]:
        job["static_configs"] = [{"targets": places[job["job_name"]]}]
    (alertmanager,) = settings["alerting"]["alertmanagers"]
    alertmanager["static_configs"] = [{"targets": [urlsplit(stack.alertmanager).netloc]}]
    return settings


def alertmanager_settings(receiver: str, scale: scaled_rules.Scale) -> Json:
    """alertmanager.example.yml with the receivers' addresses here, and shorter waits."""
    settings: Json = yaml.safe_load(ALERTMANAGER_EXAMPLE.read_text("utf-8"))
    for route in (settings["route"], *settings["route"]["routes"]):
        route |= {key: scale.text(route[key]) for key in ("group_wait", "group_interval") if key in route}
    for one in settings["receivers"]:
        for webhook in one["webhook_configs"]:
            webhook["url"] = f"{receiver}/{one['name']}"
    return settings


def _prometheus(programs: Programs, stack: Stack, folder: Path) -> list[str]:
    return prometheus_command(programs.prometheus, folder, urlsplit(stack.prometheus).netloc)


def _alertmanager(programs: Programs, stack: Stack, folder: Path) -> list[str]:
    return [
        programs.alertmanager,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={urlsplit(stack.alertmanager).netloc}",
        "--cluster.listen-address=",
    ]


def prometheus_command(program: str, folder: Path, address: str, *flags: str) -> list[str]:
    """The command line of a Prometheus that keeps ``prometheus.yml`` and its data in a folder, with further flags."""
    return [
        program,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'prometheus'}",
        f"--web.listen-address={address}",
        *flags,
    ]


@contextmanager
def child(
    command: Sequence[str], log: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program while the context lasts; where ``setpriv`` is installed it does not outlive this process either.

    Args:
        command: program and arguments.
        log: file for what it writes; None to let it write where this process does.
        environment: of the program; None for that of this process.
    """
    setpriv = shutil.which("setpriv")
    tied = [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
    with (log or Path("/dev/null")).open("ab") as file:
        output = file if log else None
        process = subprocess.Popen([*tied, *command], env=environment, stdout=output, stderr=output)  # noqa: S603 - ours
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def ensure_running(name: str, process: subprocess.Popen[bytes], log: Path | None = None) -> None:
    """See that a program still runs.

    Raises:
        ProgramEndedError: it does not.
    """
    code = process.poll()
    if code is not None:
        how = f"exit code {code}" if code >= 0 else signal.Signals(-code).name
        lines = log.read_text("utf-8").splitlines() if log else []
        raise ProgramEndedError(": ".join([f"{name} has ended with {how}", *lines[-1:]]))


def until_up(url: str, log: Path | None = None, process: subprocess.Popen[bytes] | None = None) -> None:
    """Wait until an address answers with success.

    Args:
        url: the address.
        log: of the program, for the text of an error.
        process: the program, where it is known; once it has ended, nobody waits for it.

    Raises:
        ProgramEndedError: the program has ended.
        TimeoutError: it does not answer.
    """
    end = time.monotonic() + PATIENCE
    with httpx.Client(timeout=5, trust_env=False) as http:
        while not _answers(http, url):
            if process is not None:
                ensure_running(log.stem if log else f"what should answer at {url}", process, log)
            if time.monotonic() > end:
                tail = f": {log.read_text('utf-8')[-1000:]}" if log else ""
                raise TimeoutError(f"nothing at {url} within {PATIENCE:g} s{tail}")
            time.sleep(0.1)


def _answers(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(url).is_success
    except httpx.HTTPError:
        return False


def free_port() -> int:
    """A port of loopback at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _write(path: Path, settings: Json) -> None:
    path.write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")
