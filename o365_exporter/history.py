"""What Microsoft still knows of the past, as series with values over time: what ``backfill`` asks for and writes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.metrics import Metric, Sample

R = TypeVar("R")


class Stretch(NamedTuple):
    """A time in which a series had one value. Seconds since 1970; ``end`` is no part of it."""

    start: float
    end: float
    value: float


class Window(NamedTuple):
    """From when until when history is wanted, in seconds since 1970."""

    start: float
    end: float

    def cut(self, stretches: Iterable[Stretch]) -> Iterator[Stretch]:
        """What of these stretches falls into it."""
        for start, end, value in stretches:
            first, last = max(start, self.start), min(end, self.end)
            if first < last:
                yield Stretch(first, last, value)


@dataclass(frozen=True, slots=True)
class Past:
    """One series over time.

    Args:
        series: metric and labels; its value is of no account.
        stretches: in the order of time, none of which reaches into the next.
    """

    series: Sample
    stretches: Sequence[Stretch]


class History(ABC, Generic[R]):
    """The past of some series of one tenant, read from Graph at once. ``series`` is pure."""

    name: str
    """Tells it apart from the others of a tenant."""
    form: Any
    """The type of its records, one that pydantic knows how to check: by it they are written down and read back."""
    endpoints: tuple[Endpoint, ...]
    """What it asks of Graph."""
    metrics: tuple[Metric, ...]
    """Every family that its series can be of."""
    hindrance: str = ""
    """Why the settings of a tenant leave it without history; empty where they do not."""

    @abstractmethod
    async def read(self, graph: GraphClient, now: float) -> R:
        """Ask Graph at this wall clock.

        Raises:
            PollError: it could not be had.
            Nothing: Microsoft has nothing to give, which is an answer.
        """

    @abstractmethod
    def series(self, records: R, window: Window) -> Iterator[Past]:
        """Every series that has a value in this window, with no stretch beyond it."""

    @abstractmethod
    def remarks(self, records: R, window: Window) -> Iterable[str]:
        """Sentences about what is left out, and where history begins later than the window."""


def counted(times: Iterable[tuple[float, float]], window: Window) -> Iterator[Stretch]:
    """How many of these times, from a beginning to an end, go on at each moment of a window; 0 where none does."""
    changes: Counter[float] = Counter()
    for start, end, _ in window.cut(Stretch(start, end, 1) for start, end in times):
        changes[start] += 1
        changes[end] -= 1
    since, count = window.start, 0
    for moment in sorted(changes):
        if since < moment and changes[moment]:
            yield Stretch(since, moment, count)
            since = moment
        count += changes[moment]
    if since < window.end:
        yield Stretch(since, window.end, count)
