"""What is known now: one ``Poll`` for each source of each tenant, replaced whole and never updated.

Kept tenant by tenant, so that what a poll costs does not grow with the number of tenants.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, NamedTuple

import anyio

from o365_exporter.errors import REASONS, Cause

SUCCESS_STATES = ("ok", "no_data", "unsupported")
"""States in which Microsoft has answered, if only that there is nothing."""

STATES = ("ok", "pending", "no_data", "unsupported", *REASONS)
"""Every state a source can be in."""

Rendered = Mapping[str, bytes]
"""Finished sample lines by metric name; see ``exposition.render``."""


class Key(NamedTuple):
    """Where a poll belongs. ``tenant`` is the tenant's label, not its key in the settings."""

    tenant: str
    collector: str
    source: str

    def __str__(self) -> str:
        return "/".join(self)

    @property
    def within_tenant(self) -> str:
        """Its name where it is clear which tenant is meant."""
        return f"{self.collector}/{self.source}"


@dataclass(frozen=True, slots=True)
class Poll:
    """Everything that is remembered of a source from one poll to the next.

    Args:
        state: one of ``STATES``.
        message: for a failure, the sentence for the operator; else empty.
        cause: of a failure, equal for all sources that fail for the same thing; None while there is none.
        records: of the last success, kept over failures; None before the first, or when there is nothing.
        unfinished: the records as far as an attempt had them that failed since; None where nothing was worth keeping.
        rendered: the records as sample lines.
        taken_at: wall clock of the last success; None before the first.
        attempted_at: wall clock at which the latest attempt ended; None before the first.
        duration: seconds that the latest attempt took.
        nothing_since: wall clock since when there has been nothing; None while there are records, or was no answer.
        next_run: wall clock of the next attempt.
        dropped: series that were cut by ``max_series``.
        left_out: entries, rows or cells that could not be read, so that the records are without them.
        remarks: what was odd about the records.
        failures: how often each reason ended a poll since the start.
        failures_in_a_row: how many attempts have failed since the last success.
        interval: seconds from one poll to the next.
        stale_after: seconds after ``taken_at`` at which the records are withdrawn while polls fail.
    """

    interval: float
    stale_after: float
    state: str = "pending"
    message: str = ""
    cause: Cause | None = None
    records: Any = None
    unfinished: Any = None
    rendered: Rendered = field(default_factory=dict)
    taken_at: float | None = None
    attempted_at: float | None = None
    duration: float = 0.0
    nothing_since: float | None = None
    next_run: float | None = None
    dropped: int = 0
    left_out: int = 0
    remarks: frozenset[str] = frozenset()
    failures: Mapping[str, int] = field(default_factory=dict)
    failures_in_a_row: int = 0

    @property
    def succeeded(self) -> bool:
        """Whether the latest attempt brought an answer."""
        return self.state in SUCCESS_STATES

    def is_fresh(self, now: float) -> bool:
        """Whether the records may still be shown: until a poll fails, and for ``stale_after`` from the last success."""
        return self.taken_at is not None and (self.succeeded or now - self.taken_at <= self.stale_after)

    @property
    def known(self) -> Any:
        """What the next attempt may build on: an unfinished part, else the records of the last success."""
        return self.records if self.unfinished is None else self.unfinished

    @property
    def fresh_until(self) -> float:
        """Until when the records may be shown if nothing else comes; infinite where no time withdraws them."""
        return math.inf if self.taken_at is None or self.succeeded else self.taken_at + self.stale_after

    def shifted(self, seconds: float) -> Poll:
        """The same where the wall clock shows so many seconds more for every moment."""
        return replace(
            self,
            taken_at=_later(self.taken_at, seconds),
            attempted_at=_later(self.attempted_at, seconds),
            nothing_since=_later(self.nothing_since, seconds),
            next_run=_later(self.next_run, seconds),
        )

    def failed(self, reason: str, message: str, *, cause: Cause | None = None, unfinished: Any = None) -> Poll:
        """The same records after one more failure."""
        return replace(
            self,
            state=reason,
            message=message,
            cause=cause,
            unfinished=self.unfinished if unfinished is None else unfinished,
            failures={**self.failures, reason: self.failures.get(reason, 0) + 1},
            failures_in_a_row=self.failures_in_a_row + 1,
        )

    def answered(self, state: str, records: Any, now: float, *, message: str = "") -> Poll:
        """After an answer: these records and nothing else; their lines, cuts and remarks are still to be made."""
        return replace(
            self,
            state=state,
            message=message,
            cause=None,
            records=records,
            unfinished=None,
            rendered={},
            dropped=0,
            left_out=0,
            remarks=frozenset(),
            taken_at=now,
            nothing_since=None if records is not None else now if self.nothing_since is None else self.nothing_since,
            failures_in_a_row=0,
        )


def _later(moment: float | None, seconds: float) -> float | None:
    return None if moment is None else moment + seconds


def _the_same_where_equal(before: Rendered, now: Rendered) -> Rendered:
    """The lines as they are now; a family's that are equal to those before are the very same bytes.

    A page holds the lines that it was made of until the next one, and what it has compressed of these is not compressed
    again. Most polls change a number or two.
    """
    return {name: before[name] if before.get(name) == text else text for name, text in now.items()}


_NO_POLLS: Mapping[Key, Poll] = MappingProxyType({})


class Store:
    """All polls, and what each tenant says about itself; written by the scheduler, read by everybody."""

    def __init__(self) -> None:
        self._polls: dict[str, dict[Key, Poll]] = {}
        self._about: dict[str, Rendered] = {}
        self._touched: dict[str, None] = {}
        self._changed = anyio.Event()
        self.version = 0
        """Another one after each change."""

    def __getitem__(self, key: Key) -> Poll:
        return self._polls[key.tenant][key]

    def __contains__(self, key: Key) -> bool:
        return key in self.of(key.tenant)

    def __iter__(self) -> Iterator[Key]:
        for polls in self._polls.values():
            yield from polls

    def put(self, key: Key, poll: Poll) -> None:
        """Replace what is known of one source."""
        polls = self._polls.setdefault(key.tenant, {})
        if key in polls and poll.rendered is not polls[key].rendered:
            poll = replace(poll, rendered=_the_same_where_equal(polls[key].rendered, poll.rendered))
        polls[key] = poll
        self.version += 1
        self.touch((key.tenant,))

    @property
    def is_touched(self) -> bool:
        """Whether ``take_touched`` has something to give."""
        return bool(self._touched)

    def touch(self, tenants: Iterable[str]) -> None:
        """What is to be remembered of these has changed."""
        self._touched |= dict.fromkeys(tenants)
        self._changed.set()
        self._changed = anyio.Event()

    def take_touched(self) -> list[str]:
        """Tenants that have changed since this was asked last, the first of them first."""
        found = [tenant for tenant in self._touched if tenant in self._polls]
        self._touched.clear()
        return found

    def shift(self, seconds: float) -> None:
        """The wall clock was set by so many seconds, and no time has passed: what is known keeps its age."""
        for polls in self._polls.values():
            polls.update({key: poll.shifted(seconds) for key, poll in polls.items()})
        self.touch(self._polls)
        self.version += 1

    def put_about(self, tenant: str, rendered: Rendered) -> None:
        """Replace the series that a tenant has about itself (state, sources, requests)."""
        self._about[tenant] = _the_same_where_equal(self._about.get(tenant, {}), rendered)
        self.version += 1

    def drop(self, key: Key) -> None:
        """Forget one source that is polled no more."""
        self._polls.get(key.tenant, {}).pop(key, None)
        self.touch((key.tenant,))
        self.version += 1

    def forget(self, tenant: str, *, but: Collection[Key] = ()) -> None:
        """Drop what is known of a tenant that is watched no more, or of all its sources but these."""
        self.version += 1
        kept = {key: poll for key, poll in self.of(tenant).items() if key in but}
        if kept:
            self._polls[tenant] = kept
            return
        self._polls.pop(tenant, None)
        self._about.pop(tenant, None)
        self._touched.pop(tenant, None)

    def tenants(self) -> tuple[str, ...]:
        """The tenants' labels, in the order in which they were first put."""
        return tuple(self._about)

    def watches(self, tenant: str) -> bool:
        """Whether there is a tenant of this label."""
        return tenant in self._about

    def of(self, tenant: str) -> Mapping[Key, Poll]:
        """The polls of one tenant, as they stand whenever this is looked at."""
        polls = self._polls.get(tenant)
        return _NO_POLLS if polls is None else MappingProxyType(polls)

    def about(self, tenant: str) -> Rendered:
        """A tenant's series about itself."""
        return self._about[tenant]

    async def changed(self) -> None:
        """Wait for the next change of what is known."""
        await self._changed.wait()
