"""Turns the tables into Grafana's JSON (schema 41, which Grafana 11.6 writes and 10.4 reads)."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from tools.dashboards.fields import Json, link_to
from tools.dashboards.links import OTHERS
from tools.dashboards.model import Dashboard, Section
from tools.dashboards.panels import common, special
from tools.dashboards.templating import choices, marks

WIDTH = 24

_BARE: Json = {
    "icon": "external link",
    "tooltip": "",
    "tags": [],
    "asDropdown": False,
    "includeVars": False,
    "keepTime": False,
}


def drawn(dashboard: Dashboard) -> Json:
    """The whole file.

    Raises:
        ValueError: two panels have one id.
    """
    panels = list(_arranged(dashboard))
    numbers = [panel["id"] for panel in panels]
    for number in numbers:
        if numbers.count(number) > 1:
            raise ValueError(f"{dashboard.uid}: two panels have the id {number}: give one of them another key")
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.about,
        "tags": list(dashboard.tags),
        "schemaVersion": 41,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": dashboard.timezone,
        "time": {"from": dashboard.since, "to": "now"},
        "refresh": "1m",
        "fiscalYearStartMonth": 0,
        "links": [OTHERS, *(link_to(link) | {"type": "link", **_BARE} for link in dashboard.links)],
        "templating": {"list": choices(dashboard)},
        "annotations": {"list": marks(incidents=dashboard.incidents)},
        "panels": panels,
    }


def identity(uid: str, key: str) -> int:
    """A panel's id: it stays when others come and go, so that links to a panel stay good."""
    return zlib.crc32(f"{uid}/{key}".encode()) % 1_000_000 + 1


def _arranged(dashboard: Dashboard) -> Iterator[Json]:
    """Sections one below the other; in each, panels from left to right, in as many lines as they need."""
    y = 0
    for section in dashboard.sections:
        yield _heading(dashboard.uid, section, y)
        x, y, height = 0, y + 1, 0
        for panel in section.panels:
            if x + panel.width > WIDTH:
                x, y, height = 0, y + height, 0
            place = {"x": x, "y": y, "w": panel.width, "h": panel.height}
            number = identity(dashboard.uid, panel.key)
            yield {"id": number, "gridPos": place} | common(panel) | special(panel)
            x, height = x + panel.width, max(height, panel.height)
        y += height


def _heading(uid: str, section: Section, y: int) -> Json:
    return {
        "id": identity(uid, f"section/{section.key}"),
        "type": "row",
        "title": section.title,
        "collapsed": False,
        "gridPos": {"x": 0, "y": y, "w": WIDTH, "h": 1},
        "panels": [],
    }
