"""To which service an issue belongs."""

from __future__ import annotations

from collections.abc import Mapping

from o365_exporter.collectors.service_health.endpoints import ISSUES_OF_SERVICE, OVERVIEWS
from o365_exporter.collectors.service_health.records import (
    Service,
    parse_service,
)
from o365_exporter.collectors.service_health.series import (
    STATUSES,
)
from o365_exporter.errors import PollError
from o365_exporter.graph import GraphClient
from o365_exporter.listing import parsed
from o365_exporter.service_names import known_service_id

_ISSUES_KNOWN = 200
"""Issues of which is kept, for all tenants, which overviews carry them; the oldest go first."""


class Places:
    """Finds the id of the service that an issue belongs to, without depending on what another source last heard.

    An issue names its service as people do. Most names are known; for the others the overviews are asked, and where no
    name of theirs matches, the overview whose issues hold this one. What was found is kept; an issue that cannot be
    placed has its service's name for an id, and keeps that.
    """

    def __init__(self, graph: GraphClient, directory: Mapping[str, str]) -> None:
        self._graph = graph
        self.directory = dict(directory)
        """Ids by folded name, also of names that no overview could be found for."""
        self._services: tuple[Service, ...] | None = None

    async def of(self, issue_id: str, name: str) -> str:
        """The service's id."""
        folded = name.casefold()
        if found := known_service_id(name) or self.directory.get(folded):
            return found
        try:
            self.directory[folded] = await self._asked(issue_id, folded) or name
        except PollError:  # the issue is more important than its service's id; the next one of that name asks again
            return name
        return self.directory[folded]

    async def _asked(self, issue_id: str, folded: str) -> str:
        services = await self._overviews()
        for service in services:
            if folded in (service.name.casefold(), service.id.casefold()):
                return service.id
        carries = _carries(self._graph, issue_id)
        for service in sorted(services, key=lambda service: service.status == STATUSES[0]):
            if service.id not in carries:
                entries = await self._graph.list(ISSUES_OF_SERVICE, id=service.id)
                carries[service.id] = any(entry.get("id") == issue_id for entry in entries)
            if carries[service.id]:
                return service.id
        return ""

    async def _overviews(self) -> tuple[Service, ...]:
        if self._services is None:
            found = await parsed(await self._graph.list(OVERVIEWS), parse_service, lambda service: service.id, 0)
            self._services = tuple(service for service in found if service.id)
        return self._services


def _carries(graph: GraphClient, issue_id: str) -> dict[str, bool]:
    """Which overviews carry an issue, as far as it is known by whichever tenant.

    Issues are Microsoft's and have the same id in all tenants: each tenant would look through some thirty overviews
    for the same, most of all that a first poll asks.
    """
    known: dict[str, dict[str, bool]] = graph.common.setdefault("overviews that carry an issue", {})
    if issue_id not in known and len(known) >= _ISSUES_KNOWN:
        del known[next(iter(known))]
    return known.setdefault(issue_id, {})
