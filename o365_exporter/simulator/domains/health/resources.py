"""Where Graph shows service health."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from o365_exporter.simulator.domains.enums import CLASSIFICATION, ORIGIN, POST_TYPE, SERVICE_HEALTH_STATUS
from o365_exporter.simulator.domains.resource import Resource, View, names

if TYPE_CHECKING:
    from o365_exporter.simulator.tenant import Tenant

Json = dict[str, Any]


def show_service(row: Json, view: View) -> Json:
    """An overview."""
    status = view.enums.show(row["id"], row["status"], SERVICE_HEALTH_STATUS)
    return row | {"status": status}


def show_issue(row: Json, view: View) -> Json:
    """An issue with its posts, which are written only now, and only if they are wanted."""
    enums, id_ = view.enums, row["id"]
    shown = row | {
        "classification": enums.show(id_, row["classification"], CLASSIFICATION),
        "origin": enums.show(id_, row["origin"], ORIGIN),
        "status": enums.show(id_, row["status"], SERVICE_HEALTH_STATUS),
    }
    if not view.selected or "posts" in view.selected:
        posts = row["posts"]() if callable(row["posts"]) else row["posts"]
        shown["posts"] = [
            post | {"postType": enums.show(f"{id_}/{number}", post["postType"], POST_TYPE)}
            for number, post in enumerate(posts)
        ]
    return shown


def _issues_of(tenant: Tenant, service_id: str) -> list[Json] | None:
    service = tenant.services.get(service_id)
    if service is None:
        return None
    return [issue for issue in tenant.issues.values() if issue["service"] == service["service"]]


_ISSUE_PROPERTIES = names(
    "id title startDateTime endDateTime lastModifiedDateTime details classification feature featureGroup "
    "impactDescription isResolved origin service status posts"
)
_HEALTH_ROLES = frozenset({"ServiceHealth.Read.All"})

RESOURCES = (
    Resource(
        path="/admin/serviceAnnouncement/healthOverviews",
        type="serviceHealth",
        rows=lambda tenant, _: tenant.services.values(),
        show=show_service,
        properties=names("id service status"),
        roles=_HEALTH_ROLES,
        service="service_communications",
        most=1_000,
        countable=True,
        expandable=frozenset({"issues"}),
    ),
    Resource(
        path="/admin/serviceAnnouncement/healthOverviews/{parent}/issues",
        type="serviceHealthIssue",
        rows=_issues_of,
        show=show_issue,
        properties=_ISSUE_PROPERTIES,
        roles=_HEALTH_ROLES,
        service="service_communications",
        most=1_000,
        countable=True,
    ),
    Resource(
        path="/admin/serviceAnnouncement/issues",
        type="serviceHealthIssue",
        rows=lambda tenant, _: tenant.issues.values(),
        show=show_issue,
        properties=_ISSUE_PROPERTIES,
        roles=_HEALTH_ROLES,
        service="service_communications",
        most=1_000,
        countable=True,
    ),
)
"""Overviews, and issues of one service and of all."""
