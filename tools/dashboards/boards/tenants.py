"""Tenants overview: how is every tenant, at a glance?"""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.boards.parts import UNKNOWN, trust, unreachable, unwatched
from tools.dashboards.links import OF_ROW, dashboard
from tools.dashboards.model import Dashboard, Label, Lines, Link, Query, Section, Stat, State, Table, Value
from tools.dashboards.queries import FOR_USERS, data_age, held_seats, leaders, nearly_full, or_zero, trouble

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
APP_DAYS = (
    "(max by (tenant, app_id, kind) (o365_application_latest_credential_expiry_timestamp_seconds) - time()) / 86400"
)
OWN_DAYS = "(max by (tenant, kind) (o365_exporter_credential_expiry_timestamp_seconds) - time()) / 86400"
SUBSCRIPTION_DAYS = (
    '(max by (tenant, subscription_id) (o365_subscription_next_lifecycle_timestamp_seconds{trial="false"}) - time())'
    " / 86400"
)
SEATS = held_seats("tenant_sku:o365_sku_seats_used:ratio", "usable", listed=FOR_USERS)

NOW = Section(
    "now",
    "Now",
    (
        unreachable(width=4, height=3),
        unwatched(width=4, height=3),
        Stat(
            key="unhealthy",
            title="Unhealthy",
            about="Services that are not healthy, added over the tenants.",
            expr=f"sum({UNHEALTHY})",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            width=4,
            height=3,
            alerts=("O365ServiceInterrupted", "O365ServiceDegraded"),
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
        *trust(width=4, height=3),
        Stat(
            key="apps",
            title="Apps that lose access",
            about="Apps whose last credential of a kind ends within 30 days. Those that ended are on the page "
            "Everything that expires.",
            expr=or_zero(f"count({APP_DAYS} > 0 < 30)", "o365_applications"),
            unit="short",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            width=8,
            height=3,
            alerts=("O365AppCredentialExpiresSoon", "O365AppCredentialExpires"),
        ),
        Stat(
            key="ending",
            title="Subscriptions that end",
            about="Subscriptions, trials apart, whose state changes within 14 days unless they are renewed.",
            expr=or_zero(f"count({SUBSCRIPTION_DAYS} > 0 < 14)", "o365_subscription_licenses"),
            unit="short",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            width=8,
            height=3,
            alerts=("O365SubscriptionEndsSoon",),
        ),
        Stat(
            key="full",
            title="SKUs nearly full",
            about="SKUs for persons of which 95 % to all of the usable seats are taken.",
            expr=or_zero(f"count({nearly_full(SEATS)})", "o365_sku_consumed_units"),
            unit="short",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            width=8,
            height=3,
            alerts=("O365SkuNearlyFull",),
        ),
    ),
)

TABLE = Table(
    key="tenants",
    title="Tenants",
    about="One row for each tenant; click a cell for the page behind it. From the left: services that are not healthy, "
    "open incidents and advisories; days until the next app, the exporter's own login and the next subscription end, "
    "of those still to come; seats of the fullest SKU; failing sources; age of the source that has waited longest; "
    "series cut by max_series.",
    height=12,
    columns=(
        Label(name="tenant", title="Tenant", links=tuple(_to(uid)[0] for uid in PAGES)),
        Value(
            title="Token",
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
            links=_to("o365-service-health"),
        ),
        Value(
            title="Advisories",
            expr=f"sum by (tenant) ({ADVISORIES})",
            links=_to("o365-service-health"),
        ),
        Value(
            title="App ends",
            expr=f"min by (tenant) ({APP_DAYS} > 0 < +Inf)",
            unit="suffix: d",
            decimals=0,
            steps=looks.DAYS_OF_CREDENTIAL,
            links=_to("o365-expiry"),
        ),
        Value(
            title="Apps ended",
            expr=f"count by (tenant) ({APP_DAYS} <= 0) or 0 * max by (tenant) (o365_applications)",
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
            title="Licence ends",
            expr=f"min by (tenant) ({SUBSCRIPTION_DAYS} > 0)",
            unit="suffix: d",
            decimals=0,
            steps=looks.DAYS_OF_SUBSCRIPTION,
            links=_to("o365-expiry"),
        ),
        Value(
            title="Seats taken",
            expr=f"max by (tenant) ({SEATS})",
            decimals=0,
            steps=looks.SHARE_OF_SEATS,
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
            title="Cut",
            expr="sum by (tenant) (max by (tenant, collector) (o365_exporter_series_dropped))",
            steps=looks.NONE_IS_CALM,
            links=_to("o365-exporter"),
        ),
    ),
    order="-Incidents",
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
            title="Active users of Teams",
            about="Of the users of seven days, the share that was active on the report's day, two to three days ago: a "
            "sign of life. The 20 tenants with most by the last value in the shown time.",
            lines=(Query(leaders('tenant_product:o365_active_users:ratio{product="teams"}', "tenant"), "{{tenant}}"),),
            daily=True,
            maximum=1,
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
                Value(title="", expr="max without (job, instance) (o365_tenant_info)"),
            ),
            order="Tenant",
            height=8,
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
