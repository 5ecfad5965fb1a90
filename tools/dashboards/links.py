"""Where clicks lead: other dashboards, which keep time and choices, and Microsoft's admin centre."""

from __future__ import annotations

from typing import Any

from tools.dashboards.model import Link

OTHERS: dict[str, Any] = {
    "title": "Microsoft 365",
    "type": "dashboards",
    "tags": ["o365-exporter"],
    "asDropdown": True,
    "includeVars": True,
    "keepTime": True,
    "targetBlank": False,
    "icon": "external link",
    "tooltip": "The other dashboards, for the same tenants and time",
    "url": "",
}
"""The menu of all dashboards with the tag."""

ADMIN = "https://admin.microsoft.com/#"
HEALTH = Link("Service health in the admin centre", f"{ADMIN}/servicehealth")
HISTORY = Link("History in the admin centre", f"{ADMIN}/servicehealth/history")
LICENCES = Link("Licences in the admin centre", f"{ADMIN}/licenses")
SUBSCRIPTIONS = Link("Subscriptions in the admin centre", f"{ADMIN}/subscriptions")
MESSAGES = Link("Message centre in the admin centre", f"{ADMIN}/MessageCenter")
REPORTS = Link("Usage in the admin centre", f"{ADMIN}/reportsUsage")
APPS = Link("App registrations in Entra", "https://entra.microsoft.com")
ISSUE = Link("Open in the admin centre", f"{ADMIN}/servicehealth/:/alerts/${{__value.raw}}")
"""For a cell that holds an issue's id."""

MESSAGE = Link("Open in the admin centre", f"{ADMIN}/MessageCenter/:/messages/${{__value.raw}}")
"""For a cell that holds a message's id."""


def dashboard(uid: str, title: str, tenant: str = "${tenant:queryparam}") -> Link:
    """To another dashboard at the same time, for the tenants chosen here or given as ``var-tenant=…``."""
    return Link(title, f"/d/{uid}?${{datasource:queryparam}}&{tenant}&${{__url_time_range}}")


OF_ROW = "var-tenant=${__data.fields.Tenant:percentencode}"
"""The tenant of a table's row, from its column Tenant."""
