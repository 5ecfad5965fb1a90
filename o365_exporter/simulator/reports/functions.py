"""The report functions: one row each. A further one needs its header and how the columns of its own come about.

Headers: v1.0 pages of Microsoft's documentation, 2021-07 to 2024-04.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from o365_exporter.simulator.reports import mailboxes
from o365_exporter.simulator.reports.cells import (
    COMMON,
    Cell,
    added,
    constant,
    daily,
    drives,
    duration,
    last_active_if,
    one_in,
    per_day,
    times,
    used,
)


@dataclass(frozen=True)
class Report:
    """A report function.

    Args:
        name: of the function.
        service: whose habits its numbers follow.
        header: names of the columns, joined by ``, ``.
        cells: how the cells of each column come about that is not in ``COMMON`` and names nobody.
        kind: ``detail`` has a row for each person, ``trend`` one for each day, the newest first.
        site_types: of the rows that a trend has for each day, in their order.
        dated: whether it may be asked for by date.
        licensed: how many in ten people have the service.
    """

    name: str
    service: str
    header: str
    cells: Mapping[str, Cell] = field(repr=False)
    kind: Literal["detail", "trend"] = "detail"
    site_types: tuple[str, ...] = ("",)
    dated: bool = True
    licensed: int = 10

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.header.split(", "))

    @property
    def all_cells(self) -> Mapping[str, Cell]:
        """How every cell comes about that names nobody."""
        return {**COMMON, **self.cells}


_EMAIL = Report(
    name="getEmailActivityUserDetail",
    service="mail",
    header="Report Refresh Date, User Principal Name, Display Name, Is Deleted, Deleted Date, Last Activity Date, "
    "Send Count, Receive Count, Read Count, Meeting Created Count, Meeting Interacted Count, Assigned Products, "
    "Report Period",
    cells={
        "Send Count": per_day(7),
        "Receive Count": per_day(46),
        "Read Count": per_day(18),
        "Meeting Created Count": per_day(0.4),
        "Meeting Interacted Count": per_day(1.5),
    },
)
_MAILBOXES = Report(
    name="getMailboxUsageDetail",
    service="mail",
    header="Report Refresh Date, User Principal Name, Display Name, Is Deleted, Deleted Date, Created Date, "
    "Last Activity Date, Item Count, Storage Used (Byte), Issue Warning Quota (Byte), Prohibit Send Quota (Byte), "
    "Prohibit Send/Receive Quota (Byte), Deleted Item Count, Deleted Item Size (Byte), Deleted Item Quota (Byte), "
    "Has Archive, Report Period",
    cells={
        "Created Date": mailboxes.created,
        "Item Count": mailboxes.items,
        "Storage Used (Byte)": mailboxes.storage,
        "Issue Warning Quota (Byte)": mailboxes.quota("warning"),
        "Prohibit Send Quota (Byte)": mailboxes.quota("send"),
        "Prohibit Send/Receive Quota (Byte)": mailboxes.quota("send and receive"),
        "Deleted Item Count": per_day(12),
        "Deleted Item Size (Byte)": times("Deleted Item Count", 61_000),
        "Deleted Item Quota (Byte)": constant(32_212_254_720),
        "Has Archive": one_in(3),
    },
    dated=False,
)
_QUOTA_STATUS = Report(
    name="getMailboxUsageQuotaStatusMailboxCounts",
    service="mail",
    header="Report Refresh Date, Under Limit, Warning Issued, Send Prohibited, Send/Receive Prohibited, "
    "Indeterminate, Report Date, Report Period",
    cells={
        "Under Limit": mailboxes.count("under limit"),
        "Warning Issued": mailboxes.count("warning"),
        "Send Prohibited": mailboxes.count("send prohibited"),
        "Send/Receive Prohibited": mailboxes.count("send/receive prohibited"),
        "Indeterminate": mailboxes.count("indeterminate"),
    },
    kind="trend",
    dated=False,
)
_PEER, _ORGANIZED, _PARTICIPATED = "Peer-to-peer", "Organized Conference", "Participated Conference"
_SKYPE = Report(
    name="getSkypeForBusinessActivityUserDetail",
    service="skype",
    header="Report Refresh Date, User Principal Name, Is Deleted, Deleted Date, Last Activity Date, "
    "Total Peer-to-peer Session Count, Total Organized Conference Count, Total Participated Conference Count, "
    "Peer-to-peer Last Activity Date, Organized Conference Last Activity Date, "
    "Participated Conference Last Activity Date, Peer-to-peer IM Count, Peer-to-peer Audio Count, "
    "Peer-to-peer Audio Minutes, Peer-to-peer Video Count, Peer-to-peer Video Minutes, "
    "Peer-to-peer App Sharing Count, Peer-to-peer File Transfer Count, Organized Conference IM Count, "
    "Organized Conference Audio/Video Count, Organized Conference Audio/Video Minutes, "
    "Organized Conference App Sharing Count, Organized Conference Web Count, "
    "Organized Conference Dial-in/out 3rd Party Count, Organized Conference Dial-in/out Microsoft Count, "
    "Organized Conference Dial-in Microsoft Minutes, Organized Conference Dial-out Microsoft Minutes, "
    "Participated Conference IM Count, Participated Conference Audio/Video Count, "
    "Participated Conference Audio/Video Minutes, Participated Conference App Sharing Count, "
    "Participated Conference Web Count, Participated Conference Dial-in/out 3rd Party Count, Assigned Products, "
    "Report Period",
    cells={
        "Total Peer-to-peer Session Count": added(
            *(f"{_PEER} {what} Count" for what in ("IM", "Audio", "Video", "App Sharing", "File Transfer"))
        ),
        "Total Organized Conference Count": added(
            *(f"{_ORGANIZED} {what} Count" for what in ("IM", "Audio/Video", "App Sharing", "Web")),
            *(f"{_ORGANIZED} Dial-in/out {what} Count" for what in ("3rd Party", "Microsoft")),
        ),
        "Total Participated Conference Count": added(
            *(f"{_PARTICIPATED} {what} Count" for what in ("IM", "Audio/Video", "App Sharing", "Web")),
            f"{_PARTICIPATED} Dial-in/out 3rd Party Count",
        ),
        "Peer-to-peer Last Activity Date": last_active_if("Total Peer-to-peer Session Count"),
        "Organized Conference Last Activity Date": last_active_if("Total Organized Conference Count"),
        "Participated Conference Last Activity Date": last_active_if("Total Participated Conference Count"),
        "Peer-to-peer IM Count": per_day(4),
        "Peer-to-peer Audio Count": per_day(1),
        "Peer-to-peer Audio Minutes": times("Peer-to-peer Audio Count", 7),
        "Peer-to-peer Video Count": per_day(0.3),
        "Peer-to-peer Video Minutes": times("Peer-to-peer Video Count", 11),
        "Peer-to-peer App Sharing Count": per_day(0.2),
        "Peer-to-peer File Transfer Count": per_day(0.1),
        "Organized Conference IM Count": per_day(0.2),
        "Organized Conference Audio/Video Count": per_day(0.5),
        "Organized Conference Audio/Video Minutes": times("Organized Conference Audio/Video Count", 26),
        "Organized Conference App Sharing Count": per_day(0.2),
        "Organized Conference Web Count": per_day(0.1),
        "Organized Conference Dial-in/out 3rd Party Count": constant(0),
        "Organized Conference Dial-in/out Microsoft Count": per_day(0.1),
        "Organized Conference Dial-in Microsoft Minutes": times("Organized Conference Dial-in/out Microsoft Count", 19),
        "Organized Conference Dial-out Microsoft Minutes": constant(0),
        "Participated Conference IM Count": per_day(0.4),
        "Participated Conference Audio/Video Count": per_day(1.5),
        "Participated Conference Audio/Video Minutes": times("Participated Conference Audio/Video Count", 31),
        "Participated Conference App Sharing Count": per_day(0.4),
        "Participated Conference Web Count": per_day(0.2),
        "Participated Conference Dial-in/out 3rd Party Count": constant(0),
    },
    licensed=4,
)
_SKYPE_DEVICES = Report(
    name="getSkypeForBusinessDeviceUsageUserDetail",
    service="skype",
    header="Report Refresh Date, User Principal Name, Last Activity Date, Used Windows, Used Windows Phone, "
    "Used Android Phone, Used iPhone, Used iPad, Report Period",
    cells={
        "Used Windows": used(85),
        "Used Windows Phone": used(1),
        "Used Android Phone": used(20),
        "Used iPhone": used(25),
        "Used iPad": used(5),
    },
    licensed=4,
)
_TEAMS = Report(
    name="getTeamsUserActivityUserDetail",
    service="teams",
    header="Report Refresh Date, Tenant Display Name, Shared Channel Tenant Display Names, User Id, "
    "User Principal Name, Last Activity Date, Is Deleted, Deleted Date, Assigned Products, Team Chat Message Count, "
    "Private Chat Message Count, Call Count, Meeting Count, Post Messages, Reply Messages, Urgent Messages, "
    "Meetings Organized Count, Meetings Attended Count, Ad Hoc Meetings Organized Count, "
    "Ad Hoc Meetings Attended Count, Scheduled One-time Meetings Organized Count, "
    "Scheduled One-time Meetings Attended Count, Scheduled Recurring Meetings Organized Count, "
    "Scheduled Recurring Meetings Attended Count, Audio Duration, Video Duration, Screen Share Duration, "
    "Audio Duration In Seconds, Video Duration In Seconds, Screen Share Duration In Seconds, Has Other Action, "
    "Is Licensed, Report Period",
    cells={
        "Shared Channel Tenant Display Names": constant(""),
        "Team Chat Message Count": added("Post Messages", "Reply Messages"),
        "Private Chat Message Count": per_day(21),
        "Call Count": per_day(1.5),
        "Meeting Count": added("Meetings Organized Count", "Meetings Attended Count"),
        "Post Messages": per_day(1),
        "Reply Messages": per_day(2.5),
        "Urgent Messages": per_day(0.05),
        "Meetings Organized Count": added(
            *(f"{what} Meetings Organized Count" for what in ("Ad Hoc", "Scheduled One-time", "Scheduled Recurring"))
        ),
        "Meetings Attended Count": added(
            *(f"{what} Meetings Attended Count" for what in ("Ad Hoc", "Scheduled One-time", "Scheduled Recurring"))
        ),
        "Ad Hoc Meetings Organized Count": per_day(0.2),
        "Ad Hoc Meetings Attended Count": per_day(0.4),
        "Scheduled One-time Meetings Organized Count": per_day(0.2),
        "Scheduled One-time Meetings Attended Count": per_day(0.8),
        "Scheduled Recurring Meetings Organized Count": per_day(0.2),
        "Scheduled Recurring Meetings Attended Count": per_day(1.2),
        "Audio Duration": duration("Audio Duration In Seconds"),
        "Video Duration": duration("Video Duration In Seconds"),
        "Screen Share Duration": duration("Screen Share Duration In Seconds"),
        "Audio Duration In Seconds": times("Meeting Count", 1_733),
        "Video Duration In Seconds": times("Meeting Count", 901),
        "Screen Share Duration In Seconds": times("Meetings Organized Count", 647),
        "Has Other Action": one_in(6),
    },
    licensed=9,
)
_TEAMS_DEVICES = Report(
    name="getTeamsDeviceUsageUserDetail",
    service="teams",
    header="Report Refresh Date, User Id, User Principal Name, Last Activity Date, Is Deleted, Deleted Date, "
    "Used Web, Used Windows Phone, Used iOS, Used Mac, Used Android Phone, Used Windows, Used Chrome OS, Used Linux, "
    "Is Licensed, Report Period",
    cells={
        "Used Web": used(30),
        "Used Windows Phone": used(1),
        "Used iOS": used(35),
        "Used Mac": used(10),
        "Used Android Phone": used(30),
        "Used Windows": used(80),
        "Used Chrome OS": used(2),
        "Used Linux": used(2),
    },
    licensed=9,
)
_ONEDRIVE = Report(
    name="getOneDriveActivityUserDetail",
    service="onedrive",
    header="Report Refresh Date, User Principal Name, Is Deleted, Deleted Date, Last Activity Date, "
    "Viewed Or Edited File Count, Synced File Count, Shared Internally File Count, Shared Externally File Count, "
    "Assigned Products, Report Period",
    cells={
        "Viewed Or Edited File Count": per_day(9),
        "Synced File Count": per_day(14),
        "Shared Internally File Count": per_day(0.8),
        "Shared Externally File Count": per_day(0.1),
    },
    licensed=9,
)
_DRIVES = Report(
    name="getOneDriveUsageAccountDetail",
    service="onedrive",
    header="Report Refresh Date, Site URL, Owner Display Name, Is Deleted, Last Activity Date, File Count, "
    "Active File Count, Storage Used (Byte), Storage Allocated (Byte), Owner Principal Name, Report Period",
    cells={
        "File Count": mailboxes.items,
        "Active File Count": per_day(6),
        "Storage Used (Byte)": mailboxes.storage,
        "Storage Allocated (Byte)": constant(1_099_511_627_776),
    },
    licensed=9,
)


def _drives_by_day(name: str, *columns: str, cells: Mapping[str, Cell]) -> Report:
    """A trend with a row for `OneDrive` before that for `All`, as measured (elastic/integrations, o365_metrics)."""
    header = ", ".join(("Report Refresh Date", "Site Type", *columns, "Report Date", "Report Period"))
    return Report(name, "onedrive", header, cells, "trend", ("OneDrive", "All"), dated=False)


_DRIVE_COUNTS = _drives_by_day(
    "getOneDriveUsageAccountCounts", "Total", "Active", cells={"Total": drives(1), "Active": drives(1, active=True)}
)
_DRIVE_FILES = _drives_by_day(
    "getOneDriveUsageFileCounts", "Total", "Active", cells={"Total": drives(310), "Active": drives(6, active=True)}
)
_DRIVE_STORAGE = _drives_by_day(
    "getOneDriveUsageStorage", "Storage Used (Byte)", cells={"Storage Used (Byte)": drives(2_500_000_000)}
)


def _by_day(name: str, detail: Report, columns: Mapping[str, str]) -> Report:
    """A trend whose rows are the sums of the detail reports of their days: ours by theirs, in their order."""
    cells = detail.all_cells
    header = "Report Refresh Date, " + ", ".join(columns)
    own = {column: daily(of, cells, detail.licensed) for column, of in columns.items() if of}
    return Report(name, detail.service, header, own, "trend", dated=False)


_EMAIL_BY_DAY = _by_day(
    "getEmailActivityCounts",
    _EMAIL,
    {"Send": "Send Count", "Receive": "Receive Count", "Read": "Read Count", "Report Date": "", "Report Period": ""},
)
_TEAMS_BY_DAY = _by_day(
    "getTeamsUserActivityCounts",
    _TEAMS,
    {
        "Report Date": "",
        "Team Chat Messages": "Team Chat Message Count",
        "Post Messages": "Post Messages",
        "Reply Messages": "Reply Messages",
        "Private Chat Messages": "Private Chat Message Count",
        "Calls": "Call Count",
        "Meetings": "Meeting Count",
        "Audio Duration": "Audio Duration In Seconds",
        "Video Duration": "Video Duration In Seconds",
        "Screen Share Duration": "Screen Share Duration In Seconds",
        "Meetings Organized": "Meetings Organized Count",
        "Meetings Attended": "Meetings Attended Count",
        "Report Period": "",
    },
)
_DEVICE_KINDS = ("Web", "Windows Phone", "Android Phone", "iOS", "Mac", "Windows", "Chrome OS", "Linux")
_TEAMS_DEVICES_BY_DAY = _by_day(
    "getTeamsDeviceUsageUserCounts",
    _TEAMS_DEVICES,
    {**{kind: f"Used {kind}" for kind in _DEVICE_KINDS}, "Report Date": "", "Report Period": ""},
)
_ALL = (
    *(_EMAIL, _MAILBOXES, _QUOTA_STATUS, _SKYPE, _SKYPE_DEVICES, _TEAMS, _TEAMS_DEVICES),
    *(_EMAIL_BY_DAY, _TEAMS_BY_DAY, _TEAMS_DEVICES_BY_DAY),
    *(_ONEDRIVE, _DRIVES, _DRIVE_COUNTS, _DRIVE_FILES, _DRIVE_STORAGE),
)
REPORTS: dict[str, Report] = {one.name: one for one in _ALL}
"""Every report function that there is, by name."""
