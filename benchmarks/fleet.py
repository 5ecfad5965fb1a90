"""What many tenants cost one exporter, and whether it keeps up: on a busy machine too, and while hosts hang.

Run ``PYTHONPATH=. .venv/bin/python benchmarks/fleet.py``; a case of 1 000 tenants takes seven minutes. The
exporter is a real process with default intervals. A light fake Graph (``light_graph.py``) in another process gives each
tenant 30 services, 6 open issues of some 8 posts, 61 messages, 20 apps, 20 SKUs, 24 subscriptions and the reports of
200 users; one app asks for all.
Everything is scraped each 30 s, gzip, as Prometheus would; one tenant and ``/-/ready`` each second.

A case is ``NUMBER`` or ``NUMBER:HOW`` with ``busy`` (two other processes keep two cores busy), ``hang`` (a tenth of
the tenants get no answer of Graph), ``login`` (nobody gets one of the login), ``unlike`` (no two tenants have a
message or a post in common) or ``early`` (SIGTERM in the middle of the start). Columns: share of a core from the start
until ready, and after that; resident memory at the end (MiB); polls that timed out, and that failed for whatever
reason; seconds until every tenant's health was seen, and until ready; the greatest age of anybody's health after the
start (of those that do not hang); p99 of scrapes of all and of one (ms); connections at most; seconds until SIGTERM
was obeyed.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.light_graph import tenant_id_of
from benchmarks.ratios import Ratio

ROOT = Path(__file__).resolve().parent.parent
CASES = ("10", "100", "1000", "1000:busy", "1000:hang", "1000:login", "1000:early")
FULL_SCRAPE = 30.0  # seconds between two scrapes of everything
HOWS = {"login": "hang-login", "unlike": "unlike"}
"""Options of the fake Graph."""

LONGEST_START = 420.0
"""Seconds; then it is measured as if it were ready."""

LARGE = 100.0  # from there on no decimals are shown
EARLY = 30.0  # seconds after the start
PROGRAM = (sys.executable, *os.environ.get("FLEET_PYTHON", "").split(), "-m", "o365_exporter", "run")
"""``FLEET_PYTHON`` may hold options of Python, such as those of a profiler."""

_AGE = re.compile(
    rb'^o365_exporter_source_last_success_timestamp_seconds\{collector="service_health",source="overviews",'
    rb'tenant="([^"]*)"\} (\S+)$',
    re.MULTILINE,
)
_FAILURES = re.compile(rb'^o365_exporter_source_failures_total\{.*reason="(\w+)".*\} (\S+)$', re.MULTILINE)
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Case:
    """So many tenants, and what makes it difficult."""

    tenants: int
    how: str = ""

    @classmethod
    def of(cls, text: str) -> Case:
        """As it is written."""
        number, _, how = text.partition(":")
        return cls(int(number), how)

    @property
    def hanging(self) -> int:
        """How many tenants get no answer."""
        return self.tenants // 10 if self.how == "hang" else 0


@dataclass
class Seen:
    """What was observed of one run; seconds."""

    ready: float | None = None
    cpu_at_ready: float = 0.0
    all_scrapes: list[float] = field(default_factory=list)
    one_scrapes: list[float] = field(default_factory=list)
    oldest: float = 0.0
    failures: dict[str, int] = field(default_factory=dict)
    errors: int = 0


class Process:
    """The exporter as the kernel sees it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.started = time.time()

    @property
    def age(self) -> float:
        """Seconds since its start."""
        return time.time() - self.started

    @property
    def cpu(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICK

    @property
    def resident(self) -> float:
        """MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text("utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def stop(self) -> float:
        """Seconds until it obeyed SIGTERM."""
        start = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(120)
        return time.monotonic() - start


@contextmanager
def started(*command: str, log: Path | None = None, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process for as long as the context lasts; without a log, what it prints can be read."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    with ExitStack() as stack:
        out = stack.enter_context(log.open("wb")) if log else subprocess.PIPE
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out if log else None)  # noqa: S603
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def settings(case: Case, graph: dict[str, str]) -> str:
    """The configuration file."""
    lines = [
        'listen = "127.0.0.1:0"',
        "[defaults]",
        f'client_id = "{graph["client_id"]}"',
        'client_secret = "kFd8Q~light.graph.takes.any.secret.of.40"',
        f'login_url = "{graph["url"]}"',
        f'graph_url = "{graph["url"]}"',
    ]
    for number in range(case.tenants):
        lines += [f"[tenants.t{number:04}]", f'tenant_id = "{tenant_id_of(number)}"', f'name = "t{number:04}"']
    return "\n".join(lines) + "\n"


def address_of(log: Path) -> str:
    """Where the exporter listens, once it does."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if found := re.search(r'"addresses": \["http://([^"]*)"', log.read_text("utf-8")):
            return found[1]
        time.sleep(0.05)
    raise TimeoutError(log.read_text("utf-8")[-2000:])


def ask(address: str, path: str, coding: str = "identity") -> tuple[int, bytes, float]:
    """Status, body and seconds of one request on a connection of its own."""
    start = time.perf_counter()
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", path, headers={"Accept-Encoding": coding})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body, time.perf_counter() - start


class Watch:
    """Scrapes as Prometheus would, and notes what it sees."""

    def __init__(self, case: Case, address: str, process: Process, longest_start: float) -> None:
        self._case = case
        self._longest_start = longest_start
        self._address = address
        self._process = process
        self._next_full = 0.0
        self.seen = Seen()

    def run(self, window: float) -> None:
        """Until so long after it is ready."""
        while True:
            self._each_second()
            if self.seen.ready is not None and self._process.age > self.seen.ready + window:
                return
            if self._case.how == "early" and self._process.age > EARLY:
                return
            time.sleep(1)

    def _each_second(self) -> None:
        try:
            status, _, _ = ask(self._address, "/-/ready")
            _, _, seconds = ask(self._address, f"/metrics?tenant=t{self._case.tenants - 1:04}", "gzip")
            self.seen.one_scrapes.append(seconds)
            if self._process.age >= self._next_full:
                self._next_full = self._process.age + FULL_SCRAPE
                self._whole()
        except OSError:
            self.seen.errors += 1
            return
        if self.seen.ready is None and (status == 200 or self._process.age > self._longest_start):  # noqa: PLR2004
            self.seen.ready, self.seen.cpu_at_ready = self._process.age, self._process.cpu

    def _whole(self) -> None:
        _, body, seconds = ask(self._address, "/metrics", "gzip")
        self.seen.all_scrapes.append(seconds)
        page, now = gzip.decompress(body), time.time()
        hanging = {f"t{number:04}".encode() for number in range(self._case.hanging)}
        ages = [now - float(at) for name, at in _AGE.findall(page) if name not in hanging and float(at)]
        if self.seen.ready is not None:
            self.seen.oldest = max(self.seen.oldest, *ages, 0.0)
        self.seen.failures = {}
        for reason, count in _FAILURES.findall(page):
            self.seen.failures[reason.decode()] = self.seen.failures.get(reason.decode(), 0) + int(float(count))


def p99(seconds: list[float]) -> float:
    """Milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else float("nan")


def measured(case: Case, window: float, folder: Path, longest_start: float = LONGEST_START) -> dict[str, Any]:
    """One case."""
    options = ["--hang", str(case.hanging), *([f"--{HOWS[case.how]}"] if case.how in HOWS else [])]
    with ExitStack() as stack:
        graph = stack.enter_context(started(sys.executable, str(ROOT / "benchmarks" / "light_graph.py"), *options))
        assert graph.stdout is not None
        there = json.loads(graph.stdout.readline())
        config, log = folder / "config.toml", folder / "log"
        config.write_text(settings(case, there), "utf-8")
        if case.how == "busy":
            for _ in range(2):
                stack.enter_context(started(sys.executable, "-c", "while True: pass"))
        process = Process(stack.enter_context(started(*PROGRAM, "-c", str(config), log=log)))
        watch = Watch(case, address_of(log), process, longest_start)
        watch.run(window)
        seen, cpu, age, resident = watch.seen, process.cpu, process.age, process.resident
        with urlopen(f"{there['url']}/stats") as answer:  # noqa: S310 - loopback
            stats = json.loads(answer.read())
        stopping = process.stop()
    ready = seen.ready or age
    complete = stats["tenants_with_health"] >= case.tenants - case.hanging
    return {
        "start %": 100 * (seen.cpu_at_ready or cpu) / ready,
        "core %": 100 * (cpu - seen.cpu_at_ready) / (age - ready) if age > ready else float("nan"),
        "MiB": resident,
        "late": seen.failures.get("timeout", 0),
        "failed": sum(seen.failures.values()) + seen.errors,
        "health s": stats["last_health"] - process.started if complete else float("nan"),
        "ready s": ready,
        "oldest s": seen.oldest,
        "all ms": p99(seen.all_scrapes),
        "one ms": p99(seen.one_scrapes),
        "conns": stats["most_connections"],
        "term s": stopping,
    }


TARGETS = {
    "core %": (15, "of a core after the start, one full gzip scrape each 30 s", "%"),
    "MiB": (350, "resident memory", "MiB"),
    "late": (0, "polls that timed out", ""),
    "health s": (60, "until every tenant's health was seen", "s"),
    "ready s": (300, "until everything was tried", "s"),
    "all ms": (1000, "p99 of full scrapes", "ms"),
    "one ms": (10, "p99 of scrapes of one tenant", "ms"),
    "term s": (5, "until SIGTERM was obeyed", "s"),
}
"""What is wanted at most of 1 000 tenants, and so of fewer."""


def lines(quick: bool) -> Iterator[Ratio]:
    """A few tenants, or 100 and 1 000 and what each of them costs at both; absolute figures but for the last."""
    found = {}
    for text in ("30",) if quick else ("100", "1000"):
        with tempfile.TemporaryDirectory() as folder:
            found[text] = measured(Case.of(text), 10.0 if quick else 120.0, Path(folder))
        for name, (target, what, unit) in TARGETS.items():
            yield Ratio(f"{text} tenants: {what}", "none", target, [found[text][name]], unit=unit)
    if not quick:
        ratio = found["1000"]["core %"] / found["100"]["core %"] / 10
        yield Ratio("1000 tenants: cost of each after the start", "that of each of 100", 1.0, [ratio])


def main() -> None:
    """Measure the cases, a line each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"default: {' '.join(CASES)}")
    parser.add_argument("--window", type=float, default=120.0, metavar="S", help="seconds after the start")
    parser.add_argument(
        "--start", type=float, default=LONGEST_START, metavar="S", help="seconds after which it counts as ready"
    )
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to leave settings and log")
    arguments = parser.parse_args()
    for number, text in enumerate(arguments.cases or CASES):
        with tempfile.TemporaryDirectory() as temporary:
            found = measured(Case.of(text), arguments.window, arguments.keep or Path(temporary), arguments.start)
        if not number:
            print(f"{'tenants':12}", *(f"{name:>8}" for name in found))
        print(f"{text:12}", *(f"{value:8.{1 if value < LARGE else 0}f}" for value in found.values()), flush=True)


if __name__ == "__main__":
    main()
