"""What is the matter with one tenant, in numbers, as its state and as a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from o365_exporter.status import due, health, polling
from o365_exporter.status.models import TENANT_STATES, Ending, TenantState
from o365_exporter.status.seen import Seen
from o365_exporter.status.sentences import counted, listed

_MOST_NAMES = 3
_LONGEST_GIST = 160


@dataclass(frozen=True, slots=True)
class Matters:
    """What is the matter with a tenant.

    Args:
        services: how many are known.
        unhealthy: names of those that are not healthy.
        incidents: that are open.
        advisories: that are open.
        issues_known: whether it is known which issues are open.
        unread: services and issues that Microsoft told of and that could not be read.
        soon: things that end soon or have ended.
        seats: SKUs whose seats are in trouble.
        sources: all of them.
        troubled: sources that fail.
        pending: sources that have not been tried.
        why: what most of those fail for; empty where none does.
    """

    services: int
    unhealthy: Sequence[str]
    incidents: int
    advisories: int
    issues_known: bool
    unread: int
    soon: int
    seats: int
    sources: int
    troubled: int
    pending: int
    why: str

    @property
    def state(self) -> TenantState:
        """The worst that is true, in the order of ``TENANT_STATES``."""
        is_young = bool(self.pending) or not self.sources
        is_blind = not (self.services and self.issues_known)
        true = (
            self.incidents or self.unhealthy,
            self.troubled or self.unread or (is_blind and not is_young),
            self.soon or self.seats or self.advisories,
            is_young,
        )
        return next((state for state, holds in zip(TENANT_STATES, true, strict=False) if holds), "ok")

    @property
    def sentence(self) -> str:
        """The worst first; none sounds well because nothing is known."""
        found = [*self._numbers(), *_unknown(self.services, issues_known=self.issues_known)]
        if not found:
            return f"All {self.services} services healthy." if self.services > 1 else "Its one service is healthy."
        return f"{found[0][0].upper()}{'; '.join(found)[1:]}."

    def _numbers(self) -> Iterator[str]:
        if self.unhealthy:
            yield f"{listed(self.unhealthy, _MOST_NAMES)} not healthy"
        if self.incidents:
            yield counted(self.incidents, "open incident")
        if self.troubled:
            yield f"{self.troubled} of {counted(self.sources, 'source')} in trouble: {_gist(self.why)}"
        if self.unread:
            yield f"{counted(self.unread, 'entry', 'entries')} on services or issues could not be read"
        if self.advisories:
            yield counted(self.advisories, "open advisory", "open advisories")
        if self.soon:
            yield f"{counted(self.soon, 'thing')} ended or ending soon"
        if self.seats:
            yield f"seats of {counted(self.seats, 'SKU')} in trouble"
        if self.pending:
            yield f"{counted(self.pending, 'source')} not tried yet"


def matters_of(seen: Seen, endings: Sequence[Ending], seats: int) -> Matters:
    """What is the matter with a tenant.

    Args:
        seen: the tenant.
        endings: what ends, as far as it may want attention.
        seats: SKUs whose seats are in trouble.
    """
    services, unhealthy, incidents, advisories = health.counts_of(seen)
    problems = polling.problems_of(seen)
    return Matters(
        services=services,
        unhealthy=unhealthy,
        incidents=incidents,
        advisories=advisories,
        issues_known=health.issues_known(seen),
        unread=health.unread_of(seen),
        soon=sum(due.needs_attention(ending, seen.now) for ending in endings),
        seats=seats,
        sources=len(seen.polls),
        troubled=sum(len(problem.sources) for problem in problems),
        pending=sum(poll.state == "pending" for poll in seen.polls.values()),
        why=max(problems, key=lambda problem: len(problem.sources)).sentence if problems else "",
    )


def _unknown(services: int, *, issues_known: bool) -> Iterator[str]:
    if not services and not issues_known:
        yield "nothing is known about the health of Microsoft's services"
    elif not services:
        yield "which of Microsoft's services are healthy is not known"
    elif not issues_known:
        yield "which issues are open is not known"


def _gist(sentences: str) -> str:
    """The first sentence, as far as it fits into a row; what to do is told where there is room."""
    first, _, rest = sentences.partition(". ")
    gist = first if rest else first.rstrip(".")
    gist += ")" * (gist.count("(") - gist.count(")"))  # Microsoft's own words stand in them, and may be sentences
    return gist if len(gist) <= _LONGEST_GIST else f"{gist[: _LONGEST_GIST - 1]}…"
