"""Panels about usage reports that Exchange, Teams and Skype have alike."""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.model import Bars, Lines, Panel, Query
from tools.dashboards.queries import CUT, leaders

DAILY = "Speaks of the report's day, two to three days ago."
NOBODY = "no series per person"
PERSONS = 20


def share(key: str, title: str, product: str, *alerts: str) -> Lines:
    """Active users as a share of those of seven days, by tenant."""
    return Lines(
        key=key,
        title=title,
        about=f"Of the users of seven days, the share that was active on the report's day. {DAILY} "
        f"The {CUT} tenants with the greatest, by the last value in the shown time.",
        lines=(
            Query(leaders(f'tenant_product:o365_active_users:ratio{{product="{product}"}}', "tenant"), "{{tenant}}"),
        ),
        daily=True,
        maximum=1,
        lowest_first=True,
        alerts=alerts,
    )


def week(key: str, title: str, product: str) -> Bars:
    """Active users against the same weekday a week before; those tenants that lost most."""
    return Bars(
        key=key,
        title=title,
        about="Active users as a share of those on the same weekday a week before, where there were 20 or more; the "
        f"{CUT} tenants that lost most. A holiday looks like a collapse.",
        bars=(
            Query(
                f"bottomk({CUT}, max by (tenant) "
                f'(tenant_product:o365_active_users:ratio_to_week_before{{product="{product}"}}))',
                "{{tenant}}",
            ),
        ),
        unit="percentunit",
        decimals=0,
        maximum=1.5,
        steps=((None, looks.WARNING), (0.5, looks.GOOD)),
        alerts=("O365UsageCollapsed",),
        empty="no week to compare with yet",
        optional=True,
    )


def summed(key: str, title: str, about: str, metric: str, label: str = "", **options: object) -> Lines:
    """A number added over the tenants, by a label; two exporters of a tenant count once."""
    inner = f"max by (tenant, {label}) ({metric})" if label else f"max by (tenant) ({metric})"
    outer = f"sum by ({label}) ({inner})" if label else f"sum({inner})"
    return Lines(
        key=key,
        title=title,
        about=f"{about} Added over the tenants. {DAILY}",
        lines=(Query(outer, f"{{{{{label}}}}}" if label else "all tenants"),),
        daily=True,
        **options,  # type: ignore[arg-type]
    )


def person(key: str, title: str, about: str, metric: str, label: str = "", **options: object) -> Panel:
    """The persons with most of something; their series are off unless the settings switch them on."""
    by = f"tenant, user, {label}" if label else "tenant, user"
    return Bars(
        key=key,
        title=title,
        about=f"{about} The {PERSONS} greatest. **Empty unless the settings switch series per person on** "
        "(per_user of the collector).",
        bars=(
            Query(
                f"topk({PERSONS}, max by ({by}) ({metric}))",
                "{{user}}" + (f" {{{{{label}}}}}" if label else ""),
            ),
        ),
        empty=NOBODY,
        optional=True,
        alerts=("O365NamesConcealed",),
        **options,  # type: ignore[arg-type]
    )
