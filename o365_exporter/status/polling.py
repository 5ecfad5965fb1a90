"""How the polls of a tenant fare, and how much of Microsoft's limits they use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from o365_exporter import permissions
from o365_exporter.graph import LIMITS, Remembered
from o365_exporter.status.models import Closure, PermissionView, Problem, Reading, SourceView, Window
from o365_exporter.status.seen import Seen
from o365_exporter.store import Key, Poll

_OVERDUE, _GRACE = 3, 300.0
"""A source is overdue after so many intervals and seconds without an attempt."""

OVERDUE = "overdue"
"""The reason of a source that is not polled any more, which no poll can tell."""


def sources_of(seen: Seen) -> list[SourceView]:
    """Every source, in the order of their names."""
    return [_view(key, poll, seen.now) for key, poll in sorted(seen.polls.items())]


def is_in_trouble(poll: Poll, now: float) -> bool:
    """Whether a source fails, or has not been polled when it should have been."""
    return poll.state != "pending" and (_is_overdue(poll, now) or not poll.succeeded)


def reading_of(seen: Seen, collector: str, source: str) -> Reading:
    """When the records of a source were read, and what ails it since."""
    poll = seen.poll(collector, source)
    if poll is None:
        return Reading(at=None, trouble="")
    return Reading(at=poll.taken_at, trouble=_reason(poll)[1] if is_in_trouble(poll, seen.now) else "")


def problems_of(seen: Seen) -> list[Problem]:
    """Reason and remedy, once where one cause ends the polls of many sources."""
    shared = defaultdict[object, list[tuple[Key, Poll]]](list)
    for key, poll in sorted(seen.polls.items()):
        if is_in_trouble(poll, seen.now):
            shared[poll.cause or _reason(poll)].append((key, poll))  # sentences differ by what Microsoft quotes in them
    return [_problem(polls) for polls in shared.values()]


def _problem(polls: list[tuple[Key, Poll]]) -> Problem:
    reason, sentence = _reason(polls[0][1])
    return Problem(reason=reason, sentence=sentence, sources=tuple(key.within_tenant for key, _ in polls))


def _is_overdue(poll: Poll, now: float) -> bool:
    return poll.attempted_at is not None and now - poll.attempted_at > _OVERDUE * poll.interval + _GRACE


def _reason(poll: Poll) -> tuple[str, str]:
    if poll.succeeded:
        return OVERDUE, "Has not been polled for three intervals: the exporter is overloaded, or its clock was set."
    return poll.state, poll.message


def _view(key: Key, poll: Poll, now: float) -> SourceView:
    troubled = is_in_trouble(poll, now)
    return SourceView(
        collector=key.collector,
        source=key.source,
        state=poll.state,
        sentence=_reason(poll)[1] if troubled else poll.message,
        in_trouble=troubled,
        is_fresh=poll.is_fresh(now),
        taken_at=poll.taken_at,
        attempted_at=poll.attempted_at,
        next_run=poll.next_run,
        interval=poll.interval,
        duration=poll.duration,
        failures_in_a_row=poll.failures_in_a_row,
        left_out=poll.left_out,
        dropped=poll.dropped,
        remarks=tuple(sorted(poll.remarks)),
    )


def windows_of(client: Remembered, now: float) -> list[Window]:
    """How much of each limit is used now; where requests are counted apart, the one that has used most."""
    used = defaultdict[tuple[str, float, str], int](int)
    for use in client.uses:
        if now - use.at < use.seconds:
            used[use.limits, use.seconds, use.counted_as] += use.amount
    return [
        Window(
            limits=limits,
            seconds=rate.seconds,
            used=max((n for (name, span, _), n in used.items() if (name, span) == (limits, rate.seconds)), default=0),
            amount=rate.amount,
        )
        for limits, rates in LIMITS.items()
        for rate in rates
    ]


def permissions_of(seen: Seen) -> list[PermissionView]:
    """What the sources of a tenant need, and whether its token states it."""
    needs, roles = permissions.needs_of(seen.watched.sources.values()), seen.watched.graph.auth.roles
    lacking = None if roles is None else permissions.missing(needs, roles)
    return [
        PermissionView(name=name, is_granted=None if lacking is None else name not in lacking)
        for name in permissions.required(needs)
    ]


def closures_of(client: Remembered, now: float) -> Iterator[Closure]:
    """What Microsoft has asked to be left alone, and still is."""
    for closed in client.closed:
        if closed.until > now:
            yield Closure(scope=closed.scope, until=closed.until, sentence=f"{closed.message} {closed.remedy}".strip())
