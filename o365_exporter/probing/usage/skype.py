"""Rows for the reports of Skype for Business."""

from __future__ import annotations

from o365_exporter.probing.usage.engine import Part, Series, Usage
from o365_exporter.probing.usage.parts import active, count, devices

SKYPE_DEVICES = devices(
    "skype",
    (
        ("windows", "windows", "Windows", "windows"),
        ("ipad", "ipad", "iPad", "ipad"),
        ("iphone", "iphone", "iPhone", "iphone"),
        ("android-phone", "android", "Android Phone", "android_phone"),
        ("windows-phone", "windowsphone", "Windows Phone", "windows_phone"),
    ),
    "getSkypeForBusinessDeviceUsageUserDetail",
)

_PEER = ("sessions.p2p", "Peer-to-peer Sessions Count")
_ORGANIZED = ("conferences.organized", "Organized Conference Count")
_PARTICIPATED = ("conferences.participated", "Participated Conference Count")


def _skype(label: str, words: tuple[str, str], metric: str, **labels: str) -> Part:
    name = f"skype.users.{words[0]}{'.total' if label.startswith('total') else ''}.count"
    return count(label, name, words[1], metric, **labels)


SKYPE_USERS = Usage(
    "skype-users-activity",
    "How many people used Skype for Business on the day of the report, and for what.",
    "skype_usage",
    "users_activity",
    "getSkypeForBusinessActivityUserDetail",
    "users",
    (
        active("active-users", "skype.users.active.count", "users"),
        Series("o365_skype_active_users"),
        Series("o365_skype_users"),
    ),
    (
        _skype("total-peer-to-peer-sessions", _PEER, "o365_skype_peer_to_peer_sessions"),
        _skype("total-organized-conference", _ORGANIZED, "o365_skype_conferences", role="organized"),
        _skype("total-participated-conference", _PARTICIPATED, "o365_skype_conferences", role="participated"),
    ),
    "Total ",
    ("User", "All users activity are ok"),
    (
        _skype("peer-to-peer-sessions", _PEER, "o365_skype_user_peer_to_peer_sessions"),
        _skype("organized-conference", _ORGANIZED, "o365_skype_user_conferences", role="organized"),
        _skype("participated-conference", _PARTICIPATED, "o365_skype_user_conferences", role="participated"),
    ),
)
