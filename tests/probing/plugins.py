"""What Centreon's plugins would say of a simulated tenant: their arithmetic, over Microsoft's own lists and files.

Written from what the plugins are known to do, apart from the program; only names are cleaned as ours are.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from o365_exporter.collectors.service_health import STATUSES
from o365_exporter.simulator import Tenant
from o365_exporter.simulator.reports import Style

Row = dict[str, str]
Said = tuple[int, str]
"""Exit code and text."""

WEEK = 604_800


def file_of(tenant: Tenant, function: str, window: str) -> list[Row]:
    """The rows of a report: of a period, or of the one day of its refresh date (``day``)."""
    day = tenant.refresh_date(function)
    edition = tenant.edition(function, day.isoformat() if window == "day" else window, day, Style())
    return list(csv.DictReader(io.StringIO(b"".join(edition.pieces()).decode("utf-8-sig"), newline="")))


def noon(day: str) -> int:
    """``perfdate`` of a poller on UTC."""
    return int(datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp()) + 43_200


def activity(tenant: Tenant, function: str, columns: Sequence[tuple[str, str, str]], prefix: str) -> Said:
    """A mode of the form "who was active, and how much": column, text and name of the perfdata."""
    week, day = file_of(tenant, function, "D7"), file_of(tenant, function, "day")
    refresh = week[0]["Report Refresh Date"]
    sums = [(text, name, sum(int(row[column] or 0) for row in day)) for column, text, name in columns]
    told = ", ".join(f"{text}: {value}" for text, _, value in sums)
    numbers = " ".join(f"'{name}'={value};;;0;" for _, name, value in sums)
    return 0, (
        f"OK: Active users on {refresh} : {len(day)}/{len(week)} ({len(day) * 100 / len(week):.2f}%) - "
        f"{prefix}{told} | 'perfdate'={noon(refresh)};;;; 'active_users'={len(day)}users;;;0;{len(week)} {numbers}"
    )


def devices(tenant: Tenant, function: str, columns: Sequence[tuple[str, str, str]]) -> Said:
    """A mode of devices: column, text and name of the perfdata."""
    week, day = file_of(tenant, function, "D7"), file_of(tenant, function, "day")
    refresh = week[0]["Report Refresh Date"]
    used = [column for column in week[0] if column.startswith("Used ")]
    active, every = (sum("Yes" in row[column] for row in rows for column in used) for rows in (day, week))
    kinds = [(text, name, sum("Yes" in row[column] for row in day)) for column, text, name in columns]
    told = ", ".join(f"{text}: {value}" for text, _, value in kinds)
    numbers = " ".join(f"'{name}'={value};;;0;" for _, name, value in kinds)
    return 0, (
        f"OK: Active devices on {refresh} : {active}/{every} ({active * 100 / every:.2f}%) - "
        f"Users count by device type : {told} | 'perfdate'={noon(refresh)};;;; "
        f"'active_devices'={active}devices;;;0;{every} {numbers}"
    )


def mailboxes(tenant: Tenant) -> Said:
    """Of mailbox-usage."""
    rows = file_of(tenant, "getMailboxUsageDetail", "D7")
    refresh = rows[0]["Report Refresh Date"]
    active = [row for row in rows if row["Last Activity Date"] == refresh]
    inactive = [row for row in rows if row["Last Activity Date"] != refresh]
    used, idle = (sum(int(row["Storage Used (Byte)"] or 0) for row in part) for part in (active, inactive))
    return 0, (
        f"OK: Active mailboxes on {refresh} : {len(active)}/{len(rows)} ({len(active) * 100 / len(rows):.2f}%) - "
        f"Total Usage (active mailboxes): {_bytes(used)}, Usage (inactive mailboxes): {_bytes(idle)} | "
        f"'perfdate'={noon(refresh)};;;; 'active_mailboxes'={len(active)}mailboxes;;;0;{len(rows)} "
        f"'total_usage_active'={used}B;;;0; 'total_usage_inactive'={idle}B;;;0;"
    )


def _bytes(number: float) -> str:
    for unit in ("B", "KB", "MB", "GB"):
        if number < 1024:
            return f"{number:.2f} {unit}"
        number /= 1024
    return f"{number:.2f} TB"


def subscriptions(tenant: Tenant) -> Said:
    """Of subscriptions: a SKU in grace is a warning."""
    warnings, numbers = [], []
    for sku in sorted(tenant.skus.values(), key=lambda one: str(one["skuId"])):
        name, units, used = sku["skuPartNumber"], sku["prepaidUnits"], sku["consumedUnits"]
        if sku["capabilityStatus"].lower() == "warning":
            warnings.append(f"Subscriptions '{name}' capability status: warning")
        if total := units["enabled"] or units["warning"]:
            numbers += [
                f"'{name}#subscription.usage.count'={used};;;0;{total}",
                f"'{name}#subscription.free.count'={total - used};;;0;{total}",
                f"'{name}#subscription.usage.percentage'={used * 100 / total:.2f}%;;;0;100",
            ]
    return 1, f"WARNING: {' - '.join(warnings)} | {' '.join(numbers)}"


def credentials(tenant: Tenant, now: float) -> Said:
    """Of app-credentials in weeks: what has ended is critical."""
    ended, numbers = [], []
    for app in sorted(tenant.applications.values(), key=lambda one: str(one["appId"])):
        name = _clean(app["displayName"] or "")
        for kind, entries in (("password", app["passwordCredentials"]), ("key", app["keyCredentials"])):
            for entry in sorted(entries, key=lambda one: str(one["keyId"])):
                if (end := _end(entry.get("endDateTime"))) is None:
                    continue
                if end <= now:
                    ended.append(f"application '{name}' {kind} credential '{entry['keyId']}' status: expired")
                label = f"{name}~{entry['keyId']}#application.{kind}.expires.weeks".translate({39: "_", 61: "_"})
                numbers.append(f"'{label}'={max(0, int(end - now)) // WEEK}w;;;0;")
    return 2, f"CRITICAL: {' - '.join(ended)} | {' '.join(numbers)}"


def _end(text: str | None) -> float | None:
    found = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)", text or "")
    return datetime.fromisoformat(f"{found[1]}+00:00").timestamp() if found and found[1] > "0002" else None


def _clean(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def health(tenant: Tenant) -> Said:
    """Of service-status: a line for each open issue of a service that is not operational."""
    found = []
    for service in sorted(tenant.services.values(), key=lambda one: str(one["id"])):
        status = service["status"] if service["status"] in STATUSES else "unknown"
        if re.search("serviceOperational|serviceRestored", status, re.IGNORECASE):
            continue
        for one in _open_issues(tenant, service["service"]) or [{}]:
            told = [_clean(str(one.get(name) or "-")) for name in ("classification", "id", "startDateTime", "title")]
            told[2] = re.sub(r"\.\d+Z", "Z", told[2])
            found.append(f"Service '{service['service']}' status is '{status}' [issue: {', '.join(told)}]")
    return 2, f"CRITICAL: {' - '.join(found)}"


def _open_issues(tenant: Tenant, service: str) -> list[dict[str, Any]]:
    issues: Iterable[dict[str, Any]] = tenant.issues.values()
    own = [one for one in issues if one["service"] == service and not one["isResolved"]]
    return sorted(own, key=lambda one: str(one["id"]))


ORACLE: dict[str, Callable[[Tenant, float], Said]] = {
    "service-status": lambda tenant, _: health(tenant),
    "app-credentials": credentials,
    "subscriptions": lambda tenant, _: subscriptions(tenant),
    "email-activity": lambda tenant, _: activity(
        tenant,
        "getEmailActivityUserDetail",
        (
            ("Send Count", "Send Count", "total_send_count"),
            ("Receive Count", "Receive Count", "total_receive_count"),
            ("Read Count", "Read Count", "total_read_count"),
        ),
        "Total (active users) ",
    ),
    "mailbox-usage": lambda tenant, _: mailboxes(tenant),
    "skype-devices-usage": lambda tenant, _: devices(
        tenant,
        "getSkypeForBusinessDeviceUsageUserDetail",
        (
            ("Used Windows", "Windows", "windows"),
            ("Used iPad", "iPad", "ipad"),
            ("Used iPhone", "iPhone", "iphone"),
            ("Used Android Phone", "Android Phone", "android_phone"),
            ("Used Windows Phone", "Windows Phone", "windows_phone"),
        ),
    ),
    "skype-users-activity": lambda tenant, _: activity(
        tenant,
        "getSkypeForBusinessActivityUserDetail",
        (
            ("Total Peer-to-peer Session Count", "Peer-to-peer Sessions Count", "total_peer_to_peer_sessions"),
            ("Total Organized Conference Count", "Organized Conference Count", "total_organized_conference"),
            ("Total Participated Conference Count", "Participated Conference Count", "total_participated_conference"),
        ),
        "Total ",
    ),
    "teams-devices-usage": lambda tenant, _: devices(
        tenant,
        "getTeamsDeviceUsageUserDetail",
        (
            ("Used Windows", "Windows", "windows"),
            ("Used Mac", "Mac", "mac"),
            ("Used Web", "Web", "web"),
            ("Used iOS", "iOS", "ios"),
            ("Used Android Phone", "Android Phone", "android_phone"),
            ("Used Windows Phone", "Windows Phone", "windows_phone"),
        ),
    ),
    "teams-users-activity": lambda tenant, _: activity(
        tenant,
        "getTeamsUserActivityUserDetail",
        (
            ("Team Chat Message Count", "Team Chat Message Count", "total_team_chat"),
            ("Private Chat Message Count", "Private Chat Message Count", "total_private_chat"),
            ("Call Count", "Call Count", "total_call"),
            ("Meeting Count", "Meeting Count", "total_meeting"),
        ),
        "Total ",
    ),
}
"""What a plugin says by default, by our mode."""
