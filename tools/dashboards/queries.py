"""Pieces of PromQL that several dashboards need."""

from __future__ import annotations

import re
from textwrap import dedent, indent

from o365_exporter.catalogue import all_metrics
from tools.dashboards.looks import coded_states

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


def rows(expr: str, by: str, first: str) -> str:
    """A column of the rows that ``first``, a ``topk`` or ``bottomk``, leaves: the same for all columns of a list."""
    return f"{expr}\n  and on ({by})\n{first}"


def or_zero(expr: str, known: str) -> str:
    """A count that is 0 where nothing is found, and absent where ``known`` is: then nothing is known."""
    return f"{dedent(expr).strip()}\n  or\n0 * max({known})"


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


def nearly_full(share: str) -> str:
    """The shares of seats about which O365SkuNearlyFull warns; beyond 1 it is O365SkuOverassigned."""
    return f"{share} >= 0.95 <= 1"


def held_seats(recording: str, total: str, matchers: str = "", *, listed: str = "o365_sku_consumed_units") -> str:
    """The last known value of each SKU that is still listed: recordings have gaps while their source fails."""
    return (
        "max by (tenant, sku_id, sku_part_number) (\n"
        f'  last_over_time({recording}{{total="{total}"{matchers}}}[6h])\n'
        "    and on (tenant, sku_id)\n"
        f"  {listed}\n"
        ")"
    )
