"""When a source is polled first, and when again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from o365_exporter.scheduler.tenants import Job, Tenant

START_GAP = 0.05
"""Seconds between the starts of two sources, so that a few tenants do not ask all at once."""

STARTED_WITHIN = 240.0
"""Seconds within which everything has started, however many sources there are: what comes last is seen in 5 minutes."""

JITTER = 0.05
"""Share of an interval by which a poll may come earlier or later."""

FIRST_RETRY, LAST_RETRY = 60.0, 900.0
"""Seconds after which a failed poll is tried again: doubled at each failure in a row, never beyond the interval."""


def health_first(tenants: Iterable[Tenant]) -> list[tuple[Tenant, Job]]:
    """Every job, the shortest interval first: all tenants' health before anybody's subscriptions."""
    jobs = ((tenant, job) for tenant in tenants for job in tenant.jobs)
    return sorted(jobs, key=lambda pair: pair[1].source.interval)


def starts(tenants: Iterable[Tenant]) -> Iterator[tuple[Tenant, Job, float]]:
    """Every job in its order, with the seconds after which it is polled first."""
    jobs = health_first(tenants)
    gap = min(START_GAP, STARTED_WITHIN / max(len(jobs), 1))
    return ((tenant, job, position * gap) for position, (tenant, job) in enumerate(jobs))


def next_delay(interval: float, failures_in_a_row: int, rng: Random) -> float:
    """Seconds from the start of one poll to the start of the next."""
    delay = interval
    if failures_in_a_row:
        delay = min(delay, LAST_RETRY, FIRST_RETRY * 2 ** min(failures_in_a_row - 1, 10))
    return delay * rng.uniform(1 - JITTER, 1 + JITTER)
