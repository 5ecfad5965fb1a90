"""Is each Microsoft 365 service healthy, and what is wrong where it is not?

Source: ``/admin/serviceAnnouncement/healthOverviews`` each minute, and the open issues with their posts from
``/admin/serviceAnnouncement/issues`` every five minutes and at once when the status of a service changes.
The overviews are never asked to expand their issues: that returns months of history, megabytes a minute.
Permission: ServiceHealth.Read.All. Freshness: Microsoft's own declaration, minutes after it is made.
Series: ``o365_service_*``.
"""

from __future__ import annotations

from o365_exporter.collectors.service_health.days import ADVISORY, INCIDENT, KNOWN, kind_of
from o365_exporter.collectors.service_health.endpoints import ISSUES, PAST_ISSUES
from o365_exporter.collectors.service_health.issues import IssuesSource
from o365_exporter.collectors.service_health.options import Options
from o365_exporter.collectors.service_health.overviews import OverviewsSource
from o365_exporter.collectors.service_health.past import IssueHistory, PastIssues
from o365_exporter.collectors.service_health.records import (
    CHARACTERS_KEPT,
    POSTS_KEPT,
    Issue,
    Issues,
    Post,
    Service,
    Services,
    parse_issue,
)
from o365_exporter.collectors.service_health.series import METRICS, STATUSES
from o365_exporter.source import Collector

__all__ = [
    "ADVISORY",
    "CHARACTERS_KEPT",
    "COLLECTOR",
    "INCIDENT",
    "ISSUES",
    "KNOWN",
    "PAST_ISSUES",
    "POSTS_KEPT",
    "STATUSES",
    "Issue",
    "IssueHistory",
    "Issues",
    "IssuesSource",
    "Options",
    "OverviewsSource",
    "PastIssues",
    "Post",
    "Service",
    "Services",
    "kind_of",
    "parse_issue",
]

COLLECTOR = Collector(
    name="service_health",
    summary="Is each Microsoft 365 service healthy, and what is wrong where it is not?",
    options=Options,
    metrics=METRICS,
    sources=lambda options: (OverviewsSource(options), IssuesSource(options)),
    history=lambda options: (IssueHistory(options),),
)
