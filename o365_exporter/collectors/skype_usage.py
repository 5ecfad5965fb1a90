"""How much is Skype for Business still used, and on which devices?

Source: the usage reports getSkypeForBusinessActivityUserDetail and getSkypeForBusinessDeviceUsageUserDetail, every six
hours. Skype for Business Online was retired on 2021-07-31, so expect no data. Permission: Reports.Read.All.
Freshness: two to three days. Series: ``o365_skype_*``.
"""

from __future__ import annotations

from o365_exporter.metrics import Metric
from o365_exporter.reports import Count, Deleted, Flags, Measure, Report, Sum, usage_collector

_ROLES = {
    "organized": Sum("Total Organized Conference Count"),
    "participated": Sum("Total Participated Conference Count"),
}
_SESSIONS = Sum("Total Peer-to-peer Session Count")
_DEVICES = {
    "windows": "Used Windows",
    "windows_phone": "Used Windows Phone",
    "android_phone": "Used Android Phone",
    "iphone": "Used iPhone",
    "ipad": "Used iPad",
}
_ALL_DEVICES = Flags(tuple(_DEVICES.values()))
_ACTIVITY = "getSkypeForBusinessActivityUserDetail"
_DEVICE_USAGE = "getSkypeForBusinessDeviceUsageUserDetail"

USERS = Metric("o365_skype_users", f"Number of persons in {_ACTIVITY} (7 days): its rows.")
DELETED_USERS = Metric(
    "o365_skype_deleted_users",
    f"Number of persons in {_ACTIVITY} (7 days) who are deleted, by Is Deleted or a Deleted Date; "
    "o365_skype_users counts them too.",
)
ACTIVE_USERS = Metric(
    "o365_skype_active_users", f"Number of persons active on the refresh date: rows of the one-day {_ACTIVITY}."
)
SESSIONS = Metric(
    "o365_skype_peer_to_peer_sessions",
    f"Number of peer-to-peer sessions on the refresh date alone: Total Peer-to-peer Session Count of {_ACTIVITY}.",
)
CONFERENCES = Metric(
    "o365_skype_conferences",
    "Number of conferences on the refresh date alone: Total Organized and Total Participated Conference Count of "
    f"{_ACTIVITY}.",
    ("role",),
    values={"role": tuple(_ROLES)},
)
DEVICES = Metric(
    "o365_skype_devices", f"Number of pairs of person and kind of device in {_DEVICE_USAGE} (7 days): its Used columns."
)
ACTIVE_DEVICES = Metric(
    "o365_skype_active_devices",
    "Number of pairs of person and kind of device on the refresh date alone: Used columns of the one-day "
    f"{_DEVICE_USAGE}.",
)
DEVICE_USERS = Metric(
    "o365_skype_device_users",
    "Number of persons who used a kind of device on the refresh date alone: its Used column in the one-day "
    f"{_DEVICE_USAGE}.",
    ("device",),
    values={"device": tuple(_DEVICES)},
)
USER_SESSIONS = Metric(
    "o365_skype_user_peer_to_peer_sessions",
    f"Number of peer-to-peer sessions of one person on the refresh date alone, from {_ACTIVITY}.",
    ("user",),
)
USER_CONFERENCES = Metric(
    "o365_skype_user_conferences",
    f"Number of conferences of one person on the refresh date alone, from {_ACTIVITY}.",
    ("user", "role"),
    values={"role": tuple(_ROLES)},
)

REPORTS = (
    Report(
        source="users_activity",
        function=_ACTIVITY,
        population=(Measure(USERS, Count()), Measure(DELETED_USERS, Deleted(Count()))),
        day=(
            Measure(ACTIVE_USERS, Count()),
            Measure(SESSIONS, _SESSIONS),
            *(Measure(CONFERENCES, count, {"role": role}) for role, count in _ROLES.items()),
        ),
        each=(
            Measure(USER_SESSIONS, _SESSIONS),
            *(Measure(USER_CONFERENCES, count, {"role": role}) for role, count in _ROLES.items()),
        ),
        retired=True,
    ),
    Report(
        source="devices_usage",
        function=_DEVICE_USAGE,
        population=(Measure(DEVICES, _ALL_DEVICES),),
        day=(
            Measure(ACTIVE_DEVICES, _ALL_DEVICES),
            *(Measure(DEVICE_USERS, Flags((column,)), {"device": device}) for device, column in _DEVICES.items()),
        ),
        retired=True,
    ),
)

COLLECTOR = usage_collector("skype_usage", "How much is Skype for Business still used, and on which devices?", REPORTS)
