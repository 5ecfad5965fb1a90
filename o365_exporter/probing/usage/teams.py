"""Rows for the reports of Teams."""

from __future__ import annotations

from o365_exporter.probing.usage.engine import Part, Series, Usage
from o365_exporter.probing.usage.parts import active, count, devices

TEAMS_DEVICES = devices(
    "teams",
    (
        ("windows", "windows", "Windows", "windows"),
        ("mac", "mac", "Mac", "mac"),
        ("web", "web", "Web", "web"),
        ("ios", "ios", "iOS", "ios"),
        ("android-phone", "android", "Android Phone", "android_phone"),
        ("windows-phone", "windowsphone", "Windows Phone", "windows_phone"),
    ),
    "getTeamsDeviceUsageUserDetail",
)


def _teams(label: str, name: str, text: str, metric: str, **labels: str) -> Part:
    return count(label, f"teams.users.{name}.count", text, metric, **labels)


TEAMS_USERS = Usage(
    "teams-users-activity",
    "How many people used Teams on the day of the report, and for what.",
    "teams_usage",
    "users_activity",
    "getTeamsUserActivityUserDetail",
    "users",
    (
        active("active-users", "teams.users.active.count", "users"),
        Series("o365_teams_active_users"),
        Series("o365_teams_users"),
    ),
    (
        _teams("total-team-chat", "messages.team.total", "Team Chat Message Count", "o365_teams_messages", kind="team"),
        _teams(
            "total-private-chat",
            "messages.private.total",
            "Private Chat Message Count",
            "o365_teams_messages",
            kind="private",
        ),
        _teams("total-call", "call.total", "Call Count", "o365_teams_calls"),
        _teams("total-meeting", "meeting.total", "Meeting Count", "o365_teams_meetings"),
    ),
    "Total ",
    ("User", "All users activity are ok"),
    (
        _teams("team-chat", "messages.team", "Team Chat Message Count", "o365_teams_user_messages", kind="team"),
        _teams(
            "private-chat", "messages.private", "Private Chat Message Count", "o365_teams_user_messages", kind="private"
        ),
    ),
)
