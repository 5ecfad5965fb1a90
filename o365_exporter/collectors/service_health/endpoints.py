"""What is asked of Graph."""

from __future__ import annotations

from dataclasses import replace

from o365_exporter.graph import Endpoint

SOURCE_OF_ISSUES = "issues"
"""Its name, by which the overviews wake it."""

PERMISSIONS = ("ServiceHealth.Read.All",)
OVERVIEWS = Endpoint(
    route="/admin/serviceAnnouncement/healthOverviews",
    permissions=PERMISSIONS,
    select=("id", "service", "status"),
    page_sizes=(1000, 100, 20),
    paging="maxpagesize",
    limits="service_communications",
    urgent=True,
    vital=True,
)
ISSUES = Endpoint(
    route="/admin/serviceAnnouncement/issues",
    permissions=PERMISSIONS,
    page_sizes=(100, 25, 5, 1),
    paging="maxpagesize",
    limits="service_communications",
    urgent=True,
)
PAST_ISSUES = replace(
    ISSUES,
    select=("id", "service", "classification", "isResolved", "startDateTime", "endDateTime"),
    page_sizes=(1000, 100, 25),
    urgent=False,
)
"""The same without their posts, which are nine tenths of them; nothing waits for it."""

LISTED_ISSUES = replace(PAST_ISSUES, within=15.0)
"""The same beside a poll of the open issues, which must not wait for long."""

ISSUE = Endpoint(
    route="/admin/serviceAnnouncement/issues/{id}",
    permissions=PERMISSIONS,
    limits="service_communications",
    urgent=True,
)
ISSUES_OF_SERVICE = Endpoint(
    route="/admin/serviceAnnouncement/healthOverviews/{id}/issues",
    permissions=PERMISSIONS,
    select=("id",),
    page_sizes=(1000, 100),
    paging="maxpagesize",
    limits="service_communications",
    urgent=True,
)
