"""Which services and issues the settings watch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from o365_exporter.collectors.service_health.options import Options
from o365_exporter.collectors.service_health.records import (
    Issue,
    PastIssue,
    Service,
)
from o365_exporter.collectors.service_health.series import (
    CLASSIFICATIONS,
)


def serves(options: Options, service: Service, issue: Issue | PastIssue) -> bool:
    """The filter on classifications never hides what Graph cannot classify."""
    classified = issue.classification in CLASSIFICATIONS
    passes = not classified or options.classifications.keeps(issue.classification)
    return passes and options.services.keeps(service.name, service.id)


def service_of(issue: Issue | PastIssue, names: Mapping[str, str]) -> Service:
    """The service of an issue, by the name that the overviews have for it now, if any."""
    return Service(id=issue.service_id, name=names.get(issue.service_id, issue.service or issue.service_id), status="")


def watched(services: Iterable[Service], options: Options) -> tuple[Service, ...]:
    """The services that pass the filter."""
    return tuple(service for service in services if options.services.keeps(service.name, service.id))
