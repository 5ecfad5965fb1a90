"""When issues were open, as far as Graph still tells."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from math import inf

from o365_exporter.collectors.service_health.endpoints import ISSUES, ISSUES_OF_SERVICE, OVERVIEWS, PAST_ISSUES
from o365_exporter.collectors.service_health.options import Options
from o365_exporter.collectors.service_health.overviews import identified
from o365_exporter.collectors.service_health.places import Places
from o365_exporter.collectors.service_health.records import (
    PastIssue,
    Service,
    parse_issue,
    parse_service,
)
from o365_exporter.collectors.service_health.series import (
    CLASSIFICATIONS,
    ISSUE_OPEN,
    OPEN_ISSUES,
)
from o365_exporter.collectors.service_health.watching import serves, service_of, watched
from o365_exporter.errors import PollError
from o365_exporter.fields import Json, closed
from o365_exporter.graph import GraphClient
from o365_exporter.history import History, Past, Stretch, Window, counted
from o365_exporter.listing import parsed

_SHOWN = 3
"""Issues that are named as examples."""


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
        return PastIssues(identified(overviews, ()).entries, tuple(issues), listed.left_out, listed.example)

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
        zero = {(s.id, s.name, c) for s in watched(records.services, self._options) for c in CLASSIFICATIONS}
        times: dict[tuple[str, str, str], list[tuple[float, float]]] = {key: [] for key in sorted(zero)}
        for service, issue in issues:
            key = service.id, service.name, closed(issue.classification, CLASSIFICATIONS)
            times.setdefault(key, []).append(issue.lasted(window.end) or (0, 0))
        for key, each in times.items():
            service_id, service_name, classification = key
            series = OPEN_ISSUES.at(0, service_id=service_id, service_name=service_name, classification=classification)
            stretches = tuple(one for one in counted(each, window) if one.value or key in zero)
            if stretches:
                yield Past(series, stretches)

    def _served(self, records: PastIssues) -> Iterator[tuple[Service, PastIssue]]:
        names = {service.id: service.name for service in records.services}
        for issue in records.issues:
            service = service_of(issue, names)
            if serves(self._options, service, issue):
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
