"""Subscriptions: how many seats are there, how many are taken, and what is about to lapse?"""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.boards.parts import TENANT, UNKNOWN, trust
from tools.dashboards.links import LICENCES, SUBSCRIPTIONS
from tools.dashboards.model import (
    Dashboard,
    Label,
    Lines,
    Query,
    Section,
    Stat,
    State,
    Table,
    Timeline,
    Value,
    Variable,
)
from tools.dashboards.queries import (
    CUT,
    FOR_USERS,
    ROWS,
    held_seats,
    leaders,
    licences_off,
    or_zero,
    rows,
    share_of_seats,
    troubled,
)

OF = "sku_part_number=~`${sku:regex}`"
SKU = "tenant, sku_id, sku_part_number"
TAKEN = f"max by ({SKU}) (o365_sku_consumed_units{{{OF}}})"
STATUS = "o365_sku_status"


def _held(recording: str, total: str) -> str:
    return held_seats(recording, total, f",{OF}")


def _share(total: str) -> str:
    return _held("tenant_sku:o365_sku_seats_used:ratio", total)


USED = share_of_seats("usable", f",{OF}")
FREE_FOR_USERS = held_seats("tenant_sku:o365_sku_seats_free:sum", "usable", f",{OF}", listed=FOR_USERS)
USED_BY_USERS = share_of_seats("usable", f",{OF}", listed=FOR_USERS)


NOW = Section(
    "now",
    "Now",
    (
        Stat(
            key="overassigned",
            title="Over-assigned",
            about="SKUs for persons with more seats taken than there are usable ones.",
            expr=or_zero(f"count({FREE_FOR_USERS} < 0)", TAKEN),
            unit="short",
            steps=looks.NONE_IS_GOOD,
            empty=UNKNOWN,
            alerts=("O365SkuOverassigned",),
        ),
        Stat(
            key="full",
            title="Short of seats",
            about="SKUs for persons of which 95 % of the usable seats are taken, or more than there are, or none is "
            "left.",
            expr=or_zero(f"count({USED_BY_USERS} >= 0.95)", TAKEN),
            unit="short",
            steps=looks.NONE_IS_CALM,
            empty=UNKNOWN,
            alerts=("O365SkuNearlyFull", "O365SkuOverassigned"),
        ),
        Stat(
            key="off",
            title="Licences off",
            about="SKUs that are suspended, locked out or deleted while somebody holds one, or gone with a "
            "subscription that worked in the last seven days.",
            expr=or_zero(f"count({licences_off(OF)})", TAKEN),
            unit="short",
            steps=looks.NONE_IS_GOOD,
            empty=UNKNOWN,
            alerts=("O365SkuDisabled", "O365SubscriptionEnded", "O365SkuInGrace", "O365SkuStatusUnknown"),
        ),
        Stat(
            key="next_end",
            title="Next end",
            about="Days until the state of a subscription, trials apart, changes unless it is renewed.",
            expr=f'min(o365_subscription_next_lifecycle_timestamp_seconds{{trial="false",{OF}}} - time() > 0) / 86400',
            unit="suffix: d",
            decimals=0,
            steps=looks.DAYS_OF_SUBSCRIPTION,
            empty="none known",
            optional=True,
            alerts=("O365SubscriptionEndsSoon",),
        ),
        *trust("subscriptions"),
    ),
)

HOLDERS = (State("User", "persons", "text"), State("Company", "the tenant", "text"))

# Where the recordings are missing a SKU has no share.
FULLEST = f"topk({ROWS}, {USED}\n  or on (tenant, sku_id)\n0 * {TAKEN})"


def _of_fullest(expr: str) -> str:
    return rows(expr, "tenant, sku_id", FULLEST)


SEATS = Table(
    key="seats",
    title="SKUs",
    about=f"The {ROWS} fullest; first those that somebody holds while no seat is left. Usable seats are those enabled "
    "and those in their grace period (warning). Centreon's total is the enabled seats, or those in grace where none is "
    "enabled. Free seats below 0 are over-assigned.",
    columns=(
        TENANT,
        Label(name="product_name", title="Product", width=220),
        Label(name="sku_part_number", title="SKU", width=190),
        Label(name="status", title="Status", states=looks.states(STATUS, "status"), background=True),
        Value(title="Taken", expr=_of_fullest(TAKEN)),
        Value(title="Usable", expr=_of_fullest(_held("tenant_sku:o365_sku_seats:sum", "usable"))),
        Value(
            title="Free",
            expr=_of_fullest(_held("tenant_sku:o365_sku_seats_free:sum", "usable")),
            steps=((None, looks.BAD), (0, looks.GOOD)),
        ),
        Value(
            title="Share",
            expr=_of_fullest(USED),
            unit="percentunit",
            decimals=1,
            steps=looks.SHARE_OF_SEATS,
            states=looks.NO_SEATS,
            background=True,
        ),
        Value(title="Centreon", expr=_of_fullest(_held("tenant_sku:o365_sku_seats:sum", "centreon")), width=95),
        Value(
            title="Its share",
            expr=_of_fullest(_share("centreon")),
            decimals=1,
            steps=looks.SHARE_OF_SEATS,
            width=95,
        ),
        Value(
            title="",
            expr=_of_fullest(f"max by ({SKU}, product_name, applies_to) (o365_sku_info{{{OF}}})"),
        ),
        Value(title="", expr=_of_fullest(f"max by ({SKU}, status) ({STATUS}{{{OF}}})")),
        Label(name="applies_to", title="For", states=HOLDERS),
        Label(name="sku_id", title=""),
    ),
    order=("-Share",),
    height=12,
    alerts=("O365SkuOverassigned", "O365SkuNearlyFull"),
    links=(LICENCES,),
)

UNITS = Table(
    key="units",
    title="Units by state",
    about=f"Of the {ROWS} fullest SKUs. All states that Microsoft knows; enabled and warning (lapsed, in grace) "
    "are usable.",
    columns=(
        TENANT,
        Label(name="sku_part_number", title="SKU", width=190),
        *(
            Value(
                title=state.capitalize() if state.islower() else "Locked out",
                expr=_of_fullest(f'max by ({SKU}) (o365_sku_units{{state="{state}",{OF}}})'),
            )
            for state in ("enabled", "warning", "suspended", "lockedOut")
        ),
        Label(name="sku_id", title=""),
    ),
    order=("-Suspended",),
    height=8,
    alerts=("O365SkuInGrace",),
    links=(LICENCES,),
)

TRIAL = (State("true", "trial", looks.NEUTRAL), State("false", "paid", "text"))
ONE = "tenant, subscription_id, sku_part_number, trial"
END = f"max by ({ONE}) (o365_subscription_next_lifecycle_timestamp_seconds{{{OF}}})"
# What has no end comes last.
SOONEST = f"bottomk({ROWS}, {END}\n  or\nInf + max by ({ONE}) (o365_subscription_licenses{{{OF}}}))"


def _of_soonest(expr: str) -> str:
    return rows(expr, "tenant, subscription_id", SOONEST)


LIST = Table(
    key="list",
    title="Subscriptions",
    about=f"The {ROWS} that end soonest. One that renews by itself has a date too: "
    "Microsoft's interface does not tell it from one that ends.",
    columns=(
        TENANT,
        Label(name="sku_part_number", title="SKU", width=190),
        Label(name="trial", title="Kind", states=TRIAL),
        Label(
            name="status",
            title="Status",
            states=looks.states("o365_subscription_status", "status"),
            background=True,
        ),
        Value(title="Licences", expr=_of_soonest(f"max by ({ONE}) (o365_subscription_licenses{{{OF}}})")),
        Value(
            title="Changes on",
            expr=_of_soonest(f"1000 * {END}"),
            unit="dateTimeAsIso",
            width=165,
        ),
        Value(
            title="Days left",
            expr=_of_soonest(f"({END} - time()) / 86400"),
            unit="suffix: d",
            decimals=0,
            steps=looks.DAYS_OF_SUBSCRIPTION,
        ),
        Value(title="", expr=_of_soonest(f"max by ({ONE}, status) (o365_subscription_status{{{OF}}})")),
        Label(name="subscription_id", title="Id", width=315),
    ),
    order=("Days left",),
    alerts=("O365SubscriptionEnded", "O365SubscriptionInGrace", "O365SubscriptionEndsSoon", "O365TrialEnds"),
    links=(SUBSCRIPTIONS,),
)

RATIO = f'max by (tenant, sku_part_number) (tenant_sku:o365_sku_seats_used:ratio{{total="usable",{OF}}})'
DASHBOARD = Dashboard(
    uid="o365-subscriptions",
    title="Microsoft 365: subscriptions",
    about="Seats taken and free by both definitions of a total, the states of SKUs and subscriptions, and what lapses.",
    sections=(
        NOW,
        Section("subscriptions", "Seats", (SEATS,)),
        Section(
            "over_time",
            "Over time",
            (
                Lines(
                    key="share_over_time",
                    title="Share of seats taken",
                    about=f"The {CUT} fullest SKUs by the last value in the shown time.",
                    lines=(Query(leaders(RATIO, "tenant, sku_part_number"), "{{tenant}}: {{sku_part_number}}"),),
                    alerts=("O365SkuNearlyFull",),
                ),
                Lines(
                    key="free_over_time",
                    title="Free seats of the fullest SKUs",
                    about=f"Of the {CUT} SKUs that are fullest by the last value in the shown time.",
                    lines=(
                        Query(
                            leaders(
                                "max by (tenant, sku_part_number) "
                                f'(tenant_sku:o365_sku_seats_free:sum{{total="usable",{OF}}})',
                                "tenant, sku_part_number",
                                rank=RATIO,
                            ),
                            "{{tenant}}: {{sku_part_number}}",
                        ),
                    ),
                    decimals=0,
                    minimum=None,
                    lowest_first=True,
                ),
                Timeline(
                    key="status_over_time",
                    title="Status of SKUs",
                    about=f"The {CUT} SKUs with the gravest status in the shown time; those that were enabled all the "
                    "time are left out.",
                    expr=troubled(STATUS, "status", "tenant, sku_part_number", f",{OF}"),
                    legend="{{tenant}}: {{sku_part_number}}",
                    unit="short",
                    states=tuple(looks.coded_states(STATUS, "status").values()),
                    height=7,
                    empty="all were enabled, unless sources fail",
                    alerts=("O365SkuDisabled", "O365SkuInGrace"),
                ),
            ),
        ),
        Section(
            "details",
            "Details",
            (
                LIST,
                UNITS,
            ),
        ),
    ),
    variables=(Variable("sku", "SKU", "label_values(o365_sku_consumed_units, sku_part_number)"),),
    links=(LICENCES, SUBSCRIPTIONS),
    since="now-30d",
)
