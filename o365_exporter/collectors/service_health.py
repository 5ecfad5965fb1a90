"""Is each Microsoft 365 service healthy, and what is wrong where it is not?

Source: ``/admin/serviceAnnouncement/healthOverviews`` each minute, and the open issues with their posts from
``/admin/serviceAnnouncement/issues`` every five minutes and at once when the status of a service changes.
The overviews are never asked to expand their issues: that returns months of history, megabytes a minute.
Permission: ServiceHealth.Read.All. Freshness: Microsoft's own declaration, minutes after it is made.
Series: ``o365_service_*``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from o365_exporter import fields
from o365_exporter.errors import NoData, PollError, UnexpectedAnswerError
from o365_exporter.fields import UNKNOWN, Json, closed, member
from o365_exporter.filters import Filter
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.metrics import Metric, Sample
from o365_exporter.source import Collector, CollectorOptions, Duration, Interval, Source
from o365_exporter.texts import UnusableError

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
_ISSUE_TIMES = (
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
    *(m for m, _ in _ISSUE_TIMES),
    ISSUE_POSTS,
)

PERMISSIONS = ("ServiceHealth.Read.All",)
OVERVIEWS = Endpoint(
    route="/admin/serviceAnnouncement/healthOverviews",
    permissions=PERMISSIONS,
    select=("id", "service", "status"),
    page_sizes=(1000, 100, 20),
    paging="maxpagesize",
    limits="service_communications",
    urgent=True,
)
ISSUES = Endpoint(
    route="/admin/serviceAnnouncement/issues",
    permissions=PERMISSIONS,
    page_sizes=(100, 25, 5, 1),
    paging="maxpagesize",
    limits="service_communications",
    urgent=True,
)
ISSUE = Endpoint(
    route="/admin/serviceAnnouncement/issues/{id}",
    permissions=PERMISSIONS,
    limits="service_communications",
    urgent=True,
)


def _known_status(status: str) -> str:
    if member(status, STATUSES) not in STATUSES:
        raise UnusableError("is not a status of Graph", f"choose from {', '.join(STATUSES)}")
    return member(status, STATUSES)


class Options(CollectorOptions):
    """Settings of ``service_health``."""

    interval: Interval = Field(default=60, description="Time between two polls of the services' status.")
    issues_interval: Interval = Field(
        default=300,
        description="Time between two polls of the open issues; a changed status polls them at once.",
    )
    stale_after: Interval = Field(
        default=1800,
        description="Age at which the last good data are withdrawn while polls keep failing.",
    )
    keep_resolved: Duration = Field(
        default=7 * 86400,
        ge=0,
        description="How long an issue is still served after it was resolved.",
    )
    healthy_statuses: tuple[Annotated[str, AfterValidator(_known_status)], ...] = Field(
        default=("serviceOperational", "serviceRestored", "postIncidentReviewPublished", "falsePositive"),
        description="Statuses that make `o365_service_healthy` 1; the first two alone are the Centreon plugin's.",
    )
    services: Filter = Field(
        default=Filter(), description="Services to watch, by name or id; their issues go with them."
    )
    classifications: Filter = Field(
        default=Filter(),
        description="Issues to serve, by classification (incident, advisory); one that is neither is always served.",
    )


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of healthOverviews; ``status`` as Graph spells it, a newer one as it came."""

    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Issue:
    """One serviceHealthIssue. Times are seconds since 1970, None where Graph has none.

    ``left_at`` is when it was first missing from the open issues, None while it is among them; ``unread`` says why
    it could not be read when it was.
    """

    id: str
    service: str
    title: str
    classification: str
    origin: str
    status: str
    feature: str
    feature_group: str
    is_resolved: bool
    start: float | None
    end: float | None
    last_modified: float | None
    last_post: float | None
    posts: int
    left_at: float | None = None
    unread: str = ""


Services = tuple[Service, ...]
Issues = tuple[Issue, ...]


def parse_service(entry: Json) -> Service:
    """One entry of healthOverviews."""
    return Service(
        id=fields.identifier(entry, "id", "service"),
        name=fields.identifier(entry, "service", "id"),
        status=member(fields.text(entry, "status"), STATUSES),
    )


def parse_issue(entry: Json) -> Issue:
    """One serviceHealthIssue."""
    posts = fields.objects(entry, "posts")
    return Issue(
        id=fields.identifier(entry, "id"),
        service=fields.text(entry, "service"),
        title=fields.text(entry, "title").strip(),
        classification=member(fields.text(entry, "classification"), CLASSIFICATIONS),
        origin=member(fields.text(entry, "origin"), ORIGINS),
        status=member(fields.text(entry, "status"), STATUSES),
        feature=fields.text(entry, "feature"),
        feature_group=fields.text(entry, "featureGroup"),
        is_resolved=fields.flag(entry, "isResolved"),
        start=fields.timestamp(entry, "startDateTime"),
        end=fields.timestamp(entry, "endDateTime"),
        last_modified=fields.timestamp(entry, "lastModifiedDateTime"),
        last_post=max(filter(None, (fields.timestamp(post, "createdDateTime") for post in posts)), default=None),
        posts=len(posts),
    )


class OverviewsSource(Source[Services]):
    """The status of every service."""

    name = "overviews"
    endpoints = (OVERVIEWS,)

    def __init__(self, options: Options) -> None:
        super().__init__(interval=options.interval, stale_after=options.stale_after)
        self._options = options

    async def fetch(self, graph: GraphClient, previous: Services | None, now: float) -> Services:
        services = tuple({service.id: service for service in map(parse_service, await graph.list(OVERVIEWS))}.values())
        if not services and previous:
            raise UnexpectedAnswerError("Graph suddenly lists no service at all for this tenant.")
        if not services:
            raise NoData("Graph lists no service at all for this tenant.")
        return services

    def samples(self, records: Services, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        for service in _watched(records, self._options):
            labels = {"service_id": service.id, "service_name": service.name}
            yield STATUS.at(1, **labels, status=closed(service.status, STATUSES))
            yield HEALTHY.at(service.status in self._options.healthy_statuses, **labels)

    def remarks(self, records: Services) -> Iterator[str]:
        if not _watched(records, self._options):
            yield f"None of the {len(records)} services passes the filter collectors.service_health.services."
        for service in records:
            if service.status not in STATUSES:
                yield f"The service {service.id} has the status {service.status!r}, which is served as unknown."

    def wakes(self, previous: Services | None, records: Services) -> tuple[str, ...]:
        changed = previous is not None and set(previous) != set(records)
        return (IssuesSource.name,) if changed else ()


class IssuesSource(Source[Issues]):
    """The open issues, and for a while those that were resolved under our eyes."""

    name = "issues"
    endpoints = (ISSUES, ISSUE)
    follows = OverviewsSource.name

    def __init__(self, options: Options) -> None:
        super().__init__(
            interval=options.issues_interval, stale_after=max(options.stale_after, options.issues_interval)
        )
        self._options = options

    async def fetch(self, graph: GraphClient, previous: Issues | None, now: float) -> Issues:
        found = {issue.id: issue for issue in await _list_open(graph)}
        for issue in previous or ():
            if issue.id not in found and not self._is_over(issue, now):
                found[issue.id] = issue if issue.is_resolved else await _read_again(graph, issue, now)
        return tuple(found.values())

    def _is_over(self, issue: Issue, now: float) -> bool:
        return issue.left_at is not None and now - issue.left_at > self._options.keep_resolved

    def samples(self, records: Issues, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        services: Services = siblings.get(OverviewsSource.name) or ()
        issues = [(self._service_of(issue, services), issue) for issue in records]
        issues = [(service, issue) for service, issue in issues if self._serves(service, issue)]
        yield from _open_counts(_watched(services, self._options), issues)
        for service, issue in issues:
            yield from _issue_samples(service, issue)

    def _service_of(self, issue: Issue, services: Services) -> Service:
        """An issue names its service as people do; the name stands for the id where no service has it."""
        name = issue.service
        found = (service for service in services if name.casefold() in (service.name.casefold(), service.id.casefold()))
        return next(found, Service(id=name, name=name, status=""))

    def _serves(self, service: Service, issue: Issue) -> bool:
        """The filter on classifications never hides what Graph cannot classify."""
        classified = issue.classification in CLASSIFICATIONS
        passes = not classified or self._options.classifications.keeps(issue.classification)
        return passes and self._options.services.keeps(service.name, service.id)

    def remarks(self, records: Issues) -> Iterator[str]:
        for issue in records:
            if issue.unread:
                yield f"The issue {issue.id} is no longer listed as open and is served as last known: {issue.unread}"
            for name, value, known in (
                ("status", issue.status, STATUSES),
                ("classification", issue.classification, CLASSIFICATIONS),
                ("origin", issue.origin, ORIGINS),
            ):
                if value not in known:
                    yield f"The issue {issue.id} has the {name} {value!r}, which is served as unknown."


async def _list_open(graph: GraphClient) -> list[Issue]:
    """All open issues. Graph may ignore the filter, or refuse it: both cost more pages, neither changes the result."""
    try:
        entries = await graph.list(ISSUES, filter="isResolved eq false")
    except PollError as error:
        if error.status != HTTPStatus.BAD_REQUEST:
            raise
        entries = await graph.list(ISSUES)
    return [issue for issue in map(parse_issue, entries) if not issue.is_resolved]


async def _read_again(graph: GraphClient, issue: Issue, now: float) -> Issue:
    """An issue that has left the open ones, with its end; one that Microsoft has deleted counts as resolved."""
    try:
        entry = await graph.find(ISSUE, id=issue.id)
    except PollError as error:  # it must not hide all the others, and is tried again at the next poll
        return replace(issue, unread=error.message)
    last = parse_issue(entry) if entry is not None else replace(issue, is_resolved=True)
    return replace(last, left_at=now) if last.is_resolved else last


def _watched(services: Services, options: Options) -> Services:
    return tuple(service for service in services if options.services.keeps(service.name, service.id))


def _open_counts(services: Services, issues: Iterable[tuple[Service, Issue]]) -> Iterator[Sample]:
    counts = Counter({(s.id, s.name, c): 0 for s in services for c in CLASSIFICATIONS})
    counts.update(
        (service.id, service.name, closed(issue.classification, CLASSIFICATIONS))
        for service, issue in issues
        if not issue.is_resolved
    )
    for (service_id, service_name, classification), count in counts.items():
        yield OPEN_ISSUES.at(count, service_id=service_id, service_name=service_name, classification=classification)


def _issue_samples(service: Service, issue: Issue) -> Iterator[Sample]:
    labels = {"service_id": service.id, "issue_id": issue.id}
    classification = closed(issue.classification, CLASSIFICATIONS)
    yield ISSUE_INFO.at(
        1,
        **labels,
        service_name=service.name,
        classification=classification,
        origin=closed(issue.origin, ORIGINS),
        feature=issue.feature,
        feature_group=issue.feature_group,
        title=issue.title[:TITLE_LENGTH],
    )
    yield ISSUE_OPEN.at(not issue.is_resolved, **labels, classification=classification)
    yield ISSUE_STATUS.at(1, **labels, status=closed(issue.status, STATUSES))
    yield ISSUE_POSTS.at(issue.posts, **labels)
    for metric, attribute in _ISSUE_TIMES:
        moment: float | None = getattr(issue, attribute)
        if moment is not None:
            yield metric.at(moment, **labels)


COLLECTOR = Collector(
    name="service_health",
    summary="Is each Microsoft 365 service healthy, and what is wrong where it is not?",
    options=Options,
    metrics=METRICS,
    sources=lambda options: (OverviewsSource(options), IssuesSource(options)),
)
