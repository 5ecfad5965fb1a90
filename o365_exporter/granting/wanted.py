"""What collectors need, and which series are lost without it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from o365_exporter.catalogue import all_metrics
from o365_exporter.graph import ROLES
from o365_exporter.permissions import needs_of, required
from o365_exporter.reports import METRICS
from o365_exporter.source import Collector, CollectorOptions, Source

_SHARED = {metric.name for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Use:
    """What one collector needs a permission for.

    Args:
        collector: its name.
        sources: that ask by this permission.
        lost: series that there are not without it, a common beginning with ``*`` for several.
        without: what it means instead, where nothing is lost; else empty.
    """

    collector: str
    sources: tuple[str, ...]
    lost: tuple[str, ...]
    without: str


@dataclass(frozen=True, slots=True)
class Permission:
    """An application permission of Graph."""

    name: str
    uses: tuple[Use, ...]

    @property
    def role_id(self) -> str:
        """Its id, which is the same in all clouds and tenants."""
        return ROLES[self.name]


def wanted(collectors: Mapping[Collector, CollectorOptions]) -> tuple[Permission, ...]:
    """The fewest and least permissions by which these are served, by name, and for what each is."""
    sources = {each: each.sources(options) for each, options in collectors.items()}
    names = required(needs_of(source for its in sources.values() for source in its))
    return tuple(Permission(name, tuple(_uses(name, sources))) for name in sorted(names))


def _uses(name: str, sources: Mapping[Collector, tuple[Source[Any], ...]]) -> Iterable[Use]:
    for collector, its in sources.items():
        asking = tuple(source for source in its if any(name in need for need in needs_of([source])))
        if asking:
            lost = families(collector) if asking == its else lost_without(collector, asking)
            names = tuple(source.name for source in asking)
            yield Use(collector.name, names, () if collector.without else lost, collector.without)


def families(collector: Collector) -> tuple[str, ...]:
    """Its metrics by the shortest beginnings that no other collector's have."""
    return _shortened([metric.name for metric in collector.all_metrics if metric.name not in _SHARED])


def lost_without(collector: Collector, sources: Iterable[Source[Any]]) -> tuple[str, ...]:
    """The same of some of its sources, and of what is derived."""
    names = [metric.name for source in sources for metric in source.metrics if metric.name not in _SHARED]
    names += [metric.name for derived in collector.derived for metric in derived.metrics]
    return _shortened(list(dict.fromkeys(names)))


def _shortened(own: list[str]) -> tuple[str, ...]:
    others = [name for name in all_metrics() if name not in own]
    return tuple(dict.fromkeys(_family(name, own, others) for name in own))


def _family(name: str, own: list[str], others: list[str]) -> str:
    words = name.split("_")
    for count in range(2, len(words)):
        beginning = "_".join(words[:count]) + "_"
        if not any(other.startswith(beginning) for other in others):
            return f"{beginning}*" if sum(each.startswith(beginning) for each in own) > 1 else name
    return name
