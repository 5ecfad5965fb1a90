"""The open issues, and for a while those that were resolved under our eyes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from o365_exporter import fields
from o365_exporter.collectors.service_health.days import ADVISORY, DAY, INCIDENT, Days, Span, after_poll, kind_of, up_to
from o365_exporter.collectors.service_health.endpoints import (
    ISSUE,
    ISSUES,
    ISSUES_OF_SERVICE,
    OVERVIEWS,
    SOURCE_OF_ISSUES,
)
from o365_exporter.collectors.service_health.lookback import looked_back
from o365_exporter.collectors.service_health.options import Options
from o365_exporter.collectors.service_health.overviews import OverviewsSource
from o365_exporter.collectors.service_health.places import Places
from o365_exporter.collectors.service_health.records import (
    Issue,
    Issues,
    Post,
    Service,
    Services,
    bounded,
    parse_issue,
)
from o365_exporter.collectors.service_health.series import (
    CLASSIFICATIONS,
    ISSUE_INFO,
    ISSUE_OPEN,
    ISSUE_POSTS,
    ISSUE_STATUS,
    ISSUE_TIMES,
    METRICS,
    OPEN_ISSUES,
    ORIGINS,
    STATUSES,
    TITLE_LENGTH,
)
from o365_exporter.collectors.service_health.watching import serves, service_of, watched
from o365_exporter.errors import PollError
from o365_exporter.fields import closed, shared
from o365_exporter.graph import GraphClient
from o365_exporter.listing import Listing, left_out_remark, parsed
from o365_exporter.markup import plain
from o365_exporter.metrics import Sample
from o365_exporter.source import NEWS_LENGTH, News, Source

_READ_RESOLVED_EVERY = 6 * 3600.0
"""Seconds between two readings of an issue that was resolved: a review may be posted days later."""

_GAP = 3600.0
"""Seconds without a poll in which an issue may come and go; a restart, or a failed poll, takes less."""

_NOT_FOUND = HTTPStatus.NOT_FOUND
_TWICE = 2


class IssuesSource(Source[Issues]):
    """The open issues, and for a while those that were resolved under our eyes."""

    name = SOURCE_OF_ISSUES
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
        places = Places(graph, {} if previous is None else previous.directory)
        known = {issue.id: issue.service_id for issue in before.values()}
        placed = [
            replace(issue, service_id=known.get(issue.id) or await places.of(issue.id, issue.service))
            for issue in found.values()
        ]
        is_whole = not listed.left_out
        days = await self._days(graph, previous, placed, places.directory, now, is_whole=is_whole)
        kept = tuple(map(shared, bounded(placed)))
        return Issues(kept, listed.left_out, listed.example, now, directory=places.directory, days=days)

    async def _days(
        self,
        graph: GraphClient,
        previous: Issues | None,
        issues: Iterable[Issue],
        directory: Mapping[str, str],
        now: float,
        *,
        is_whole: bool,
    ) -> Days:
        """What was open day by day; Microsoft is asked for days that were not polled, but by no first poll."""
        spans = (span for issue in issues if (span := _span(issue, now)))
        before = 0.0 if previous is None else previous.read_at
        gap_since = before if not is_whole or self._is_gap(before, now) else None
        days = after_poll(Days() if previous is None else previous.days, spans, now, gap_since)
        if not is_whole:  # what could not be read may be open
            days = days.unknown_from(now)
        goes_on = previous is not None and now - previous.read_at <= 2 * self.interval
        return await looked_back(days, graph, directory, now) if goes_on and days.lacks(now) else days

    def _is_gap(self, before: float, now: float) -> bool:
        """Whether an issue may have come and gone between two polls without having been seen."""
        return now - before > max(_GAP, 2 * self.interval)

    def history(self, records: Issues, service: Service, now: float) -> Iterator[tuple[int, int, int]]:
        """Each of the last days, as ``Days.digits`` has it, without what the filter on classifications hides."""
        hidden = sum(
            what
            for what, name in ((ADVISORY, "advisory"), (INCIDENT, "incident"))
            if not self._options.classifications.keeps(name)
        )
        days = up_to(records.days, int(now // DAY))
        if self._is_gap(records.read_at, now):
            days = days.unknown_from(records.read_at)
        for day, polled, listed in days.digits(service.id, service.name):
            yield day, polled & ~hidden, listed & ~hidden

    def _is_over(self, issue: Issue, now: float) -> bool:
        return issue.left_at is not None and now - issue.left_at > self._options.keep_resolved

    def left_out(self, records: Issues) -> int:
        return records.left_out

    def news(self, previous: Issues | None, records: Issues) -> Iterator[News]:
        if previous is None:
            return
        before = {issue.id: issue for issue in previous}
        for issue in records:
            if serves(self._options, service_of(issue, {}), issue):
                yield from (_news_of(issue, post) for post in _unheard(issue, before.get(issue.id)))

    def served(self, records: Issues, services: Iterable[Service]) -> list[tuple[Service, Issue]]:
        """The issues that the settings serve, each with its service as the overviews name it now."""
        names = {service.id: service.name for service in services}
        issues = ((service_of(issue, names), issue) for issue in records)
        return [(service, issue) for service, issue in issues if serves(self._options, service, issue)]

    def samples(self, records: Issues, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        services: Services | tuple[Service, ...] = siblings.get(OverviewsSource.name) or ()
        issues = self.served(records, services)
        yield from _open_counts(watched(services, self._options), issues)
        for service, issue in issues:
            yield from _issue_samples(service, issue)

    def remarks(self, records: Issues) -> Iterator[str]:
        if records.left_out:
            yield left_out_remark(records)
        if records.days.trouble:
            yield f"The past of the issues is not known, for the status page alone: {records.days.trouble}"
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


def _span(issue: Issue, now: float) -> Span | None:
    kind = kind_of(issue.classification)
    if not issue.is_resolved:  # it is open now, whatever is said of when it began
        return Span(issue.service_id, kind, min(now if issue.start is None else issue.start, now), now)
    over = issue.end or issue.last_modified or issue.start
    return None if issue.start is None or over is None else Span(issue.service_id, kind, issue.start, over)


def _unheard(issue: Issue, before: Issue | None) -> Iterator[Post]:
    """Its posts that are not from before; a text that was not kept and is now is no news.

    Microsoft may write twice in one second, or without a moment: such posts are told by their text, while there are
    more of them than before.
    """
    if before is None:
        yield from issue.words
        return
    known = {(post.at, post.html) for post in before.words}
    has_more = issue.posts > before.posts
    for post in issue.words:
        is_later = post.at is not None and (before.last_post is None or post.at > before.last_post)
        is_of_the_moment = has_more and (post.at is None or post.at == before.last_post)
        if is_later or (is_of_the_moment and (post.at, post.html) not in known):
            yield post


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
    for metric, attribute in ISSUE_TIMES:
        moment: float | None = getattr(issue, attribute)
        if moment is not None:
            yield metric.at(moment, **labels)
