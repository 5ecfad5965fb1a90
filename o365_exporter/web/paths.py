"""Where the pages of a tenant and an issue are, and its feed and calendar.

A tenant's name is any text: ``a/b`` and ``..`` too, which browsers and proxies take for folders. So pages have it in
their query, as ``/metrics?tenant=`` does; a feed has it in its path, because readers of feeds lose queries.
"""

from __future__ import annotations

from urllib.parse import quote, urlencode

FEED, CALENDAR = "feed", "calendar"


def tenant_page(name: str) -> str:
    """The page of a tenant, relative to the exporter's root."""
    return f"tenant?{urlencode({'name': _sendable(name)})}"


def issue_page(tenant: str, issue_id: str) -> str:
    """The page of an issue with its posts."""
    return f"issue?{urlencode({'tenant': _sendable(tenant), 'id': issue_id})}"


def message_page(tenant: str, message_id: str) -> str:
    """The page of a message of the message centre."""
    return f"message?{urlencode({'tenant': _sendable(tenant), 'id': message_id})}"


def poll(tenant: str, collector: str, source: str) -> str:
    """Where a form asks for a poll of one source."""
    return f"poll?{urlencode({'tenant': _sendable(tenant), 'collector': collector, 'source': source})}"


def feed(tenant: str = "") -> str:
    """The feed of a tenant, or of all."""
    return f"{FEED}/{_part(tenant)}.atom" if tenant else f"{FEED}.atom"


def calendar(tenant: str = "") -> str:
    """The calendar of a tenant, or of all."""
    return f"{CALENDAR}/{_part(tenant)}.ics" if tenant else f"{CALENDAR}.ics"


def _part(name: str) -> str:
    return quote(_sendable(name), safe="")


def _sendable(name: str) -> str:
    """Without halves of surrogate pairs, which no address can hold."""
    return name.encode("utf-8", "replace").decode()
