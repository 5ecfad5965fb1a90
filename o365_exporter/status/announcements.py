"""Messages of the message centre, as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from o365_exporter.collectors import message_center as messages
from o365_exporter.markup import plain, sanitised
from o365_exporter.status.models import MessageDetail, MessageView
from o365_exporter.status.polling import reading_of
from o365_exporter.status.seen import Seen

COLLECTOR = messages.COLLECTOR.name
MESSAGES, BODIES = messages.MessagesSource.name, messages.BodiesSource.name


def served(seen: Seen) -> Sequence[messages.Message]:
    """The messages that pass the settings' filter, the foremost first; looked for once in a view."""
    return seen.once(_served)


def _served(seen: Seen) -> Sequence[messages.Message]:
    source, records = seen.source(COLLECTOR, MESSAGES), seen.records(COLLECTOR, MESSAGES)
    return source.passing(records) if isinstance(source, messages.MessagesSource) and records is not None else []


def messages_known(seen: Seen) -> bool:
    """Whether it is known which messages there are."""
    return seen.is_known(COLLECTOR, MESSAGES)


def messages_of(seen: Seen) -> list[MessageView]:
    """The same as people see them."""
    return [view(seen, message) for message in served(seen)]


def message_of(seen: Seen, message_id: str) -> MessageDetail | None:
    """One message with its body; None where it is not served."""
    found = next((message for message in served(seen) if message.id == message_id), None)
    if found is None:
        return None
    html = body_of(seen, message_id)
    return MessageDetail(
        **dict(view(seen, found)),
        tenant=seen.name,
        read=reading_of(seen, COLLECTOR, MESSAGES),
        html="" if html is None else sanitised(html),
        text="" if html is None else plain(html),
        is_missing=html is None,
    )


def body_of(seen: Seen, message_id: str) -> str | None:
    """The body of a message, as HTML that nobody has sanitised yet; None where none is kept."""
    records: messages.Bodies | None = seen.records(COLLECTOR, BODIES)
    found = next((body for body in records or () if body.id == message_id and not body.too_long), None)
    if found is None:
        return None
    return found.content if found.is_html else _paragraphs(found.content)


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())


def view(seen: Seen, message: messages.Message) -> MessageView:
    """A message without its body."""
    admin_center = seen.watched.facts.cloud.admin_center
    return MessageView(
        id=message.id,
        title=message.title,
        category=message.category,
        severity=message.severity,
        services=message.services,
        tags=message.tags,
        is_major_change=message.is_major_change,
        start=message.start,
        end=message.end,
        last_modified=message.last_modified,
        action_required_by=message.action_required_by,
        admin_url=f"{admin_center}/#/MessageCenter/:/messages/{quote(message.id, safe='')}",
    )
