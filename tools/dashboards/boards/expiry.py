"""Everything that expires: credentials of apps, the exporter's own, subscriptions; soonest first, ended ones apart."""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.boards.parts import TENANT, UNKNOWN, trust
from tools.dashboards.links import APPS, SUBSCRIPTIONS
from tools.dashboards.model import Bars, Dashboard, Label, Lines, Query, Section, Stat, Table, Value
from tools.dashboards.queries import ROWS, SHORT_LIVED, app_ends, leaders, or_zero, rotated, rows

APP = "max by (tenant, app_id, app_name, kind) (o365_application_latest_credential_expiry_timestamp_seconds)"
APP_START = "max by (tenant, app_id, app_name, kind) (o365_application_latest_credential_start_timestamp_seconds)"
OWN = "min by (tenant, kind) (o365_exporter_credential_expiry_timestamp_seconds)"
OWN_START = "min by (tenant, kind) (o365_exporter_credential_start_timestamp_seconds)"
OWN_APP = (
    f"{OWN}\n  * on (tenant) group_left (app_name)\n"
    "topk by (tenant) (1, max by (tenant, app_name) (o365_application_used_by_exporter))"
)
ROTATED = f"({rotated()})"
ROTATING = f"bottomk({ROWS}, {APP} - time()\n  and on (tenant, app_id)\n{ROTATED})"
SUBSCRIPTION = (
    "max by (tenant, subscription_id, sku_part_number, trial) (o365_subscription_next_lifecycle_timestamp_seconds)"
)
CREDENTIAL = (
    "max by (tenant, app_id, app_name, credential_id, credential_name, kind) "
    "(o365_application_credential_expiry_timestamp_seconds)"
)
LATEST = app_ends()
COUNT = 'sum by (tenant) (last_over_time(tenant:o365_application_credentials:count{{validity="{}"}}[6h]))'
SUBSCRIPTIONS_END = "max by (tenant, subscription_id, trial) (o365_subscription_next_lifecycle_timestamp_seconds)"


def _named(expr: str, thing: str, name: str, identity: str) -> str:
    """The same series with the labels ``thing``, ``name`` and ``id``, so that unlike things stand in one table.

    ``thing`` may hold $1, which is the credential's kind.
    """
    source = "kind" if "$1" in thing else "tenant"
    named = f'label_replace({expr}, "thing", "{thing}", "{source}", "(.*)")'
    named = f'label_replace({named}, "name", "$1", "{name}", "(.*)")'
    return f'label_replace({named}, "id", "$1", "{identity}", "(.*)")'


def _things(app: str, own: str, *others: str) -> str:
    """Of apps but those that are exchanged by a program, of the exporter's logins, and of others."""
    each = (
        _named(f"({app} unless on (tenant, app_id) {ROTATED})", "$1 of an app", "app_name", "app_id"),
        _named(f"({own})", "$1 of this exporter", "kind", "kind"),
        *others,
    )
    return "max by (tenant, thing, name, id) (\n  " + "\n    or\n  ".join(each) + "\n)"


ALL = _things(APP, OWN, _named(SUBSCRIPTION, "subscription", "sku_part_number", "subscription_id"))
MADE_FOR = _things(f"({APP} - {APP_START})", f"({OWN} - {OWN_START})")

COMING = f"bottomk({ROWS}, {ALL} > time() < +Inf)"
ENDED = f"topk({ROWS}, {ALL} <= time())"


def _list(key: str, title: str, about: str, ends: str, *alerts: str, order: str, height: int) -> Table:
    return Table(
        key=key,
        title=title,
        about=about,
        columns=(
            TENANT,
            Label(name="thing", title="Thing"),
            Label(name="name", title="Name"),
            Value(title="Ends", expr=f"1000 * {ends}", unit="dateTimeAsIso"),
            Value(
                title="Days left",
                expr=f"({ends} - time()) / 86400",
                unit="suffix: d",
                decimals=1,
                steps=looks.DAYS_OF_CREDENTIAL if order == "Days left" else looks.DAYS_AGO,
            ),
            Value(
                title="Made for",
                expr=rows(f"{MADE_FOR} / 86400", "tenant, thing, name, id", ends),
                unit="suffix: d",
                decimals=0,
            ),
            Label(name="id", title="Id", width=315),
        ),
        order=(order,),
        height=height,
        alerts=alerts,
        links=(APPS, SUBSCRIPTIONS),
    )


def _within(expr: str, days: float, more_than: float = 0) -> str:
    return f"{expr} - time() > {more_than:g} * 86400 <= {days:g} * 86400"


NOW = Section(
    "now",
    "Now",
    (
        Stat(
            key="critical",
            title="Apps: 7 days",
            about="Apps whose last credential ends within 7 days; then whatever signs in with it stops. Left out are "
            "those that a program gives the next one.",
            expr=or_zero(f"count({_within(LATEST, 7)})", "o365_applications"),
            unit="short",
            steps=looks.NONE_IS_GOOD,
            empty=UNKNOWN,
            alerts=("O365AppCredentialExpires",),
        ),
        Stat(
            key="soon",
            title="Apps: 30 days",
            about="Apps whose last credential ends within 30 days, those of a program left out.",
            expr=or_zero(f"count({_within(LATEST, 30)})", "o365_applications"),
            unit="short",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            alerts=("O365AppCredentialExpiresSoon",),
        ),
        Stat(
            key="own",
            title="Exporter's own",
            about="Days until the first of the credentials ends with which this exporter signs in; after that nothing "
            "of the tenant is watched. Unknown where the exporter may not read its own app registration.",
            expr=f"min({OWN} - time()) / 86400",
            unit="suffix: d",
            decimals=0,
            steps=looks.DAYS_OF_CREDENTIAL,
            empty=UNKNOWN,
            alerts=("O365ExporterCredentialExpires", "O365ExporterCredentialExpiresSoon"),
        ),
        Stat(
            key="subscriptions",
            title="Subscriptions",
            about="Subscriptions, trials apart, whose state changes within 14 days unless they are renewed.",
            expr=or_zero(
                "count(" + _within(SUBSCRIPTIONS_END.replace("seconds)", 'seconds{trial="false"})'), 14) + ")",
                "o365_subscription_licenses",
            ),
            unit="short",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            alerts=("O365SubscriptionEndsSoon", "O365TrialEnds"),
        ),
        *trust("credential_expiry|subscriptions"),
    ),
)

SPANS = ((0, 7, "within 7 days"), (7, 30, "8 to 30 days"), (30, 90, "31 to 90 days"), (90, 365, "91 to 365 days"))

CREDENTIALS = Section(
    "credential_expiry",
    "Credentials",
    (
        Bars(
            key="spans",
            title="Apps by what is left",
            about="Apps by the time until their last credential ends; left out are those without end, and those that a "
            "program gives the next one.",
            bars=(
                Query(or_zero(f"count({LATEST} <= time())", "o365_applications"), "ended"),
                *(
                    Query(or_zero(f"count({_within(LATEST, until, start)})", "o365_applications"), name)
                    for start, until, name in SPANS
                ),
            ),
            unit="short",
            steps=((None, looks.NEUTRAL),),
        ),
        Table(
            key="logins",
            title="The exporter's own logins",
            about="The app as which each tenant is polled, its credential, and when that ends.",
            columns=(
                TENANT,
                Label(name="app_name", title="App", width=195),
                Label(name="kind", title="Kind", width=85),
                Value(title="", expr=OWN_APP),
                Value(title="Ends", expr=f"1000 * {OWN}", unit="dateTimeAsIso", width=165),
                Value(
                    title="Days left",
                    expr=f"({OWN} - time()) / 86400",
                    unit="suffix: d",
                    decimals=1,
                    steps=looks.DAYS_OF_CREDENTIAL,
                ),
            ),
            order=("Days left",),
            width=12,
            height=8,
            alerts=("O365ExporterCredentialExpires", "O365ExporterCredentialExpiresSoon"),
        ),
        Table(
            key="rotated",
            title="Exchanged by a program",
            about="Apps of which no alert tells that a credential ends: those of rotate_themselves in the settings, "
            f"and those whose last credential was made for {SHORT_LIVED} days at most; the {ROWS} soonest.",
            columns=(
                TENANT,
                Label(name="app_name", title="App", width=260),
                Label(name="kind", title="Kind", width=100),
                Value(
                    title="Days left", expr=f"{ROTATING} / 86400", unit="suffix: d", decimals=1, steps=looks.DAYS_PAST
                ),
                Value(
                    title="Made for",
                    expr=rows(f"({APP} - {APP_START}) / 86400", "tenant, app_id, kind", ROTATING),
                    unit="suffix: d",
                    decimals=0,
                ),
                Label(name="app_id", title=""),
            ),
            order=("Days left",),
            width=12,
            height=8,
            empty="none is known",
        ),
        Lines(
            key="expired_over_time",
            title="Credentials that have ended",
            about="Single credentials that are past their end and still listed. The 20 tenants with most of them by "
            "the last value in the shown time.",
            lines=(
                Query(
                    leaders(
                        'sum by (tenant) (tenant:o365_application_credentials:count{validity="expired"})', "tenant"
                    ),
                    "{{tenant}}",
                ),
            ),
            decimals=0,
            alerts=("O365AppCredentialExpiredLongAgo",),
        ),
        Table(
            key="tidiness",
            title="App registrations",
            about="How many there are, and how many single credentials are valid and ended.",
            columns=(
                TENANT,
                Value(title="Apps", expr="max by (tenant) (o365_applications)"),
                Value(
                    title="Valid",
                    expr=COUNT.format("valid"),
                ),
                Value(
                    title="Ended",
                    expr=COUNT.format("expired"),
                    steps=looks.SOME_IS_NOTABLE,
                ),
            ),
            order=("-Ended",),
            height=6,
            alerts=("O365AppCredentialExpiredLongAgo",),
        ),
        Table(
            key="superseded",
            title="Old credentials that end while a newer one is valid",
            about=f"They end within 30 days, and nothing stops if the app already uses the newer one; the {ROWS} "
            "soonest.",
            columns=(
                TENANT,
                Label(name="app_name", title="App"),
                Label(name="kind", title="Kind"),
                Label(name="credential_name", title="Credential"),
                Value(
                    title="Days left",
                    expr=f"bottomk({ROWS}, (\n  {CREDENTIAL} - time() > 0 < 30 * 86400\n"
                    f"    and on (tenant, app_id)\n  {LATEST} - time() >= 30 * 86400\n) / 86400)",
                    unit="suffix: d",
                    decimals=1,
                ),
                Label(name="app_id", title="App id", width=315),
                Label(name="credential_id", title="Credential id", width=315),
            ),
            order=("Days left",),
            height=6,
            alerts=("O365AppOldCredentialExpires",),
            links=(APPS,),
        ),
    ),
)

DASHBOARD = Dashboard(
    uid="o365-expiry",
    title="Microsoft 365: everything that expires",
    about="Credentials of apps, the exporter's own credential and subscriptions: what ends next, and what has ended.",
    sections=(
        NOW,
        Section(
            "ends",
            "What ends",
            (
                _list(
                    "coming",
                    "Soonest first",
                    "Of an app the last credential of each kind counts; apps that a program gives the next one have a "
                    "table of their own. A "
                    "subscription that renews by itself stands here too: Microsoft's interface does not tell. The "
                    f"{ROWS} soonest.",
                    COMING,
                    "O365AppCredentialExpires",
                    "O365AppCredentialExpiresSoon",
                    "O365SubscriptionEndsSoon",
                    order="Days left",
                    height=12,
                ),
                _list(
                    "ended",
                    "Ended",
                    f"What has ended and is still listed; the {ROWS} latest. Delete what nobody uses.",
                    ENDED,
                    "O365AppCredentialExpired",
                    "O365AppCredentialExpiredLongAgo",
                    order="-Days left",
                    height=6,
                ),
            ),
        ),
        CREDENTIALS,
    ),
    links=(APPS, SUBSCRIPTIONS),
    since="now-30d",
)
