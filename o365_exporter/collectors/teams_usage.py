"""How much is Microsoft Teams used, and on which devices?

Source: the usage reports getTeamsUserActivityUserDetail and getTeamsDeviceUsageUserDetail, every six hours.
Permission: Reports.Read.All. Freshness: two to three days. Series: ``o365_teams_*``.
"""

from __future__ import annotations

from o365_exporter.metrics import Metric
from o365_exporter.reports import Count, Deleted, Flags, Measure, Report, Sum, Sums, Trend, usage_collector

_MESSAGES = {"team": Sum("Team Chat Message Count"), "private": Sum("Private Chat Message Count")}
_DEVICES = {
    "web": "Used Web",
    "windows": "Used Windows",
    "windows_phone": "Used Windows Phone",
    "mac": "Used Mac",
    "ios": "Used iOS",
    "android_phone": "Used Android Phone",
    "chrome_os": "Used Chrome OS",
    "linux": "Used Linux",
}
_DEVICES_BY_DAY = {device: column.removeprefix("Used ") for device, column in _DEVICES.items()}
"""The same in the trend, where each has the number of people."""

_ALL_DEVICES = Flags(tuple(_DEVICES.values()))
_ACTIVITY = "getTeamsUserActivityUserDetail"
_DEVICE_USAGE = "getTeamsDeviceUsageUserDetail"

USERS = Metric("o365_teams_users", f"Number of persons in {_ACTIVITY} (7 days): its rows.")
DELETED_USERS = Metric(
    "o365_teams_deleted_users",
    f"Number of persons in {_ACTIVITY} (7 days) who are deleted, by Is Deleted or a Deleted Date; "
    "o365_teams_users counts them too.",
)
ACTIVE_USERS = Metric(
    "o365_teams_active_users", f"Number of persons active on the refresh date: rows of the one-day {_ACTIVITY}."
)
MESSAGES = Metric(
    "o365_teams_messages",
    f"Number of chat messages on the refresh date alone: Team and Private Chat Message Count of {_ACTIVITY}.",
    ("kind",),
    values={"kind": tuple(_MESSAGES)},
)
CALLS = Metric("o365_teams_calls", f"Number of calls on the refresh date alone: Call Count of {_ACTIVITY}.")
MEETINGS = Metric("o365_teams_meetings", f"Number of meetings on the refresh date alone: Meeting Count of {_ACTIVITY}.")
DEVICES = Metric(
    "o365_teams_devices", f"Number of pairs of person and kind of device in {_DEVICE_USAGE} (7 days): its Used columns."
)
ACTIVE_DEVICES = Metric(
    "o365_teams_active_devices",
    "Number of pairs of person and kind of device on the refresh date alone: Used columns of the one-day "
    f"{_DEVICE_USAGE}.",
)
DEVICE_USERS = Metric(
    "o365_teams_device_users",
    "Number of persons who used a kind of device on the refresh date alone: its Used column in the one-day "
    f"{_DEVICE_USAGE}.",
    ("device",),
    values={"device": tuple(_DEVICES)},
)
USER_MESSAGES = Metric(
    "o365_teams_user_messages",
    f"Number of chat messages of one person on the refresh date alone, from {_ACTIVITY}.",
    ("user", "kind"),
    values={"kind": tuple(_MESSAGES)},
)

REPORTS = (
    Report(
        source="users_activity",
        function=_ACTIVITY,
        population=(Measure(USERS, Count()), Measure(DELETED_USERS, Deleted(Count()))),
        day=(
            Measure(ACTIVE_USERS, Count()),
            *(Measure(MESSAGES, count, {"kind": kind}) for kind, count in _MESSAGES.items()),
            Measure(CALLS, Sum("Call Count")),
            Measure(MEETINGS, Sum("Meeting Count")),
        ),
        each=tuple(Measure(USER_MESSAGES, count, {"kind": kind}) for kind, count in _MESSAGES.items()),
        trend=Trend(
            "getTeamsUserActivityCounts",
            (
                Measure(MESSAGES, Sum("Team Chat Messages"), {"kind": "team"}),
                Measure(MESSAGES, Sum("Private Chat Messages"), {"kind": "private"}),
                Measure(CALLS, Sum("Calls")),
                Measure(MEETINGS, Sum("Meetings")),
            ),
        ),
    ),
    Report(
        source="devices_usage",
        function=_DEVICE_USAGE,
        population=(Measure(DEVICES, _ALL_DEVICES),),
        day=(
            Measure(ACTIVE_DEVICES, _ALL_DEVICES),
            *(Measure(DEVICE_USERS, Flags((column,)), {"device": device}) for device, column in _DEVICES.items()),
        ),
        trend=Trend(
            "getTeamsDeviceUsageUserCounts",
            (
                Measure(ACTIVE_DEVICES, Sums(tuple(_DEVICES_BY_DAY.values()))),
                *(Measure(DEVICE_USERS, Sum(column), {"device": kind}) for kind, column in _DEVICES_BY_DAY.items()),
            ),
        ),
    ),
)

COLLECTOR = usage_collector("teams_usage", "How much is Microsoft Teams used, and on which devices?", REPORTS)
