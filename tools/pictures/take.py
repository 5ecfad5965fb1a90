"""``make pictures``: every dashboard as it looks above simulated tenants, for docs/pictures."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tools import stack

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DASHBOARDS = ROOT / "grafana" / "dashboards"
RULES = ROOT / "deploy" / "prometheus" / "rules"

Json = dict[str, Any]


class Round(NamedTuple):
    """Pictures of one demo.

    Attributes:
        demo: arguments of ``o365-exporter demo``.
        seconds: from the demo's start to the pictures, all of which they show.
        dashboards: files' names without ending; none for all.
        suffix: of the pictures' names.
    """

    demo: tuple[str, ...]
    seconds: float
    dashboards: tuple[str, ...] = ()
    suffix: str = ""


ROUNDS = (
    Round(("--scenario", str(HERE / "four-tenants.toml")), seconds=200),  # mail is being mended, the incident open
    Round(("--tenants", "50", "--users", "60"), seconds=120, dashboards=("o365-tenants",), suffix="-50-tenants"),
)


class DrawingError(RuntimeError):
    """Something on a picture is wrong; the text says what, ``reports`` are those of ``draw``, where it got so far."""

    def __init__(self, text: str, output: str) -> None:
        super().__init__(text)
        self.reports: list[Json] = json.loads(output or "[]")


def main() -> int:
    """Take all pictures anew."""
    parser = argparse.ArgumentParser(description="Draw all dashboards above simulated tenants.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", metavar="FOLDER", help="(%(default)s)")
    out = parser.parse_args().out
    try:
        build()
        for each in ROUNDS:
            take(each, out)
    except (stack.MissingProgramError, DrawingError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def build() -> None:
    """Install and bundle what draws, unless that is done."""
    stack.program("npm", "npm")
    subprocess.run([HERE / "build"], check=True, stdout=sys.stderr)  # noqa: S603 - ours


def take(each: Round, out: Path) -> None:
    """Start a demo, let it run for a while, and draw it.

    Raises:
        DrawingError: a panel could not be drawn, or there was nothing to draw.
    """
    files = [DASHBOARDS / f"{name}.json" for name in each.dashboards] or sorted(DASHBOARDS.glob("*.json"))
    end = time.monotonic() + each.seconds
    with tempfile.TemporaryDirectory(prefix="pictures-") as folder, watched(each.demo, Path(folder)) as prometheus:
        print(f"demo {' '.join(each.demo)}: pictures after {each.seconds:g} s", flush=True)
        time.sleep(max(0, end - time.monotonic()))
        since = f"now-{each.seconds:g}s"
        for report in draw(prometheus, out, files, "--from", since, f"--suffix={each.suffix}"):
            empty = without_data(report)
            print(f"  {report['file']}" + (f", without data: {', '.join(empty)}" if empty else ""))


def without_data(report: Json) -> list[str]:
    """Titles of the panels of a picture that are empty.

    Raises:
        DrawingError: those are among them that an exporter which is scraped always fills.
    """
    empty = [panel["title"] for panel in report["panels"] if panel["state"] == "empty"]
    if "Oldest data" in empty:
        text = f"{report['file']}: the exporter was not scraped in time; draw it again on a machine that is less busy"
        raise DrawingError(text, json.dumps([report]))
    return empty


@contextmanager
def watched(demo: Sequence[str], folder: Path) -> Iterator[str]:
    """The address of a Prometheus with the shipped rules that scrapes a demo every five seconds."""
    exporter, prometheus = (f"127.0.0.1:{stack.free_port()}" for _ in range(2))
    (folder / "prometheus.yml").write_text(yaml.safe_dump(_settings(exporter)), "utf-8")
    commands = {
        exporter: [sys.executable, "-m", "o365_exporter", "demo", *demo, "--listen", exporter],
        prometheus: stack.prometheus_command(stack.program("prometheus", "prometheus"), folder, prometheus),
    }
    logs = [folder / "exporter.log", folder / "prometheus.log"]
    with stack.child(commands[exporter], logs[0]), stack.child(commands[prometheus], logs[1]):
        for address, log in zip(commands, logs, strict=True):
            stack.until_up(f"http://{address}/-/ready", log)
        yield f"http://{prometheus}"


def _settings(exporter: str) -> Json:
    return {
        "global": {"scrape_interval": "5s", "scrape_timeout": "5s", "evaluation_interval": "5s"},
        "rule_files": [f"{RULES}/*.yaml"],
        "scrape_configs": [{"job_name": "o365-exporter", "static_configs": [{"targets": [exporter]}]}],
    }


def draw(prometheus: str, out: Path, dashboards: Sequence[Path], *options: str) -> list[Json]:
    """Draw dashboards into a folder; what ``draw --help`` says.

    Raises:
        DrawingError: a panel could not be drawn, or the browser complained.
    """
    command: list[str | Path] = [HERE / "draw", "--prometheus", prometheus, "--out", out, *options, *dashboards]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    if done.returncode:
        raise DrawingError(done.stderr, done.stdout)
    reports: list[Json] = json.loads(done.stdout)
    return reports


if __name__ == "__main__":
    sys.exit(main())
