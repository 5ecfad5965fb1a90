"""The permissions in a token, beside those that enabled sources need."""

from __future__ import annotations

from collections.abc import Iterable

from o365_exporter.checking.report import RolesCheck
from o365_exporter.graph import Endpoint


def compared(granted: Iterable[str], endpoints: Iterable[Endpoint]) -> RolesCheck:
    """Which permissions are of use, which are missing, and which nothing needs.

    Args:
        granted: in the token.
        endpoints: of the enabled sources; any of an endpoint's permissions is enough, the least is named first.
    """
    held = set(granted)
    used, missing = set[str](), set[str]()
    for endpoint in sorted(endpoints, key=lambda each: len(each.permissions)):  # who has no choice decides for others
        if not endpoint.permissions or not (used | missing).isdisjoint(endpoint.permissions):
            continue
        fitting = next((name for name in endpoint.permissions if name in held), None)
        if fitting is None:
            missing.add(endpoint.permissions[0])
        else:
            used.add(fitting)
    return RolesCheck(tuple(sorted(used)), tuple(sorted(missing)), tuple(sorted(held - used)))
