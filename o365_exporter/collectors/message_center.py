"""What does Microsoft announce in the message centre, and until when must something be done?

Source: ``/admin/serviceAnnouncement/messages``, each hour without the bodies; the bodies of the foremost messages once,
and again when Microsoft has changed the message: a few by ``/admin/serviceAnnouncement/messages/{id}``, many as a list.
Permission: ServiceMessage.Read.All, which is not that of service health. Freshness: minutes after an announcement.
Series: ``o365_message*``.
"""

from __future__ import annotations

import base64
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from o365_exporter import fields
from o365_exporter.errors import PollError
from o365_exporter.fields import UNKNOWN, Json, closed, member, shared
from o365_exporter.filters import Filter
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.http.client import BodyTooLargeError
from o365_exporter.listing import Listing, ListSource
from o365_exporter.metrics import Metric, Sample
from o365_exporter.source import Collector, CollectorOptions, Duration, Interval, News, Source

CATEGORIES = ("planForChange", "preventOrFixIssue", "stayInformed")
"""Members of Graph's serviceUpdateCategory, metadata of 2026-08-20."""

SEVERITIES = ("normal", "high", "critical")
"""Members of serviceUpdateSeverity."""

TITLE_LENGTH = 200

LONGEST_BODY = 64 * 1024
"""Characters of a body; they are as long as articles, and full of formats."""

BODIES_SIZE = 1024 * 1024
"""Packed bytes of all bodies of a tenant: they are written into its state again and again."""

_FEW = 20
"""Bodies that are asked for one by one: beyond that a list of all that Microsoft has costs less."""

_MAJOR = ("true", "false", UNKNOWN)
_MESSAGE = ("message_id",)
_KIND = {"category": (*CATEGORIES, UNKNOWN), "severity": (*SEVERITIES, UNKNOWN), "major_change": _MAJOR}

MESSAGES = Metric(
    "o365_messages",
    "Number of messages, serviceUpdateMessage, that have not ended and were changed lately (keep), or whose date lies "
    "ahead; major_change is unknown where isMajorChange is null.",
    tuple(_KIND),
    values=_KIND,
)
INFO = Metric(
    "o365_message_info",
    "What a message is about, serviceUpdateMessage: always 1; the title is cut at 200 characters, services are "
    "joined by commas.",
    (*_MESSAGE, *_KIND, "services", "title"),
    values=_KIND,
)
ACTION_REQUIRED = Metric(
    "o365_message_action_required_timestamp_seconds",
    "Until when something must be done, serviceUpdateMessage.actionRequiredByDateTime, in seconds since 1970; absent "
    "where there is nothing to do, which is nearly always.",
    _MESSAGE,
)
LAST_MODIFIED = Metric(
    "o365_message_last_modified_timestamp_seconds",
    "When Microsoft last changed a message, serviceUpdateMessage.lastModifiedDateTime, in seconds since 1970.",
    _MESSAGE,
)
METRICS = (MESSAGES, INFO, ACTION_REQUIRED, LAST_MODIFIED)

PERMISSIONS = ("ServiceMessage.Read.All",)
LIST = Endpoint(
    route="/admin/serviceAnnouncement/messages",
    permissions=PERMISSIONS,
    select=(
        *("id", "title", "category", "severity", "services", "tags", "isMajorChange", "hasAttachments"),
        *("startDateTime", "endDateTime", "lastModifiedDateTime", "actionRequiredByDateTime"),
    ),
    page_sizes=(1000, 100, 20, 5),
    paging="maxpagesize",
    limits="service_communications",
    largest=16 * 1024**2,  # of some 1 KB each there are hundreds, seldom a few thousand
)
WITH_BODIES = Endpoint(
    route="/admin/serviceAnnouncement/messages",
    permissions=PERMISSIONS,
    select=("id", "body"),
    page_sizes=(100, 20, 5, 1),
    paging="maxpagesize",
    limits="service_communications",
)
ONE = Endpoint(
    route="/admin/serviceAnnouncement/messages/{id}",
    permissions=PERMISSIONS,
    select=("id", "body"),
    limits="service_communications",
)


class Options(CollectorOptions):
    """Settings of ``message_center``."""

    interval: Interval = Field(
        default=3600, description="Time between two polls of the messages, without their bodies."
    )
    bodies_interval: Interval = Field(
        default=6 * 3600,
        description="Time between two looks for bodies to read; a message that is new or changed makes one at once.",
    )
    stale_after: Interval = Field(
        default=24 * 3600,
        description="Age at which the last good data are withdrawn while polls keep failing.",
    )
    keep: Duration = Field(
        default=30 * 86400,
        ge=3600,
        description="How long a message that has not ended is served after Microsoft last changed it; one whose "
        "deadline lies ahead always is.",
    )
    max_messages: int = Field(
        default=1000,
        ge=1,
        le=10_000,
        description="Most messages with series of their own: deadlines ahead first, then the newest. All of them count "
        "in `o365_messages`; what is cut is counted in `o365_exporter_series_dropped`.",
    )
    max_bodies: int = Field(
        default=30,
        ge=0,
        le=1000,
        description="Most messages whose bodies are read for people, in the same order; 0 reads none. Each takes some "
        "3 KB of the tenant's state.",
    )
    services: Filter = Field(
        default=Filter(), description="Messages to serve, by service; one that names no service always is."
    )


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


class MessagesSource(ListSource[Message]):
    """The messages without their bodies."""

    name = "messages"
    form = Messages
    noun = "message"
    endpoint = LIST
    endpoints = (LIST,)
    metrics = METRICS

    def __init__(self, options: Options) -> None:
        super().__init__(interval=options.interval, stale_after=max(options.stale_after, options.interval))
        self._options = options
        self.fingerprint = f"keep={options.keep:g}"

    def parse(self, entry: Json) -> Message:
        return shared(parse_message(entry))

    def key(self, record: Message) -> str:
        return record.id

    async def fetch(self, graph: GraphClient, previous: Messages | None, now: float) -> Messages:
        """Those that are served: there may be none of them among hundreds, which is an answer like any other."""
        return await self.served(graph, previous, now)

    async def served(self, graph: GraphClient, previous: Listing[Any] | None, now: float) -> Messages:
        """The same, where ``previous`` is of any kind: all that matters of it is how much there was."""
        listed = await super().fetch(graph, previous, now)
        kept = [message for message in listed if message.is_served(now, self._options.keep)]
        return replace(listed, entries=tuple(sorted(kept, key=lambda message: message.precedence(now))))

    def samples(self, records: Messages, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        passing = self.passing(records)
        counts = Counter(dict.fromkeys(product(CATEGORIES, SEVERITIES, _MAJOR[:2]), 0))
        counts.update(map(_kind, passing))
        yield from (Sample(MESSAGES, kind, float(count)) for kind, count in counts.items())
        for message in passing[: self._options.max_messages]:
            yield from _message_samples(message)

    def dropped(self, records: Messages) -> int:
        cut = self.passing(records)[self._options.max_messages :]
        return sum(1 for message in cut for _ in _message_samples(message))

    def remarks(self, records: Messages) -> Iterator[str]:
        yield from super().remarks(records)
        if records.entries and not self.passing(records):
            yield f"None of the {len(records)} messages passes the filter collectors.message_center.services."
        for message in records:
            for name, value, known in (
                ("category", message.category, CATEGORIES),
                ("severity", message.severity, SEVERITIES),
            ):
                if value not in known:
                    yield f"The message {message.id} has the {name} {value!r}, which is served as unknown."

    def wakes(self, previous: Messages | None, records: Messages) -> tuple[str, ...]:
        changed = previous is not None and _editions(records) - _editions(previous)
        return (BodiesSource.name,) if changed and self._options.max_bodies else ()

    def news(self, previous: Messages | None, records: Messages) -> Iterator[News]:
        """A message that is new, and one that Microsoft has changed."""
        known = _editions(previous) if previous is not None else set()
        for message in self.passing(records) if previous is not None else ():
            if (message.id, message.last_modified) not in known:
                yield News(
                    "message",
                    {
                        "message_id": message.id,
                        "at": fields.iso(message.last_modified),
                        "services": ", ".join(message.services),
                        "category": message.category,
                        "severity": message.severity,
                        "action_required_by": fields.iso(message.action_required_by),
                        "title": message.title,
                    },
                )

    def passing(self, records: Messages) -> list[Message]:
        """The messages that the filter on services lets through, the foremost first."""
        keeps = self._options.services.keeps
        return [message for message in records if not message.services or keeps(*message.services)]


class BodiesSource(Source[Bodies]):
    """The bodies of the foremost messages, for people to read: they are in no series.

    A list with bodies brings all of them, tens of megabytes, and is asked for the first time and after a long silence.
    """

    name = "bodies"
    form = Bodies
    endpoints = (LIST, WITH_BODIES, ONE)
    follows = MessagesSource.name
    deadline = 300.0  # thousands of bodies the first time

    def __init__(self, options: Options) -> None:
        super().__init__(
            interval=options.bodies_interval, stale_after=max(options.stale_after, 2 * options.bodies_interval)
        )
        self._most = options.max_bodies
        self._messages = MessagesSource(options)

    async def fetch(self, graph: GraphClient, previous: Bodies | None, now: float) -> Bodies:
        messages = await self._messages.served(graph, previous, now)
        wanted = self._messages.passing(messages)[: self._most]
        known = {(body.id, body.last_modified): body for body in previous or ()}
        found = {message.id: known.get((message.id, message.last_modified)) for message in wanted}
        missing = {message.id: message for message in wanted if found[message.id] is None}
        if len(missing) > _FEW:
            found |= await _read_all(graph, missing)
        try:
            for message in missing.values():
                found[message.id] = found[message.id] or await _read(graph, message)
        except PollError as error:
            error.unfinished = _bodies(found, now)
            raise
        return _bodies(found, now)

    def samples(self, records: Bodies, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        yield from ()

    def remarks(self, records: Bodies) -> Iterator[str]:
        if long := [body.id for body in records if body.too_long]:
            yield f"The bodies of {len(long)} messages are too long to be kept; the first is {long[0]}."


def _editions(messages: Messages) -> set[tuple[str, float | None]]:
    return {(message.id, message.last_modified) for message in messages}


def _kind(message: Message) -> tuple[str, str, str]:
    """The values of the labels in ``_KIND``. Of what is null Microsoft has not said no."""
    major = UNKNOWN if message.is_major_change is None else str(message.is_major_change).lower()
    return closed(message.category, CATEGORIES), closed(message.severity, SEVERITIES), major


def _message_samples(message: Message) -> Iterator[Sample]:
    title, services = message.title[:TITLE_LENGTH].rstrip(), ", ".join(message.services)[:TITLE_LENGTH].rstrip()
    kind = dict(zip(_KIND, _kind(message), strict=True))
    yield INFO.at(1, message_id=message.id, **kind, services=services, title=title)
    for metric, moment in ((ACTION_REQUIRED, message.action_required_by), (LAST_MODIFIED, message.last_modified)):
        if moment is not None:
            yield metric.at(moment, message_id=message.id)


async def _read(graph: GraphClient, message: Message) -> Body | None:
    """The body of a message; None where the message is gone since it was listed."""
    try:
        entry = await graph.find(ONE, id=message.id)
    except BodyTooLargeError:
        return Body(message.id, message.last_modified, is_html=False, packed="", too_long=True)
    return parse_body(entry, message) if entry is not None else None


async def _read_all(graph: GraphClient, wanted: Mapping[str, Message]) -> dict[str, Body]:
    """The bodies of these messages, as far as they can be had at once."""
    try:
        entries = await graph.list(WITH_BODIES)
    except BodyTooLargeError:  # of one message alone, which is found when they are asked for one by one
        return {}
    named = ((entry, wanted.get(fields.text(entry, "id"))) for entry in entries)
    return {message.id: parse_body(entry, message) for entry, message in named if message is not None}


def _bodies(found: Mapping[str, Body | None], now: float) -> Bodies:
    """The foremost bodies, as many as fit; those beyond count as too long, so that they are not asked for again."""
    left, kept = BODIES_SIZE, list[Body]()
    for body in filter(None, found.values()):
        left -= len(body.packed)
        kept.append(body if left >= 0 else replace(body, packed="", too_long=True))
    return Listing(tuple(kept), 0, "", now)


def _sources(options: Options) -> tuple[Source[Any], ...]:
    messages = MessagesSource(options)
    return (messages, BodiesSource(options)) if options.max_bodies else (messages,)


COLLECTOR = Collector(
    name="message_center",
    summary="What does Microsoft announce in the message centre, and until when must something be done?",
    options=Options,
    metrics=METRICS,
    sources=_sources,
)
