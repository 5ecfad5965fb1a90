"""When a source is polled first, and when again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import Any

from o365_exporter.scheduler.tenants import Job, Tenant
from o365_exporter.source import Source

START_GAP = 0.05
"""Seconds between the starts of two sources, so that a few tenants do not ask all at once."""

FIRST_WITHIN = 45.0
"""Seconds within which the source with the shortest interval has started in all tenants; each begins with a login."""

BLOCK = 50
"""Tenants whose other sources start together, the shortest interval first."""

STARTED_WITHIN = 240.0
"""Seconds within which everything has started, however many sources there are: what comes last is seen in 5 minutes."""

JITTER = 0.05
"""Share of an interval by which a poll may come earlier or later."""

FIRST_RETRY, LAST_RETRY = 60.0, 900.0
"""Seconds after which a failed poll is tried again: doubled at each failure in a row, never beyond the interval."""

LAST_RETRY_FORBIDDEN = 1800.0
"""The same where a permission is missing: not bound by the interval, since asking each minute grants nothing. A
consent is seen within half an hour all the same, and at once where the token of another source brings it."""


WEEK = 7 * 86400.0
"""Seconds of nothing after which a source that may be gone for good is polled so seldom."""

LONGEST_WAIT = 600.0
"""Seconds by which a poll is put off at most."""


class Starts:
    """Who starts when: the shortest interval of all first, so all tenants' health before anybody's subscriptions.

    What is left starts tenant by tenant, a few tenants at once, so that the most laborious sources are spread over the
    whole time instead of being asked in all tenants within the same moment.
    """

    def __init__(self) -> None:
        self._tenants: list[Tenant] = []
        self._number_by_interval: Counter[float] = Counter()

    def add(self, tenant: Tenant) -> None:
        """All jobs of a tenant."""
        self._tenants.append(tenant)
        self._number_by_interval.update(job.source.interval for job in tenant.jobs)

    def __iter__(self) -> Iterator[tuple[Tenant, Job, float]]:
        """Each with the seconds after which it is polled first."""
        shortest, *longer = sorted(self._number_by_interval) or (0.0,)
        number = self._number_by_interval[shortest]
        gap = min(START_GAP, FIRST_WITHIN / max(number, 1))
        yield from _spaced(_jobs(self._tenants, [shortest]), 0.0, gap)
        begin = number * gap
        gap = min(START_GAP, (STARTED_WITHIN - begin) / max(self._number_by_interval.total() - number, 1))
        yield from _spaced(self._rest(longer), begin, gap)

    def _rest(self, intervals: Sequence[float]) -> Iterator[tuple[Tenant, Job]]:
        for start in range(0, len(self._tenants), BLOCK):
            yield from _jobs(self._tenants[start : start + BLOCK], intervals)


def _jobs(tenants: Sequence[Tenant], intervals: Sequence[float]) -> Iterator[tuple[Tenant, Job]]:
    """The jobs of some tenants that have one of these intervals, by interval."""
    for interval in intervals:
        for tenant in tenants:
            yield from ((tenant, job) for job in tenant.jobs if job.source.interval == interval)


def _spaced(jobs: Iterable[tuple[Tenant, Job]], begin: float, gap: float) -> Iterator[tuple[Tenant, Job, float]]:
    yield from ((tenant, job, begin + position * gap) for position, (tenant, job) in enumerate(jobs))


def next_delay(interval: float, failures_in_a_row: int, rng: Random, *, is_forbidden: bool = False) -> float:
    """Seconds from the start of one poll to the start of the next.

    Args:
        interval: while polls succeed.
        failures_in_a_row: up to now.
        rng: the source of jitter.
        is_forbidden: whether it fails for a permission that is not known to be granted.
    """
    delay = interval
    if failures_in_a_row:
        doubled = 2 ** min(failures_in_a_row - 1, 10)
        longest = LAST_RETRY_FORBIDDEN if is_forbidden else min(interval, LAST_RETRY)
        delay = min(longest, min(interval, FIRST_RETRY) * doubled)
    return delay * rng.uniform(1 - JITTER, 1 + JITTER)


def interval_of(source: Source[Any], nothing_since: float | None, now: float) -> float:
    """Seconds from one poll of a source to the next while it succeeds.

    Args:
        source: is polled.
        nothing_since: wall clock since when there has been nothing; None where there is something.
        now: wall clock.
    """
    if source.may_be_gone and nothing_since is not None and now - nothing_since >= WEEK:
        return max(source.interval, WEEK)
    return source.interval


def longest_wait(interval: float) -> float:
    """Seconds for which a poll may be put off where the machine cannot keep up, so that it is late and not missing."""
    return min(interval / 2, LONGEST_WAIT)
