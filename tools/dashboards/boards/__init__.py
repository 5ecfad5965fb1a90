"""The dashboards, in the order in which they are listed."""

from __future__ import annotations

from dataclasses import replace

from tools.dashboards.boards import (
    exchange,
    expiry,
    exporter,
    service_health,
    skype_teams,
    subscriptions,
    tenants,
)
from tools.dashboards.boards.further import further

_OTHERS = (
    service_health.DASHBOARD,
    expiry.DASHBOARD,
    subscriptions.DASHBOARD,
    exchange.DASHBOARD,
    skype_teams.DASHBOARD,
    exporter.DASHBOARD,
)
_TENANTS = tenants.DASHBOARD

DASHBOARDS = (replace(_TENANTS, sections=(*_TENANTS.sections, *further((_TENANTS, *_OTHERS)))), *_OTHERS)
