"""Each mode on the input of the plugins' own runs: the same words, numbers, names and exit codes."""

from __future__ import annotations

import shlex

import pytest

from o365_exporter.probing.health import SERVICE_STATUS
from tests.fakes import NOON
from tests.probing.daemon import Daemon, checked, source

DAY = 86_400.0
MIDNIGHT = NOON - 43_200.0


def refresh(report: str, period: str = "D7") -> str:
    """The day of a report, 2026-03-10."""
    return f'o365_report_refresh_timestamp_seconds{{period="{period}",report="{report}",tenant="contoso"}} {MIDNIGHT}'


def series(metric: str, value: float, **labels: str) -> str:
    """One line."""
    parts = ",".join(f'{name}="{text}"' for name, text in sorted({**labels, "tenant": "contoso"}.items()))
    return f"{metric}{{{parts}}} {value}"


EMAIL = (
    source("exchange_usage", "email_activity"),
    refresh("getEmailActivityUserDetail"),
    refresh("getEmailActivityUserDetail", "day"),
    series("o365_exchange_email_users", 4),
    series("o365_exchange_email_active_users", 1),
    series("o365_exchange_emails", 3, action="sent"),
    series("o365_exchange_emails", 7, action="received"),
    series("o365_exchange_emails", 5, action="read"),
)
SEED = (
    *EMAIL[:3],
    series("o365_exchange_email_users", 1532),
    series("o365_exchange_email_active_users", 141),
    series("o365_exchange_emails", 9478, action="sent"),
    series("o365_exchange_emails", 62197, action="received"),
    series("o365_exchange_emails", 24401, action="read"),
)
PERSONS = tuple(
    series("o365_exchange_user_emails", value, user=user, action=action)
    for user, values in {"ann@contoso.com": (3, 7, 5), "bob@contoso.com": (600, 0, 0)}.items()
    for action, value in zip(("sent", "received", "read"), values, strict=True)
)
MAILBOXES = (
    source("exchange_usage", "mailbox_usage"),
    refresh("getMailboxUsageDetail"),
    series("o365_exchange_mailboxes", 2, activity="active"),
    series("o365_exchange_mailboxes", 2, activity="inactive"),
    series("o365_exchange_mailbox_storage_bytes", 96_000_001_000, activity="active"),
    series("o365_exchange_mailbox_storage_bytes", 99_000_000_000, activity="inactive"),
)
QUOTA = (
    source("exchange_usage", "mailbox_quota"),
    *(
        series("o365_exchange_mailboxes_by_quota_status", value, quota_status=status)
        for status, value in {"under_limit": 9, "warning_issued": 2, "send_prohibited": 1}.items()
    ),
    series("o365_exchange_mailboxes_by_quota_status", 0, quota_status="send_receive_prohibited"),
)
ONE_MAILBOX = (
    series("o365_exchange_user_mailbox_storage_bytes", 96_000_000_000, user="ann@contoso.com"),
    series("o365_exchange_user_mailbox_items", 12, user="ann@contoso.com"),
)
SKYPE_DEVICES = (
    source("skype_usage", "devices_usage"),
    refresh("getSkypeForBusinessDeviceUsageUserDetail"),
    series("o365_skype_devices", 4),
    series("o365_skype_active_devices", 1),
    *(
        series("o365_skype_device_users", float(device == "windows"), device=device)
        for device in ("windows", "windows_phone", "android_phone", "iphone", "ipad")
    ),
)
SKYPE_USERS = (
    source("skype_usage", "users_activity"),
    refresh("getSkypeForBusinessActivityUserDetail"),
    series("o365_skype_users", 2),
    series("o365_skype_active_users", 1),
    series("o365_skype_peer_to_peer_sessions", 2),
    series("o365_skype_conferences", 3, role="organized"),
    series("o365_skype_conferences", 4, role="participated"),
)
TEAMS_USERS = (
    source("teams_usage", "users_activity"),
    refresh("getTeamsUserActivityUserDetail"),
    series("o365_teams_users", 0),
    series("o365_teams_active_users", 0),
    series("o365_teams_messages", 0, kind="team"),
    series("o365_teams_messages", 0, kind="private"),
    series("o365_teams_calls", 0),
    series("o365_teams_meetings", 0),
)
TEAMS_DEVICES = (
    source("teams_usage", "devices_usage"),
    refresh("getTeamsDeviceUsageUserDetail"),
    series("o365_teams_devices", 9),
    series("o365_teams_active_devices", 3),
    *(
        series("o365_teams_device_users", value, device=device)
        for device, value in {"windows": 1, "web": 1, "mac": 0, "ios": 0, "android_phone": 0}.items()
    ),
    series("o365_teams_device_users", 0, device="windows_phone"),
    series("o365_teams_device_users", 1, device="chrome_os"),
)


def sku(number: int, name: str, status: str, used: float, **units: float) -> tuple[str, ...]:
    """The lines of one SKU."""
    labels = {"sku_id": f"{number}", "sku_part_number": name}
    return (
        series("o365_sku_status", 1, **labels, status=status),
        series("o365_sku_consumed_units", used, **labels),
        *(series("o365_sku_units", value, **labels, state=state) for state, value in units.items()),
    )


SKUS_SOURCE = source("subscriptions", "skus")
E3 = sku(1, "SPE_E3", "Enabled", 14, enabled=25, warning=0)
LAPSED = sku(2, "EMS", "Warning", 7, enabled=0, warning=5)
SUSPENDED = sku(3, "CRM", "Suspended", 3, enabled=0, warning=0, suspended=10)


def credential(app: str, name: str, kind: str, end: float | str, app_id: str = "") -> str:
    """The end of a credential, seconds from now."""
    labels = {"app_id": app_id or app, "app_name": app, "credential_id": name, "credential_name": "x", "kind": kind}
    value = end if isinstance(end, str) else NOON + end
    metric = "o365_application_credential_expiry_timestamp_seconds"
    return series(metric, 0, **labels).replace(" 0", f" {value}")


APPS = source("credential_expiry", "applications")
ENDED = credential("App One", "p1", "secret", -6 * 365 * DAY)
GOOD = credential("App One", "p2", "secret", 100 * DAY)
KEY = credential("App One", "k1", "certificate", 10 * DAY + 5)
OTHER = credential("App Two", "p3", "secret", "+Inf")

HEALTH = (source("service_health", "overviews"), source("service_health", "issues"))


def service(service_id: str, name: str, status: str) -> str:
    """The status of a service."""
    return series("o365_service_health_status", 1, service_id=service_id, service_name=name, status=status)


def issue(service_id: str, issue_id: str, classification: str, title: str, *, is_open: bool = True) -> str:
    """The lines of an issue that began on the day before."""
    ids = {"service_id": service_id, "issue_id": issue_id}
    return "\n".join(
        [
            series("o365_service_issue_info", 1, **ids, classification=classification, title=title),
            series("o365_service_issue_open", float(is_open), **ids, classification=classification),
            series("o365_service_issue_status", 1, **ids, status="investigating"),
            series("o365_service_issue_start_timestamp_seconds", NOON - DAY, **ids),
        ]
    )


EXCHANGE = service("Exchange", "Exchange Online", "serviceOperational")
TEAMS = service("microsoftteams", "Microsoft Teams", "serviceDegradation")
DELAYS = issue("microsoftteams", "TM1", "advisory", "Some users may see delays")
RESOLVED = issue("Exchange", "EX1", "incident", "Was slow", is_open=False)

REVIEWED = service("microsoftteams", "Microsoft Teams", "postIncidentReviewPublished")


def healthy(service_id: str, value: float) -> str:
    """Whether the exporter calls a service healthy."""
    return series("o365_service_healthy", value, service_id=service_id, service_name="x")


BEGUN = "2026-03-09T12:00:00Z"

CASES: dict[str, tuple[tuple[str, ...], str, int, str]] = {
    "email: the plugin's own run": (
        EMAIL,
        "email-activity",
        0,
        "OK: Active users on 2026-03-10 : 1/4 (25.00%) - Total (active users) Send Count: 3, Receive Count: 7, "
        "Read Count: 5 | 'perfdate'=1773144000;;;; 'active_users'=1users;;;0;4 'total_send_count'=3;;;0; "
        "'total_receive_count'=7;;;0; 'total_read_count'=5;;;0;",
    ),
    "email: the figures of the plugins' page of 2019, by names with dots": (
        SEED,
        "email-activity --use-new-perfdata",
        0,
        "OK: Active users on 2026-03-10 : 141/1532 (9.20%) - Total (active users) Send Count: 9478, "
        "Receive Count: 62197, Read Count: 24401 | 'perfdate'=1773144000;;;; "
        "'exchange.users.active.count'=141users;;;0;1532 'exchange.users.emails.sent.total.count'=9478;;;0; "
        "'exchange.users.emails.received.total.count'=62197;;;0; 'exchange.users.emails.read.total.count'=24401;;;0;",
    ),
    "email: thresholds are percentages, and shown as counts": (
        SEED,
        "email-activity --filter-counters active --warning-active-users=50: --critical-active-users=@0:5",
        1,
        "WARNING: Active users on 2026-03-10 : 141/1532 (9.20%) | 'perfdate'=1773144000;;;; "
        "'active_users'=141users;766:;@0:76;0;1532",
    ),
    "email: thresholds are counts": (
        SEED,
        "email-activity --units=count --filter-counters=active --critical-active-users=200:",
        2,
        "CRITICAL: Active users on 2026-03-10 : 141/1532 (9.20%) | 'perfdate'=1773144000;;;; "
        "'active_users'=141users;;200:;0;1532",
    ),
    "email: of several numbers the bad ones are told, the worst first": (
        SEED,
        "email-activity --warning-total-read-count 10 --critical-total-send-count=0:9477 --warning-active-users 5",
        2,
        "CRITICAL: Total (active users) Send Count: 9478, Read Count: 24401 WARNING: Active users on 2026-03-10 : "
        "141/1532 (9.20%) | 'perfdate'=1773144000;;;; 'active_users'=141users;0:76;;0;1532 "
        "'total_send_count'=9478;;0:9477;0; 'total_receive_count'=62197;;;0; 'total_read_count'=24401;0:10;;0;",
    ),
    "email: an empty threshold is none": (
        EMAIL,
        "email-activity --filter-counters=total-read --warning-total-read-count= --critical-total-read-count",
        0,
        "OK: Total (active users) Read Count: 5 | 'total_read_count'=5;;;0;",
    ),
    "email: single persons": (
        (*EMAIL, *PERSONS),
        "email-activity --filter-counters=^(send|read)-count --warning-send-count=500 --filter-user=contoso --verbose",
        1,
        "WARNING: User 'bob@contoso.com' Send Count: 600 | 'send_count_ann@contoso.com'=3;0:500;;0; "
        "'read_count_ann@contoso.com'=5;;;0; 'send_count_bob@contoso.com'=600;0:500;;0; "
        "'read_count_bob@contoso.com'=0;;;0;\n"
        "User 'ann@contoso.com' Send Count: 3, Read Count: 5\nUser 'bob@contoso.com' Send Count: 600, Read Count: 0",
    ),
    "email: single persons are well": (
        (*EMAIL, *PERSONS),
        "email-activity --filter-counters=^read-count --use-new-perfdata",
        0,
        "OK: All email activity are ok | 'ann@contoso.com#exchange.users.emails.read.count'=5;;;0; "
        "'bob@contoso.com#exchange.users.emails.read.count'=0;;;0;",
    ),
    "email: one person is told whole": (
        (*EMAIL, *PERSONS),
        "email-activity --filter-counters=^read-count --filter-user ann",
        0,
        "OK: User 'ann@contoso.com' Read Count: 5 | 'read_count_ann@contoso.com'=5;;;0;",
    ),
    "mailboxes: the plugin's own run": (
        MAILBOXES,
        "mailbox-usage --critical-total-usage-inactive 98999999999",
        2,
        "CRITICAL: Total Usage (inactive mailboxes): 92.20 GB | 'perfdate'=1773144000;;;; "
        "'active_mailboxes'=2mailboxes;;;0;4 'total_usage_active'=96000001000B;;;0; "
        "'total_usage_inactive'=99000000000B;;0:98999999999;0;",
    ),
    "mailboxes: bytes in steps of 1024": (
        MAILBOXES,
        "mailbox-usage --use-new-perfdata --filter-mailbox=",
        0,
        "OK: Active mailboxes on 2026-03-10 : 2/4 (50.00%) - Total Usage (active mailboxes): 89.41 GB, "
        "Usage (inactive mailboxes): 92.20 GB | 'perfdate'=1773144000;;;; "
        "'exchange.mailboxes.active.count'=2mailboxes;;;0;4 "
        "'exchange.mailboxes.active.usage.total.bytes'=96000001000B;;;0; "
        "'exchange.mailboxes.inactive.usage.total.bytes'=99000000000B;;;0;",
    ),
    "mailboxes: over quota, which the plugin has no numbers for": (
        (*MAILBOXES, *QUOTA),
        "mailbox-usage --filter-counters=quota --warning-quota-warning=0 --critical-quota-send=0",
        2,
        "CRITICAL: Mailboxes over quota Warning: 2, Cannot Send: 1 | 'quota_warning'=2;0:0;;0; "
        "'quota_send'=1;;0:0;0; 'quota_receive'=0;;;0;",
    ),
    "mailboxes: a condition on what one holds": (
        (*MAILBOXES, *ONE_MAILBOX),
        "mailbox-usage --filter-counters=status|items --warning-status='' --critical-status='%{used} > 50*1000000000'",
        2,
        "CRITICAL: Mailbox 'ann@contoso.com' Used: 89.41 GB | 'used_ann@contoso.com'=96000000000B;;;0; "
        "'items_ann@contoso.com'=12;;;0;",
    ),
    "mailboxes: quotas of single ones are not served": (
        (*MAILBOXES, *ONE_MAILBOX),
        "mailbox-usage --filter-counters=status --use-new-perfdata",
        3,
        "UNKNOWN: Mailbox 'ann@contoso.com' Used: 89.41 GB, but the exporter does not serve %{prohibit_send_quota}: "
        "give --critical-status another condition, or leave it out of --filter-counters | "
        "'ann@contoso.com#exchange.mailboxes.usage.bytes'=96000000000B;;;0;",
    ),
    "Skype devices: the plugin's own run": (
        SKYPE_DEVICES,
        "skype-devices-usage",
        0,
        "OK: Active devices on 2026-03-10 : 1/4 (25.00%) - Users count by device type : Windows: 1, iPad: 0, "
        "iPhone: 0, Android Phone: 0, Windows Phone: 0 | 'perfdate'=1773144000;;;; 'active_devices'=1devices;;;0;4 "
        "'windows'=1;;;0; 'ipad'=0;;;0; 'iphone'=0;;;0; 'android_phone'=0;;;0; 'windows_phone'=0;;;0;",
    ),
    "Skype devices: thresholds and names with dots": (
        SKYPE_DEVICES,
        "skype-devices-usage --filter-counters=windows --warning-windows=0 --use-new-perfdata",
        1,
        "WARNING: Users count by device type : Windows: 1 | 'skype.devices.windows.count'=1;0:0;;0; "
        "'skype.devices.windowsphone.count'=0;;;0;",
    ),
    "Skype users: the plugin's own run": (
        SKYPE_USERS,
        "skype-users-activity --use-new-perfdata",
        0,
        "OK: Active users on 2026-03-10 : 1/2 (50.00%) - Total Peer-to-peer Sessions Count: 2, "
        "Organized Conference Count: 3, Participated Conference Count: 4 | 'perfdate'=1773144000;;;; "
        "'skype.users.active.count'=1users;;;0;2 'skype.users.sessions.p2p.total.count'=2;;;0; "
        "'skype.users.conferences.organized.total.count'=3;;;0; "
        "'skype.users.conferences.participated.total.count'=4;;;0;",
    ),
    "Teams users: nobody is no percentage": (
        TEAMS_USERS,
        "teams-users-activity --critical-active-users 1:",
        2,
        "CRITICAL: Active users on 2026-03-10 : 0/0 (0.00%) | 'perfdate'=1773144000;;;; 'active_users'=0users;;0:;0;0 "
        "'total_team_chat'=0;;;0; 'total_private_chat'=0;;;0; 'total_call'=0;;;0; 'total_meeting'=0;;;0;",
    ),
    "Teams devices": (
        TEAMS_DEVICES,
        "teams-devices-usage",
        0,
        "OK: Active devices on 2026-03-10 : 3/9 (33.33%) - Users count by device type : Windows: 1, Mac: 0, Web: 1, "
        "iOS: 0, Android Phone: 0, Windows Phone: 0 | 'perfdate'=1773144000;;;; 'active_devices'=3devices;;;0;9 "
        "'windows'=1;;;0; 'mac'=0;;;0; 'web'=1;;;0; 'ios'=0;;;0; 'android_phone'=0;;;0; 'windows_phone'=0;;;0;",
    ),
    "subscriptions: the plugin's own run": (
        (SKUS_SOURCE, *E3, *LAPSED, *SUSPENDED),
        "subscriptions --verbose",
        1,
        "WARNING: Subscriptions 'EMS' capability status: warning | 'SPE_E3#subscription.usage.count'=14;;;0;25 "
        "'SPE_E3#subscription.free.count'=11;;;0;25 'SPE_E3#subscription.usage.percentage'=56.00%;;;0;100 "
        "'EMS#subscription.usage.count'=7;;;0;5 'EMS#subscription.free.count'=-2;;;0;5 "
        "'EMS#subscription.usage.percentage'=140.00%;;;0;100\n"
        "Subscriptions 'SPE_E3' capability status: enabled, usage total: 25 used: 14 (56.00%) free: 11 (44.00%)\n"
        "Subscriptions 'EMS' capability status: warning, usage total: 5 used: 7 (140.00%) free: -2 (-40.00%)\n"
        "Subscriptions 'CRM' capability status: suspended",
    ),
    "subscriptions: one is told whole": (
        (SKUS_SOURCE, *E3, *LAPSED),
        "subscriptions --filter-sku-part-number ^SPE",
        0,
        "OK: Subscriptions 'SPE_E3' capability status: enabled, usage total: 25 used: 14 (56.00%) free: 11 (44.00%) | "
        "'SPE_E3#subscription.usage.count'=14;;;0;25 'SPE_E3#subscription.free.count'=11;;;0;25 "
        "'SPE_E3#subscription.usage.percentage'=56.00%;;;0;100",
    ),
    "subscriptions: several are well": (
        (SKUS_SOURCE, *SUSPENDED, *sku(4, "EMPTY", "Enabled", 0, enabled=0)),
        "subscriptions",
        0,
        "OK: All subscriptions are ok",
    ),
    "subscriptions: thresholds": (
        (SKUS_SOURCE, *E3),
        "subscriptions --warning-subscription-usage-free 12: --critical-subscription-usage-prct 50 "
        "--warning-subscription-usage=10:20 --critical-status='%{capabilityStatus} eq \"suspended\"'",
        2,
        "CRITICAL: Subscriptions 'SPE_E3' usage total: 25 used: 14 (56.00%) free: 11 (44.00%), "
        "usage total: 25 used: 14 (56.00%) free: 11 (44.00%) | 'SPE_E3#subscription.usage.count'=14;10:20;;0;25 "
        "'SPE_E3#subscription.free.count'=11;12:;;0;25 'SPE_E3#subscription.usage.percentage'=56.00%;;0:50;0;100",
    ),
    "credentials: the plugin's own run": (
        (APPS, ENDED, GOOD, KEY),
        "app-credentials --unit d --verbose",
        2,
        "CRITICAL: application 'App One' password credential 'p1' status: expired | "
        "'App One~p1#application.password.expires.days'=0d;;;0; "
        "'App One~p2#application.password.expires.days'=100d;;;0; 'App One~k1#application.key.expires.days'=10d;;;0;\n"
        "checking application 'App One'\n"
        "    password credential 'p1' status: expired, expires in 0s\n"
        "    password credential 'p2' status: valid, expires in 3M 1w 1d 16h 32m 51s\n"
        "    key credential 'k1' status: valid, expires in 1w 3d 5s",
    ),
    "credentials: one is told whole, in seconds": (
        (APPS, KEY),
        "app-credentials",
        0,
        "OK: application 'App One' key credential 'k1' status: valid, expires in 1w 3d 5s | "
        "'App One~k1#application.key.expires.seconds'=864005s;;;0;",
    ),
    "credentials: of one app several are well": (
        (APPS, GOOD, credential("App One", "p4", "secret", "+Inf"), KEY),
        "app-credentials --unit w",
        0,
        "OK: application 'App One' All password credentials are ok - application 'App One' key credential 'k1' "
        "status: valid, expires in 1w 3d 5s | 'App One~p2#application.password.expires.weeks'=14w;;;0; "
        "'App One~k1#application.key.expires.weeks'=1w;;;0;",
    ),
    "credentials: of several apps all are well": (
        (APPS, GOOD, KEY, OTHER),
        "app-credentials --unit=h --filter-app-name=App",
        0,
        "OK: All application credentials are ok | 'App One~p2#application.password.expires.hours'=2400h;;;0; "
        "'App One~k1#application.key.expires.hours'=240h;;;0;",
    ),
    "credentials: before the end": (
        (APPS, ENDED, GOOD, KEY),
        "app-credentials --unit=d --warning-key-expires=30: --critical-key-expires=7: --critical-password-status= "
        '--unknown-password-status=\'%{status} eq "expired" and %{app_name} =~ /^app/i and %{id} ne "x"\'',
        1,
        "WARNING: application 'App One' key credential 'k1' expires in 1w 3d 5s UNKNOWN: application 'App One' "
        "password credential 'p1' status: expired | 'App One~p1#application.password.expires.days'=0d;;;0; "
        "'App One~p2#application.password.expires.days'=100d;;;0; "
        "'App One~k1#application.key.expires.days'=10d;30:;7:;0;",
    ),
    "health: one service is told whole": (
        (*HEALTH, EXCHANGE, TEAMS, DELAYS),
        "service-status --filter-service-name Exchange",
        0,
        "OK: Service 'Exchange Online' status is 'serviceOperational'",
    ),
    "health: all are well": (
        (*HEALTH, EXCHANGE, service("x", "Planner", "serviceRestored")),
        "service-status --verbose",
        0,
        "OK: All services are ok\nService 'Exchange Online' status is 'serviceOperational'\n"
        "Service 'Planner' status is 'serviceRestored'",
    ),
    "health: by default whatever is not operational is critical": (
        (*HEALTH, EXCHANGE, TEAMS, DELAYS, service("z", "Bookings", "falsePositive")),
        "service-status",
        2,
        f"CRITICAL: Service 'Microsoft Teams' status is 'serviceDegradation' [issue: advisory, TM1, {BEGUN}, "
        "Some users may see delays] - Service 'Bookings' status is 'falsePositive' [issue: -, -, -, -]",
    ),
    "health: a line for each issue": (
        (*HEALTH, TEAMS, DELAYS, issue("microsoftteams", "TM2", "incident", "No calls")),
        "service-status --warning-status='%{classification} eq \"advisory\"' "
        "--critical-status='%{classification} =~ /^incident$/ && %{issue_status} ne \"resolved\"'",
        2,
        f"CRITICAL: Service 'Microsoft Teams' status is 'serviceDegradation' [issue: incident, TM2, {BEGUN}, No calls] "
        f"WARNING: Service 'Microsoft Teams' status is 'serviceDegradation' [issue: advisory, TM1, {BEGUN}, "
        "Some users may see delays]",
    ),
    "health: only incidents": (
        (*HEALTH, EXCHANGE, TEAMS, DELAYS, issue("microsoftteams", "TM2", "incident", "No calls")),
        "service-health --include-classification incident --exclude-service-name '^Exchange'",
        2,
        f"CRITICAL: Service 'Microsoft Teams' status is 'serviceDegradation' [issue: incident, TM2, {BEGUN}, No calls]",
    ),
    "health: but for advisories": (
        (*HEALTH, EXCHANGE, TEAMS, DELAYS),
        "service-status --exclude-classification advisory",
        0,
        "OK: Service 'Exchange Online' status is 'serviceOperational'",
    ),
    "health: a service whose issues are resolved stays": (
        (*HEALTH, EXCHANGE, RESOLVED),
        "service-status --service Exchange --critical '%{issue_resolved} == 1'",
        0,
        "OK: Service 'Exchange Online' status is 'serviceOperational'",
    ),
    "health: resolved issues where they are wanted": (
        (*HEALTH, EXCHANGE, RESOLVED),
        "service-status --exclude-resolved=0 --warning '%{issue_resolved} == 1' --critical=",
        1,
        f"WARNING: Service 'Exchange Online' status is 'serviceOperational' [issue: incident, EX1, {BEGUN}, Was slow]",
    ),
    "health: a filter that leaves nothing": (
        (*HEALTH, EXCHANGE),
        "service-status --include-service-name exchange",
        3,
        "UNKNOWN: No services found. The filters leave none: mend --include- and --exclude- options.",
    ),
    "subscriptions: a filter that leaves nothing": (
        (SKUS_SOURCE, *E3),
        "subscriptions --filter-sku-part-number spe",
        3,
        "UNKNOWN: No subscriptions found. The filter leaves none: mend --filter-sku-part-number.",
    ),
    "credentials: a filter that leaves nothing, which the plugin calls OK": (
        (APPS, GOOD),
        "app-credentials --filter-app-name app",
        3,
        "UNKNOWN: No application credentials found. No app that passes --filter-app-name has one: mend the filter, "
        "or take this check away.",
    ),
    "email: a filter that leaves nobody": (
        (*EMAIL, *PERSONS),
        "email-activity --filter-counters=^read-count --filter-user Ann",
        3,
        "UNKNOWN: No name passes --filter-user: mend the pattern.",
    ),
    "email: no single persons are served": (
        EMAIL,
        "email-activity --filter-counters=^read-count",
        3,
        "UNKNOWN: The exporter serves no single persons: set collectors.exchange_usage.per_user.enabled = true in its "
        "settings, or leave --filter-counters out.",
    ),
    "email: numbers of all cannot be filtered": (
        (*EMAIL, *PERSONS),
        "email-activity --filter-user=ann",
        3,
        "UNKNOWN: The exporter counts all users, and active-users, total-send-count, total-receive-count, "
        "total-read-count cannot be filtered here: set collectors.exchange_usage.users.include in its settings and "
        "leave --filter-user out, or choose counters of single persons by --filter-counters.",
    ),
    "email: a column is lost": (
        EMAIL[:-1],
        "email-activity",
        3,
        "UNKNOWN: total-read-count is not served although exchange_usage/email_activity has answered: its report may "
        "lack a column (o365_report_missing_columns) or have lost its one-day file; see the exporter's log. | "
        "'perfdate'=1773144000;;;; 'active_users'=1users;;;0;4 'total_send_count'=3;;;0; 'total_receive_count'=7;;;0;",
    ),
    "health: a finished review, which the plugin calls critical": (
        (*HEALTH, REVIEWED, healthy("microsoftteams", 1)),
        "service-status",
        2,
        "CRITICAL: Service 'Microsoft Teams' status is 'postIncidentReviewPublished' [issue: -, -, -, -]",
    ),
    "health: a finished review as the status page and the alerts have it": (
        (*HEALTH, REVIEWED, healthy("microsoftteams", 1)),
        "service-status --critical-status '%{healthy} == 0'",
        0,
        "OK: Service 'Microsoft Teams' status is 'postIncidentReviewPublished'",
    ),
    "health: an advisory is a warning, by what the exporter calls healthy": (
        (*HEALTH, EXCHANGE, healthy("Exchange", 1), TEAMS, healthy("microsoftteams", 0), DELAYS),
        f"service-status {SERVICE_STATUS.examples[2][1]}",
        1,
        f"WARNING: Service 'Microsoft Teams' status is 'serviceDegradation' [issue: advisory, TM1, {BEGUN}, "
        "Some users may see delays]",
    ),
    "health: an exporter that does not say what is healthy": (
        (*HEALTH, EXCHANGE),
        "service-status --critical-status '%{healthy} == 0'",
        3,
        "UNKNOWN: Service 'Exchange Online' status is 'serviceOperational', but the exporter does not serve "
        "%{healthy}: give --critical-status another condition, or leave it out of --filter-counters",
    ),
    "skus: one counter": (
        (SKUS_SOURCE, *E3, *LAPSED),
        "subscriptions --filter-counters=prct --use-new-perfdata",
        0,
        "OK: All subscriptions are ok | 'SPE_E3#subscription.usage.percentage'=56.00%;;;0;100 "
        "'EMS#subscription.usage.percentage'=140.00%;;;0;100",
    ),
    "skus: no counter is left": (
        (SKUS_SOURCE, *E3, *LAPSED),
        "subscriptions --filter-counters=nothing",
        3,
        "UNKNOWN: Nothing is looked at: no counter has a label that --filter-counters allows.",
    ),
    "health: macros of Centreon that are empty": (
        (*HEALTH, EXCHANGE),
        "service-status --url= --tenant= --ca-file= --cert-file= --key-file= --user= --password-file= "
        "--include-service-name= --exclude-service-name= --exclude-resolved --warning-status=",
        0,
        "OK: Service 'Exchange Online' status is 'serviceOperational'",
    ),
    "email: no counter is left": (
        EMAIL,
        "email-activity --filter-counters=nothing",
        3,
        "UNKNOWN: Nothing is looked at: no counter has a label that --filter-counters allows.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_mode_says_what_the_plugin_says(exporter: Daemon, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """The whole output and the exit code, byte by byte."""
    lines, arguments, code, text = CASES[name]
    exporter.serve(*lines)
    assert checked(capsys, *shlex.split(arguments)) == (code, f"{text}\n")
