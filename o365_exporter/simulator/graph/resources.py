"""What this Graph has: one row per address, with its permission, limits and quirks.

Permissions: Microsoft's permissions reference of 2026-08; page sizes: the documentation's pages on each method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

from o365_exporter.simulator.content.draw import draw_for
from o365_exporter.simulator.graph.enums import (
    CLASSIFICATION,
    ORIGIN,
    POST_TYPE,
    SERVICE_HEALTH_STATUS,
    EnumView,
)
from o365_exporter.simulator.tenant import Tenant

Json = dict[str, Any]

_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})


@dataclass(frozen=True)
class View:
    """How a request sees a row."""

    enums: EnumView
    selected: frozenset[str] = frozenset()
    expanded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Resource:
    """A collection of Graph.

    Args:
        path: address below the version; ``{parent}`` stands for an id.
        type: name of the entity type, without its namespace.
        rows: the rows of a tenant, below the parent where there is one; None where the parent is not there.
        show: a row as a request sees it.
        properties: what ``$select``, ``$filter`` and ``$orderby`` may name.
        roles: application permissions of which one is needed.
        service: whose limits, errors and paging it has.
        page, most: rows of a page without being asked, and at most; None where there are no pages.
        cost: resource units of the identity service.
        expandable: navigation properties that ``$expand`` may name.
        filterable: False where ``$filter`` is refused.
        countable: whether ``/$count`` exists.
    """

    path: str
    type: str
    rows: Callable[[Tenant, str], Iterable[Json] | None]
    show: Callable[[Json, View], Json]
    properties: frozenset[str]
    roles: frozenset[str]
    service: Literal["identity", "service_communications"]
    page: int | None = 100
    most: int = 999
    cost: int = 1
    expandable: frozenset[str] = frozenset()
    filterable: bool = True
    countable: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches the collection's address and that of a member."""
        base = re.escape(self.path).replace(r"\{parent\}", "(?P<parent>[^/]+)")
        return re.compile(rf"{base}(?:/(?P<id>[^/]+)|\(appId='(?P<app_id>[^']+)'\))?")


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


def show_application(row: Json, view: View) -> Json:
    """A registration; certificates show their ``key`` only to who names keyCredentials in ``$select``."""
    if "keyCredentials" not in view.selected:
        return row
    keys = [one | {"key": draw_for(one["keyId"]).base64(780)} for one in row["keyCredentials"]]
    return row | {"keyCredentials": keys}


def show_as_is(row: Json, _view: View) -> Json:
    """What has no enum and no secret."""
    return row


def _issues_of(tenant: Tenant, service_id: str) -> list[Json] | None:
    service = tenant.services.get(service_id)
    if service is None:
        return None
    return [issue for issue in tenant.issues.values() if issue["service"] == service["service"]]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ISSUE_PROPERTIES = _names(
    "id title startDateTime endDateTime lastModifiedDateTime details classification feature featureGroup "
    "impactDescription isResolved origin service status posts"
)
_HEALTH_ROLES = frozenset({"ServiceHealth.Read.All"})

RESOURCES: tuple[Resource, ...] = (
    Resource(
        path="/admin/serviceAnnouncement/healthOverviews",
        type="serviceHealth",
        rows=lambda tenant, _: tenant.services.values(),
        show=show_service,
        properties=_names("id service status"),
        roles=_HEALTH_ROLES,
        service="service_communications",
        most=1_000,
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
    ),
    Resource(
        path="/applications",
        type="application",
        rows=lambda tenant, _: tenant.applications.values(),
        show=show_application,
        properties=_names(
            "id deletedDateTime appId applicationTemplateId disabledByMicrosoftStatus createdDateTime displayName "
            "description identifierUris isFallbackPublicClient notes publisherDomain signInAudience tags "
            "requiredResourceAccess info keyCredentials passwordCredentials"
        ),
        roles=_DIRECTORY | {"Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"},
        service="identity",
        cost=2,
        countable=True,
    ),
    Resource(
        path="/subscribedSkus",
        type="subscribedSku",
        rows=lambda tenant, _: tenant.skus.values(),
        show=show_as_is,
        properties=_names(
            "accountId accountName appliesTo capabilityStatus consumedUnits id skuId skuPartNumber subscriptionIds "
            "prepaidUnits servicePlans"
        ),
        roles=_DIRECTORY | {"LicenseAssignment.Read.All", "Organization.Read.All", "Organization.ReadWrite.All"},
        service="identity",
        page=None,
        cost=3,
        filterable=False,
    ),
    Resource(
        path="/directory/subscriptions",
        type="companySubscription",
        rows=lambda tenant, _: tenant.subscriptions.values(),
        show=show_as_is,
        properties=_names(
            "commerceSubscriptionId createdDateTime id isTrial nextLifecycleDateTime ownerId ownerTenantId ownerType "
            "serviceStatus skuId skuPartNumber status totalLicenses"
        ),
        roles=_DIRECTORY | {"Organization.Read.All", "Organization.ReadWrite.All"},
        service="identity",
    ),
    Resource(
        path="/organization",
        type="organization",
        rows=lambda tenant, _: [tenant.organization],
        show=show_as_is,
        properties=_names(
            "assignedPlans businessPhones city country countryLetterCode createdDateTime defaultUsageLocation "
            "deletedDateTime directorySizeQuota displayName id onPremisesLastSyncDateTime onPremisesSyncEnabled "
            "preferredLanguage technicalNotificationMails tenantType verifiedDomains"
        ),
        roles=_DIRECTORY | {"Organization.Read.All", "Organization.ReadWrite.All", "User.Read.All"},
        service="identity",
        page=None,
    ),
)


@dataclass(frozen=True)
class Target:
    """What an address names: a collection, one member of it, or its count."""

    resource: Resource
    parent: str = ""
    id: str | None = None
    by_app_id: bool = False
    count: bool = False


_PATTERNS = tuple((resource, resource.pattern) for resource in RESOURCES)


def find_target(path: str) -> Target | None:
    """What an address below the version names; None where there is nothing."""
    for resource, pattern in _PATTERNS:
        match = pattern.fullmatch(path.rstrip("/"))
        if match is None:
            continue
        groups = match.groupdict()
        if groups["id"] == "$count":
            return Target(resource, count=True) if resource.countable else None
        app_id = groups["app_id"]
        return Target(resource, groups.get("parent", ""), app_id or groups["id"], app_id is not None)
    return None
