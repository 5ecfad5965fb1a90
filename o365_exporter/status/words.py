"""What Microsoft has written lately, of incidents and in the message centre, as one list."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nlargest
from html import escape
from typing import Literal

from o365_exporter.collectors.message_center import Message
from o365_exporter.collectors.service_health import Issue, Post
from o365_exporter.markup import sanitised
from o365_exporter.status import announcements, health
from o365_exporter.status.seen import Seen
from o365_exporter.status.sentences import counted
from o365_exporter.store import Poll


@dataclass(frozen=True, slots=True)
class Written:
    """A post or a message, and all tenants that were told it; or a notice that Microsoft is not heard about some.

    Args:
        kind: of an issue's post, a message, or a notice.
        id: of the issue or message; of a notice the reason.
        at: seconds since 1970; a message that Microsoft changes has another one.
        number: of a post among those of its issue in the same second, counted from 0.
        title: one line.
        html: sanitised.
        subjects: classification and status, or category; and the services.
        admin_url: where it is in the admin center of the first tenant's cloud.
        tenants: by name, in their order.
    """

    kind: Literal["post", "message", "notice"]
    id: str
    at: float
    number: int
    title: str
    html: str
    subjects: tuple[str, ...]
    admin_url: str
    tenants: tuple[str, ...]


_HOUR, _DAY = 3600.0, 86400.0

Place = tuple[float, str, str, int]
Make = Callable[[tuple[str, ...]], Written]


def written(tenants: Sequence[Seen], most: int) -> list[Written]:
    """Notices, and what Microsoft wrote last, the latest first; what many tenants are told alike is one.

    Args:
        tenants: which are looked at.
        most: how many are wanted.
    """
    told = dict[Place, tuple[Make, list[str]]]()
    for seen in tenants:
        for place, make in (*_posts(seen), *_messages(seen)):
            told.setdefault(place, (make, []))[1].append(seen.name)
    latest = nlargest(most, told.items(), key=lambda item: item[0])
    return [*_notices(tenants), *(make(tuple(names)) for _, (make, names) in latest)]


def _notices(tenants: Iterable[Seen]) -> list[Written]:
    """Of tenants whose issues are not known: a feed without them looks as if Microsoft had nothing to tell."""
    unheard = defaultdict[tuple[float, str], list[Seen]](list)
    for seen in tenants:
        poll = seen.poll(health.COLLECTOR, health.ISSUES)
        if poll is not None and poll.attempted_at is not None and not health.issues_known(seen):
            unheard[_unheard_since(poll), poll.state].append(seen)
    return [_notice(at, reason, found) for (at, reason), found in sorted(unheard.items(), reverse=True)]


def _unheard_since(poll: Poll) -> float:
    """By the hour in which records were withdrawn; by the day where there never were any, so that it is told again."""
    if poll.taken_at is not None:
        return poll.fresh_until // _HOUR * _HOUR
    return (poll.attempted_at or 0.0) // _DAY * _DAY


def _notice(at: float, reason: str, tenants: Sequence[Seen]) -> Written:
    first = tenants[0]
    poll = first.poll(health.COLLECTOR, health.ISSUES)
    return Written(
        kind="notice",
        id=reason,
        at=at,
        number=0,
        title=f"What Microsoft writes about incidents of {counted(len(tenants), 'tenant')} cannot be read",
        html=f"<p>{escape(poll.message if poll else '')}</p>",
        subjects=(reason,),
        admin_url=f"{first.watched.facts.cloud.admin_center}/#/servicehealth",
        tenants=tuple(seen.name for seen in tenants),
    )


def _posts(seen: Seen) -> Iterator[tuple[Place, Make]]:
    for issue, service_name in health.served(seen):
        numbers = Counter[int]()
        for post in issue.words:
            if post.at is not None:
                number = numbers[int(post.at)]
                numbers[int(post.at)] += 1
                make = partial(_post, seen, issue, service_name, post=post, number=number)
                yield (post.at, "post", issue.id, number), make


def _messages(seen: Seen) -> Iterator[tuple[Place, Make]]:
    for message in announcements.served(seen):
        if message.last_modified is not None:
            yield (message.last_modified, "message", message.id, 0), partial(_message, seen, message)


def _post(seen: Seen, issue: Issue, service_name: str, tenants: tuple[str, ...], *, post: Post, number: int) -> Written:
    return Written(
        kind="post",
        id=issue.id,
        at=post.at or 0.0,
        number=number,
        title=f"{issue.id}: {issue.title} ({service_name})",
        html=sanitised(post.html),
        subjects=(issue.classification, issue.status, service_name),
        admin_url=health.view(seen, issue, service_name).admin_url,
        tenants=tenants,
    )


def _message(seen: Seen, message: Message, tenants: tuple[str, ...]) -> Written:
    return Written(
        kind="message",
        id=message.id,
        at=message.last_modified or 0.0,
        number=0,
        title=f"{message.id}: {message.title}",
        html=sanitised(announcements.body_of(seen, message.id) or ""),
        subjects=(message.category, *message.services),
        admin_url=announcements.view(seen, message).admin_url,
        tenants=tenants,
    )
