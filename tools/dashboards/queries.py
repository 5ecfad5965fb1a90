"""Pieces of PromQL that several dashboards need."""

from __future__ import annotations

import re
from textwrap import dedent, indent

from o365_exporter.catalogue import all_metrics
from tools.dashboards.looks import coded_states, last_good_code

TENANT = "tenant=~`${tenant:regex}`"
"""The chosen tenants; in backquotes, because Grafana escapes no double quote that a name may have."""

CUT = 20
"""How many lines or bars are shown where a tenant each would be too many."""

ROWS = 200
"""How many rows a list has at most that would have many of each tenant."""

FOR_USERS = 'o365_sku_info{applies_to="User"}'
"""SKUs that are assigned to persons: alerts about seats concern these alone."""

_SELECTOR = re.compile(r"\b((?:\w+:)?o365_\w+(?::\w+)?)(?![\w:]|\{tenant=~)(\{)?")
_HISTOGRAM = re.compile(r"_(bucket|sum|count)$")


def scoped(expr: str) -> str:
    """The expression for the chosen tenants only: what is about a tenant gets the matcher, unless it has it."""

    def matched(found: re.Match[str]) -> str:
        metric = all_metrics().get(found[1]) or all_metrics().get(_HISTOGRAM.sub("", found[1]))
        if metric and not metric.per_tenant:
            return found[0]
        return f"{found[1]}{{{TENANT}," if found[2] else f"{found[1]}{{{TENANT}}}"

    return _SELECTOR.sub(matched, dedent(expr).strip())


def leaders(expr: str, by: str, rank: str = "", count: int = CUT) -> str:
    """The series of those whose ``rank``, or value, is greatest by the last one in the shown time, over all of it.

    A plain ``topk`` would choose anew at each moment, and draw pieces of many more lines. One at the end of the time
    would choose nothing, and so hide what was before, while the exporter is down.
    """
    expr = scoped(expr)
    ranked = indent(scoped(rank) if rank else expr, "  ")
    return f"{expr}\n  and on ({by})\ntopk({count}, last_over_time((\n{ranked}\n)[$__range:$__interval] @ end()))"


def troubled(metric: str, label: str, by: str, matchers: str = "", count: int = CUT) -> str:
    """The codes of those that were in a state of trouble at some time of the shown one, the gravest first.

    The others would be a page of bars that say nothing.
    """
    codes = scoped(coded(metric, label, by, matchers))
    gravest = f"max_over_time((\n{indent(codes, '  ')}\n)[$__range:$__interval] @ end())"
    return f"{codes}\n  and on ({by})\ntopk({count}, {gravest} > {last_good_code(metric, label)})"


def rows(expr: str, by: str, first: str) -> str:
    """A column of the rows that ``first``, a ``topk`` or ``bottomk``, leaves: the same for all columns of a list."""
    return f"{expr}\n  and on ({by})\n{first}"


def or_zero(expr: str, known: str) -> str:
    """A count that is 0 where nothing is found, and absent where ``known`` is: then nothing is known."""
    return f"{dedent(expr).strip()}\n  or\n0 * max({known})"


def or_zero_of(by: str, expr: str, known: str) -> str:
    """The same for each of something."""
    return f"{expr}\n  or\n0 * max by ({by}) ({known})"


def coded(metric: str, label: str, by: str, matchers: str = "") -> str:
    """A state as a number, its place in the list of ``looks``; where two exporters disagree, the worse one."""
    terms = (
        f'{state.value} * {metric}{{{label}="{value}"{matchers}}}'
        for value, state in coded_states(metric, label).items()
    )
    return f"max by ({by}) (\n" + indent("\n  or\n".join(terms), "  ") + "\n)"


def trouble(matchers: str = "") -> str:
    """The sources that fail or have not answered for three intervals, each with any value."""
    source = "by (tenant, collector, source)"
    return (
        f"max {source} (o365_exporter_source_success{{{matchers}}}) == 0\n"
        "  or\n"
        f"time() - max {source} (o365_exporter_source_last_success_timestamp_seconds{{{matchers}}})\n"
        f"  > 3 * max {source} (o365_exporter_source_interval_seconds{{{matchers}}}) + 300"
    )


def data_age(by: str = "tenant, collector, source", matchers: str = "") -> str:
    """Seconds since each source last answered."""
    return f"time() - max by ({by}) (o365_exporter_source_last_success_timestamp_seconds{{{matchers}}} > 0)"


def held_seats(recording: str, total: str, matchers: str = "", *, listed: str = "o365_sku_consumed_units") -> str:
    """The last known value of each SKU that is still listed: recordings have gaps while their source fails."""
    return (
        "max by (tenant, sku_id, sku_part_number) (\n"
        f'  last_over_time({recording}{{total="{total}"{matchers}}}[6h])\n'
        "    and on (tenant, sku_id)\n"
        f"  {listed}\n"
        ")"
    )


def share_of_seats(total: str, matchers: str = "", *, listed: str = "o365_sku_consumed_units") -> str:
    """How much of each SKU's seats is taken; +Inf where somebody holds a licence of which there is no seat left.

    The recording has no share where it would divide by zero, which is just when a SKU was suspended.
    """
    recorded = held_seats("tenant_sku:o365_sku_seats_used:ratio", total, matchers, listed=listed)
    sku = "tenant, sku_id, sku_part_number"
    usable = f'max by ({sku}, state) (o365_sku_units{{state=~"enabled|warning"{matchers}}})'
    held = f"max by ({sku}) (o365_sku_consumed_units{{{matchers.removeprefix(',')}}}) > 0"
    without = f"Inf * ({held})\n  and on (tenant, sku_id)\n(sum by ({sku}) ({usable}) == 0)"
    return f"(\n{recorded}\n  or on (tenant, sku_id)\n(\n{without}\n  and on (tenant, sku_id)\n{listed}\n)\n)"


_EXPIRY = "o365_application_latest_credential_expiry_timestamp_seconds"
_START = "o365_application_latest_credential_start_timestamp_seconds"
SHORT_LIVED = 32
"""Days: what was made to last no longer is exchanged by a program, as the alert rules have it."""


def rotated() -> str:
    """The apps whose next credential comes without anybody: marked by the exporter, or the last one lasts so short."""
    by_kind = "max by (tenant, app_id, kind)"
    last = f"{by_kind} ({_EXPIRY})\n    == on (tenant, app_id) group_left ()\n  max by (tenant, app_id) ({_EXPIRY})"
    return (
        "group by (tenant, app_id) (o365_application_rotates_itself)\n  or\n"
        f"group by (tenant, app_id) (\n  {by_kind} ({_EXPIRY})\n    - {by_kind} ({_START})\n"
        f"    <= {SHORT_LIVED} * 86400\n    and on (tenant, app_id, kind)\n  ({last})\n)"
    )


def app_ends() -> str:
    """When the last credential of each app ends, whatever its kind; those that are exchanged by a program apart."""
    return f"(max by (tenant, app_id) ({_EXPIRY})\n  unless on (tenant, app_id)\n({rotated()}))"


def not_shown(by: str = "") -> str:
    """Series that max_series cut, and entries that could not be read: added up."""
    parts = (
        "max by (tenant, collector) (o365_exporter_series_dropped)\n  or on (tenant, collector, source)\n"
        "max by (tenant, collector, source) (o365_exporter_source_entries_left_out)"
    )
    return f"sum {by}(\n{parts}\n)"


OFF = "Suspended|LockedOut|Deleted"
"""States of SKUs and subscriptions in which nobody can use them."""


def licences_off(matchers: str = "") -> str:
    """The SKUs that are off while somebody holds one, or gone with a subscription that worked in the last 7 days."""
    of = f",{matchers}" if matchers else ""
    worked = f'last_over_time(o365_subscription_status{{status=~"Enabled|Warning",trial="false"{of}}}[7d])'
    return (
        "group by (tenant, sku_id) (\n"
        f'  o365_sku_status{{status=~"{OFF}"{of}}}\n'
        f"    unless on (tenant, sku_id)\n  o365_sku_consumed_units == 0\n"
        ")\n  or\ngroup by (tenant, sku_id) (\n"
        f'  o365_subscription_status{{status=~"{OFF}",trial="false"{of}}}\n'
        f"    unless on (tenant, sku_id)\n  o365_sku_consumed_units\n"
        f"    and on (tenant, subscription_id)\n  {worked}\n)"
    )
