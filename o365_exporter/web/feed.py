"""``/feed.atom`` and ``/feed/{tenant}.atom``: what Microsoft wrote, for a reader of feeds.

One entry for each post about an incident and for each message of the message centre; what many tenants are told alike
is one entry that names them. Where Microsoft is not heard, an entry says so. RFC 4287.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from o365_exporter.clock import Clock
from o365_exporter.fields import iso
from o365_exporter.status import Board, Seen, Written, written
from o365_exporter.web import paths
from o365_exporter.web.document import Document

MOST_ENTRIES = 100
"""Entries of a feed, the latest; readers come at least once a day."""

_AHEAD = 86_400.0
"""Seconds by which clocks may differ; what is of a later time says nothing about when the feed was last changed."""

_NAMED = 5
"""Tenants that an entry names."""

_ATOM = "http://www.w3.org/2005/Atom"
_TYPE = "application/atom+xml; charset=utf-8"
_ILLEGAL = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF))
"""What XML has no place for. Of Microsoft's texts it is gone where they come in; in names of tenants it may stand."""


def feed(board: Board, clock: Clock) -> Document:
    """The posts of one tenant or of all."""
    return Document(board, clock, feed_of, _TYPE, "The feed of all is at /feed.atom.")


def feed_of(seen: Sequence[Seen], root: str, tenant: str) -> bytes:
    """The feed as XML.

    Args:
        seen: the tenants it is about.
        root: address of the exporter, by which the reader has come; it ends in a slash.
        tenant: whose feed it is; empty for all.
    """
    entries = written(seen, MOST_ENTRIES)
    top = ET.Element("feed", {"xmlns": _ATOM})
    _add(top, "id", _identity("feed", tenant))
    _add(top, "title", f"Microsoft 365: {tenant}" if tenant else "Microsoft 365")
    until = max((each.now for each in seen), default=0.0) + _AHEAD
    latest = max((entry.at for entry in entries if entry.at <= until), default=None)
    _add(top, "updated", iso(latest) or "1970-01-01T00:00:00Z")
    ET.SubElement(ET.SubElement(top, "author"), "name").text = "Microsoft, read by o365_exporter"
    ET.SubElement(top, "link", {"rel": "self", "type": "application/atom+xml", "href": root + paths.feed(tenant)})
    ET.SubElement(top, "link", {"rel": "alternate", "type": "text/html", "href": root})
    for entry in entries:
        top.append(_entry(entry, root))
    return bytes(ET.tostring(top, encoding="utf-8", xml_declaration=True))


def _entry(written: Written, root: str) -> ET.Element:
    entry = ET.Element("entry")
    _add(entry, "id", _identity(written.kind, *_told_apart_by(written)))
    _add(entry, "title", written.title)
    _add(entry, "updated", iso(written.at))
    href = root + _page(written)
    ET.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": href})
    ET.SubElement(entry, "link", {"rel": "related", "type": "text/html", "href": written.admin_url})
    for term in filter(None, map(_legal, (written.kind, *written.subjects))):
        ET.SubElement(entry, "category", {"term": term})
    _add(entry, "summary", f"Of {_named(written.tenants)}.")
    content = ET.SubElement(entry, "content", {"type": "html"})
    content.text = _legal(written.html)
    return entry


def _page(written: Written) -> str:
    tenant = written.tenants[0]
    if written.kind == "notice":
        return paths.tenant_page(tenant)
    return (paths.issue_page if written.kind == "post" else paths.message_page)(tenant, written.id)


def _told_apart_by(written: Written) -> tuple[str, ...]:
    """Posts have no id of their own; several of an issue may be of one second. Notices are of whoever they name."""
    if written.kind == "notice":
        return (written.id, *written.tenants[:1])
    if written.kind == "message":
        return (written.id,)
    return (written.id, iso(written.at), *((str(written.number),) if written.number else ()))


def _named(tenants: Sequence[str]) -> str:
    more = len(tenants) - _NAMED
    return ", ".join(tenants[:_NAMED]) + (f" and {more} more tenants" if more > 0 else "")


def _identity(*parts: str) -> str:
    """An id that stays the same wherever the exporter runs."""
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]
    return f"urn:o365-exporter:{parts[0]}:{digest}"


def _add(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = _legal(text)


def _legal(text: str) -> str:
    return text.translate(_ILLEGAL).encode("utf-8", "replace").decode()
