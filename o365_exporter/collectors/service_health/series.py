"""What is served of services and issues, and the closed lists of Graph that it is told in."""

from __future__ import annotations

from o365_exporter.fields import UNKNOWN
from o365_exporter.metrics import Metric

STATUSES = (
    "serviceOperational",
    "investigating",
    "restoringService",
    "verifyingService",
    "serviceRestored",
    "postIncidentReviewPublished",
    "serviceDegradation",
    "serviceInterruption",
    "extendedRecovery",
    "falsePositive",
    "investigationSuspended",
    "resolved",
    "mitigatedExternal",
    "mitigated",
    "resolvedExternal",
    "confirmed",
    "reported",
)
"""Members of Graph's serviceHealthStatus, metadata of 2026-08-20."""

CLASSIFICATIONS = ("incident", "advisory")
ORIGINS = ("microsoft", "thirdParty", "customer")
TITLE_LENGTH = 200

_SERVICE = ("service_id", "service_name")
_ISSUE = ("service_id", "issue_id")

STATUS = Metric(
    "o365_service_health_status",
    "Status of a service, serviceHealth.status: 1 for the present status, other statuses are absent.",
    (*_SERVICE, "status"),
    values={"status": (*STATUSES, UNKNOWN)},
)
HEALTHY = Metric(
    "o365_service_healthy",
    "Whether serviceHealth.status is one of the configured healthy statuses: 1 or 0.",
    _SERVICE,
)
OPEN_ISSUES = Metric(
    "o365_service_open_issues",
    "Number of issues of a service whose serviceHealthIssue.isResolved is false.",
    (*_SERVICE, "classification"),
    values={"classification": (*CLASSIFICATIONS, UNKNOWN)},
)
ISSUE_INFO = Metric(
    "o365_service_issue_info",
    "What an issue is about, serviceHealthIssue: always 1; the title is cut at 200 characters.",
    (*_SERVICE, "issue_id", "classification", "origin", "feature", "feature_group", "title"),
    values={"classification": (*CLASSIFICATIONS, UNKNOWN), "origin": (*ORIGINS, UNKNOWN)},
)
ISSUE_OPEN = Metric(
    "o365_service_issue_open",
    "Whether an issue is open, serviceHealthIssue.isResolved: 1 open, 0 resolved.",
    (*_ISSUE, "classification"),
    values={"classification": (*CLASSIFICATIONS, UNKNOWN)},
)
ISSUE_STATUS = Metric(
    "o365_service_issue_status",
    "Status of an issue, serviceHealthIssue.status: 1 for the present status, other statuses are absent.",
    (*_ISSUE, "status"),
    values={"status": (*STATUSES, UNKNOWN)},
)
ISSUE_START = Metric(
    "o365_service_issue_start_timestamp_seconds",
    "When an issue began, serviceHealthIssue.startDateTime, in seconds since 1970.",
    _ISSUE,
)
ISSUE_END = Metric(
    "o365_service_issue_end_timestamp_seconds",
    "When an issue ended, serviceHealthIssue.endDateTime, in seconds since 1970; absent while it lasts.",
    _ISSUE,
)
ISSUE_LAST_MODIFIED = Metric(
    "o365_service_issue_last_modified_timestamp_seconds",
    "When Microsoft last changed an issue, serviceHealthIssue.lastModifiedDateTime, in seconds since 1970.",
    _ISSUE,
)
ISSUE_LAST_POST = Metric(
    "o365_service_issue_last_post_timestamp_seconds",
    "When Microsoft last wrote about an issue, the latest serviceHealthIssue.posts.createdDateTime, "
    "in seconds since 1970.",
    _ISSUE,
)
ISSUE_POSTS = Metric(
    "o365_service_issue_posts",
    "Number of posts that Microsoft wrote about an issue, serviceHealthIssue.posts.",
    _ISSUE,
)
ISSUE_TIMES = (
    (ISSUE_START, "start"),
    (ISSUE_END, "end"),
    (ISSUE_LAST_MODIFIED, "last_modified"),
    (ISSUE_LAST_POST, "last_post"),
)
METRICS = (
    STATUS,
    HEALTHY,
    OPEN_ISSUES,
    ISSUE_INFO,
    ISSUE_OPEN,
    ISSUE_STATUS,
    *(m for m, _ in ISSUE_TIMES),
    ISSUE_POSTS,
)
