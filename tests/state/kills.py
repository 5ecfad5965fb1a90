"""Kill a real process at random moments, again and again, and look at what the next one knows.

``python -m tests.state.kills 1000`` (or ``make kills KILLS=1000``) says how many kills were tried and how many of them
lost what had been written: a file that is damaged, a source that knows less than the process before it knew at its
start, a report that is downloaded again.
"""

from __future__ import annotations

import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from prometheus_client.parser import text_string_to_metric_families

from o365_exporter.catalogue import all_collectors
from o365_exporter.simulator import SimulatorOptions, TenantOptions
from tests.e2e.programs import Microsoft, Running, microsoft, running

LONGEST = 2.5
"""Seconds for which a process lives at most once it serves; the first second is that in which most is written."""

UNWRITTEN = 3.0
"""Seconds for which a poll may not be written yet: one that changes are gathered, and what a busy machine takes."""

FREQUENT = {
    "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL": "10",
    "O365_COLLECTORS__SERVICE_HEALTH__ISSUES_INTERVAL": "10",
}
"""Settings with which something is written all the time."""

COMPLAINTS = ("state not used", "state of a source not used", "state cannot be written", "fault of the exporter")
"""Lines of which there must be none."""

REPORTS = frozenset(
    f"{collector.name}/{source.name}"
    for collector in all_collectors().values()
    for source in collector.sources(collector.options())
    if any(endpoint.limits == "usage_reports" for endpoint in source.endpoints)
)
"""Sources whose files are not to be asked for again."""

SUCCESS = "o365_exporter_source_last_success_timestamp_seconds"


@dataclass
class Tally:
    """What came of it: kills tried, and sentences about what was lost."""

    kills: int = 0
    lost: list[str] = field(default_factory=list)


def successes(url: str) -> dict[str, float]:
    """When each source was last polled with success, as the page has it."""
    page = httpx.get(f"{url}/metrics", timeout=30).text
    return {
        f"{sample.labels['collector']}/{sample.labels['source']}": sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == SUCCESS and sample.value > 0
    }


def killed(program: Running, chance: random.Random) -> tuple[dict[str, float], float, list[str]]:
    """What a process knew when it began to serve, when it was killed, and what it complained of."""
    known: dict[str, float] = {}
    if chance.random() < 0.8:  # the others are killed before they serve
        known = successes(program.url())
        time.sleep(chance.uniform(0, LONGEST))
    else:
        time.sleep(chance.uniform(0, 1))
    program.process.send_signal(signal.SIGKILL)
    program.process.wait()
    return known, time.time(), [str(line["message"]) for event in COMPLAINTS for line in program.logged(event)]


def downloads(cloud: Microsoft) -> int:
    """Requests for reports so far."""
    return cloud.asked("/v1.0/reports/*")


def kill(number: int, folder: Path, seed: int = 0, say: Callable[[str], object] = lambda _: None) -> Tally:
    """Kill so many processes one after the other.

    Args:
        number: of kills.
        folder: for state and output.
        seed: of the moments.
        say: takes a line now and then.
    """
    chance, tally, before = random.Random(seed), Tally(), dict[str, float]()  # noqa: S311 - moments
    told = 0
    options = SimulatorOptions(tenants=(TenantOptions(key="contoso", applications=20, issues=10),))
    with microsoft(options) as cloud:
        variables = cloud.three_variables(**FREQUENT, O365_STATE_DIR=str(folder / "state"))
        while tally.kills < number:
            asked, had_reports = downloads(cloud), before.keys() >= REPORTS
            with running(folder, "run", **variables) as program:
                known, end, refused = killed(program, chance)
            tally.kills += 1
            tally.lost += refused
            if had_reports and downloads(cloud) > asked:
                tally.lost.append("A report was asked for again.")
            if known:
                less = [name for name, at in before.items() if known.get(name, 0.0) < at]
                tally.lost += [f"{name} knows less than before." for name in less]
                before |= {name: at for name, at in known.items() if at < end - UNWRITTEN}
            for sentence in tally.lost[told:]:
                say(f"kill {tally.kills}: {sentence}")
            told = len(tally.lost)
            if tally.kills % 10 == 0:
                say(f"{tally.kills} kills, {len(tally.lost)} losses")
    return tally


def main() -> int:
    """Say what came of it."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with TemporaryDirectory() as folder:
        tally = kill(number, Path(folder), seed=int(time.time()), say=print)
    sys.stdout.write(f"{tally.kills} kills at random moments, {len(tally.lost)} losses\n")
    return bool(tally.lost)


if __name__ == "__main__":
    raise SystemExit(main())
