"""The messages without their bodies: what the series are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import Any

from o365_exporter import fields
from o365_exporter.collectors.message_center.endpoints import LIST
from o365_exporter.collectors.message_center.options import Options
from o365_exporter.collectors.message_center.records import Message, Messages, parse_message
from o365_exporter.collectors.message_center.series import (
    ACTION_REQUIRED,
    CATEGORIES,
    INFO,
    KINDS,
    LAST_MODIFIED,
    MAJOR,
    MESSAGES,
    METRICS,
    SEVERITIES,
)
from o365_exporter.fields import UNKNOWN, Json, closed, shared
from o365_exporter.graph import GraphClient
from o365_exporter.listing import Listing, ListSource
from o365_exporter.metrics import Sample
from o365_exporter.source import News

BODIES = "bodies"
"""Name of the source that follows this one."""

TITLE_LENGTH = 200


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
        counts = Counter(dict.fromkeys(product(CATEGORIES, SEVERITIES, MAJOR[:2]), 0))
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
        return (BODIES,) if changed and self._options.max_bodies else ()

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


def _editions(messages: Messages) -> set[tuple[str, float | None]]:
    return {(message.id, message.last_modified) for message in messages}


def _kind(message: Message) -> tuple[str, str, str]:
    """The values of the labels in ``KINDS``. Of what is null Microsoft has not said no."""
    major = UNKNOWN if message.is_major_change is None else str(message.is_major_change).lower()
    return closed(message.category, CATEGORIES), closed(message.severity, SEVERITIES), major


def _message_samples(message: Message) -> Iterator[Sample]:
    title, services = message.title[:TITLE_LENGTH].rstrip(), ", ".join(message.services)[:TITLE_LENGTH].rstrip()
    kind = dict(zip(KINDS, _kind(message), strict=True))
    yield INFO.at(1, message_id=message.id, **kind, services=services, title=title)
    for metric, moment in ((ACTION_REQUIRED, message.action_required_by), (LAST_MODIFIED, message.last_modified)):
        if moment is not None:
            yield metric.at(moment, message_id=message.id)
