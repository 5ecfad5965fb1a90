"""Rows for the reports of Exchange."""

from __future__ import annotations

from o365_exporter.probing.judging import Counter, State
from o365_exporter.probing.usage.engine import Part, Series, Usage
from o365_exporter.probing.usage.parts import active, count


def _storage(label: str, name: str, text: str, activity: str) -> Part:
    series = Series("o365_exchange_mailbox_storage_bytes", (("activity", activity),))
    return Part(Counter(label, name, f"{text}: {{{label}_text}}", label, "B"), series)


def _quota(label: str, name: str, text: str, quota_status: str) -> Part:
    return count(label, name, text, "o365_exchange_mailboxes_by_quota_status", quota_status=quota_status)


_MAILBOXES = "o365_exchange_mailboxes"
_QUOTA = State(
    "status",
    "Used: {used_text}",
    ("used", "issue_warning_quota", "prohibit_send_quota", "prohibit_send_receive_quota"),
    "%{used} > %{issue_warning_quota}",
    "%{used} > %{prohibit_send_quota}",
    perfdata=Counter("status", "exchange.mailboxes.usage.bytes", "", "used", "B", old="used", thresholds=False),
)

EMAIL_ACTIVITY = Usage(
    "email-activity",
    "How many people used mail on the day of the report, and how much.",
    "exchange_usage",
    "email_activity",
    "getEmailActivityUserDetail",
    "users",
    (
        active("active-users", "exchange.users.active.count", "users"),
        Series("o365_exchange_email_active_users"),
        Series("o365_exchange_email_users"),
    ),
    (
        count(
            "total-send-count",
            "exchange.users.emails.sent.total.count",
            "Send Count",
            "o365_exchange_emails",
            action="sent",
        ),
        count(
            "total-receive-count",
            "exchange.users.emails.received.total.count",
            "Receive Count",
            "o365_exchange_emails",
            action="received",
        ),
        count(
            "total-read-count",
            "exchange.users.emails.read.total.count",
            "Read Count",
            "o365_exchange_emails",
            action="read",
        ),
    ),
    "Total (active users) ",
    ("User", "All email activity are ok"),
    (
        count(
            "send-count", "exchange.users.emails.sent.count", "Send Count", "o365_exchange_user_emails", action="sent"
        ),
        count(
            "receive-count",
            "exchange.users.emails.received.count",
            "Receive Count",
            "o365_exchange_user_emails",
            action="received",
        ),
        count(
            "read-count", "exchange.users.emails.read.count", "Read Count", "o365_exchange_user_emails", action="read"
        ),
    ),
)

MAILBOX_USAGE = Usage(
    "mailbox-usage",
    "How many mailboxes were used on the day of the report, and what all hold.",
    "exchange_usage",
    "mailbox_usage",
    "getMailboxUsageDetail",
    "mailboxes",
    (
        active("active-mailboxes", "exchange.mailboxes.active.count", "mailboxes"),
        Series(_MAILBOXES, (("activity", "active"),)),
        Series(_MAILBOXES),
    ),
    (
        _storage(
            "total-usage-active",
            "exchange.mailboxes.active.usage.total.bytes",
            "Usage (active mailboxes)",
            "active",
        ),
        _storage(
            "total-usage-inactive",
            "exchange.mailboxes.inactive.usage.total.bytes",
            "Usage (inactive mailboxes)",
            "inactive",
        ),
    ),
    "Total ",
    ("Mailbox", "All mailboxes usage are ok"),
    (
        Part(_QUOTA, Series("o365_exchange_user_mailbox_storage_bytes")),
        count("items", "exchange.mailboxes.items.count", "Items", "o365_exchange_user_mailbox_items"),
    ),
    filter="filter-mailbox",
    further=("mailbox_quota", "Mailboxes over quota "),
    more=(
        _quota("quota-warning", "exchange.mailboxes.quota.warning.count", "Warning", "warning_issued"),
        _quota("quota-send", "exchange.mailboxes.quota.send.count", "Cannot Send", "send_prohibited"),
        _quota(
            "quota-receive",
            "exchange.mailboxes.quota.receive.count",
            "Cannot Send/Receive",
            "send_receive_prohibited",
        ),
    ),
)
