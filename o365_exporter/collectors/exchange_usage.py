"""How much mail do people send and receive, and how full are their mailboxes?

Source: the usage reports getEmailActivityUserDetail (7 days for the population, one day for activity),
getMailboxUsageDetail (7 days only: Microsoft offers no one-day form) and getMailboxUsageQuotaStatusMailboxCounts (the
newest day of the trend), every six hours. Permission: Reports.Read.All. Freshness: two to three days.
Series: ``o365_exchange_*``.
"""

from __future__ import annotations

from pydantic import Field

from o365_exporter.filters import Filter
from o365_exporter.metrics import Metric
from o365_exporter.reports import Active, Count, Deleted, Measure, Report, Sum, Trend, UsageOptions, usage_collector

_ACTIONS = {"action": ("sent", "received", "read")}
_ACTIVITY = {"activity": ("active", "inactive")}

EMAIL_USERS = Metric("o365_exchange_email_users", "Number of persons in getEmailActivityUserDetail (7 days): its rows.")
EMAIL_DELETED_USERS = Metric(
    "o365_exchange_email_deleted_users",
    "Number of persons in getEmailActivityUserDetail (7 days) who are deleted, by Is Deleted or a Deleted Date; "
    "o365_exchange_email_users counts them too.",
)
EMAIL_ACTIVE_USERS = Metric(
    "o365_exchange_email_active_users",
    "Number of persons active in mail on the refresh date: rows of the one-day getEmailActivityUserDetail.",
)
EMAILS = Metric(
    "o365_exchange_emails",
    "Number of messages on the refresh date alone: Send Count, Receive Count and Read Count of the one-day "
    "getEmailActivityUserDetail.",
    ("action",),
    values=_ACTIONS,
)
MAILBOXES = Metric(
    "o365_exchange_mailboxes",
    "Number of mailboxes in getMailboxUsageDetail: active where Last Activity Date is the refresh date.",
    ("activity",),
    values=_ACTIVITY,
)
DELETED_MAILBOXES = Metric(
    "o365_exchange_deleted_mailboxes",
    "Number of mailboxes in getMailboxUsageDetail that are deleted, by Is Deleted or a Deleted Date; "
    "o365_exchange_mailboxes counts them too.",
    ("activity",),
    values=_ACTIVITY,
)
DELETED_STORAGE = Metric(
    "o365_exchange_deleted_mailbox_storage_bytes",
    "Bytes that deleted mailboxes use, Storage Used (Byte) of getMailboxUsageDetail; "
    "o365_exchange_mailbox_storage_bytes counts them too.",
    ("activity",),
    values=_ACTIVITY,
)
MAILBOX_STORAGE = Metric(
    "o365_exchange_mailbox_storage_bytes",
    "Bytes that mailboxes use, Storage Used (Byte) of getMailboxUsageDetail.",
    ("activity",),
    values=_ACTIVITY,
)
MAILBOXES_BY_QUOTA = Metric(
    "o365_exchange_mailboxes_by_quota_status",
    "Number of mailboxes by quota status on the newest day of getMailboxUsageQuotaStatusMailboxCounts.",
    ("quota_status",),
    values={
        "quota_status": (
            "under_limit",
            "warning_issued",
            "send_prohibited",
            "send_receive_prohibited",
            "indeterminate",
        )
    },
)
USER_EMAILS = Metric(
    "o365_exchange_user_emails",
    "Number of messages of one person on the refresh date alone: counts of the one-day getEmailActivityUserDetail.",
    ("user", "action"),
    values=_ACTIONS,
)
USER_STORAGE = Metric(
    "o365_exchange_user_mailbox_storage_bytes",
    "Bytes that one mailbox uses, Storage Used (Byte) of getMailboxUsageDetail.",
    ("user",),
)
USER_ITEMS = Metric(
    "o365_exchange_user_mailbox_items",
    "Number of items in one mailbox, Item Count of getMailboxUsageDetail.",
    ("user",),
)

_COUNTS = {"sent": Sum("Send Count"), "received": Sum("Receive Count"), "read": Sum("Read Count")}
_COUNTED = {"sent": "Send", "received": "Receive", "read": "Read"}
"""The same in the trend."""

_STORAGE = Sum("Storage Used (Byte)")
_QUOTA_COLUMNS = {
    "under_limit": "Under Limit",
    "warning_issued": "Warning Issued",
    "send_prohibited": "Send Prohibited",
    "send_receive_prohibited": "Send/Receive Prohibited",
    "indeterminate": "Indeterminate",
}

_BY_QUOTA = tuple(
    Measure(MAILBOXES_BY_QUOTA, Sum(column), {"quota_status": status}) for status, column in _QUOTA_COLUMNS.items()
)

REPORTS = (
    Report(
        source="email_activity",
        function="getEmailActivityUserDetail",
        population=(Measure(EMAIL_USERS, Count()), Measure(EMAIL_DELETED_USERS, Deleted(Count()))),
        day=(
            Measure(EMAIL_ACTIVE_USERS, Count()),
            *(Measure(EMAILS, count, {"action": action}) for action, count in _COUNTS.items()),
        ),
        each=tuple(Measure(USER_EMAILS, count, {"action": action}) for action, count in _COUNTS.items()),
        trend=Trend(
            "getEmailActivityCounts",
            tuple(Measure(EMAILS, Sum(column), {"action": action}) for action, column in _COUNTED.items()),
        ),
    ),
    Report(
        source="mailbox_usage",
        function="getMailboxUsageDetail",
        population=tuple(
            Measure(metric, Active(quantity, active=activity == "active"), {"activity": activity})
            for metric, quantity in (
                (MAILBOXES, Count()),
                (MAILBOX_STORAGE, _STORAGE),
                (DELETED_MAILBOXES, Deleted(Count())),
                (DELETED_STORAGE, Deleted(_STORAGE)),
            )
            for activity in _ACTIVITY["activity"]
        ),
        each=(Measure(USER_STORAGE, _STORAGE), Measure(USER_ITEMS, Sum("Item Count"))),
        users="mailboxes",
    ),
    Report(
        source="mailbox_quota",
        function="getMailboxUsageQuotaStatusMailboxCounts",
        newest=_BY_QUOTA,
        users="",
        trend=Trend("getMailboxUsageQuotaStatusMailboxCounts", _BY_QUOTA),
    ),
)


class Options(UsageOptions):
    """Settings of ``exchange_usage``."""

    mailboxes: Filter = Field(
        default=Filter(), description="Mailboxes to count, by user principal name; totals change with them."
    )


COLLECTOR = usage_collector(
    "exchange_usage",
    "How much mail do people send and receive, and how full are their mailboxes?",
    REPORTS,
    Options,
)
