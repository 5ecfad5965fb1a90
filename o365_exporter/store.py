"""What is known now: one ``Poll`` for each source of each tenant, replaced whole and never updated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import anyio

from o365_exporter.errors import REASONS

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


@dataclass(frozen=True, slots=True)
class Poll:
    """The state that the latest poll of a source left behind.

    Args:
        state: one of ``STATES``.
        message: for a failure, the sentence for the operator; else empty.
        records: of the last success, kept over failures; None before the first, or when there is nothing.
        rendered: the records as sample lines.
        taken_at: wall clock of the last success; None before the first.
        attempted_at: wall clock at which the latest attempt ended; None before the first.
        duration: seconds that the latest attempt took.
        next_run: wall clock of the next attempt.
        dropped: series that were cut by ``max_series``.
        failures: how often each reason ended a poll since the start.
        interval: seconds from one poll to the next.
        stale_after: seconds after ``taken_at`` at which the records are withdrawn while polls fail.
    """

    interval: float
    stale_after: float
    state: str = "pending"
    message: str = ""
    records: Any = None
    rendered: Rendered = field(default_factory=dict)
    taken_at: float | None = None
    attempted_at: float | None = None
    duration: float = 0.0
    next_run: float | None = None
    dropped: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        """Whether the latest attempt brought an answer."""
        return self.state in SUCCESS_STATES

    def is_fresh(self, now: float) -> bool:
        """Whether the records may still be shown: until a poll fails, and for ``stale_after`` from the last success."""
        return self.taken_at is not None and (self.succeeded or now - self.taken_at <= self.stale_after)

    def failed(self, reason: str, message: str) -> Poll:
        """The same records after one more failure."""
        count = self.failures.get(reason, 0) + 1
        return replace(self, state=reason, message=message, failures={**self.failures, reason: count})


class Store:
    """All polls, and what each tenant says about itself; written by the scheduler, read by everybody."""

    def __init__(self) -> None:
        self._polls: dict[Key, Poll] = {}
        self._about: dict[str, Rendered] = {}
        self._changed = anyio.Event()

    def __getitem__(self, key: Key) -> Poll:
        return self._polls[key]

    def __contains__(self, key: Key) -> bool:
        return key in self._polls

    def __iter__(self) -> Iterator[Key]:
        return iter(self._polls)

    def put(self, key: Key, poll: Poll) -> None:
        """Replace what is known of one source."""
        self._polls[key] = poll
        self._changed.set()
        self._changed = anyio.Event()

    def put_about(self, tenant: str, rendered: Rendered) -> None:
        """Replace the series that a tenant has about itself (state, sources, requests)."""
        self._about[tenant] = rendered

    def forget(self, tenant: str, *, but: Collection[Key] = ()) -> None:
        """Drop what is known of a tenant that is watched no more, or of all its sources but these."""
        for key in [key for key in self._polls if key.tenant == tenant and key not in but]:
            del self._polls[key]
        if not but:
            self._about.pop(tenant, None)

    def tenants(self) -> tuple[str, ...]:
        """The tenants' labels, in the order in which they were first put."""
        return tuple(self._about)

    def of(self, tenant: str) -> dict[Key, Poll]:
        """The polls of one tenant."""
        return {key: poll for key, poll in self._polls.items() if key.tenant == tenant}

    def about(self, tenant: str) -> Rendered:
        """A tenant's series about itself."""
        return self._about[tenant]

    async def changed(self) -> None:
        """Wait for the next ``put``."""
        await self._changed.wait()
