"""A tenant as it stood at one moment, which nothing changes while a view is made of it in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from o365_exporter.graph import GraphClient
from o365_exporter.metrics import Metric, Sample
from o365_exporter.source import Source
from o365_exporter.store import Key, Poll
from o365_exporter.telemetry import TenantFacts

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Watched:
    """A tenant that is watched.

    Args:
        facts: what the settings say about it.
        graph: its client, for its traffic and its token's state.
        sources: each with the place of its polls.
        settings: in effect, with secrets masked; made when somebody looks.
    """

    facts: TenantFacts
    graph: GraphClient
    sources: Mapping[Key, Source[Any]]
    settings: Callable[[], Mapping[str, Any]] = dict


@dataclass(frozen=True, slots=True)
class Seen:
    """A tenant, its polls and when they were looked at.

    Args:
        watched: the tenant.
        polls: of all its sources.
        now: wall clock, seconds.
    """

    watched: Watched
    polls: Mapping[Key, Poll]
    now: float
    _once: dict[Callable[[Seen], Any], Any] = field(default_factory=dict)
    _rows: dict[tuple[str, str], list[Sample]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The label of the tenant."""
        return self.watched.facts.name

    def once(self, make: Callable[[Seen], T]) -> T:
        """What a function makes of this, which is made when it is first wanted; nobody changes it."""
        if make not in self._once:
            self._once[make] = make(self)
        made: T = self._once[make]
        return made

    def afresh(self) -> Seen:
        """The same without what was made of it: who looks at all tenants, one after the other, holds that of one."""
        return Seen(self.watched, self.polls, self.now)

    def poll(self, collector: str, source: str) -> Poll | None:
        """What is known of a source; None where it is not polled."""
        return self.polls.get(Key(self.name, collector, source))

    def records(self, collector: str, source: str) -> Any:
        """The records of a source, None where there are none that may be shown."""
        poll = self.poll(collector, source)
        return poll.records if poll is not None and poll.is_fresh(self.now) else None

    def is_known(self, collector: str, source: str) -> bool:
        """Whether it is known what there is, if only that there is nothing."""
        poll = self.poll(collector, source)
        return poll is not None and poll.is_fresh(self.now) and (poll.records is not None or poll.state == "no_data")

    def source(self, collector: str, source: str) -> Source[Any] | None:
        """A source as it is set up; None where it is not polled."""
        return self.watched.sources.get(Key(self.name, collector, source))

    def samples(self, collector: str, source: str) -> list[Sample]:
        """What ``/metrics`` shows of a source, so with the settings' filters; empty where it shows nothing."""
        place = collector, source
        if place not in self._rows:
            known, records = self.source(*place), self.records(*place)
            siblings = {
                other.source: poll.records for other, poll in self.polls.items() if other.collector == collector
            }
            served = known.samples(records, siblings) if known is not None and records is not None else ()
            self._rows[place] = list(served)
        return self._rows[place]

    def of(self, metric: Metric, collector: str, source: str) -> Iterable[tuple[dict[str, str], float]]:
        """The labels and values of one family of a source."""
        return (
            (dict(zip(metric.labels, sample.labels, strict=True)), sample.value)
            for sample in self.samples(collector, source)
            if sample.metric is metric
        )
