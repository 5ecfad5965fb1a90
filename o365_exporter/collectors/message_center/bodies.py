"""The bodies of the foremost messages, for people to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from o365_exporter import fields
from o365_exporter.collectors.message_center.endpoints import LIST, ONE, WITH_BODIES
from o365_exporter.collectors.message_center.messages import BODIES, MessagesSource
from o365_exporter.collectors.message_center.options import Options
from o365_exporter.collectors.message_center.records import Bodies, Body, Message, parse_body
from o365_exporter.errors import PollError
from o365_exporter.graph import GraphClient
from o365_exporter.http.client import BodyTooLargeError
from o365_exporter.listing import Listing
from o365_exporter.metrics import Sample
from o365_exporter.source import Source

BODIES_SIZE = 1024 * 1024
"""Packed bytes of all bodies of a tenant: they are written into its state again and again."""

_FEW = 20
"""Bodies that are asked for one by one: beyond that a list of all that Microsoft has costs less."""


class BodiesSource(Source[Bodies]):
    """The bodies of the foremost messages, for people to read: they are in no series.

    A list with bodies brings all of them, tens of megabytes, and is asked for the first time and after a long silence.
    """

    name = BODIES
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
