"""Every benchmark as one table: ``python -m benchmarks``, or with ``--quick`` in under two minutes."""

from __future__ import annotations

import argparse
import platform
import subprocess
import time

from benchmarks import crowd, fleet, folding, rendering, scraping, stalls, starting
from benchmarks.ratios import HEAD, Lines

BENCHMARKS: dict[str, Lines] = {
    "starting": starting.lines,
    "rendering": rendering.lines,
    "folding": folding.lines,
    "scraping": scraping.lines,
    "crowd": crowd.lines,
    "stalls": stalls.lines,
    "fleet": fleet.lines,
}


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller files")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all if none is given")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}, only {', '.join(BENCHMARKS)}")
    print(f"{time.strftime('%Y-%m-%d')}, commit {_commit()}, CPython {platform.python_version()}\n\n{HEAD}")
    for name in chosen.names or BENCHMARKS:
        for line in BENCHMARKS[name](chosen.quick):
            print(line.row(), flush=True)


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603 - git alone


if __name__ == "__main__":
    main()
