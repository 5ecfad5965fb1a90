"""What all parts of a tenant share: its name, its time and its source of chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from o365_exporter.clock import Clock
from o365_exporter.simulator.draw import draw_for

Json = dict[str, Any]
T = TypeVar("T")
Method = TypeVar("Method", bound=Callable[..., Any])

_MARK = "is_operation"


def operation(method: Method) -> Method:
    """Mark what can be done to a tenant from outside; the control API knows it by the method's name."""
    method.__dict__[_MARK] = True
    return method


def operations_of(tenant: type) -> list[Callable[..., Any]]:
    """What can be done to a tenant, part by part."""
    members = (member for part in reversed(tenant.__mro__) for member in vars(part).values())
    return [member for member in members if getattr(member, _MARK, False)]


class SimulatorError(ValueError):
    """Something was asked of the simulator that it cannot do; the text says what and what to do instead."""


class TenantPart:
    """Base of the parts that make up a ``Tenant``, which fills what they declare."""

    domain: str

    def __init__(self, key: str, seed: str, clock: Clock) -> None:
        self.key = key
        self._seed = seed
        self._clock = clock
        self._founded = clock.now()
        self._draw = draw_for(seed, "mutations")

    def _find(self, kind: str, items: Mapping[str, T], name: str) -> T:
        if name not in items:
            some = ", ".join(list(items)[:5])
            raise SimulatorError(f"tenant {self.key} has no {kind} {name!r}; it has, among others: {some}")
        return items[name]
