"""Is each Microsoft 365 service healthy, and what is wrong where it is not?

Source: ``/admin/serviceAnnouncement/healthOverviews`` each minute, and the open issues with their posts from
``/admin/serviceAnnouncement/issues`` every five minutes and at once when the status of a service changes.
The overviews are never asked to expand their issues: that returns months of history, megabytes a minute.
Permission: ServiceHealth.Read.All. Freshness: Microsoft's own declaration, minutes after it is made.
Series: ``o365_service_*``.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from math import inf
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from o365_exporter import fields
from o365_exporter.errors import PollError
from o365_exporter.fields import UNKNOWN, Json, closed, member
from o365_exporter.filters import Filter
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.history import History, Past, Stretch, Window, counted
from o365_exporter.listing import Listing, ListSource, left_out_remark, parsed
from o365_exporter.markup import plain
from o365_exporter.metrics import Metric, Sample
from o365_exporter.service_names import known_service_id
from o365_exporter.source import NEWS_LENGTH, Collector, CollectorOptions, Duration, Interval, News, Source
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

POSTS_KEPT = 40
"""Posts of an issue whose text is kept, the newest; Microsoft writes some eight."""

CHARACTERS_KEPT = 1024 * 1024
"""Characters of posts that are kept for a tenant: 600 posts of ordinary length."""

_READ_RESOLVED_EVERY = 6 * 3600.0
"""Seconds between two readings of an issue that was resolved: a review may be posted days later."""

_ISSUES_KNOWN = 200
"""Issues of which is kept, for all tenants, which overviews carry them; the oldest go first."""

_SHOWN = 3
"""Issues that are named as examples."""

_NOT_FOUND = HTTPStatus.NOT_FOUND
_TWICE = 2


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
    """One entry of healthOverviews; ``status`` as Graph spells it, a newer one as it came.

    ``id`` is empty where the entry has none, until ``_identified`` finds it.
    """

    id: str
    name: str
    status: str


@dataclass(frozen=True, slots=True)
class Post:
    """What Microsoft wrote at a moment (seconds since 1970; None where it is not told) about an issue, in HTML.

    ``kind`` is postType: regular, quick or strategic; empty where it is not told. Posts have no id.
    """

    at: float | None
    kind: str
    html: Annotated[str, AfterValidator(sys.intern)]


@dataclass(frozen=True, slots=True)
class Issue:
    """One serviceHealthIssue. Times are seconds since 1970, None where Graph has none.

    ``posts`` is how many there are, ``words`` those whose text is kept, the oldest first; see ``_bounded``.

    ``service_id`` is found once and stays for the life of the issue; see ``Places``.
    ``left_at`` is when it was first missing from the open issues, None while it is among them; ``read_at`` when it was
    last read; ``unread`` says why it could not be read when it was missing, ``not_found`` how often in a row with 404.
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
    words: tuple[Post, ...] = ()
    service_id: str = ""
    left_at: float | None = None
    read_at: float = 0.0
    unread: str = ""
    not_found: int = 0


Services = Listing[Service]


@dataclass(frozen=True, slots=True)
class Issues(Listing[Issue]):
    """The open issues and those that were resolved lately; ``directory`` knows the id of each service by its name.

    ``since`` is the wall clock of the first reading, before which resolved issues are not known.
    """

    entries: tuple[Issue, ...]
    directory: Mapping[str, str] = field(default_factory=dict)
    since: float | None = None


def parse_service(entry: Json) -> Service:
    """One entry of healthOverviews."""
    return Service(
        id=fields.shared_text(entry, "id"),
        name=sys.intern(fields.identifier(entry, "service", "id")),
        status=member(fields.shared_text(entry, "status"), STATUSES),
    )


def parse_issue(entry: Json) -> Issue:
    """One serviceHealthIssue."""
    posts = fields.objects(entry, "posts")
    words = sorted(map(_parse_post, posts), key=lambda post: post.at or 0.0)
    return Issue(
        id=sys.intern(fields.reference(entry, "id")),
        service=fields.shared_text(entry, "service"),
        title=fields.shared_text(entry, "title"),
        classification=member(fields.shared_text(entry, "classification"), CLASSIFICATIONS),
        origin=member(fields.shared_text(entry, "origin"), ORIGINS),
        status=member(fields.shared_text(entry, "status"), STATUSES),
        feature=fields.shared_text(entry, "feature"),
        feature_group=fields.shared_text(entry, "featureGroup"),
        is_resolved=fields.flag(entry, "isResolved"),
        start=fields.timestamp(entry, "startDateTime"),
        end=fields.timestamp(entry, "endDateTime"),
        last_modified=fields.timestamp(entry, "lastModifiedDateTime"),
        last_post=max(filter(None, (post.at for post in words)), default=None),
        posts=len(posts),
        words=tuple(post for post in words if post.html)[-POSTS_KEPT:],
    )


def _parse_post(entry: Json) -> Post:
    return Post(
        at=fields.timestamp(entry, "createdDateTime"),
        kind=fields.shared_text(entry, "postType"),
        html=fields.body(fields.record(entry, "description"), "content"),
    )


def _bounded(issues: Sequence[Issue]) -> tuple[Issue, ...]:
    """The issues with as many texts of posts as a tenant may keep: those of issues that were written of last."""
    room = CHARACTERS_KEPT
    kept: dict[str, Issue] = {}
    for issue in sorted(issues, key=lambda issue: issue.last_post or 0.0, reverse=True):
        words = list[Post]()
        for post in reversed(issue.words):
            room -= len(post.html)
            if room >= 0:
                words.append(post)
        kept[issue.id] = issue if len(words) == len(issue.words) else replace(issue, words=tuple(reversed(words)))
    return tuple(kept[issue.id] for issue in issues)


def _identified(services: Services, previous: Iterable[Service]) -> Services:
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
        found[own] = replace(service, id=own)
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
        return _identified(await super().read(graph, previous, now), previous or ())

    def served(self, records: Services) -> list[tuple[Service, bool]]:
        """The services that the settings watch, each with whether its status is called healthy."""
        healthy = self._options.healthy_statuses
        return [(service, service.status in healthy) for service in _watched(records, self._options)]

    def samples(self, records: Services, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        for service, is_healthy in self.served(records):
            labels = {"service_id": service.id, "service_name": service.name}
            yield STATUS.at(1, **labels, status=closed(service.status, STATUSES))
            yield HEALTHY.at(is_healthy, **labels)

    def remarks(self, records: Services) -> Iterator[str]:
        yield from super().remarks(records)
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
    form = Issues
    endpoints = (ISSUES, ISSUE, OVERVIEWS, ISSUES_OF_SERVICE)
    metrics = tuple(metric for metric in METRICS if metric not in OverviewsSource.metrics)
    follows = OverviewsSource.name

    def __init__(self, options: Options) -> None:
        super().__init__(
            interval=options.issues_interval, stale_after=max(options.stale_after, options.issues_interval)
        )
        self._options = options

    async def fetch(self, graph: GraphClient, previous: Issues | None, now: float) -> Issues:
        before = {issue.id: issue for issue in previous or ()}
        listed = await _list_open(graph, now)
        found = {issue.id: issue for issue in listed if not issue.is_resolved}
        for issue in before.values():
            if issue.id not in found and not self._is_over(issue, now):
                found[issue.id] = await _read_again(graph, issue, now)
        places = Places(graph, previous.directory if previous else {})
        known = {issue.id: issue.service_id for issue in before.values()}
        placed = [
            replace(issue, service_id=known.get(issue.id) or await places.of(issue.id, issue.service))
            for issue in found.values()
        ]
        since = now if previous is None or previous.since is None else previous.since
        return Issues(_bounded(placed), listed.left_out, listed.example, now, directory=places.directory, since=since)

    def _is_over(self, issue: Issue, now: float) -> bool:
        return issue.left_at is not None and now - issue.left_at > self._options.keep_resolved

    def left_out(self, records: Issues) -> int:
        return records.left_out

    def news(self, previous: Issues | None, records: Issues) -> Iterator[News]:
        if previous is None:
            return
        before = {issue.id: issue for issue in previous}
        for issue in records:
            if _serves(self._options, _service_of(issue, {}), issue):
                yield from (_news_of(issue, post) for post in _unheard(issue, before.get(issue.id)))

    def served(self, records: Issues, services: Iterable[Service]) -> list[tuple[Service, Issue]]:
        """The issues that the settings serve, each with its service as the overviews name it now."""
        names = {service.id: service.name for service in services}
        issues = ((_service_of(issue, names), issue) for issue in records)
        return [(service, issue) for service, issue in issues if _serves(self._options, service, issue)]

    def samples(self, records: Issues, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        services: Services | tuple[Service, ...] = siblings.get(OverviewsSource.name) or ()
        issues = self.served(records, services)
        yield from _open_counts(_watched(services, self._options), issues)
        for service, issue in issues:
            yield from _issue_samples(service, issue)

    def remarks(self, records: Issues) -> Iterator[str]:
        if records.left_out:
            yield left_out_remark(records)
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


def _unheard(issue: Issue, before: Issue | None) -> Iterator[Post]:
    """Its posts that are not from before; a text that was not kept and is now is no news."""
    known = {post.at for post in before.words} if before else set()
    last = before.last_post if before else None
    return (post for post in issue.words if post.at not in known and (last is None or (post.at or last) >= last))


def _news_of(issue: Issue, post: Post) -> News:
    return News(
        "post",
        {
            "issue": issue.id,
            "at": fields.iso(post.at),
            "service": issue.service,
            "classification": issue.classification,
            "status": issue.status,
            "title": issue.title,
            "text": plain(post.html)[:NEWS_LENGTH],
        },
    )


async def _list_open(graph: GraphClient, now: float) -> Listing[Issue]:
    """All open issues, and perhaps others.

    Graph may ignore the filter, refuse it (400) or break over it (5xx): all of these cost more pages, and none changes
    the result.
    """
    try:
        entries = await graph.list(ISSUES, filter="isResolved eq false")
    except PollError as error:
        if error.status != HTTPStatus.BAD_REQUEST and (error.status or 0) < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        try:
            entries = await graph.list(ISSUES)
        except PollError:
            raise error from None  # the first answer is the one to tell of
    return await parsed(entries, parse_issue, lambda issue: issue.id, now)


async def _read_again(graph: GraphClient, issue: Issue, now: float) -> Issue:
    """An issue that has left the open ones, with its end; once resolved it is read seldom, for its later posts.

    One that Microsoft has deleted counts as resolved. A 404 without Graph's own code for that is no proof: several
    services answer so for what exists (404 ``UnknownError``), so it counts when it comes twice in a row.
    """
    if issue.is_resolved and now - issue.read_at < _READ_RESOLVED_EVERY:
        return issue
    try:
        entry = await graph.find(ISSUE, id=issue.id)
        last = parse_issue(entry) if entry is not None else replace(issue, is_resolved=True, unread="", not_found=0)
    except PollError as error:  # it must not hide all the others, and is tried again at the next poll
        again = replace(issue, unread=error.message, not_found=issue.not_found + 1 if error.status == _NOT_FOUND else 0)
        if again.not_found < _TWICE:
            return again
        last = replace(again, is_resolved=True, unread="")
    if not last.is_resolved:
        return last
    return replace(last, read_at=now, left_at=now if issue.left_at is None else issue.left_at)


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


def _serves(options: Options, service: Service, issue: Issue | PastIssue) -> bool:
    """The filter on classifications never hides what Graph cannot classify."""
    classified = issue.classification in CLASSIFICATIONS
    passes = not classified or options.classifications.keeps(issue.classification)
    return passes and options.services.keeps(service.name, service.id)


def _service_of(issue: Issue | PastIssue, names: Mapping[str, str]) -> Service:
    """The service of an issue, by the name that the overviews have for it now, if any."""
    return Service(id=issue.service_id, name=names.get(issue.service_id, issue.service or issue.service_id), status="")


def _watched(services: Iterable[Service], options: Options) -> tuple[Service, ...]:
    return tuple(service for service in services if options.services.keeps(service.name, service.id))


def _open_counts(services: Iterable[Service], issues: Iterable[tuple[Service, Issue]]) -> Iterator[Sample]:
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
        title=issue.title[:TITLE_LENGTH].rstrip(),
    )
    yield ISSUE_OPEN.at(not issue.is_resolved, **labels, classification=classification)
    yield ISSUE_STATUS.at(1, **labels, status=closed(issue.status, STATUSES))
    yield ISSUE_POSTS.at(issue.posts, **labels)
    for metric, attribute in _ISSUE_TIMES:
        moment: float | None = getattr(issue, attribute)
        if moment is not None:
            yield metric.at(moment, **labels)


@dataclass(frozen=True, slots=True)
class PastIssue:
    """What is kept of an issue, open or resolved, to tell when it was open. Times as in ``Issue``."""

    id: str
    service_id: str
    service: str
    classification: str
    is_resolved: bool
    start: float | None
    end: float | None

    def lasted(self, until: float) -> tuple[float, float] | None:
        """From when until when it was open, as far as ``until``; None where its times do not tell."""
        end = self.end if self.is_resolved else max(until, self.start or until)
        return None if self.start is None or end is None or end < self.start else (self.start, end)


@dataclass(frozen=True, slots=True)
class PastIssues:
    """Every issue that Graph still lists, the services as they are now, and how many entries could not be read."""

    services: tuple[Service, ...]
    issues: tuple[PastIssue, ...]
    left_out: int = 0
    example: str = ""

    @property
    def known_since(self) -> float:
        """From when on all issues are listed: what ended before the first that has ended may have been forgotten."""
        return min(
            (i.end for i in self.issues if i.is_resolved and i.end is not None and i.start is not None), default=inf
        )


class IssueHistory(History[PastIssues]):
    """When issues were open, by their start and end. A poll sees an issue later: when Microsoft tells of it."""

    name = "issues"
    form = PastIssues
    endpoints = (PAST_ISSUES, ISSUES, OVERVIEWS, ISSUES_OF_SERVICE)
    metrics = (OPEN_ISSUES, ISSUE_OPEN)

    def __init__(self, options: Options) -> None:
        self._options = options

    async def read(self, graph: GraphClient, now: float) -> PastIssues:
        raw = await graph.list(OVERVIEWS)
        overviews = await parsed(raw, parse_service, lambda service: service.id or service.name, now)
        listed = await parsed(await _list_all(graph), parse_issue, lambda issue: issue.id, now)
        places, ids = Places(graph, {}), dict[str, str]()
        for issue in listed:
            if issue.service not in ids:
                ids[issue.service] = await places.of(issue.id, issue.service)
        issues = (
            PastIssue(i.id, ids[i.service], i.service, i.classification, i.is_resolved, i.start, i.end) for i in listed
        )
        return PastIssues(_identified(overviews, ()).entries, tuple(issues), listed.left_out, listed.example)

    def series(self, records: PastIssues, window: Window) -> Iterator[Past]:
        issues = [(service, issue) for service, issue in self._served(records) if issue.lasted(window.end)]
        if records.known_since < window.end:
            yield from self._open_counts(records, issues, Window(max(window.start, records.known_since), window.end))
        for service, issue in issues:
            series = ISSUE_OPEN.at(
                0,
                service_id=service.id,
                issue_id=issue.id,
                classification=closed(issue.classification, CLASSIFICATIONS),
            )
            if stretches := tuple(window.cut(self._open_then_resolved(issue, window.end))):
                yield Past(series, stretches)

    def _open_then_resolved(self, issue: PastIssue, until: float) -> Iterator[Stretch]:
        if lasted := issue.lasted(until):
            start, end = lasted
            yield Stretch(start, end, 1)
            if issue.is_resolved:
                yield Stretch(end, end + self._options.keep_resolved, 0)

    def _open_counts(
        self, records: PastIssues, issues: Iterable[tuple[Service, PastIssue]], window: Window
    ) -> Iterator[Past]:
        """As ``_open_counts`` of a poll: 0 is said of what is watched, and of nothing else."""
        watched = {(s.id, s.name, c) for s in _watched(records.services, self._options) for c in CLASSIFICATIONS}
        times: dict[tuple[str, str, str], list[tuple[float, float]]] = {key: [] for key in sorted(watched)}
        for service, issue in issues:
            key = service.id, service.name, closed(issue.classification, CLASSIFICATIONS)
            times.setdefault(key, []).append(issue.lasted(window.end) or (0, 0))
        for key, each in times.items():
            service_id, service_name, classification = key
            series = OPEN_ISSUES.at(0, service_id=service_id, service_name=service_name, classification=classification)
            stretches = tuple(one for one in counted(each, window) if one.value or key in watched)
            if stretches:
                yield Past(series, stretches)

    def _served(self, records: PastIssues) -> Iterator[tuple[Service, PastIssue]]:
        names = {service.id: service.name for service in records.services}
        for issue in records.issues:
            service = _service_of(issue, names)
            if _serves(self._options, service, issue):
                yield service, issue

    def remarks(self, records: PastIssues, window: Window) -> Iterable[str]:
        if records.left_out:
            yield (
                f"{records.left_out} of {records.left_out + len(records.issues)} issues cannot be read and are left "
                f"out. The first: {records.example}"
            )
        odd = [issue.id for issue in records.issues if not issue.lasted(window.end)]
        if odd:
            shown = ", ".join(odd[:_SHOWN]) + (", …" if len(odd) > _SHOWN else "")
            yield (
                f"{len(odd)} issues have no start, no end although they are resolved, or an end before their start; "
                f"they are left out, and o365_service_open_issues does not count them: {shown}."
            )
        if records.known_since > window.start:
            when = "not at all: it lists none" if records.known_since == inf else f"on {_day(records.known_since)}"
            yield (
                "Graph tells of no issue that was resolved before; what was before that may be forgotten, so "
                f"o365_service_open_issues begins {when}."
            )


async def _list_all(graph: GraphClient) -> Sequence[Json]:
    """Every issue, resolved ones too; with their posts where Graph does not take the wish to have them without."""
    try:
        return await graph.list(PAST_ISSUES)
    except PollError as error:
        if error.status != HTTPStatus.BAD_REQUEST:
            raise
        return await graph.list(replace(ISSUES, urgent=False))


def _day(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).date().isoformat()


COLLECTOR = Collector(
    name="service_health",
    summary="Is each Microsoft 365 service healthy, and what is wrong where it is not?",
    options=Options,
    metrics=METRICS,
    sources=lambda options: (OverviewsSource(options), IssuesSource(options)),
    history=lambda options: (IssueHistory(options),),
)
