"""Panels that several dashboards have: whether the page can be believed, and the reports behind it."""

from __future__ import annotations

from tools.dashboards import looks
from tools.dashboards.links import dashboard
from tools.dashboards.model import Label, Panel, Stat, Table, Value
from tools.dashboards.queries import ROWS, data_age, or_zero, rows, trouble

EXPORTER = dashboard("o365-exporter", "Exporter")
UNKNOWN = "nothing known"
TENANT = Label(name="tenant", title="Tenant", width=130)


def trust(collectors: str = "", *, width: int = 4, height: int = 4) -> tuple[Panel, ...]:
    """How many sources behind a page are in trouble, and how old the oldest data on it are."""
    matchers = f"collector=~`{collectors}`" if collectors else ""
    return (
        Stat(
            key="trouble",
            title="Failing sources",
            about="Sources of this page that fail, or have not answered for three intervals. While it is not 0, what "
            "is shown here may be old or missing. Without data nothing is known at all: is the exporter there?",
            expr=or_zero(
                f"count(\n{trouble(matchers)}\n)",
                f"o365_exporter_source_interval_seconds{{{matchers}}}",
            ),
            unit="short",
            steps=looks.NONE_IS_GOOD,
            empty=UNKNOWN,
            width=width,
            height=height,
            alerts=("O365SourceStale", "O365PermissionMissing"),
            links=(EXPORTER,),
        ),
        Stat(
            key="oldest",
            title="Oldest data",
            about="Time since the source of this page that has waited longest last answered. Normal is less than its "
            "interval: minutes for service health, an hour for licences and credentials, six hours for reports.",
            expr=f"max(\n{data_age(matchers=matchers)}\n)",
            unit="s",
            decimals=1,
            empty=UNKNOWN,
            width=width,
            height=height,
            links=(EXPORTER,),
        ),
    )


def unreachable(*, width: int, height: int = 4) -> Stat:
    """How many tenants give no token."""
    return Stat(
        key="unreachable",
        title="No token",
        about="Tenants for which no token can be had: nothing of them is watched.",
        expr="sum(1 - max by (tenant) (o365_exporter_tenant_up))",
        steps=looks.NONE_IS_GOOD,
        empty=UNKNOWN,
        width=width,
        height=height,
        alerts=("O365TenantUnreachable",),
    )


def unwatched(*, width: int, height: int = 4) -> Stat:
    """How many tenants nobody watches any more: what they had is in none of the other numbers."""
    held = "tenant_instance:o365_exporter_tenant_seen:time"
    return Stat(
        key="unwatched",
        title="Unwatched",
        about="Tenants of exporters that are targets, cannot be scraped, and whose tenants no other exporter serves, "
        "for as long as six hours. **No other number counts what is wrong with them.**",
        expr=or_zero(
            f"count(\n  group by (tenant) ({held})\n    unless on (tenant)\n  o365_exporter_tenant_up\n)", held
        ),
        unit="short",
        steps=looks.NONE_IS_GOOD,
        empty=UNKNOWN,
        width=width,
        height=height,
        alerts=("O365ExporterDown",),
        links=(EXPORTER,),
    )


def reports(collectors: str) -> Table:
    """The usage reports that match: which day they speak of."""
    at = f'{{report=~"{collectors}"}}'
    by = "max by (tenant, report, period)"
    day = f"{by} (o365_report_refresh_timestamp_seconds{at})"
    oldest = f"bottomk({ROWS}, {day}\n  or\n0 * {by} (o365_report_rows{at}))"

    def of_oldest(expr: str) -> str:
        return rows(expr, "tenant, report, period", oldest)

    return Table(
        key="reports",
        title="Reports",
        about=f"The day that each report speaks of, the {ROWS} oldest; an age of two to three days is normal. "
        "A missing column is one that Microsoft has renamed or dropped.",
        columns=(
            TENANT,
            Label(name="report", title="Report", width=380),
            Label(name="period", title="Period", states=looks.PERIODS),
            Value(
                title="Day",
                expr=of_oldest(f"1000 * {day}"),
                unit="time:YYYY-MM-DD",
            ),
            Value(
                title="Age",
                expr=of_oldest(f"time() - {day}"),
                unit="s",
                decimals=1,
                steps=looks.SECONDS_OF_REPORT,
            ),
            Value(title="Rows", expr=of_oldest(f"{by} (o365_report_rows{at})")),
            Value(
                title="Missing columns",
                expr=of_oldest(f"{by} (o365_report_missing_columns{at})"),
                steps=looks.NONE_IS_CALM,
            ),
        ),
        order=("-Age",),
        height=8,
        alerts=("O365ReportStuck", "O365ReportColumnsMissing"),
    )


def day(reports: str) -> Stat:
    """Of which day the numbers of a page speak; the earliest where tenants or reports differ."""
    return Stat(
        key="day",
        title="Day",
        about="The day of which the numbers of one day speak, two to three days ago: the earliest of all reports and "
        "tenants here. The table of reports has each.",
        expr=f'1000 * min(max by (tenant, report) (o365_report_refresh_timestamp_seconds{{report=~"{reports}"}}))',
        unit="time:YYYY-MM-DD",
        empty=UNKNOWN,
        alerts=("O365ReportStuck",),
    )


def day_of_tenant(reports: str) -> Value:
    """The same as a column."""
    return Value(
        title="Day",
        expr="1000 * min by (tenant) (max by (tenant, report) "
        f'(o365_report_refresh_timestamp_seconds{{report=~"{reports}"}}))',
        unit="time:YYYY-MM-DD",
        width=105,
    )


def concealed() -> Stat:
    """In how many tenants reports have no names."""
    return Stat(
        key="concealed",
        title="Names hidden",
        about="Tenants in whose reports Microsoft shows hashes in place of names. Sums stay right.",
        expr="sum(max by (tenant) (o365_report_names_concealed))",
        steps=looks.SOME_IS_NOTABLE,
        alerts=("O365NamesConcealed",),
    )
