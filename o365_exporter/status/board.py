"""What is known, put together for whoever looks: all tenants, one tenant, one issue.

Made in a thread of its own out of a copy of what is known at that moment: a thousand tenants take a second, and the
event loop has other things to do. What belongs to a tenant whose polls have not changed is not made again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from operator import is_
from typing import NamedTuple, TypeVar

import anyio.lowlevel
import anyio.to_thread
from anyio import CapacityLimiter

from o365_exporter.clock import Clock
from o365_exporter.graph import Remembered
from o365_exporter.http.skew import clock_fault
from o365_exporter.status import announcements, due, health, polling
from o365_exporter.status.matters import matters_of
from o365_exporter.status.models import (
    TENANT_STATES,
    Ending,
    IssueDetail,
    MessageDetail,
    Overview,
    SeatView,
    TenantDetail,
    TenantSummary,
    Wait,
)
from o365_exporter.status.seen import Seen, Watched
from o365_exporter.status.sentences import of_all
from o365_exporter.store import Poll, Store

MOST_ENDINGS = 200
"""Endings that a tenant's view lists; a directory may have tens of thousands of apps."""

MOST_ISSUES = 200
"""Issues that it lists, as said of them; Microsoft has some ten open at a time."""

MOST_MESSAGES = 200
"""Messages that it lists, the foremost; a tenant may have a thousand."""

KEPT_FOR = 30.0
"""Seconds for which a summary is as good as new, as far as no poll has changed: ages are told by the minute."""

DUE_KEPT_FOR = 600.0
"""Seconds for which what ends next is as good as new, as far as no poll that it is made of has changed."""

_AT_ONCE = 50
"""Tenants whose polls are copied before others have their turn: less than a millisecond's worth."""

T = TypeVar("T")


class _Due(NamedTuple):
    """What ends and seats in trouble, and the polls that they were made of: these change once an hour.

    Of what ends it is kept what a summary may want soon, and the next: a directory may have tens of thousands of apps.
    """

    polls: tuple[Poll | None, ...]
    made_at: float
    endings: list[Ending]
    seats: int


class _Kept(NamedTuple):
    """A summary, and the polls that it was made of; they are held, so that no other can have their place in memory."""

    polls: tuple[Poll, ...]
    made_at: float
    due: _Due
    summary: TenantSummary


class Board:
    """Views of what is known.

    Args:
        store: all polls.
        clock: tells the moment of a view.
        watched: the tenants that are watched now, by name; at once, however many they are.
        version: of the exporter.
        shard: which part of the tenants is polled here; empty for all.
        faults: what is written in the settings and not in effect, a sentence each.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        watched: Callable[[], Mapping[str, Watched]],
        *,
        version: str = "",
        shard: str = "",
        faults: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._store = store
        self._clock = clock
        self._watched = watched
        self._version = version
        self._shard = shard
        self._faults = faults
        self._kept: dict[str, _Kept] = {}
        self._thread = CapacityLimiter(1)  # of its own: those of the default limiter may all be waiting for a login
        self._thread_of_readers = CapacityLimiter(1)

    async def overview(self) -> Overview:
        """All tenants, the worst first."""
        everything = await self._everything()
        return await self._in_thread(partial(self._overview, everything, tuple(self._faults())))

    async def tenant(self, name: str) -> TenantDetail | None:
        """One tenant; None where none is called so."""
        seen = self._find(name)
        if seen is None:
            return None
        graph = seen.watched.graph
        waits = [Wait(cause=cause, seconds=seconds) for cause, seconds in sorted(graph.traffic.waits.items())]
        return await self._in_thread(partial(_detail, seen, graph.remembered(), waits))

    async def issue(self, tenant: str, issue_id: str) -> IssueDetail | None:
        """One issue of a tenant with its posts; None where there is none."""
        seen = self._find(tenant)
        return None if seen is None else await self._in_thread(partial(health.issue_of, seen, issue_id))

    async def message(self, tenant: str, message_id: str) -> MessageDetail | None:
        """One message of the message centre with its body; None where there is none."""
        seen = self._find(tenant)
        return None if seen is None else await self._in_thread(partial(announcements.message_of, seen, message_id))

    async def read(self, view: Callable[[Sequence[Seen]], T], tenant: str) -> T | None:
        """A view of another kind of one tenant, made in the same thread; None where none is called so.

        Args:
            view: makes it; what it is given does not change meanwhile.
            tenant: of which.
        """
        seen = self._find(tenant)
        return None if seen is None else await self._in_thread(partial(view, [seen]))

    async def read_all(self, view: Callable[[Sequence[Seen]], T]) -> T:
        """A view of all tenants, made in another thread than those for pages, which do not wait for it."""
        everything = await self._everything()
        return await anyio.to_thread.run_sync(view, everything, limiter=self._thread_of_readers)

    def _find(self, name: str) -> Seen | None:
        found = self._watched().get(name)
        return None if found is None else self._seen(found)

    async def _everything(self) -> list[Seen]:
        """All tenants but those that go meanwhile, each at a moment of its own."""
        found = []
        for number, name in enumerate(list(self._watched())):
            if number % _AT_ONCE == 0:
                await anyio.lowlevel.checkpoint()
            if seen := self._find(name):
                found.append(seen)
        return found

    def _seen(self, watched: Watched) -> Seen:
        return Seen(watched, dict(self._store.of(watched.facts.name)), self._clock.now())

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await anyio.to_thread.run_sync(work, limiter=self._thread)

    def _overview(self, everything: Sequence[Seen], faults: tuple[str, ...]) -> Overview:
        summaries = sorted((self._summary(seen.afresh()) for seen in everything), key=_worst_first)
        self._kept = {summary.name: self._kept[summary.name] for summary in summaries}
        counts = Counter(summary.state for summary in summaries)
        heard = [summary.health_as_of for summary in summaries if summary.health_as_of is not None]
        as_of = everything[0].now if everything else self._clock.now()
        return Overview(
            sentence=of_all(summaries, as_of),
            state=summaries[0].state if summaries else "pending",
            as_of=as_of,
            health_as_of=min(heard, default=None),
            version=self._version,
            shard=self._shard,
            faults=faults,
            clock=clock_fault(seen.watched.graph.clock_skew for seen in everything),
            counts={state: counts[state] for state in TENANT_STATES},
            tenants=tuple(summaries),
        )

    def _summary(self, seen: Seen) -> TenantSummary:
        polls = tuple(seen.polls.values())
        kept = self._kept.get(seen.name)
        if kept is None or seen.now - kept.made_at >= KEPT_FOR or not _same(kept.polls, polls):
            due_now = _due(seen, kept.due if kept else None)
            kept = self._kept[seen.name] = _Kept(polls, seen.now, due_now, _summary_of(seen, due_now))
        return kept.summary


def _same(some: Sequence[Poll | None], others: Sequence[Poll | None]) -> bool:
    return len(some) == len(others) and all(map(is_, some, others))


def _due(seen: Seen, before: _Due | None = None) -> _Due:
    """As it was before, where that is young and nothing it was made of has changed."""
    polls = tuple(seen.poll(*place) for place in due.SOURCES)
    if before is not None and seen.now - before.made_at < DUE_KEPT_FOR and _same(before.polls, polls):
        return before
    return _due_of(seen, polls, due.endings_of(seen), due.seats_of(seen))


def _due_of(seen: Seen, polls: tuple[Poll | None, ...], endings: list[Ending], seats: Sequence[SeatView]) -> _Due:
    near = bisect_right(endings, seen.now + due.SOON + DUE_KEPT_FOR, key=lambda ending: ending.at)
    return _Due(polls, seen.now, endings[: near + 1], sum(bool(seat.trouble) for seat in seats))


def _summary_of(seen: Seen, known_due: _Due) -> TenantSummary:
    """A tenant as a row."""
    matters = matters_of(seen, known_due.endings, known_due.seats)
    known = seen.poll(health.COLLECTOR, health.OVERVIEWS)
    return TenantSummary(
        name=seen.name,
        state=matters.state,
        sentence=matters.sentence,
        services=matters.services,
        unhealthy=tuple(matters.unhealthy),
        incidents=matters.incidents,
        advisories=matters.advisories,
        issues_known=matters.issues_known,
        next_ending=next((ending for ending in known_due.endings if ending.at > seen.now), None),
        seats_in_trouble=matters.seats,
        seats_known=due.seats_known(seen),
        sources=matters.sources,
        sources_in_trouble=matters.troubled,
        sources_pending=matters.pending,
        health_as_of=known.taken_at if known is not None else None,
    )


def _worst_first(summary: TenantSummary) -> tuple[int, int, int, str]:
    return (
        TENANT_STATES.index(summary.state),
        -summary.incidents,
        -len(summary.unhealthy),
        summary.name.casefold(),
    )


def _detail(seen: Seen, client: Remembered, waits: Sequence[Wait]) -> TenantDetail:
    facts, graph = seen.watched.facts, seen.watched.graph
    issues, messages = health.issues_of(seen, MOST_ISSUES), announcements.served(seen)
    endings, seats = due.endings_of(seen), due.seats_of(seen)
    return TenantDetail(
        summary=_summary_of(seen, _due_of(seen, (), endings, seats)),
        tenant_id=facts.tenant_id,
        cloud=facts.cloud.name,
        labels=dict(facts.labels),
        admin_center=facts.cloud.admin_center,
        login_state=graph.auth.state,
        clock_skew=graph.clock_skew,
        problems=tuple(polling.problems_of(seen)),
        services=tuple(health.services_of(seen)),
        issues=tuple(issues),
        issues_in_all=len(health.served(seen)),
        messages=tuple(announcements.view(seen, message) for message in messages[:MOST_MESSAGES]),
        messages_in_all=len(messages),
        permissions=tuple(polling.permissions_of(seen)),
        endings=tuple(endings[:MOST_ENDINGS]),
        endings_in_all=len(endings),
        seats=tuple(seats),
        sources=tuple(polling.sources_of(seen)),
        windows=tuple(polling.windows_of(client, seen.now)),
        waits=tuple(waits),
        closures=tuple(polling.closures_of(client, seen.now)),
        settings=dict(seen.watched.settings()),
    )
