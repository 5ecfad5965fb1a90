"""What Microsoft lists of the days that were not polled: one list without posts, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf

import anyio.lowlevel

from o365_exporter import fields
from o365_exporter.collectors.service_health.days import DAY, KEPT, Days, Span, after_list, kind_of
from o365_exporter.collectors.service_health.endpoints import LISTED_ISSUES
from o365_exporter.collectors.service_health.series import CLASSIFICATIONS
from o365_exporter.errors import Nothing, PollError, UnexpectedAnswerError
from o365_exporter.fields import Json, member
from o365_exporter.graph import GraphClient
from o365_exporter.service_names import known_service_id

_TURN = 200
"""Entries that are read before others have their turn: some milliseconds' worth."""


async def looked_back(days: Days, graph: GraphClient, ids: Mapping[str, str], now: float) -> Days:
    """After the list of all issues was read; a failure of that is a remark, and costs nothing else.

    Args:
        days: as far as they are known.
        graph: the tenant's client.
        ids: of services, by their folded names.
        now: wall clock, seconds.
    """
    try:
        spans, doubted, since = await _read(await graph.list(LISTED_ISSUES), ids, now)
    except (PollError, Nothing) as error:
        return replace(days, tried_at=now, trouble=graph.without_secrets(str(error)))
    return after_list(days, spans, doubted, since, now)


async def _read(entries: Sequence[Json], ids: Mapping[str, str], now: float) -> tuple[list[Span], set[str], float]:
    """What lasted into the days that are kept, services of which more is listed than could be read, and since when.

    All is listed since the first end that is told.
    """
    spans, doubted, since = list[Span](), set[str](), inf
    for number, entry in enumerate(entries):
        if number % _TURN == _TURN - 1:
            await anyio.lowlevel.checkpoint()
        service = ""
        try:
            service = _service(entry, ids)
            span = _listed_span(entry, service, now)
        except UnexpectedAnswerError:  # it costs its own service what is known of it
            span = None
        if span is None or not service:
            doubted.add(service)
            continue
        since = min(since, span.end)
        if span.end >= now - KEPT * DAY:
            spans.append(span)
    return spans, doubted, since


def _service(entry: Json, ids: Mapping[str, str]) -> str:
    name = fields.shared_text(entry, "service")
    return known_service_id(name) or ids.get(name.casefold()) or name


def _listed_span(entry: Json, service: str, now: float) -> Span | None:
    """When it was open; None where its times do not tell."""
    start, end = fields.timestamp(entry, "startDateTime"), fields.timestamp(entry, "endDateTime")
    is_resolved = fields.flag(entry, "isResolved")
    over = end if is_resolved else now
    if not is_resolved:  # it is open now, whatever is said of when it began
        start = min(now if start is None else start, now)
    if start is None or over is None or over < start:
        return None
    kind = kind_of(member(fields.shared_text(entry, "classification"), CLASSIFICATIONS))
    return Span(service, kind, start, over)
