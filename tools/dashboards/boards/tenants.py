"""Tenants overview: how is every tenant, at a glance?"""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.boards.parts import UNKNOWN, trust, unreachable, unwatched
from tools.dashboards.links import OF_ROW, dashboard
from tools.dashboards.model import Dashboard, Label, Lines, Link, Query, Section, Stat, State, Table, Value
from tools.dashboards.queries import (
    FOR_USERS,
    app_ends,
    data_age,
    leaders,
    licences_off,
    not_shown,
    or_zero,
    or_zero_of,
    share_of_seats,
    trouble,
)

PAGES = {
    "o365-service-health": "Service health",
    "o365-expiry": "Everything that expires",
    "o365-subscriptions": "Subscriptions",
    "o365-exchange": "Exchange",
    "o365-skype-teams": "Skype and Teams",
    "o365-exporter": "Exporter",
}


def _to(uid: str) -> tuple[Link, ...]:
    return (dashboard(uid, f"{PAGES[uid]} of this tenant", OF_ROW),)


UNHEALTHY = "1 - min by (tenant, service_id) (o365_service_healthy)"
OPEN = "max by (tenant, service_id, classification) (o365_service_open_issues{{classification{}}})"
INCIDENTS = OPEN.format('=~"incident|unknown"')
ADVISORIES = OPEN.format('="advisory"')
APP_DAYS = f"({app_ends()} - time()) / 86400"
OWN_DAYS = "(min by (tenant, kind) (o365_exporter_credential_expiry_timestamp_seconds) - time()) / 86400"
SUBSCRIPTION_DAYS = (
    '(max by (tenant, subscription_id) (o365_subscription_next_lifecycle_timestamp_seconds{trial="false"}) - time())'
    " / 86400"
)
SEATS = share_of_seats("usable", listed=FOR_USERS)
CRITICAL = 'ALERTS{alertname=~"O365.+",alertstate="firing",severity="critical",tenant=~`${tenant:regex}|`}'
LOADED = "tenant_instance:o365_exporter_tenant_seen:time"
CUT_OFF = f"{APP_DAYS} > -7 <= 7"
"""Days of apps of which the last credential ends within a week, or has ended in the last one: then it is history."""


def _few(key: str, title: str, about: str, expr: str, known: str, *alerts: str, critical: bool = False) -> Stat:
    return Stat(
        key=key,
        title=title,
        about=about,
        expr=or_zero(f"count({expr})", known),
        unit="short",
        steps=looks.NONE_IS_GOOD if critical else looks.NONE_IS_CALM,
        empty=UNKNOWN,
        width=4,
        height=3,
        alerts=alerts,
    )


NOW = Section(
    "now",
    "Now",
    (
        _few(
            "critical",
            "Critical alerts",
            "Alerts that wake somebody, as Prometheus has them: also those that are held while their data are missing.",
            CRITICAL,
            LOADED,
            critical=True,
        ),
        unreachable(width=4, height=3),
        unwatched(width=4, height=3),
        *trust(width=4, height=3),
        Stat(
            key="dropped",
            title="Left out",
            about="Series that max_series cut, and entries that could not be read: what they would say raises no alert "
            "and is in no number here.",
            expr=not_shown(),
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            width=4,
            height=3,
            alerts=("O365SeriesDropped",),
        ),
        Stat(
            key="unhealthy",
            title="Unhealthy",
            about="Services that are not healthy, added over the tenants.",
            expr=f"sum({UNHEALTHY})",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            width=4,
            height=3,
            alerts=("O365ServiceIncident", "O365ServiceDegraded"),
        ),
        Stat(
            key="incidents",
            title="Open incidents",
            about="Open incidents, added over the tenants: one that hits three tenants counts three times.",
            expr=f"sum({INCIDENTS})",
            steps=looks.NONE_IS_GOOD,
            empty=UNKNOWN,
            width=4,
            height=3,
            alerts=("O365ServiceDegraded",),
        ),
        Stat(
            key="access",
            title="Losing access",
            about="Apps whose last credential ends within 7 days or ended in the last 7, and logins of the exporter "
            "that end within 7 days. What ended before that is on the page Everything that expires.",
            expr=or_zero(
                f"count({CUT_OFF}\n  or\n{OWN_DAYS} <= 7)",
                "o365_applications or o365_exporter_credential_expiry_timestamp_seconds",
            ),
            unit="short",
            steps=looks.NONE_IS_GOOD,
            empty=UNKNOWN,
            width=4,
            height=3,
            alerts=("O365AppCredentialExpires", "O365AppCredentialExpired", "O365ExporterCredentialExpires"),
        ),
        _few(
            "off",
            "Licences off",
            "SKUs that are suspended, locked out or deleted while somebody holds one, or gone with a subscription that "
            "worked in the last seven days.",
            licences_off(),
            "o365_sku_consumed_units",
            "O365SkuDisabled",
            "O365SubscriptionEnded",
            critical=True,
        ),
        _few(
            "full",
            "Short of seats",
            "SKUs for persons of which 95 % of the usable seats are taken, or more than there are, or none is left.",
            f"{SEATS} >= 0.95",
            "o365_sku_consumed_units",
            "O365SkuNearlyFull",
            "O365SkuOverassigned",
        ),
        _few(
            "soon",
            "Ending soon",
            "Apps whose last credential ends in 8 to 30 days, and subscriptions, trials apart, whose state changes "
            "within 14 days unless they are renewed.",
            f"{APP_DAYS} > 7 < 30\n  or\n{SUBSCRIPTION_DAYS} > 0 < 14",
            "o365_applications or o365_subscription_licenses",
            "O365AppCredentialExpiresSoon",
            "O365SubscriptionEndsSoon",
        ),
    ),
)

TABLE = Table(
    key="tenants",
    title="Tenants",
    about="One row for each tenant; click a cell for the page behind it. From the left: critical alerts; services that "
    "are not healthy, open incidents and advisories; days until the next app, the exporter's own login and the next "
    "subscription end, negative where an app's last credential ended in the last week, and apps that ended before; "
    "licences that are off; seats of the fullest SKU; failing sources; age of the source that has waited longest; "
    "what max_series cut or could not be read. Apps that are exchanged by a program are not among those that end.",
    height=10,
    columns=(
        Label(name="tenant", title="Tenant", links=tuple(_to(uid)[0] for uid in PAGES), width=150),
        Value(
            title="Alerts",
            expr=or_zero_of("tenant", f"count by (tenant) ({CRITICAL})", LOADED),
            unit="short",
            steps=looks.NONE_IS_GOOD,
            background=True,
        ),
        Value(
            title="Token",
            width=75,
            expr="max by (tenant) (o365_exporter_tenant_up)",
            states=(State("1", "yes", looks.GOOD), State("0", "none", looks.BAD)),
            background=True,
            links=_to("o365-exporter"),
        ),
        Value(
            title="Unhealthy",
            expr=f"sum by (tenant) ({UNHEALTHY})",
            steps=looks.NONE_IS_CALM,
            background=True,
            links=_to("o365-service-health"),
        ),
        Value(
            title="Incidents",
            expr=f"sum by (tenant) ({INCIDENTS})",
            steps=looks.NONE_IS_GOOD,
            background=True,
            width=105,
            links=_to("o365-service-health"),
        ),
        Value(
            title="Advisories",
            expr=f"sum by (tenant) ({ADVISORIES})",
            links=_to("o365-service-health"),
        ),
        Value(
            title="App ends",
            expr=f"min by (tenant) ({APP_DAYS} > -7 < +Inf)",
            unit="suffix: d",
            decimals=0,
            steps=looks.DAYS_OF_CREDENTIAL,
            links=_to("o365-expiry"),
        ),
        Value(
            title="Ended",
            expr=or_zero_of("tenant", f"count by (tenant) ({APP_DAYS} <= -7)", "o365_applications"),
            unit="short",
            steps=looks.SOME_IS_NOTABLE,
            links=_to("o365-expiry"),
        ),
        Value(
            title="Login ends",
            expr=f"min by (tenant) ({OWN_DAYS})",
            unit="suffix: d",
            decimals=0,
            steps=looks.DAYS_OF_CREDENTIAL,
            links=_to("o365-expiry"),
        ),
        Value(
            title="Off",
            expr=or_zero_of("tenant", f"count by (tenant) ({licences_off()})", "o365_sku_consumed_units"),
            unit="short",
            steps=looks.NONE_IS_GOOD,
            background=True,
            links=_to("o365-subscriptions"),
        ),
        Value(
            title="Lapses",
            expr=f"min by (tenant) ({SUBSCRIPTION_DAYS} > 0)",
            unit="suffix: d",
            decimals=0,
            steps=looks.DAYS_OF_SUBSCRIPTION,
            links=_to("o365-expiry"),
        ),
        Value(
            title="Seats",
            expr=f"max by (tenant) ({SEATS})",
            unit="percentunit",
            decimals=0,
            steps=looks.SHARE_OF_SEATS,
            states=looks.NO_SEATS,
            links=_to("o365-subscriptions"),
        ),
        Value(
            title="Failing",
            expr=f"count by (tenant) (\n{trouble()}\n)\n  or\n0 * max by (tenant) (o365_exporter_tenant_up)",
            unit="short",
            steps=looks.NONE_IS_GOOD,
            background=True,
            links=_to("o365-exporter"),
        ),
        Value(
            title="Data age",
            expr=f"max by (tenant) (\n{data_age()}\n)",
            unit="s",
            decimals=0,
            links=_to("o365-exporter"),
        ),
        Value(
            title="Left out",
            expr=not_shown("by (tenant) "),
            steps=looks.NONE_IS_CALM,
            links=_to("o365-exporter"),
        ),
    ),
    order=("-Alerts", "-Off", "-Incidents", "-Failing", "Tenant"),
)

OVER_TIME = Section(
    "over_time",
    "Over time",
    (
        Lines(
            key="unhealthy_over_time",
            title="Unhealthy services over time",
            about="The 20 tenants with most of them by the last value in the shown time.",
            lines=(Query(leaders(f"sum by (tenant) ({UNHEALTHY})", "tenant"), "{{tenant}}"),),
            decimals=0,
            links=(dashboard("o365-service-health", "Service health"),),
        ),
        Lines(
            key="seats_over_time",
            title="Seats taken of the fullest SKU",
            about="The 20 tenants with the fullest SKU by the last value in the shown time.",
            lines=(
                Query(
                    leaders('max by (tenant) (tenant_sku:o365_sku_seats_used:ratio{total="usable"})', "tenant"),
                    "{{tenant}}",
                ),
            ),
            links=(dashboard("o365-subscriptions", "Subscriptions"),),
        ),
        Lines(
            key="active_over_time",
            title="Active in Teams, 2 to 3 days ago",
            about="Of the users of seven days, the share that was active on the report's day, two to three days ago: a "
            "sign of life. The 20 tenants with most by the last value in the shown time.",
            lines=(Query(leaders('tenant_product:o365_active_users:ratio{product="teams"}', "tenant"), "{{tenant}}"),),
            daily=True,
            maximum=1,
            lowest_first=True,
            alerts=("O365UsageCollapsed",),
        ),
        Lines(
            key="age_over_time",
            title="Age of service health",
            about="Time since the state of services was last read. The 20 tenants with the oldest by the last value "
            "in the shown time.",
            lines=(
                Query(
                    leaders(data_age("tenant", 'collector="service_health",source="overviews"'), "tenant"),
                    "{{tenant}}",
                ),
            ),
            unit="s",
            alerts=("O365SourceStale",),
        ),
    ),
)

FACTS = Section(
    "facts",
    "Who they are",
    (
        Table(
            key="facts",
            title="Tenants in the settings",
            about="Labels of your own are shown beside the others.",
            columns=(
                Label(name="tenant", title="Tenant"),
                Label(name="tenant_id", title="Directory"),
                Label(name="cloud", title="Cloud"),
                Label(name="admin_center", title="Admin centre"),
                Value(title="", expr="max without (job, instance) (o365_tenant_info)"),
            ),
            order=("Tenant",),
            height=7,
        ),
    ),
)

DASHBOARD = Dashboard(
    uid="o365-tenants",
    title="Microsoft 365: tenants overview",
    about="How every tenant is, what ends next, and whether the exporter can be believed. One row for each tenant.",
    sections=(NOW, Section("tenants", "Tenants", (TABLE,)), OVER_TIME, FACTS),
    since="now-7d",
)
