"""The sentences at the top of ``/``: can this page be believed, and what does Microsoft say about its services?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from o365_exporter.collectors.service_health import HEALTHY
from o365_exporter.store import Key, Poll

_MOST_NAMES = 20
"""More names than that are no sentence any more."""

_UNHEALTHY = re.compile(r'\bservice_name="((?:[^"\\]|\\.)*)".*\} 0\.0$', re.MULTILINE)
_ESCAPED = re.compile(r"\\(.)")

Polls = Sequence[tuple[Key, Poll]]


def verdict(polls: Polls, now: float) -> Iterator[str]:
    """Two sentences. Neither sounds well because nothing is known.

    Args:
        polls: of every source of every tenant.
        now: wall clock, seconds.
    """
    yield _about_sources([poll for _, poll in polls], now)
    yield _about_services(polls, now)


def is_in_trouble(poll: Poll, now: float) -> bool:
    """Whether a source fails, or has not been polled when it should have been."""
    if poll.state == "pending":
        return False
    overdue = poll.attempted_at is not None and now - poll.attempted_at > 3 * poll.interval + 300
    return overdue or not poll.succeeded


def _about_sources(polls: Sequence[Poll], now: float) -> str:
    if not polls:
        return "No source is watched: no tenant is set up, or every collector is switched off."
    troubled = sum(is_in_trouble(poll, now) for poll in polls)
    pending = sum(poll.state == "pending" for poll in polls)
    waiting = f" {pending} have not been tried yet." if pending else ""
    if troubled:
        return f"{troubled} of {len(polls)} sources are in trouble: what they would say is old or missing.{waiting}"
    return f"{len(polls) - pending} of {len(polls)} sources have answered.{waiting}"


def _about_services(polls: Polls, now: float) -> str:
    """As it is served at /metrics, so with the settings' filters and their list of what is healthy."""
    tenants = {key.tenant for key, _ in polls}
    told = {key.tenant: text for key, poll in polls if poll.is_fresh(now) and (text := _healthy_lines(poll))}
    unhealthy = [f"{tenant}: {name}" for tenant, text in sorted(told.items()) for name in _names(text)]
    of = f"of {len(told)} of {len(tenants)} tenants"
    if unhealthy:
        return f"Microsoft calls {len(unhealthy)} services not healthy, {of}: {_listed(unhealthy)}."
    if told:
        return f"Microsoft calls every service healthy, {of}; what is open besides is on the dashboards."
    return "Nothing is known about the health of Microsoft's services."


def _healthy_lines(poll: Poll) -> str:
    return poll.rendered.get(HEALTHY.name, b"").decode()


def _names(text: str) -> Iterable[str]:
    return (_ESCAPED.sub(r"\1", name) for name in _UNHEALTHY.findall(text))


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
