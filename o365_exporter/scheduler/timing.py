"""When a source is polled first, and when again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
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


class Starts:
    """Who starts when: the shortest interval first, so all tenants' health before anybody's subscriptions."""

    def __init__(self) -> None:
        self._by_interval: dict[float, list[tuple[Tenant, Job]]] = {}

    def add(self, tenant: Tenant) -> None:
        """All jobs of a tenant."""
        for job in tenant.jobs:
            self._by_interval.setdefault(job.source.interval, []).append((tenant, job))

    def __iter__(self) -> Iterator[tuple[Tenant, Job, float]]:
        """Each with the seconds after which it is polled first."""
        gap = min(START_GAP, STARTED_WITHIN / max(sum(map(len, self._by_interval.values())), 1))
        position = count()
        for interval in sorted(self._by_interval):
            for tenant, job in self._by_interval[interval]:
                yield tenant, job, next(position) * gap


def next_delay(interval: float, failures_in_a_row: int, rng: Random) -> float:
    """Seconds from the start of one poll to the start of the next."""
    delay = interval
    if failures_in_a_row:
        delay = min(delay, LAST_RETRY, FIRST_RETRY * 2 ** min(failures_in_a_row - 1, 10))
    return delay * rng.uniform(1 - JITTER, 1 + JITTER)
