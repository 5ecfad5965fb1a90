"""A long soak: ``make soak``, or with options for fewer tenants, another seed and more time."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import anyio

from tests.soak.soak import BrokenInvariantError, Soak

MB = 1_000_000


def main() -> int:
    """Run until the days or the minutes are over; 1 where something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--tenants", type=int, default=50, help="how many (50)")
    parser.add_argument("--days", type=float, default=7.0, help="simulated (7)")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="real ones after which it ends (none)")
    parser.add_argument("--interval", type=float, default=300.0, help="seconds between polls of health (300)")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000, help="of what happens (another one)")
    given = parser.parse_args()
    print(f"seed {given.seed}, {given.tenants} tenants, {given.days:g} days", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder), given.seed, given.tenants, given.interval)
        return _run(soak, given.days, time.monotonic() + given.minutes * 60)


def _run(soak: Soak, days: float, end: float) -> int:
    told = 0

    def enough() -> bool:
        nonlocal told
        if soak.hours // 6 > told:
            told = int(soak.hours // 6)
            print(_summary(soak), flush=True)
        return soak.hours >= days * 24 or time.monotonic() >= end

    try:
        anyio.run(partial(soak.run, enough))
    except BrokenInvariantError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"All held: {_summary(soak)}")
    return 0


def _summary(soak: Soak) -> str:
    lived = f"{soak.hours / 24:.2f} simulated days"
    text = f"{lived}, {soak.happened} events, {soak.restarts} restarts, {soak.scrapes} scrapes"
    if soak.held is not None and soak.last is not None:
        before, now = soak.held, soak.last
        text += (
            f"; tasks {before.tasks} -> {now.tasks}, files {before.files} -> {now.files}, objects "
            f"{before.objects.total()} -> {now.objects.total()}, "
            f"resident {before.resident / MB:.0f} -> {now.resident / MB:.0f} MB"
        )
    return text


if __name__ == "__main__":
    sys.exit(main())
