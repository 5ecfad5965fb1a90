"""Skype and Teams: how much are they used, and on which devices?"""

from __future__ import annotations

from tools.dashboards.boards import usage
from tools.dashboards.boards.parts import TENANT, concealed, day, day_of_tenant, reports, trust
from tools.dashboards.links import REPORTS
from tools.dashboards.model import Bars, Dashboard, Panel, Query, Section, Stat, Table, Value

ITS_REPORTS = "getTeams.*|getSkype.*"


def _max(metric: str) -> str:
    return f"max by (tenant) ({metric})"


def _devices(key: str, title: str, metric: str, width: int = 12) -> Bars:
    return Bars(
        key=key,
        title=title,
        about=f"Persons who used a kind of device; who used two counts twice. Added over the tenants. {usage.DAILY}",
        width=width,
        bars=(Query(f"sort_desc(sum by (device) (max by (tenant, device) ({metric})))", "{{device}}"),),
    )


def _active(key: str, title: str, metric: str) -> Stat:
    return Stat(
        key=key,
        title=title,
        about=f"Persons of all the tenants shown. {usage.DAILY}",
        expr=f"sum({_max(metric)})",
        unit="short",
    )


TEAMS: tuple[Panel, ...] = (
    usage.share("teams_share", "Teams: share of persons active", "teams", "O365UsageCollapsed"),
    usage.week("teams_week", "Teams: against the week before", "teams"),
    usage.summed(
        "teams_messages", "Teams: messages", "In channels of teams, and private.", "o365_teams_messages", "kind"
    ),
    usage.summed("teams_calls", "Teams: calls", "Calls of a day.", "o365_teams_calls", width=6),
    usage.summed("teams_meetings", "Teams: meetings", "Meetings of a day.", "o365_teams_meetings", width=6),
    _devices("teams_devices", "Teams: devices", "o365_teams_device_users", width=8),
    usage.summed(
        "teams_deleted",
        "Teams: deleted persons",
        "Persons whom Microsoft still counts.",
        "o365_teams_deleted_users",
        width=8,
    ),
    usage.person(
        "teams_persons",
        "Teams: busiest persons",
        "Messages of a day.",
        "o365_teams_user_messages",
        "kind",
        width=8,
    ),
)
SKYPE: tuple[Panel, ...] = (
    usage.share("skype_share", "Skype: share of persons active", "skype", "O365UsageCollapsed"),
    usage.week("skype_week", "Skype: against the week before", "skype"),
    usage.summed(
        "skype_sessions",
        "Skype: peer-to-peer sessions",
        "Sessions of a day.",
        "o365_skype_peer_to_peer_sessions",
        width=6,
    ),
    usage.summed(
        "skype_conferences", "Skype: conferences", "Conferences of a day.", "o365_skype_conferences", "role", width=6
    ),
    _devices("skype_devices", "Skype: devices", "o365_skype_device_users"),
    usage.summed(
        "skype_deleted",
        "Skype: deleted persons",
        "Persons whom Microsoft still counts.",
        "o365_skype_deleted_users",
        width=8,
    ),
    usage.person(
        "skype_persons",
        "Skype: most sessions",
        "Sessions of a day.",
        "o365_skype_user_peer_to_peer_sessions",
        width=8,
    ),
    usage.person(
        "skype_organizers",
        "Skype: most conferences",
        "Conferences of a day.",
        "o365_skype_user_conferences",
        "role",
        width=8,
    ),
)
TABLE = Table(
    key="tenants",
    title="Tenants",
    about=f"One row for each tenant. Devices are pairs of person and kind of device, of seven days. {usage.DAILY}",
    columns=(
        TENANT,
        day_of_tenant(ITS_REPORTS),
        Value(title="Teams persons", expr=_max("o365_teams_users")),
        Value(title="Teams active", expr=_max("o365_teams_active_users")),
        Value(title="Teams devices", expr=_max("o365_teams_devices")),
        Value(title="Teams in use", expr=_max("o365_teams_active_devices")),
        Value(title="Skype persons", expr=_max("o365_skype_users")),
        Value(title="Skype active", expr=_max("o365_skype_active_users")),
        Value(title="Skype devices", expr=_max("o365_skype_devices")),
        Value(title="Skype in use", expr=_max("o365_skype_active_devices")),
    ),
    order=("-Teams persons",),
    height=7,
    links=(REPORTS,),
)

DASHBOARD = Dashboard(
    uid="o365-skype-teams",
    title="Microsoft 365: Skype and Teams",
    about="Persons, messages, calls, meetings and devices as Microsoft's usage reports have them: numbers of one day, "
    "two to three days old. A tenant without Skype has none of its series.",
    sections=(
        Section(
            "now",
            "Now",
            (
                _active("teams_active", "Active in Teams", "o365_teams_active_users"),
                _active("skype_active", "Active in Skype", "o365_skype_active_users"),
                day(ITS_REPORTS),
                concealed(),
                *trust("teams_usage|skype_usage"),
            ),
        ),
        Section("tenants", "Tenants", (TABLE,)),
        Section("teams_usage", "Teams", TEAMS),
        Section("skype_usage", "Skype for Business", SKYPE),
        Section("reports", "Reports", (reports(ITS_REPORTS),)),
    ),
    links=(REPORTS,),
    timezone="utc",
    since="now-30d",
    incidents=False,
)
