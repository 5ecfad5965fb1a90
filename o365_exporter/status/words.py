"""What Microsoft has written lately, of incidents and in the message centre, as one list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import nlargest
from typing import Literal

from o365_exporter.collectors.message_center import Message
from o365_exporter.collectors.service_health import Issue, Post
from o365_exporter.markup import sanitised
from o365_exporter.status import announcements, health
from o365_exporter.status.seen import Seen


@dataclass(frozen=True, slots=True)
class Written:
    """A post or a message, and all tenants that were told it.

    Args:
        kind: of an issue's post, or a message.
        id: of the issue or message.
        at: seconds since 1970; a message that Microsoft changes has another one.
        title: one line.
        html: sanitised.
        subjects: classification and status, or category; and the services.
        admin_url: where it is in the admin center of the first tenant's cloud.
        tenants: by name, in their order.
    """

    kind: Literal["post", "message"]
    id: str
    at: float
    title: str
    html: str
    subjects: tuple[str, ...]
    admin_url: str
    tenants: tuple[str, ...]


Place = tuple[float, str, str]
Make = Callable[[float, tuple[str, ...]], Written]


def written(tenants: Iterable[Seen], most: int) -> list[Written]:
    """The latest, the latest first; what many tenants are told alike is one.

    Args:
        tenants: which are looked at.
        most: how many are wanted.
    """
    told = dict[Place, tuple[Make, list[str]]]()
    for seen in tenants:
        for place, make in (*_posts(seen), *_messages(seen)):
            told.setdefault(place, (make, []))[1].append(seen.name)
    latest = nlargest(most, told.items(), key=lambda item: item[0])
    return [make(at, tuple(names)) for (at, _, _), (make, names) in latest]


def _posts(seen: Seen) -> Iterator[tuple[Place, Make]]:
    for issue, service_name in health.served(seen):
        for post in issue.words:
            if post.at is not None:
                yield (post.at, "post", issue.id), _post(seen, issue, service_name, post)


def _messages(seen: Seen) -> Iterator[tuple[Place, Make]]:
    for message in announcements.served(seen):
        if message.last_modified is not None:
            yield (message.last_modified, "message", message.id), _message(seen, message)


def _post(seen: Seen, issue: Issue, service_name: str, post: Post) -> Make:
    def make(at: float, tenants: tuple[str, ...]) -> Written:
        return Written(
            kind="post",
            id=issue.id,
            at=at,
            title=f"{issue.id}: {issue.title} ({service_name})",
            html=sanitised(post.html),
            subjects=(issue.classification, issue.status, service_name),
            admin_url=health.view(seen, issue, service_name).admin_url,
            tenants=tenants,
        )

    return make


def _message(seen: Seen, message: Message) -> Make:
    def make(at: float, tenants: tuple[str, ...]) -> Written:
        return Written(
            kind="message",
            id=message.id,
            at=at,
            title=f"{message.id}: {message.title}",
            html=sanitised(announcements.bodies_of(seen).get(message.id, "")),
            subjects=(message.category, *message.services),
            admin_url=announcements.view(seen, message).admin_url,
            tenants=tenants,
        )

    return make
