"""Services and their issues, as Microsoft tells of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest
from urllib.parse import quote

from o365_exporter.collectors import service_health as health
from o365_exporter.fields import iso
from o365_exporter.markup import plain, sanitised
from o365_exporter.status.models import Day, DayState, IssueDetail, IssueView, PostView, ServiceView
from o365_exporter.status.polling import reading_of
from o365_exporter.status.seen import Seen

COLLECTOR = health.COLLECTOR.name
OVERVIEWS, ISSUES = health.OverviewsSource.name, health.IssuesSource.name

LATEST_LENGTH = 400
"""Characters of the latest post that a list shows."""

_DAY = 86400.0
_WORST = "serviceInterruption"


def issues_of(seen: Seen, most: int) -> list[IssueView]:
    """The issues that are served, ``most`` of them: open ones first, and of these those that were written of last."""
    chosen = nsmallest(most, served(seen), key=lambda pair: _precedence(pair[0]))
    return [view(seen, issue, name) for issue, name in chosen]


def _precedence(issue: health.Issue) -> tuple[bool, float, str]:
    return issue.is_resolved, -(issue.last_post or issue.start or 0.0), issue.id


def issue_of(seen: Seen, issue_id: str) -> IssueDetail | None:
    """One issue with its posts, the latest first; None where it is not served."""
    for issue, name in served(seen):
        if issue.id == issue_id:
            known = view(seen, issue, name)
            words = tuple(
                PostView(at=post.at, kind=post.kind, html=sanitised(post.html), text=plain(post.html))
                for post in reversed(issue.words)
            )
            missing = max(0, issue.posts - len(words))
            read = reading_of(seen, COLLECTOR, ISSUES)
            if issue.unread:
                read = read.model_copy(update={"trouble": issue.unread})
            return IssueDetail(**dict(known), tenant=seen.name, read=read, words=words, words_missing=missing)
    return None


def services_of(seen: Seen) -> list[ServiceView]:
    """The services that are served, the worst first."""
    by_service = defaultdict[str, list[health.Issue]](list)
    for issue, _ in served(seen):
        by_service[issue.service_id].append(issue)
    views = [
        _service(service, by_service[service.id], _history(seen, service), is_healthy=is_healthy)
        for service, is_healthy in _services(seen)
    ]
    return sorted(views, key=_worst_first)


def _worst_first(view: ServiceView) -> tuple[bool, bool, int, int, str]:
    return view.is_healthy, view.status != _WORST, -view.incidents, -view.advisories, view.name.casefold()


def counts_of(seen: Seen) -> tuple[int, list[str], int, int]:
    """How many services are known, which are not healthy (the worst first), how many incidents and others are open."""
    services = _services(seen)
    issues = [issue for issue, _ in served(seen) if not issue.is_resolved]
    opened = Counter(_is_incident(issue) for issue in issues)
    with_incidents = {issue.service_id for issue in issues if _is_incident(issue)}
    unhealthy = sorted(
        (service for service, is_healthy in services if not is_healthy),
        key=lambda service: (service.status != _WORST, service.id not in with_incidents, service.name.casefold()),
    )
    return len(services), [service.name for service in unhealthy], opened[True], opened[False]


def issues_known(seen: Seen) -> bool:
    """Whether it is known which issues are open."""
    return seen.is_known(COLLECTOR, ISSUES)


def unread_of(seen: Seen) -> int:
    """Services and issues that Microsoft told of and that could not be read: they may be the ones in trouble."""
    polls = (seen.poll(COLLECTOR, source) for source in (OVERVIEWS, ISSUES))
    return sum(poll.left_out for poll in polls if poll is not None and poll.is_fresh(seen.now))


def _services(seen: Seen) -> list[tuple[health.Service, bool]]:
    """The services that pass the settings' filters, each with whether it is healthy."""
    source, records = seen.source(COLLECTOR, OVERVIEWS), seen.records(COLLECTOR, OVERVIEWS)
    return source.served(records) if isinstance(source, health.OverviewsSource) and records is not None else []


def served(seen: Seen) -> Sequence[tuple[health.Issue, str]]:
    """The issues that pass the settings' filters, each with the name of its service; looked for once in a view."""
    return seen.once(_served)


def _served(seen: Seen) -> Sequence[tuple[health.Issue, str]]:
    source, records = seen.source(COLLECTOR, ISSUES), seen.records(COLLECTOR, ISSUES)
    if not isinstance(source, health.IssuesSource) or records is None:
        return []
    services = seen.poll(COLLECTOR, OVERVIEWS)
    known = services.records if services is not None else None
    return [(issue, service.name) for service, issue in source.served(records, known or ())]


def view(seen: Seen, issue: health.Issue, service_name: str) -> IssueView:
    """An issue without its posts."""
    latest = plain(issue.words[-1].html) if issue.words else ""
    return IssueView(
        id=issue.id,
        service_id=issue.service_id,
        service_name=service_name,
        title=issue.title,
        classification=issue.classification,
        origin=issue.origin,
        status=issue.status,
        feature=issue.feature,
        feature_group=issue.feature_group,
        is_open=not issue.is_resolved,
        start=issue.start,
        end=issue.end,
        last_modified=issue.last_modified,
        last_post=issue.last_post,
        posts=issue.posts,
        latest=latest if len(latest) <= LATEST_LENGTH else f"{latest[: LATEST_LENGTH - 1]}…",
        admin_url=admin_url(seen.watched.facts.cloud.admin_center, issue.id),
    )


def admin_url(admin_center: str, issue_id: str) -> str:
    """Where an administrator reads of this very issue."""
    return f"{admin_center}/#/servicehealth/:/alerts/{quote(issue_id, safe='')}"


def _service(
    service: health.Service, issues: list[health.Issue], history: Iterable[Day], *, is_healthy: bool
) -> ServiceView:
    opened = [_is_incident(issue) for issue in issues if not issue.is_resolved]
    return ServiceView(
        id=service.id,
        name=service.name,
        status=service.status,
        is_healthy=is_healthy,
        incidents=sum(opened),
        advisories=len(opened) - sum(opened),
        history=tuple(history),
    )


def _history(seen: Seen, service: health.Service) -> Iterator[Day]:
    """Day by day what was open; of what polls found and what Microsoft lists, the worse."""
    source, records = seen.source(COLLECTOR, ISSUES), seen.records(COLLECTOR, ISSUES)
    if not isinstance(source, health.IssuesSource):
        return
    known = health.Issues((), 0, "", 0) if records is None else records
    for day, polled, listed in source.history(known, service, seen.now):
        each, by_polls, by_list = (_day_state(polled | listed), _known(polled), _known(listed))
        yield Day(date=iso(day * _DAY)[:10], state=each, polled=by_polls, listed=by_list)


def _known(digit: int) -> DayState:
    return _day_state(digit) if digit & health.KNOWN else "unknown"


def _day_state(digit: int) -> DayState:
    if digit & health.INCIDENT:
        return "incident"
    if digit & health.ADVISORY:
        return "advisory"
    return "ok" if digit & health.KNOWN else "unknown"


def _is_incident(issue: health.Issue) -> bool:
    return health.kind_of(issue.classification) == health.INCIDENT
