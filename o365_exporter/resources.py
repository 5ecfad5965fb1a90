"""A row for JSON: which resource of Graph is asked, what of its answer is taken, and what series the entries become.

Most endpoints need nothing else. What does is a module with a source of its own (issues that leave, own credential).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator

from o365_exporter import fields
from o365_exporter.errors import UnexpectedAnswerError
from o365_exporter.fields import UNKNOWN, Json
from o365_exporter.filters import Filter
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.listing import Listing, ListSource
from o365_exporter.metrics import Metric, Sample
from o365_exporter.source import Collector, CollectorOptions

Number = Callable[[Json], float | None]
"""Reads a number out of an entry; None where it is missing, and then there is no series."""

Text = Callable[[Json], str]
"""Reads a text out of an entry."""

# what is read out of an entry; a path such as ``prepaidUnits.enabled`` leads through objects


def number(path: str, *, missing: float | None = None) -> Number:
    """A number, also as a text of digits; ``missing`` stands for one that is not there in an object that is."""
    return _numeric(fields.number, path, missing)


def integer(path: str, *, missing: float | None = None) -> Number:
    """The same of a whole number; a fraction is refused."""
    return _numeric(fields.integer, path, missing)


def _numeric(field_of: Callable[[Json, str], float | None], path: str, missing: float | None) -> Number:
    def read(entry: Json) -> float | None:
        inner, name = _led(entry, path)
        found = field_of(inner, name)
        return missing if found is None and inner else found

    return read


def moment(path: str) -> Number:
    """A date-time in seconds since 1970."""
    return lambda entry: fields.timestamp(*_led(entry, path))


def flag(path: str) -> Number:
    """1 for true; 0 for false and for what is missing."""
    return lambda entry: float(fields.flag(*_led(entry, path)))


def length(path: str) -> Number:
    """How many objects a list has."""
    return lambda entry: float(len(fields.objects(*_led(entry, path))))


def present(_: Json) -> float:
    """1: the series says something by its labels."""
    return 1.0


def text(path: str) -> Text:
    """A text; empty where it is missing."""
    return lambda entry: fields.text(*_led(entry, path))


def identifier(*names: str) -> Text:
    """The first of these fields that has a text; an entry without any is left out."""
    return lambda entry: fields.identifier(entry, *names)


def yes_or_no(path: str) -> Text:
    """``true`` or ``false``."""
    return lambda entry: "true" if fields.flag(*_led(entry, path)) else "false"


def _led(entry: Json, path: str) -> tuple[Json, str]:
    *outer, name = path.split(".")
    for each in outer:
        entry = fields.record(entry, each)
    return entry, name


# what is taken of an answer


class Take(Protocol):
    """Which entries of a resource count."""

    async def entries(self, graph: GraphClient, resource: Resource) -> list[dict[str, Any]]:
        """Ask for them.

        Raises:
            PollError, Nothing: as of ``GraphClient``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """All entries of all pages."""

    async def entries(self, graph: GraphClient, resource: Resource) -> list[dict[str, Any]]:
        return await graph.list(resource.endpoint, filter=resource.where, **resource.path)


@dataclass(frozen=True, slots=True)
class Newest:
    """The entry with the latest date-time in ``by``, of the first page alone: history lies behind it.

    ``secureScores?$top=1`` still has a next page, and after it 90 days of them.
    """

    by: str
    top: int = 1

    async def entries(self, graph: GraphClient, resource: Resource) -> list[dict[str, Any]]:
        page = await graph.page(resource.endpoint, self.top, filter=resource.where, **resource.path)
        at = moment(self.by)
        return sorted(page, key=lambda entry: at(entry) or 0.0)[-1:]


@dataclass(frozen=True, slots=True)
class Single:
    """One object that stands at the address; some versions wrap it in ``value``."""

    async def entries(self, graph: GraphClient, resource: Resource) -> list[dict[str, Any]]:
        found = await graph.get(resource.endpoint, filter=resource.where, **resource.path)
        inner = found.get("value")
        return [inner if isinstance(inner, dict) else found]


COUNT = "count"
"""The field in which ``Total`` gives its number."""


@dataclass(frozen=True, slots=True)
class Total:
    """How many entries there are, by ``/$count`` and without reading them: one entry with the field ``COUNT``."""

    async def entries(self, graph: GraphClient, resource: Resource) -> list[dict[str, Any]]:
        return [{COUNT: await graph.count(resource.endpoint, filter=resource.where, **resource.path)}]


# what becomes of an entry


@dataclass(frozen=True, slots=True)
class Value:
    """A series of each entry.

    Args:
        metric: of the series.
        read: its number.
        labels: besides those of the resource; a text stands for itself.
    """

    metric: Metric
    read: Number = present
    labels: Mapping[str, Text | str] = field(default_factory=dict)

    def of(self, entry: Json, common: Mapping[str, str]) -> Sample | None:
        """The series of an entry; None where the number is missing."""
        value = self.read(entry)
        if value is None:
            return None
        own = {label: read if isinstance(read, str) else read(entry) for label, read in self.labels.items()}
        return self.metric.at(value, **common, **own)


@dataclass(frozen=True, slots=True)
class State:
    """The present state of each entry: 1, and the member of an enum in a label; one that is not known is ``unknown``.

    Args:
        metric: its ``values`` of ``label`` are the members, and ``unknown``.
        read: the member.
        label: that takes it.
    """

    metric: Metric
    read: Text
    label: str = "status"

    @property
    def members(self) -> tuple[str, ...]:
        """Graph's members."""
        return _members(self.metric, self.label)

    def of(self, entry: Json, common: Mapping[str, str]) -> Sample:
        """The series of an entry."""
        return self.metric.at(1, **common, **{self.label: fields.closed(self.read(entry), self.members)})

    def foreign(self, entry: Json) -> str | None:
        """The member that is not known; None where it is."""
        member = fields.member(self.read(entry), self.members)
        return None if member in self.members else member


@dataclass(frozen=True, slots=True)
class Tally:
    """How many entries share their labels; 0 for what a closed list has and no entry shows.

    Args:
        metric: its labels are all in ``labels``.
        labels: read out of each entry; members of a closed list become ``unknown`` where they are not in it.
    """

    metric: Metric
    labels: Mapping[str, Text] = field(default_factory=dict)

    def of(self, entry: Json) -> tuple[Metric, tuple[str, ...]]:
        """Under what an entry is counted."""
        values = {label: read(entry) for label, read in self.labels.items()}
        for label in self.metric.values:
            values[label] = fields.closed(values[label], _members(self.metric, label))
        return self.metric, self.metric.at(0, **values).labels

    def zeros(self) -> Iterator[tuple[str, ...]]:
        """The labels of what is counted even where there is none."""
        if all(label in self.metric.values for label in self.metric.labels):
            yield from product(*(_members(self.metric, label) for label in self.metric.labels))


Series = Value | State | Tally


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of Graph and its series.

    Args:
        source: name of its source.
        endpoint: that is asked.
        noun: what an entry is, in the singular: "no … at all".
        series: what becomes of an entry.
        take: which entries count.
        labels: of each series of an entry.
        key: tells entries apart.
        called: how sentences call an entry; None: by its key.
        where: ``$filter`` in OData.
        path: values of the endpoint's route.
        option: the option of the collector that filters entries; empty where none is offered.
        names: of an entry, by which that option filters.
    """

    source: str
    endpoint: Endpoint
    noun: str
    series: tuple[Series, ...]
    take: Take = field(default_factory=Every)
    labels: Mapping[str, Text] = field(default_factory=dict)
    key: Text = field(default_factory=lambda: identifier("id"))
    called: Text | None = None
    where: str = ""
    path: Mapping[str, str] = field(default_factory=dict)
    option: str = ""
    names: Callable[[Json], tuple[str, ...]] = lambda _: ()

    @property
    def takes_a_part(self) -> bool:
        """Whether what is taken is no list, so that its length says nothing."""
        return not isinstance(self.take, Every)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Each once."""
        return tuple(dict.fromkeys(one.metric for one in self.series))


def _kept_once(sample: Sample) -> Sample:
    """The sample, or else its labels, that other tenants have too: a product is the same to all who buy it."""
    return fields.shared(sample._replace(labels=fields.shared(sample.labels)))


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of an entry.

    Args:
        key: tells it apart.
        names: by which a filter keeps it.
        samples: its series.
        counted: the labels under which it is counted, for each tally.
        oddities: sentences about members that are not known.
    """

    key: str
    names: tuple[str, ...]
    samples: tuple[Annotated[Sample, AfterValidator(_kept_once)], ...]
    counted: tuple[tuple[Metric, tuple[str, ...]], ...]
    oddities: tuple[str, ...]


class ResourceSource(ListSource[Row]):
    """A resource as a source."""

    form = Listing[Row]

    def __init__(self, resource: Resource, options: CollectorOptions, collector: str) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)
        self.name, self.noun = resource.source, resource.noun
        self.endpoint, self.endpoints = resource.endpoint, (resource.endpoint,)
        self.resource, self.metrics = resource, resource.metrics
        self._filter: Filter = getattr(options, resource.option) if resource.option else Filter()
        self._option = f"collectors.{collector}.{resource.option}"

    async def entries(self, graph: GraphClient) -> list[dict[str, Any]]:
        """What is taken of the resource."""
        return await self.resource.take.entries(graph, self.resource)

    async def read(self, graph: GraphClient, previous: Listing[Row] | None, now: float) -> Listing[Row]:
        return _told_apart(await super().read(graph, previous, now))

    def parse(self, entry: Json) -> Row:
        resource = self.resource
        common = {label: read(entry) for label, read in resource.labels.items()}
        key = resource.source if resource.takes_a_part else resource.key(entry)
        called = resource.called(entry) if resource.called else key
        samples, counted, oddities = list[Sample](), list[tuple[Metric, tuple[str, ...]]](), list[str]()
        for one in resource.series:
            if isinstance(one, Tally):
                counted.append(one.of(entry))
            elif (sample := one.of(entry, common)) is not None:
                samples.append(_kept_once(sample))
            if isinstance(one, State) and (member := one.foreign(entry)) is not None:
                oddities.append(f"The {self.noun} {called} has the {one.label} {member!r}, which is served as unknown.")
        return Row(key, fields.shared(resource.names(entry)), tuple(samples), tuple(counted), tuple(oddities))

    def key(self, record: Row) -> str:
        return record.key

    def samples(self, records: Listing[Row], siblings: Mapping[str, Any]) -> Iterator[Sample]:  # noqa: ARG002
        kept = [row for row in records if self._keeps(row)]
        for row in kept:
            yield from row.samples
        tallies = [one for one in self.resource.series if isinstance(one, Tally)]
        counts = Counter(counted for row in kept for counted in row.counted)
        for tally in tallies:
            counts.update({(tally.metric, labels): 0 for labels in tally.zeros()})
        yield from (Sample(metric, labels, float(count)) for (metric, labels), count in counts.items())

    def remarks(self, records: Listing[Row]) -> Iterable[str]:
        yield from super().remarks(records)
        if not any(map(self._keeps, records)):
            yield f"None of the {len(records)} {self.noun}s passes the filter {self._option}."
        for row in records:
            yield from row.oddities

    def _keeps(self, row: Row) -> bool:
        return not self.resource.option or self._filter.keeps(*row.names)


def resource_collector(
    name: str, summary: str, resources: tuple[Resource, ...], options: type[CollectorOptions] = CollectorOptions
) -> Collector:
    """A collector that consists of resources and nothing else."""
    return Collector(
        name=name,
        summary=summary,
        options=options,
        metrics=tuple(dict.fromkeys(metric for resource in resources for metric in resource.metrics)),
        sources=lambda chosen: tuple(ResourceSource(resource, chosen, name) for resource in resources),
    )


def _members(metric: Metric, label: str) -> tuple[str, ...]:
    """The members of a closed list that Graph has."""
    return tuple(value for value in metric.values[label] if value != UNKNOWN)


def _told_apart(listing: Listing[Row]) -> Listing[Row]:
    """The rows without those whose series another one has already: one line twice would cost the whole page."""
    seen: set[tuple[Metric, tuple[str, ...]]] = set()
    kept: list[Row] = []
    doubles: list[Row] = []
    for row in listing:
        own = {(sample.metric, sample.labels) for sample in row.samples}
        (doubles if own & seen else kept).append(row)
        seen |= own
    if not doubles:
        return listing
    if not kept:
        raise UnexpectedAnswerError("Graph listed entries that cannot be told apart.")
    example = listing.example or f"{doubles[0].key!r} has the labels of another entry."
    return replace(listing, entries=tuple(kept), left_out=listing.left_out + len(doubles), example=example)
