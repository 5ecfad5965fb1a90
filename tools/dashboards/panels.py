"""The JSON of panels: what all have, and what each kind has for itself."""

from __future__ import annotations

import string
from collections.abc import Iterable, Iterator

from tools.dashboards.catalogue import explained, runbooks
from tools.dashboards.fields import SOURCE, Json, defaults_of, link_to, override, words
from tools.dashboards.model import Bars, Lines, Link, Panel, Stat, State, Table, Timeline
from tools.dashboards.queries import scoped
from tools.dashboards.tables import table

HALF = 12
"""Units of width; a legend beside a narrower panel would leave no room for its lines."""
LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}


def common(panel: Panel) -> Json:
    """Title, description, queries and links."""
    books = (Link(f"Runbook: {alert}", f"${{runbooks:raw}}{runbooks()[alert]}") for alert in panel.alerts)
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": explained(panel.about, [query.expr for query in panel.queries]),
        "datasource": SOURCE,
        "targets": list(_targets(panel)),
        "links": [link_to(link) for link in (*panel.links, *books)],
    }


def _targets(panel: Panel) -> Iterator[Json]:
    """Tables, numbers and bars ask for now, lines and timelines for the shown time."""
    over_time = isinstance(panel, Lines | Timeline)
    for letter, query in zip(string.ascii_uppercase, panel.queries, strict=False):
        yield {
            "refId": letter,
            "datasource": SOURCE,
            "editorMode": "code",
            "expr": scoped(query.expr),
            "legendFormat": query.legend,
            "format": "table" if isinstance(panel, Table) else "time_series",
            "instant": not over_time,
            "range": over_time,
        }


def special(panel: Panel) -> Json:
    """Options and looks of the panel's kind."""
    match panel:
        case Stat():
            return _stat(panel)
        case Bars():
            return _bars(panel)
        case Lines():
            return _lines(panel)
        case Timeline():
            return _timeline(panel)
        case Table():
            return table(panel)
    raise TypeError(f"{panel.key} is a {type(panel).__name__}, which nothing draws")


def _overrides(panel: Panel, colours: Iterable[State] = ()) -> list[Json]:
    """Words and colours of series by name; one for each name, since the next would look for the new one."""
    properties: dict[str, Json] = {name: {"displayName": text} for name, text in words(panel.queries).items()}
    for state in colours:
        properties.setdefault(state.value, {})["color"] = {"mode": "fixed", "fixedColor": state.colour}
    return [override(name, **each) for name, each in properties.items()]


def _stat(panel: Stat) -> Json:
    return {
        "fieldConfig": {"defaults": defaults_of(panel), "overrides": []},
        "options": {
            "colorMode": "value",
            "graphMode": "none",
            "justifyMode": "auto",
            "orientation": "auto",
            "textMode": "name" if panel.name else "value",
            "wideLayout": True,
            "reduceOptions": LAST,
        },
    }


def _bars(panel: Bars) -> Json:
    limits = {"min": 0} | ({} if panel.maximum is None else {"max": panel.maximum})
    return {
        "fieldConfig": {"defaults": defaults_of(panel) | limits, "overrides": _overrides(panel)},
        "options": {
            "displayMode": "basic",
            "orientation": "horizontal",
            "valueMode": "color",
            "showUnfilled": True,
            "minVizWidth": 8,
            "minVizHeight": 16,
            "namePlacement": "left",
            "maxVizHeight": 24,  # a single bar does not fill its panel
            "sizing": "manual",
            "text": {"titleSize": 12, "valueSize": 12},
            "reduceOptions": LAST,
        },
    }


def _lines(panel: Lines) -> Json:
    custom = {
        "drawStyle": "line",
        "lineInterpolation": "stepAfter" if panel.daily else "linear",
        "lineWidth": 1,
        "fillOpacity": 30 if panel.stacked else 0,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
    }
    limits = {"min": panel.minimum, "max": panel.maximum}
    defaults = defaults_of(panel, **custom) | {"color": {"mode": "palette-classic"}, "mappings": []}
    defaults |= {name: limit for name, limit in limits.items() if limit is not None}
    return {
        "fieldConfig": {"defaults": defaults, "overrides": _overrides(panel, panel.colours)},
        "options": {
            "legend": {
                "displayMode": "table",
                "placement": "right" if panel.width >= HALF else "bottom",
                "showLegend": True,
                "calcs": ["lastNotNull", "max"],
                "sortBy": "Last *",
                "sortDesc": not panel.lowest_first,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


def _timeline(panel: Timeline) -> Json:
    return {
        "fieldConfig": {"defaults": defaults_of(panel, lineWidth=0, fillOpacity=80), "overrides": []},
        "options": {
            "mergeValues": True,
            "showValue": "never",
            "alignValue": "left",
            "rowHeight": 0.85,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "single", "sort": "none"},
        },
    }
