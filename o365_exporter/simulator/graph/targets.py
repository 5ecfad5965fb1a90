"""Which thing of a tenant an address names."""

from __future__ import annotations

from dataclasses import dataclass

from o365_exporter.simulator.domains import RESOURCES
from o365_exporter.simulator.domains.resource import Resource


@dataclass(frozen=True)
class Target:
    """What an address names: a collection, one member of it, or its count."""

    resource: Resource
    parent: str = ""
    id: str | None = None
    by_app_id: bool = False
    count: bool = False


_PATTERNS = tuple((resource, resource.pattern) for resource in RESOURCES)


def find_target(path: str) -> Target | None:
    """What an address below the version names; None where there is nothing."""
    for resource, pattern in _PATTERNS:
        match = pattern.fullmatch(path.rstrip("/"))
        if match is None:
            continue
        groups = match.groupdict()
        if groups["id"] == "$count":
            return Target(resource, count=True) if resource.countable else None
        app_id = groups["app_id"]
        return Target(resource, groups.get("parent", ""), app_id or groups["id"], app_id is not None)
    return None
