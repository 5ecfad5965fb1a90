"""``/calendar.ics`` and ``/calendar/{tenant}.ics``: what ends next, for whoever plans by a calendar. RFC 5545."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from heapq import nsmallest
from typing import TYPE_CHECKING

from o365_exporter.clock import Clock
from o365_exporter.fields import cleaned
from o365_exporter.status import Board, Ending, Seen, endings_of, heard_at, withdrawn
from o365_exporter.web import paths
from o365_exporter.web.document import Document

if TYPE_CHECKING:
    from icalendar import Event

MOST_EVENTS = 1000
"""Events of a calendar, the next; programs read it whole again and again."""

_LAST_YEAR = 253_402_300_799.0
"""Seconds since 1970 at the end of the last year that a calendar has."""

_TYPE = "text/calendar; charset=utf-8"
_VERBS = {"trial": "ends", "subscription": "ends or renews", "message": "wants action"}


def calendar(board: Board, clock: Clock) -> Document:
    """What ends in one tenant or in all."""
    return Document(board, clock, calendar_of, _TYPE, "The calendar of all is at /calendar.ics.")


def calendar_of(seen: Sequence[Seen], root: str, tenant: str) -> bytes:
    """The calendar.

    Args:
        seen: the tenants it is about.
        root: address of the exporter, by which the reader has come; it ends in a slash.
        tenant: whose it is; empty for all.
    """
    from icalendar import Calendar  # noqa: PLC0415 - 3 MiB, for who reads calendars

    calendar = Calendar()
    calendar.add("prodid", "-//o365_exporter//what ends next//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", f"Microsoft 365: {cleaned(tenant)}" if tenant else "Microsoft 365")
    due = ((ending, each) for each in seen for ending in endings_of(each.afresh()))
    for ending, each in nsmallest(MOST_EVENTS, due, key=lambda pair: pair[0].at):
        if ending.at <= _LAST_YEAR:
            calendar.add_component(_event(ending, each, root))
    for each in seen:
        for source, since in withdrawn(each):
            calendar.add_component(_notice(source, since, each, root))
    return bytes(calendar.to_ical())


def _event(ending: Ending, seen: Seen, root: str) -> Event:
    event = _made(_identity(seen.name, ending.kind, ending.id), ending.at, seen)
    event.add("summary", f"{cleaned(seen.name)}: {ending.name} {_VERBS.get(ending.kind, 'expires')} ({ending.kind})")
    event.add("description", ending.note if ending.id in ending.note else f"{ending.note}\n{ending.id}".strip())
    page = paths.message_page(seen.name, ending.id) if ending.kind == "message" else paths.tenant_page(seen.name)
    event.add("url", root + page)
    return event


def _notice(source: str, since: float, seen: Seen, root: str) -> Event:
    """Events that are gone because they are not known any more look like nothing that ends."""
    event = _made(_identity(seen.name, "unread", source), since, seen)
    event.add("summary", f"{cleaned(seen.name)}: {source} cannot be read; what it told of is missing here")
    event.add("url", root + paths.tenant_page(seen.name))
    return event


def _made(uid: str, at: float, seen: Seen) -> Event:
    from icalendar import Event  # noqa: PLC0415 - as above

    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", datetime.fromtimestamp(int(heard_at(seen)), UTC))
    event.add("dtstart", datetime.fromtimestamp(int(at), UTC))
    event.add("transp", "TRANSPARENT")
    return event


def _identity(tenant: str, kind: str, name: str) -> str:
    """The same for the same thing, so that a renewal moves its event; a date would make another one of it."""
    parts = f"{tenant}\0{kind}\0{name}".encode("utf-8", "replace")
    return f"{hashlib.sha256(parts).hexdigest()[:32]}@o365-exporter"
