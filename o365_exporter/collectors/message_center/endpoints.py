"""Where messages are: the list without bodies, the list of bodies, and one body."""

from __future__ import annotations

from o365_exporter.graph import Endpoint

PERMISSIONS = ("ServiceMessage.Read.All",)
LIST = Endpoint(
    route="/admin/serviceAnnouncement/messages",
    permissions=PERMISSIONS,
    select=(
        *("id", "title", "category", "severity", "services", "tags", "isMajorChange", "hasAttachments"),
        *("startDateTime", "endDateTime", "lastModifiedDateTime", "actionRequiredByDateTime"),
    ),
    page_sizes=(1000, 100, 20, 5),
    paging="maxpagesize",
    limits="service_communications",
    largest=16 * 1024**2,  # of some 1 KB each there are hundreds, seldom a few thousand
)
WITH_BODIES = Endpoint(
    route="/admin/serviceAnnouncement/messages",
    permissions=PERMISSIONS,
    select=("id", "body"),
    page_sizes=(100, 20, 5, 1),
    paging="maxpagesize",
    limits="service_communications",
)
ONE = Endpoint(
    route="/admin/serviceAnnouncement/messages/{id}",
    permissions=PERMISSIONS,
    select=("id", "body"),
    limits="service_communications",
)
