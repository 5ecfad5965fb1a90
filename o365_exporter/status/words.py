"""What Microsoft has written lately, of incidents and in the message centre, as one list."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import nlargest
from html import escape
from typing import Literal, NamedTuple

from o365_exporter.collectors.message_center import Message
from o365_exporter.collectors.service_health import Issue, Post
from o365_exporter.fields import iso
from o365_exporter.markup import sanitised
from o365_exporter.status import announcements, health
from o365_exporter.status.seen import Seen
from o365_exporter.status.sentences import counted
from o365_exporter.store import Key, Poll


@dataclass(frozen=True, slots=True)
class Written:
    """A post or a message, and all tenants that were told it; or a notice that Microsoft is not heard about some.

    Args:
        kind: of an issue's post, a message, or a notice.
        id: of the issue or message; of a notice what tells it apart from an earlier one.
        at: seconds since 1970; a message that Microsoft changes has another one. Where Microsoft does not tell, when
            the issue or message began, or 1970.
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
_NO_WORDS = "<p>The words of this message are not kept here; the admin center has them.</p>"


class _Subject(NamedTuple):
    """What Microsoft writes of, and by which source it is read.

    ``is_told_daily`` is whether it is told again each day that it was never read, and not once.
    """

    collector: str
    source: str
    where: str
    page: str
    is_told_daily: bool

    @property
    def place(self) -> tuple[str, str]:
        """Of its polls."""
        return self.collector, self.source


_SUBJECTS = (
    _Subject(health.COLLECTOR, health.ISSUES, "about incidents", "servicehealth", is_told_daily=True),
    _Subject(
        announcements.COLLECTOR, announcements.MESSAGES, "in the message centre", "MessageCenter", is_told_daily=False
    ),
)

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
    """Of tenants of which it is not known what there is: without it all looks as if Microsoft had nothing to tell."""
    unheard = defaultdict[tuple[float, str, _Subject], list[Seen]](list)
    for subject in _SUBJECTS:
        for seen in tenants:
            poll = seen.poll(*subject.place)
            if poll is not None and poll.attempted_at is not None and not seen.is_known(*subject.place):
                unheard[_unheard_since(poll, seen.now), poll.state, subject].append(seen)
    return [_notice(at, subject, found) for (at, _, subject), found in sorted(unheard.items(), reverse=True)]


def _unheard_since(poll: Poll, now: float) -> float:
    """By the hour in which records were withdrawn; by the day where there never were any."""
    if poll.taken_at is None:
        return (poll.attempted_at or 0.0) // _DAY * _DAY
    withdrawn = poll.fresh_until if poll.fresh_until <= now else poll.taken_at  # nothing, as far as was known
    return withdrawn // _HOUR * _HOUR


def _notice(at: float, subject: _Subject, tenants: Sequence[Seen]) -> Written:
    first = tenants[0]
    poll = first.polls[Key(first.name, *subject.place)]
    is_told_again = subject.is_told_daily or poll.taken_at is not None
    return Written(
        kind="notice",
        id=" ".join((subject.source, poll.state, *([iso(at)] if is_told_again else []))),
        at=at,
        number=0,
        title=f"What Microsoft writes {subject.where} of {counted(len(tenants), 'tenant')} cannot be read",
        html=f"<p>{escape(poll.message)}</p>",
        subjects=(poll.state,),
        admin_url=f"{first.watched.facts.cloud.admin_center}/#/{subject.page}",
        tenants=tuple(seen.name for seen in tenants),
    )


def _posts(seen: Seen) -> Iterator[tuple[Place, Make]]:
    for issue, service_name in health.served(seen):
        numbers = Counter[int]()
        for post in issue.words:
            at = _moment(post.at, issue.start)
            number = numbers[int(at)]
            numbers[int(at)] += 1
            make = partial(_post, seen, issue, service_name, post=post, at=at, number=number)
            yield (at, "post", issue.id, number), make


def _messages(seen: Seen) -> Iterator[tuple[Place, Make]]:
    for message in announcements.served(seen):
        at = _moment(message.last_modified, message.start) // 1  # a feed tells no moments within a second apart
        yield (at, "message", message.id, 0), partial(_message, seen, message, at=at)


def _moment(told: float | None, start: float | None) -> float:
    """When it was written; where Microsoft does not tell, when what it is about began, so that its id stays."""
    return next((moment for moment in (told, start) if moment is not None), 0.0)


def _post(
    seen: Seen, issue: Issue, service_name: str, tenants: tuple[str, ...], *, post: Post, at: float, number: int
) -> Written:
    return Written(
        kind="post",
        id=issue.id,
        at=at,
        number=number,
        title=f"{issue.id}: {issue.title} ({service_name})",
        html=sanitised(post.html),
        subjects=(issue.classification, issue.status, service_name),
        admin_url=health.view(seen, issue, service_name).admin_url,
        tenants=tenants,
    )


def _message(seen: Seen, message: Message, tenants: tuple[str, ...], *, at: float) -> Written:
    html = announcements.body_of(seen, message.id)
    return Written(
        kind="message",
        id=message.id,
        at=at,
        number=0,
        title=f"{message.id}: {message.title}",
        html=_NO_WORDS if html is None else sanitised(html),
        subjects=(message.category, *message.services),
        admin_url=announcements.view(seen, message).admin_url,
        tenants=tenants,
    )
