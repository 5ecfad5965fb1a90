"""Which application permissions sources need, and which of them a token states: a hint, for Graph alone knows.

Nobody is refused anything because of it: it is told, and it says how soon what Graph has refused is worth asking again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from o365_exporter.graph import ROLES, WIDER
from o365_exporter.metrics import Metric, Sample
from o365_exporter.source import Source

Need = tuple[str, ...]
"""Permissions of which one is enough, the least first; see ``Endpoint.permissions``."""

REQUIRED = Metric(
    "o365_exporter_permission_required",
    "An application permission of Graph that enabled sources need; always 1.",
    ("permission",),
    values={"permission": tuple(ROLES)},
)
GRANTED = Metric(
    "o365_exporter_permission_granted",
    "Whether the app's token states a permission that is required, or others that open the same: 1 or 0; absent while "
    "there is no token, and where it cannot be read.",
    ("permission",),
    values={"permission": tuple(ROLES)},
)
METRICS = (REQUIRED, GRANTED)


def needs_of(sources: Iterable[Source[Any]]) -> tuple[Need, ...]:
    """What has to be permitted so that all of these are served, each need once."""
    found = (endpoint.permissions for source in sources for endpoint in source.endpoints if endpoint.permissions)
    return tuple(dict.fromkeys(found))


def required(needs: Collection[Need]) -> tuple[str, ...]:
    """The fewest and least permissions that meet all needs: one where one is enough for those that leave a choice."""
    chosen = dict.fromkeys(need[0] for need in needs if len(need) == 1)
    left = [need for need in needs if not set(need) & chosen.keys()]
    common = [name for name in left[0] if all(name in each for each in left)] if left else []
    return (*chosen, *(common[:1] or dict.fromkeys(need[0] for need in left)))


def is_met(need: Need, roles: Collection[str]) -> bool:
    """Whether one of these roles is enough, be it one with more rights."""
    return any(name in roles or any(wider in roles for wider in WIDER.get(name, ())) for name in need)


def missing(needs: Collection[Need], roles: Collection[str]) -> tuple[str, ...]:
    """Those required permissions without which, by these roles, something is refused."""
    unmet = [need for need in needs if not is_met(need, roles)]
    return tuple(name for name in required(needs) if any(name in need for need in unmet))


def unneeded(needs: Collection[Need], roles: Collection[str]) -> tuple[str, ...]:
    """Roles that nobody needs, in alphabetical order; what has more rights than are needed is among them."""
    return tuple(sorted(set(roles).difference(*needs)))


def samples(needs: Collection[Need], roles: Collection[str] | None) -> Iterator[Sample]:
    """What is required, and what of it is granted.

    Args:
        needs: of a tenant's sources.
        roles: that its token states, however many; None where it cannot be read.
    """
    names = required(needs)
    for name in names:
        yield REQUIRED.at(1, permission=name)
    if roles is not None:
        lacking = missing(needs, roles)
        for name in names:
            yield GRANTED.at(name not in lacking, permission=name)
