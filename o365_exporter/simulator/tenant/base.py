"""What all parts of a tenant share: its name, its time and its source of chance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from o365_exporter.clock import Clock
from o365_exporter.simulator.content.draw import draw_for

Json = dict[str, Any]
T = TypeVar("T")


class SimulatorError(ValueError):
    """Something was asked of the simulator that it cannot do; the text says what and what to do instead."""


class TenantPart:
    """Base of the parts that make up a ``Tenant``, which fills what they declare."""

    domain: str

    def __init__(self, key: str, seed: str, clock: Clock) -> None:
        self.key = key
        self._clock = clock
        self._draw = draw_for(seed, "mutations")

    def _find(self, kind: str, items: Mapping[str, T], name: str) -> T:
        if name not in items:
            some = ", ".join(list(items)[:5])
            raise SimulatorError(f"tenant {self.key} has no {kind} {name!r}; it has, among others: {some}")
        return items[name]
