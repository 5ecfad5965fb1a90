"""The status of every service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import inf
from typing import Any

from o365_exporter.collectors.service_health.endpoints import OVERVIEWS, SOURCE_OF_ISSUES
from o365_exporter.collectors.service_health.options import Options
from o365_exporter.collectors.service_health.records import (
    Service,
    Services,
    parse_service,
)
from o365_exporter.collectors.service_health.series import (
    HEALTHY,
    STATUS,
    STATUSES,
)
from o365_exporter.collectors.service_health.watching import watched
from o365_exporter.fields import Json, closed, shared
from o365_exporter.graph import GraphClient
from o365_exporter.listing import ListSource
from o365_exporter.metrics import Sample
from o365_exporter.service_names import known_service_id


def identified(services: Services, previous: Iterable[Service]) -> Services:
    """The services, each with an id: that of its name at the last poll or ever, where the entry itself has none.

    A label that changed with one careless answer would be another service for whoever watches it. An id that another
    entry has is not given out twice: then, and where none is known, the name has to do.
    """
    before = {service.name: service.id for service in previous}
    taken = {service.id for service in services}
    found = dict[str, Service]()
    for service in services:
        known = before.get(service.name) or known_service_id(service.name)
        own = service.id or (known if known not in taken else "") or service.name
        taken.add(own)
        found[own] = shared(replace(service, id=own))
    return replace(services, entries=tuple(found.values()))


class OverviewsSource(ListSource[Service]):
    """The status of every service."""

    name = "overviews"
    form = Services
    noun = "service"
    endpoint = OVERVIEWS
    endpoints = (OVERVIEWS,)
    metrics = (STATUS, HEALTHY)
    believed_after = inf  # a tenant always has services

    def __init__(self, options: Options) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)
        self._options = options

    def parse(self, entry: Json) -> Service:
        return parse_service(entry)

    def key(self, record: Service) -> str:
        return record.id or record.name

    async def read(self, graph: GraphClient, previous: Services | None, now: float) -> Services:
        return identified(await super().read(graph, previous, now), previous or ())

    def served(self, records: Services) -> list[tuple[Service, bool]]:
        """The services that the settings watch, each with whether its status is called healthy."""
        healthy = self._options.healthy_statuses
        return [(service, service.status in healthy) for service in watched(records, self._options)]

    def samples(self, records: Services, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        for service, is_healthy in self.served(records):
            labels = {"service_id": service.id, "service_name": service.name}
            yield STATUS.at(1, **labels, status=closed(service.status, STATUSES))
            yield HEALTHY.at(is_healthy, **labels)

    def remarks(self, records: Services) -> Iterator[str]:
        yield from super().remarks(records)
        if not watched(records, self._options):
            yield f"None of the {len(records)} services passes the filter collectors.service_health.services."
        for service in records:
            if service.status not in STATUSES:
                yield f"The service {service.id} has the status {service.status!r}, which is served as unknown."

    def wakes(self, previous: Services | None, records: Services) -> tuple[str, ...]:
        changed = previous is not None and set(previous) != set(records)
        return (SOURCE_OF_ISSUES,) if changed else ()
