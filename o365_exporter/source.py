"""What a source and a collector are.

A **source** is the unit of polling: one endpoint or report, with its own interval, age and reason for failing.
A **collector** is a name, its options, its metrics and its sources.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.history import History
from o365_exporter.metrics import Metric, Sample
from o365_exporter.texts import UnusableError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([smhdw]?)\s*")


def parse_duration(value: object) -> float:
    """Seconds in ``90``, ``"90s"``, ``"5m"``, ``"6h"``, ``"7d"`` or ``"1w"``."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise UnusableError("is not a duration", 'write seconds, or a number with s, m, h, d or w, such as "5m"')
    return float(match[1]) * _UNITS[match[2] or "s"]


def format_duration(seconds: float) -> str:
    """The shortest spelling that ``parse_duration`` reads back."""
    for unit, size in sorted(_UNITS.items(), key=lambda item: -item[1]):
        if unit != "w" and seconds >= size and seconds % size == 0:
            return f"{seconds / size:.15g}{unit}"
    return f"{seconds:.15g}s"


Duration = Annotated[float, BeforeValidator(parse_duration), PlainSerializer(format_duration, return_type=str)]
"""Seconds; written as ``90``, ``"5m"``, ``"6h"`` or ``"7d"`` in the settings."""

BELIEVED_AFTER = 86400.0
"""Seconds for which emptiness must be the answer before it is believed of what was not empty."""

Interval = Annotated[Duration, Field(ge=10, le=30 * 86400)]
"""Seconds between two polls."""


NEWS_LENGTH = 4000
"""Characters of a text in a line of the log; collectors of logs cut lines of 16 KiB or refuse them."""


@dataclass(frozen=True, slots=True)
class News:
    """Something that Microsoft has said for the first time, as one line of the log.

    Args:
        event: what kind of thing it is, such as ``post``.
        fields: by name, as they are to be logged; together they tell it apart from others.
    """

    event: str
    fields: Mapping[str, str]


class CollectorOptions(BaseModel):
    """What every collector can be told; each adds its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enabled: bool = Field(default=True, description="Whether this collector polls at all.")
    interval: Interval = Field(default=3600, description="Time between two polls.")
    stale_after: Interval = Field(
        default=6 * 3600,
        description="Age at which the last good data are withdrawn while polls keep failing.",
    )
    max_series: int = Field(
        default=100_000,
        ge=1,
        description="Most series that one source may serve; what is cut is counted in `o365_exporter_series_dropped`.",
    )


R = TypeVar("R")


class Source(ABC, Generic[R]):
    """One endpoint of Graph, polled by itself.

    ``fetch`` returns records or raises; it neither measures, logs its failures nor retries: the scheduler does
    that once around every source. ``samples`` is pure. Nothing of a tenant is kept in it: those of equal options share
    it.
    """

    name: str
    form: Any
    """The type of its records, one that pydantic knows how to check: by it they are written down and read back."""
    fingerprint: str = ""
    """What of the options is in the records themselves; those that were made under another one are of no use. Most
    options are applied when lines are written, and touch no records."""
    endpoints: tuple[Endpoint, ...]
    """What it asks of Graph; permissions and request labels come from here."""
    metrics: tuple[Metric, ...] = ()
    """Every family that its samples can be of: what is lost where it may not ask."""
    follows: str = ""
    """A sibling that must have been tried before this source starts, because its records are needed."""
    deadline: float = 50.0
    """Seconds that one poll may take, waits and retries included."""
    may_be_gone: bool = False
    """Whether it is of a product that is retired: after a week of nothing it is polled once a week."""

    def __init__(self, *, interval: float, stale_after: float) -> None:
        self.interval = interval
        self.stale_after = stale_after

    @property
    def is_urgent(self) -> bool:
        """Whether it asks for what must not wait for others."""
        return any(endpoint.urgent for endpoint in self.endpoints)

    @abstractmethod
    async def fetch(self, graph: GraphClient, previous: R | None, now: float) -> R:
        """Ask Graph.

        Args:
            graph: the tenant's client.
            previous: records of the last success, or the unfinished ones of an attempt that has failed since.
            now: wall clock, seconds.

        Raises:
            PollError: the poll failed; its ``unfinished`` may hold what the next attempt need not read again.
            Nothing: Microsoft has nothing to give, which is an answer.
        """

    @abstractmethod
    def samples(self, records: R, siblings: Mapping[str, Any]) -> Iterable[Sample]:
        """The records as samples.

        Args:
            records: what ``fetch`` returned.
            siblings: the latest records of this collector's other sources by name, as far as there are any.
        """

    def remarks(self, records: R) -> Iterable[str]:  # noqa: ARG002 - most sources never have any
        """Sentences about oddities that spoil nothing, such as a status that this version does not know."""
        return ()

    def left_out(self, records: R) -> int:  # noqa: ARG002 - a source that reads one object reads it or fails
        """Entries, rows or cells that could not be read, so that the records are without them."""
        return 0

    def dropped(self, records: R) -> int:  # noqa: ARG002 - most sources cut nothing themselves
        """Series that the records would make if the source had not cut them itself."""
        return 0

    def news(self, previous: R | None, records: R) -> Iterable[News]:  # noqa: ARG002 - most sources tell numbers alone
        """What the records say and the ones before did not; nothing where there were none before."""
        return ()

    def describes(self, records: R) -> float | None:  # noqa: ARG002 - most answers are of the moment
        """The wall clock of what the records describe; None where that is when they were asked for."""
        return None

    def wakes(self, previous: R | None, records: R) -> tuple[str, ...]:  # noqa: ARG002 - the default needs neither
        """Siblings that are to be polled at once because of what changed."""
        return ()


@dataclass(frozen=True, slots=True)
class Derived:
    """Series of a tenant for which nothing is asked: they are made of what its polls and its sign-in know together.

    They are served whether or not their collector polls, and written anew after each poll of the tenant.

    Args:
        metrics: every family that it can serve.
        samples: makes them of the tenant's client and of the records of all its sources that may still be shown.
    """

    metrics: tuple[Metric, ...]
    samples: Callable[[GraphClient, Sequence[Any]], Iterable[Sample]]


@dataclass(frozen=True, slots=True)
class Collector:
    """A name, its options, its metrics and its sources.

    Args:
        name: file, test, settings key, ``collector`` label and dashboard row.
        summary: the question it answers, one sentence.
        options: the class of its settings.
        metrics: every family that its sources can serve.
        sources: builds the sources for one tenant's options.
        derived: series that no source of it stands behind alone.
        without: what it means that the permission is missing, where that is not the loss of its series.
        history: builds what can be asked of the past of its series, for one tenant's options.
    """

    name: str
    summary: str
    options: type[CollectorOptions]
    metrics: tuple[Metric, ...]
    sources: Callable[[Any], tuple[Source[Any], ...]]
    derived: tuple[Derived, ...] = ()
    without: str = ""
    history: Callable[[Any], tuple[History[Any], ...]] = lambda _options: ()

    @property
    def all_metrics(self) -> tuple[Metric, ...]:
        """Every family that its sources can serve, or that is derived."""
        return (*self.metrics, *(metric for derived in self.derived for metric in derived.metrics))
