"""The sentences at the top: is everything all right, and how fresh is that?

None sounds well because nothing is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from o365_exporter.status.models import TenantState, TenantSummary

_MOST_NAMES = 3
_LONGEST_GIST = 160

_TOLD: dict[TenantState, str] = {
    "trouble": "Microsoft reports trouble in {0}",
    "failing": "what we know of {0} is incomplete",
    "attention": "{0} {wants} attention",
    "pending": "{0} not polled whole yet",
}


def of_tenant(
    *,
    services: int,
    issues_known: bool,
    unread: int,
    unhealthy: Sequence[str],
    incidents: int,
    advisories: int,
    soon: int,
    seats: int,
    troubled: int,
    why: str,
    pending: int,
    sources: int,
) -> str:
    """What is the matter with one tenant, the worst first.

    Args:
        services: how many are known.
        issues_known: whether it is known which issues are open.
        unread: services and issues that Microsoft told of and that could not be read.
        unhealthy: names of those that are not healthy.
        incidents: that are open.
        advisories: that are open.
        soon: things that end soon or have ended.
        seats: SKUs whose seats are in trouble.
        troubled: sources that fail.
        why: what most of these fail for; empty where none does.
        pending: sources that have not been tried.
        sources: all of them.
    """
    found = []
    if unhealthy:
        found.append(f"{listed(unhealthy, _MOST_NAMES)} not healthy")
    if incidents:
        found.append(counted(incidents, "open incident"))
    if troubled:
        found.append(f"{troubled} of {counted(sources, 'source')} in trouble: {_gist(why)}")
    if unread:
        found.append(f"{counted(unread, 'entry', 'entries')} on services or issues could not be read")
    if advisories:
        found.append(counted(advisories, "open advisory", "open advisories"))
    if soon:
        found.append(f"{counted(soon, 'thing')} ended or ending soon")
    if seats:
        found.append(f"seats of {counted(seats, 'SKU')} in trouble")
    if pending:
        found.append(f"{counted(pending, 'source')} not tried yet")
    found.extend(_unknown(services, issues_known=issues_known))
    if not found:
        return f"All {services} services healthy." if services > 1 else "Its one service is healthy."
    return f"{found[0][0].upper()}{'; '.join(found)[1:]}."


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
    gist += ")" * (
        gist.count("(") - gist.count(")")
    )  # Microsoft's own words stand in brackets, and may be several sentences
    return gist if len(gist) <= _LONGEST_GIST else f"{gist[: _LONGEST_GIST - 1]}…"


def of_all(summaries: Sequence[TenantSummary], now: float) -> str:
    """What is the matter in all tenants, and how old that is.

    Args:
        summaries: of all tenants.
        now: wall clock, seconds.
    """
    if not summaries:
        return "No tenant is watched: none is set up, or none belongs to this shard."
    return " ".join((*_verdict(summaries), _freshness(summaries, now)))


def _verdict(summaries: Sequence[TenantSummary]) -> Iterator[str]:
    """Of one tenant what is the matter with it; of many in how many what is."""
    states = Counter(summary.state for summary in summaries)
    told = [state for state in _TOLD if states[state]]
    if not told:
        yield f"All is well in {counted(len(summaries), 'tenant')}: every service is healthy and nothing is due."
    elif len(summaries) == 1:
        yield summaries[0].sentence
    else:
        in_all = states[told[0]] == len(summaries)
        first = f"all {len(summaries)} tenants" if in_all else f"{states[told[0]]} of {len(summaries)} tenants"
        numbers = [first, *(str(states[state]) for state in told[1:])]
        parts = (
            _TOLD[state].format(number, wants="wants" if states[state] == 1 else "want")
            for state, number in zip(told, numbers, strict=True)
        )
        sentence = ", ".join(parts)
        yield f"{sentence[0].upper()}{sentence[1:]}."


def _freshness(summaries: Sequence[TenantSummary], now: float) -> str:
    heard = [summary.health_as_of for summary in summaries if summary.health_as_of is not None]
    if not heard:
        waiting = any(summary.sources_pending for summary in summaries)
        return f"Microsoft has not been heard about its services{' yet' if waiting else ''}."
    silent = len(summaries) - len(heard)
    but = f", but nothing was ever heard of {counted(silent, 'tenant')}" if silent else ""
    age = roughly(now - min(heard))
    if len(heard) == 1:
        return f"Service health was read {age} ago{but}."
    return f"Service health is {age} old where it is oldest{but}."


def counted(number: int, noun: str, plural: str = "") -> str:
    """Such as ``1 tenant`` and ``2 tenants``."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def roughly(seconds: float) -> str:
    """A time in its largest unit, of which there are at least two."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return counted(max(0, int(seconds)), "second")


def listed(names: Sequence[str], most: int) -> str:
    """Names with commas, the first of them if they are many."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")
