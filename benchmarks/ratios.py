"""A measurement is a ratio: of something to a reference that is measured in turns with it, in the same run.

So that what else the machine does falls upon both. Time is that of the processor, in this process and all of its
threads, where nothing else is said.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """One line of the table.

    Args:
        what: is measured.
        reference: against which.
        target: the most, or for ``at_least`` the least, that is wanted.
        found: one figure for each round.
        at_least: more is better.
        unit: of the figures; empty for ratios.
    """

    what: str
    reference: str
    target: float
    found: Sequence[float]
    at_least: bool = False
    unit: str = ""

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.found)

    @property
    def is_met(self) -> bool:
        """Whether the median reaches the target."""
        return self.median >= self.target if self.at_least else self.median <= self.target

    def row(self) -> str:
        """As a row of a Markdown table."""
        unit = f" {self.unit}" if self.unit else ""
        target = f"{'≥' if self.at_least else '≤'} {self.target:g}{unit}"
        spread = f"{min(self.found):.3g} to {max(self.found):.3g}"
        met = "yes" if self.is_met else "no"
        return f"| {self.what} | {self.reference} | {target} | {self.median:.3g}{unit} | {spread} | {met} |"


HEAD = "| what | reference | target | median | spread | met |\n| --- | --- | --- | --- | --- | --- |"


def in_turns(
    work: Callable[[], object],
    reference: Callable[[], object],
    rounds: int,
    clock: Callable[[], float] = time.process_time,
) -> list[float]:
    """How many times as long the work takes as the reference, once for each round; a first round warms up."""
    found = [seconds(work, clock) / seconds(reference, clock) for _ in range(rounds + 1)]
    return found[1:]


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time) -> float:
    """Of one call."""
    start = clock()
    work()
    return clock() - start


Lines = Callable[[bool], Iterator[Ratio]]
"""A benchmark: its lines, in a short run where told so."""
