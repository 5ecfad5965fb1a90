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
        spans, since = await _read(await graph.list(LISTED_ISSUES), ids, now)
    except (PollError, Nothing) as error:
        return replace(days, tried_at=now, trouble=graph.without_secrets(str(error)))
    return after_list(days, spans, since, now)


async def _read(entries: Sequence[Json], ids: Mapping[str, str], now: float) -> tuple[list[Span], float]:
    """What lasted into the days that are kept, and from when on all is listed: the first end that is told."""
    spans, since = list[Span](), inf
    for number, entry in enumerate(entries):
        if number % _TURN == _TURN - 1:
            await anyio.lowlevel.checkpoint()
        try:
            span = _listed_span(entry, ids, now)
        except UnexpectedAnswerError:  # it costs its own bar
            continue
        since = min(since, span.end if span else inf)
        if span and span.end >= now - KEPT * DAY:
            spans.append(span)
    return spans, since


def _listed_span(entry: Json, ids: Mapping[str, str], now: float) -> Span | None:
    start, end = fields.timestamp(entry, "startDateTime"), fields.timestamp(entry, "endDateTime")
    over = end if fields.flag(entry, "isResolved") else now
    if start is None or over is None or over < start:
        return None
    name = fields.shared_text(entry, "service")
    kind = kind_of(member(fields.shared_text(entry, "classification"), CLASSIFICATIONS))
    return Span(known_service_id(name) or ids.get(name.casefold()) or name, kind, start, over)
