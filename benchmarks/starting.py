"""What starting costs, in processor time of child processes, beside an interpreter that does nothing."""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.ratios import Ratio, in_turns, seconds

HELP = ("-m", "o365_exporter", "--help")
IMPORTS = ("-c", "import o365_exporter.commands.run")
NOTHING = ("-c", "pass")


def lines(quick: bool) -> Iterator[Ratio]:
    """Help, then everything that the daemon imports; each as a ratio and in seconds."""
    rounds = 5 if quick else 15
    for what, arguments, ratio, target in (
        ("`--help`", HELP, 5, 0.15),
        ("imports of `run`", IMPORTS, 50, 0.4),
    ):
        work, reference = _started(*arguments), _started(*NOTHING)
        yield Ratio(what, "`python -c pass`", ratio, in_turns(work, reference, rounds, _spent))
        yield Ratio(what, "clock of the processor", target, [seconds(work, _spent) for _ in range(rounds)], unit="s")


def _started(*arguments: str) -> Callable[[], object]:
    return partial(subprocess.run, [sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)


def _spent() -> float:
    """Seconds of the processor that children which have ended used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
