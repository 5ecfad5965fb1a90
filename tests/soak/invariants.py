"""What holds at every scrape, whatever has happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from o365_exporter.scheduler import Tenant
from o365_exporter.scheduler.timing import JITTER, LAST_RETRY
from o365_exporter.store import SUCCESS_STATES, Poll, Store
from tests.soak.page import Page
from tests.soak.truth import SUMS, Truth

LATE = 60.0
"""Seconds by which a poll may begin later than planned."""

_HEALTH = ("overviews", "issues")
_LISTS = {
    "applications": ("credential_expiry", "applications"),
    "consumed units": ("subscriptions", "skus"),
    "services": ("service_health", "overviews"),
}
FAMILIES = sorted({series.partition("{")[0] for series in SUMS})
Name = tuple[str, str, str]


def sources(page: Page, family: str) -> dict[Name, float]:
    """A series that each source has, by tenant, collector and source."""
    return {
        (labels["tenant"], labels["collector"], labels["source"]): value
        for labels, value in page.of(f"o365_exporter_source_{family}")
    }


def parsed(text: str, openmetrics: str) -> Iterator[str]:
    """The reference parsers read both formats, and find as many samples as there are lines."""
    for form, families in (
        (text, parse_text(text)),
        (openmetrics, parse_openmetrics(openmetrics)),  # type: ignore[no-untyped-call]
    ):
        lines = sum(bool(line) and not line.startswith("#") for line in form.split("\n"))
        found = sum(len(family.samples) for family in families)
        if lines != found:
            yield f"{lines} lines are {found} samples to prometheus_client"


def counted(page: Page, before: Mapping[str, float]) -> Iterator[str]:
    """No counter of a process becomes less."""
    for series, value in page.counted():
        if value < before.get(series, 0):
            yield f"{series} went from {before[series]} to {value}"


def aged(page: Page, now: float, tenants: tuple[Tenant, ...]) -> Iterator[str]:
    """No answer is of tomorrow, and what is said to be well is no older than an interval and what a poll may take."""
    states = {
        (labels["tenant"], labels["collector"], labels["source"]): labels["state"]
        for labels, _ in page.of("o365_exporter_source_state")
    }
    deadlines = {tuple(job.key): job.source.deadline for tenant in tenants for job in tenant.jobs}
    intervals = sources(page, "interval_seconds")
    for name, taken in sources(page, "last_success_timestamp_seconds").items():
        if taken > now:
            yield f"{name} is {taken - now} s ahead"
        longest = intervals[name] * (1 + JITTER) + deadlines.get(name, 0) + LATE
        if states[name] in SUCCESS_STATES and now - taken > longest:
            yield f"{name} is {states[name]}, and {now - taken:.0f} s old"


def planned(store: Store, now: float, tenants: tuple[Tenant, ...]) -> Iterator[str]:
    """Every source is polled, was planned for the future, or is being polled."""
    for tenant in tenants:
        for job in tenant.jobs:
            poll = store[job.key]
            if poll.next_run is not None and now - poll.next_run > job.source.deadline + LATE + LAST_RETRY:
                yield f"{job.key} should have been polled {now - poll.next_run:.0f} s ago"


def seen(page: Page, now: float, blind_until: Mapping[str, float]) -> Iterator[str]:
    """Each tenant's health is under three intervals old, unless something hides it."""
    intervals = sources(page, "interval_seconds")
    for (tenant, collector, source), taken in sources(page, "last_success_timestamp_seconds").items():
        if collector != "service_health" or source not in _HEALTH or now < blind_until.get(tenant, 0):
            continue
        if now - taken >= 3 * intervals[tenant, collector, source]:
            yield f"health of {tenant} ({source}) is {now - taken:.0f} s old, and nothing hides it"


def whole(page: Page, truth: Truth, store: Store, now: float) -> Iterator[str]:
    """A report is the sum of its whole file, and a list is what Microsoft's was at that time; or each is absent."""
    yield from _reports(page, truth, store)
    yield from _lists(page, truth, store, now)
    yield from _dates(page, truth, store)


def summed(page: Page) -> set[str]:
    """The sums at which ``whole`` has looked; a one-day file that was refused is asked for again hours later."""
    return {_summed(family, labels) for family in FAMILIES for labels, _ in page.of(family)} & SUMS.keys()


def _summed(family: str, labels: Mapping[str, str]) -> str:
    """The name of a series in ``SUMS``."""
    return f"{family}{{{','.join(label for name, label in labels.items() if name != 'tenant')}}}"


def _reports(page: Page, truth: Truth, store: Store) -> Iterator[str]:
    refreshed = {
        (labels["tenant"], labels["report"], labels["period"]): value
        for labels, value in page.of("o365_report_refresh_timestamp_seconds")
    }
    partial = _not_whole(store)
    for labels, rows in page.of("o365_report_rows"):
        name = (labels["tenant"], labels["report"], labels["period"])
        expected = len(truth.rows(*name, refreshed[name]))
        if rows > expected or (rows < expected and labels["tenant"] not in partial):
            yield f"{name} has {rows:g} rows, and not {expected}"
    for family in FAMILIES:
        for labels, value in page.of(family):
            found = SUMS.get(_summed(family, labels))
            if found is None or labels["tenant"] in partial:
                continue
            report, period, total = found
            name = (labels["tenant"], report, period)
            if name not in refreshed:
                yield f"{family} of {name} without its refresh date"
            elif value != (wanted := total(truth.rows(*name, refreshed[name]))):
                yield f"{family} {labels} is {value:g}, and not {wanted:g}"


def _not_whole(store: Store) -> set[str]:
    """Tenants of which some report says itself that rows or cells of it are left out."""
    return {
        key.tenant for key in store if key.collector.endswith("_usage") and (store[key].left_out or store[key].remarks)
    }


def _lists(page: Page, truth: Truth, store: Store, now: float) -> Iterator[str]:
    shown = dict(
        chain(
            (((labels["tenant"], "applications"), value) for labels, value in page.of("o365_applications")),
            (((tenant, "consumed units"), value) for tenant, value in _by_tenant(page, "o365_sku_consumed_units")),
            (((tenant, "services"), value) for tenant, value in _services(page)),
        )
    )
    for (tenant, what), value in shown.items():
        collector, source = _LISTS[what]
        poll = next(store[key] for key in store.of(tenant) if (key.collector, key.source) == (collector, source))
        if poll.left_out or poll.taken_at is None:
            continue
        allowed = truth.values(tenant, what, poll.taken_at - _longest(poll), poll.taken_at)
        if not any(_fits(value, one) for one in allowed):
            odd = [_difference(value, one) for one in allowed]
            yield f"{what} of {tenant} (of {now - poll.taken_at:.0f} s ago) are not what they were: {odd}"


def _dates(page: Page, truth: Truth, store: Store) -> Iterator[str]:
    for labels, value in page.of("o365_message_action_required_timestamp_seconds"):
        tenant, message = labels["tenant"], labels["message_id"]
        poll = next(store[key] for key in store.of(tenant) if key.source == "messages")
        taken_at = poll.taken_at or 0.0
        known = truth.values(tenant, "dates of messages", taken_at - _longest(poll), taken_at)
        if value not in [dates.get(message) for dates in known]:
            yield f"{message} of {tenant} has the date {value:g}, which it never had"


def _fits(shown: Any, true: Any) -> bool:
    return shown == true or (isinstance(shown, dict) and shown.keys() == true.keys() and not _difference(shown, true))


def _difference(shown: Any, true: Any) -> Any:
    """What is shown and not true; a status that the exporter does not know is ``unknown`` on purpose."""
    if not isinstance(shown, dict):
        return shown, true
    names = shown.keys() | true.keys()
    both = {name: (shown.get(name), true.get(name)) for name in names}
    return {name: pair for name, pair in both.items() if pair[0] not in (pair[1], "unknown")}


def _longest(poll: Poll) -> float:
    """Seconds that the successful poll may have taken."""
    return max(poll.duration, 120.0)


def _by_tenant(page: Page, family: str) -> Iterator[tuple[str, dict[str, float]]]:
    found: dict[str, dict[str, float]] = {}
    for labels, value in page.of(family):
        found.setdefault(labels["tenant"], {})[labels["sku_part_number"]] = value
    yield from found.items()


def _services(page: Page) -> Iterator[tuple[str, dict[str, str]]]:
    found: dict[str, dict[str, str]] = {}
    for labels, _ in page.of("o365_service_health_status"):
        found.setdefault(labels["tenant"], {})[labels["service_id"]] = labels["status"].lower()
    yield from found.items()
