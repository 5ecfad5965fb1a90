"""Messages and their bodies, and how they are read out of Graph's objects."""

from __future__ import annotations

import base64
import sys
import zlib
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from o365_exporter import fields
from o365_exporter.collectors.message_center.series import CATEGORIES, SEVERITIES
from o365_exporter.fields import Json, member, shared
from o365_exporter.listing import Listing

LONGEST_BODY = 64 * 1024
"""Characters of a body; they are as long as articles, and full of formats."""

Shared = Annotated[str, AfterValidator(sys.intern)]
"""A text that is kept once, however many tenants have it, also after a restart."""


@dataclass(frozen=True, slots=True)
class Message:
    """One serviceUpdateMessage without its body. Times are seconds since 1970, None where Graph has none.

    Args:
        id: such as MC1299959; a message that Microsoft changes keeps it.
        title: one line, not cut.
        category: as Graph spells it; a newer one as it came.
        severity: the same.
        services: that it is about, by the names that people know; often more than one, seldom none.
        tags: such as "Retirement", "Admin impact".
        is_major_change: None where Microsoft does not say, which is not no.
        start: when it was announced.
        end: when Microsoft takes it away.
        last_modified: when Microsoft last changed it.
        action_required_by: until when something must be done; may lie in the past.
        has_attachments: whether there are files, which are read nowhere.
    """

    id: Shared
    title: Shared
    category: Shared
    severity: Shared
    services: tuple[Shared, ...]
    tags: tuple[Shared, ...]
    is_major_change: bool | None
    start: float | None
    end: float | None
    last_modified: float | None
    action_required_by: float | None
    has_attachments: bool

    def is_served(self, now: float, keep: float) -> bool:
        """Whether its deadline lies ahead, or it has not ended and was changed within ``keep`` seconds."""
        is_over = self.end is not None and self.end <= now
        is_old = self.last_modified is not None and now - self.last_modified > keep
        return self._is_due(now) or not (is_over or is_old)

    def precedence(self, now: float) -> tuple[bool, float, str]:
        """By which messages are sorted, the foremost first: nearest deadline ahead, then the latest change."""
        due = self._is_due(now)
        return not due, (self.action_required_by or 0.0) if due else -(self.last_modified or 0.0), self.id

    def _is_due(self, now: float) -> bool:
        return self.action_required_by is not None and self.action_required_by > now


@dataclass(frozen=True, slots=True)
class Body:
    """The body of one message, as Microsoft wrote it: whoever shows it as HTML sanitises it first.

    Args:
        id: of the message.
        last_modified: of the message whose body this was; another one has another body.
        is_html: whether it is HTML, and not plain text.
        packed: ``content`` compressed, since thousands of tenants have it in memory and on disk.
        too_long: whether it is not kept, because no answer can hold it or the tenant's others leave no room;
            ``content`` is empty then. One that is only long is cut, and ends in "…".
    """

    id: Shared
    last_modified: float | None
    is_html: bool
    packed: Shared
    too_long: bool

    @property
    def content(self) -> str:
        """The text; empty where a state file holds something else than what was packed here."""
        try:
            unpacking = zlib.decompressobj()
            return unpacking.decompress(base64.b64decode(self.packed), 4 * LONGEST_BODY).decode()
        except (ValueError, zlib.error):
            return ""


Messages = Listing[Annotated[Message, AfterValidator(shared)]]
"""Those that are served, the foremost first."""

Bodies = Listing[Annotated[Body, AfterValidator(shared)]]


def parse_message(entry: Json) -> Message:
    """One serviceUpdateMessage."""
    return Message(
        id=sys.intern(fields.reference(entry, "id")),
        title=fields.shared_text(entry, "title"),
        category=member(fields.shared_text(entry, "category"), CATEGORIES),
        severity=member(fields.shared_text(entry, "severity"), SEVERITIES),
        services=fields.shared_texts(entry, "services"),
        tags=fields.shared_texts(entry, "tags"),
        is_major_change=fields.flag_if_any(entry, "isMajorChange"),
        start=fields.timestamp(entry, "startDateTime"),
        end=fields.timestamp(entry, "endDateTime"),
        last_modified=fields.timestamp(entry, "lastModifiedDateTime"),
        action_required_by=fields.timestamp(entry, "actionRequiredByDateTime"),
        has_attachments=fields.flag(entry, "hasAttachments"),
    )


def parse_body(entry: Json, message: Message) -> Body:
    """The body of a message."""
    body = fields.record(entry, "body")
    content = fields.body(body, "content", LONGEST_BODY)
    packed = base64.b64encode(zlib.compress(content.encode())).decode() if content else ""
    is_html = fields.text(body, "contentType").lower() == "html"
    return shared(Body(message.id, message.last_modified, is_html, sys.intern(packed), too_long=False))
