"""The sentences at the top: is everything all right, and how fresh is that?

None sounds well because nothing is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from o365_exporter.status.models import TenantState, TenantSummary

_TOLD: dict[TenantState, str] = {
    "trouble": "Microsoft reports trouble in {0}",
    "failing": "what we know of {0} is incomplete",
    "attention": "{0} {wants} attention",
    "pending": "{0} not polled whole yet",
}


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
