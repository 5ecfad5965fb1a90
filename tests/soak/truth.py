"""What is true of a simulated tenant, found by loops that anybody can check, and when it was true."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from o365_exporter.simulator.reports import ColumnMood, Style
from o365_exporter.simulator.tenant import Tenant

Rows = list[dict[str, str]]
_YES = ("yes", "true")


def _sum(column: str) -> Callable[[Rows], float]:
    return lambda rows: sum(float(row[column] or 0) for row in rows)


def _flags(*columns: str) -> Callable[[Rows], float]:
    return lambda rows: sum(row[column].lower() in _YES for row in rows for column in columns)


def _newest(column: str) -> Callable[[Rows], float]:
    return lambda rows: float(max(rows, key=lambda row: row["Report Date"])[column])


def _deleted(rows: Rows) -> float:
    return sum(row["Is Deleted"].lower() in _YES or bool(row["Deleted Date"]) for row in rows)


def _mailboxes(rows: Rows, *, active: bool) -> Rows:
    return [row for row in rows if (row["Last Activity Date"] == row["Report Refresh Date"]) is active]


_EMAIL, _BOXES, _QUOTA = (
    "getEmailActivityUserDetail",
    "getMailboxUsageDetail",
    "getMailboxUsageQuotaStatusMailboxCounts",
)
_TEAMS, _TEAMS_DEVICES = "getTeamsUserActivityUserDetail", "getTeamsDeviceUsageUserDetail"
_SKYPE = "getSkypeForBusinessActivityUserDetail"
SUMS: Mapping[str, tuple[str, str, Callable[[Rows], float]]] = {
    "o365_exchange_email_users{}": (_EMAIL, "D7", len),
    "o365_exchange_email_deleted_users{}": (_EMAIL, "D7", _deleted),
    "o365_exchange_email_active_users{}": (_EMAIL, "day", len),
    "o365_exchange_emails{sent}": (_EMAIL, "day", _sum("Send Count")),
    "o365_exchange_emails{received}": (_EMAIL, "day", _sum("Receive Count")),
    "o365_exchange_mailboxes{active}": (_BOXES, "D7", lambda rows: len(_mailboxes(rows, active=True))),
    "o365_exchange_mailbox_storage_bytes{inactive}": (
        _BOXES,
        "D7",
        lambda rows: _sum("Storage Used (Byte)")(_mailboxes(rows, active=False)),
    ),
    "o365_exchange_mailboxes_by_quota_status{under_limit}": (_QUOTA, "D7", _newest("Under Limit")),
    "o365_exchange_mailboxes_by_quota_status{send_prohibited}": (_QUOTA, "D7", _newest("Send Prohibited")),
    "o365_teams_users{}": (_TEAMS, "D7", len),
    "o365_teams_calls{}": (_TEAMS, "day", _sum("Call Count")),
    "o365_teams_messages{private}": (_TEAMS, "day", _sum("Private Chat Message Count")),
    "o365_teams_device_users{mac}": (_TEAMS_DEVICES, "day", _flags("Used Mac")),
    "o365_skype_conferences{organized}": (_SKYPE, "day", _sum("Total Organized Conference Count")),
}
"""Series, by its labels' values but for the tenant: report, period, and the sum over the rows of that file."""


class Truth:
    """What the simulated tenants are like, and what they were like.

    Args:
        tenants: of the simulator.
        now: its time.
    """

    def __init__(self, tenants: Mapping[str, Tenant], now: Callable[[], float]) -> None:
        self._tenants = tenants
        self._now = now
        self._files: dict[tuple[str, str, str, date], Rows] = {}
        self._history: dict[tuple[str, str], list[tuple[float, Any]]] = defaultdict(list)
        self.note()

    def note(self) -> None:
        """Remember what has changed by now."""
        for key, tenant in self._tenants.items():
            for what, value in _facts(tenant).items():
                known = self._history[key, what]
                if not known or known[-1][1] != value:
                    known.append((self._now(), value))

    def values(self, tenant: str, what: str, since: float, until: float) -> list[Any]:
        """What a fact was at any moment between two, in seconds since 1970."""
        known = self._history[tenant, what]
        ends = [begin for begin, _ in known[1:]] + [float("inf")]
        return [value for (begin, value), end in zip(known, ends, strict=True) if begin <= until and end >= since]

    def rows(self, tenant: str, function: str, period: str, refreshed: float) -> Rows:
        """The whole file of a report, as of its refresh date."""
        day = datetime.fromtimestamp(refreshed, UTC).date()
        window = day.isoformat() if period == "day" else period
        key = (tenant, function, window, day)
        if key not in self._files:
            edition = replace(
                self._tenants[tenant].edition(function, window, day, Style()), mood=ColumnMood(), defect=""
            )
            text = b"".join(edition.pieces()).decode("utf-8-sig")
            self._files[key] = list(csv.DictReader(io.StringIO(text, newline="")))
        return self._files[key]


def _facts(tenant: Tenant) -> dict[str, Any]:
    return {
        "applications": len(tenant.applications),
        "consumed units": {part: one["consumedUnits"] for part, one in tenant.skus.items()},
        "services": {service: one["status"].lower() for service, one in tenant.services.items()},
        "dates of messages": {
            one["id"]: datetime.fromisoformat(date).timestamp()
            for one in tenant.messages.values()
            if (date := one["actionRequiredByDateTime"])
        },
        "open issues": frozenset(tenant.open_issue_ids()),
    }
