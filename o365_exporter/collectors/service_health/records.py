"""What is kept of services and issues."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import AfterValidator

from o365_exporter import fields
from o365_exporter.collectors.service_health.days import Days
from o365_exporter.collectors.service_health.series import (
    CLASSIFICATIONS,
    ORIGINS,
    STATUSES,
)
from o365_exporter.fields import Json, member, shared
from o365_exporter.listing import Listing

POSTS_KEPT = 40
"""Posts of an issue whose text is kept, the newest; Microsoft writes some eight."""

CHARACTERS_KEPT = 1024 * 1024
"""Characters of posts that are kept for a tenant: 600 posts of ordinary length."""


@dataclass(frozen=True, slots=True)
class Service:
    """One entry of healthOverviews; ``status`` as Graph spells it, a newer one as it came.

    ``id`` is empty where the entry has none, until ``identified`` finds it.
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

    ``posts`` is how many there are, ``words`` those whose text is kept, the oldest first; see ``bounded``.

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
    words: tuple[Annotated[Post, AfterValidator(shared)], ...] = ()
    service_id: str = ""
    left_at: float | None = None
    read_at: float = 0.0
    unread: str = ""
    not_found: int = 0


Services = Listing[Annotated[Service, AfterValidator(shared)]]


@dataclass(frozen=True, slots=True)
class Issues(Listing[Issue]):
    """The open issues and those that were resolved lately; ``directory`` knows the id of each service by its name."""

    entries: tuple[Annotated[Issue, AfterValidator(shared)], ...]
    directory: Mapping[str, str] = field(default_factory=dict)
    days: Days = field(default_factory=Days)


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
        words=tuple(shared(post) for post in words if post.html)[-POSTS_KEPT:],
    )


def _parse_post(entry: Json) -> Post:
    return Post(
        at=fields.timestamp(entry, "createdDateTime"),
        kind=fields.shared_text(entry, "postType"),
        html=fields.body(fields.record(entry, "description"), "content"),
    )


def bounded(issues: Sequence[Issue]) -> tuple[Issue, ...]:
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
