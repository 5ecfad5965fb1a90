"""The dashboards, in the order in which they are listed."""

from __future__ import annotations

from tools.dashboards.boards import (
    exchange,
    expiry,
    exporter,
    service_health,
    skype_teams,
    subscriptions,
    tenants,
)

DASHBOARDS = (
    tenants.DASHBOARD,
    service_health.DASHBOARD,
    expiry.DASHBOARD,
    subscriptions.DASHBOARD,
    exchange.DASHBOARD,
    skype_teams.DASHBOARD,
    exporter.DASHBOARD,
)
