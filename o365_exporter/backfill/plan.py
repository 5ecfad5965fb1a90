"""What is asked for, of whom, and what is left out because of the settings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from o365_exporter.catalogue import all_collectors
from o365_exporter.history import History
from o365_exporter.settings import TenantSettings

STEP = 300
"""Seconds between two samples: Prometheus looks back five minutes, so that fewer would leave gaps."""

SETTLED = 3 * 3600
"""Seconds before now at which history ends: what is younger, Prometheus has not written to a block yet."""


@dataclass(frozen=True, slots=True)
class Part:
    """One history of one tenant; ``whose`` tells tenants apart that have one name after another."""

    tenant: TenantSettings
    history: History[Any]

    @property
    def key(self) -> tuple[str, str, str]:
        """Tells it apart, over runs whose settings differ."""
        where = self.tenant.graph_url or self.tenant.cloud.graph
        return self.tenant.name, f"{self.tenant.tenant_id} at {where}", self.history.name

    @property
    def name(self) -> str:
        """For sentences."""
        return f"{self.tenant.name}: {self.history.name}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for: ``hindrances`` are sentences about what the settings leave without history."""

    parts: tuple[Part, ...]
    hindrances: tuple[str, ...]

    def by_tenant(self) -> Iterator[tuple[TenantSettings, list[Part]]]:
        """The parts of each tenant."""
        found: dict[str, list[Part]] = {}
        for part in self.parts:
            found.setdefault(part.tenant.name, []).append(part)
        for parts in found.values():
            yield parts[0].tenant, parts


def make_plan(tenants: Iterable[TenantSettings]) -> Plan:
    """What there is to ask of these tenants: the histories of all their collectors that are switched on."""
    parts: list[Part] = []
    hindrances: list[str] = []
    for tenant in tenants:
        for collector in all_collectors().values():
            options = tenant.collectors[collector.name]
            for history in collector.history(options) if options.enabled else ():
                if history.hindrance:
                    hindrances.append(f"{tenant.name}: no history of {history.name}, because {history.hindrance}.")
                else:
                    parts.append(Part(tenant, history))
    return Plan(tuple(parts), tuple(hindrances))
