"""Exchange: how much mail do people send, and how full are their mailboxes?"""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.boards import usage
from tools.dashboards.boards.parts import TENANT, UNKNOWN, day, day_of_tenant, reports, trust
from tools.dashboards.links import REPORTS
from tools.dashboards.model import Dashboard, Section, Stat, Table, Value

ITS_REPORTS = "getEmail.*|getMailbox.*"
FULL = "send_prohibited|send_receive_prohibited"
QUOTA = 'max by (tenant, quota_status) (o365_exchange_mailboxes_by_quota_status{{quota_status=~"{}"}})'
MAILBOXES = "max by (tenant, activity) (o365_exchange_mailboxes)"
STORAGE = "max by (tenant, activity) (o365_exchange_mailbox_storage_bytes)"

NOW = Section(
    "now",
    "Now",
    (
        Stat(
            key="active",
            title="Active in mail",
            about=f"Persons of all the tenants shown who sent, received or read mail. {usage.DAILY}",
            expr="sum(max by (tenant) (o365_exchange_email_active_users))",
            unit="short",
        ),
        day(ITS_REPORTS),
        Stat(
            key="cannot_send",
            title="Cannot send",
            about="Over the quota that prohibits sending, or sending and receiving.",
            expr=f"sum({QUOTA.format(FULL)})",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            alerts=("O365MailboxesCannotSend",),
        ),
        Stat(
            key="storage",
            title="Storage used",
            about="Of all mailboxes of the tenants shown.",
            expr=f"sum({STORAGE})",
            decimals=1,
        ),
        *trust("exchange_usage|report_settings"),
    ),
)

TABLE = Table(
    key="tenants",
    title="Tenants",
    about="One row for each tenant: persons, how many and which share of them were active on the day, and their "
    "messages; mailboxes, the share in use and their storage; those of which Microsoft tells no quota, those that are "
    "warned, and those that cannot send; whether reports have hashes in place of names.",
    columns=(
        TENANT,
        day_of_tenant(ITS_REPORTS),
        Value(title="Persons", expr="max by (tenant) (o365_exchange_email_users)"),
        Value(title="Active", expr="max by (tenant) (o365_exchange_email_active_users)"),
        Value(
            title="Share",
            expr='max by (tenant) (tenant_product:o365_active_users:ratio{product="exchange"})',
            decimals=0,
        ),
        *(
            Value(title=action.capitalize(), expr=f'max by (tenant) (o365_exchange_emails{{action="{action}"}})')
            for action in ("sent", "received", "read")
        ),
        Value(title="Mailboxes", expr=f"sum by (tenant) ({MAILBOXES})"),
        Value(title="In use", expr="max by (tenant) (tenant:o365_exchange_mailboxes_active:ratio)", decimals=0),
        Value(title="Storage", expr=f"sum by (tenant) ({STORAGE})", decimals=1),
        Value(title="No quota", expr=f"sum by (tenant) ({QUOTA.format('indeterminate')})"),
        Value(title="Warned", expr=f"sum by (tenant) ({QUOTA.format('warning_issued')})"),
        Value(
            title="Stopped",
            expr=f"sum by (tenant) ({QUOTA.format(FULL)})",
            steps=looks.NONE_IS_CALM,
        ),
        Value(
            title="Hashes",
            expr="max by (tenant) (o365_report_names_concealed)",
            states=looks.YES_IS_BAD,
        ),
    ),
    order=("-Stopped", "-Warned", "Tenant"),
    height=7,
    alerts=("O365MailboxesCannotSend", "O365UsageCollapsed"),
    links=(REPORTS,),
)

DASHBOARD = Dashboard(
    uid="o365-exchange",
    title="Microsoft 365: Exchange",
    about="Mail and mailboxes as Microsoft's usage reports have them: numbers of one day, two to three days old. They "
    "are for trends and full mailboxes; for what is broken now see service health.",
    sections=(
        NOW,
        Section("tenants", "Tenants", (TABLE,)),
        Section(
            "exchange_usage",
            "Over time",
            (
                usage.share("share", "Share of persons active in mail", "exchange", "O365UsageCollapsed"),
                usage.week("week", "Against the week before", "exchange"),
                usage.summed("emails", "Messages", "Messages of a day.", "o365_exchange_emails", "action"),
                usage.summed(
                    "mailboxes",
                    "Mailboxes",
                    "Active and inactive ones.",
                    "o365_exchange_mailboxes",
                    "activity",
                    stacked=True,
                ),
                usage.summed(
                    "storage_over_time",
                    "Storage of mailboxes",
                    "Bytes in active and inactive mailboxes.",
                    "o365_exchange_mailbox_storage_bytes",
                    "activity",
                    stacked=True,
                ),
                usage.summed(
                    "quota",
                    "Mailboxes near or over their quota",
                    "Those under their limit are left out, and those of which Microsoft tells no quota "
                    "(indeterminate); the table above has these.",
                    'o365_exchange_mailboxes_by_quota_status{quota_status!~"under_limit|indeterminate"}',
                    "quota_status",
                    stacked=True,
                    colours=looks.states("o365_exchange_mailboxes_by_quota_status", "quota_status"),
                    alerts=("O365MailboxesCannotSend",),
                ),
                usage.summed(
                    "deleted",
                    "Deleted mailboxes among them",
                    "Microsoft leaves them in its files for a month and longer; the panels beside count them, too.",
                    "o365_exchange_deleted_mailboxes",
                    "activity",
                    width=8,
                    stacked=True,
                ),
                usage.summed(
                    "deleted_storage",
                    "Storage of deleted mailboxes",
                    "Bytes that could be had back.",
                    "o365_exchange_deleted_mailbox_storage_bytes",
                    "activity",
                    width=8,
                    stacked=True,
                ),
                usage.summed(
                    "deleted_persons",
                    "Deleted persons",
                    "Persons whom Microsoft still counts.",
                    "o365_exchange_email_deleted_users",
                    width=8,
                ),
            ),
        ),
        Section("report_settings", "Reports", (reports(ITS_REPORTS),)),
        Section(
            "persons",
            "Persons",
            (
                usage.person(
                    "person_emails",
                    "Busiest persons",
                    "Messages of a day.",
                    "o365_exchange_user_emails",
                    "action",
                    width=8,
                    height=6,
                ),
                usage.person(
                    "person_storage",
                    "Greatest mailboxes",
                    "Bytes in a mailbox.",
                    "o365_exchange_user_mailbox_storage_bytes",
                    width=8,
                    height=6,
                ),
                usage.person(
                    "person_items",
                    "Most items",
                    "Items in a mailbox.",
                    "o365_exchange_user_mailbox_items",
                    width=8,
                    height=6,
                ),
            ),
        ),
    ),
    links=(REPORTS,),
    timezone="utc",
    since="now-30d",
    incidents=False,
)
