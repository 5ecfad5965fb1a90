"""Microsoft's published limits, kept as Microsoft keeps them: what is asked while throttled still counts.

Source: Microsoft Graph service-specific throttling limits, 2025-01-14. A further limit is a further row of ``LIMITS``.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from math import ceil


@dataclass(frozen=True)
class Charge:
    """What one request costs and whom. ``users`` is the size of the tenant, ``function`` the report's name."""

    app: str
    tenant: str
    users: int
    service: str
    units: int
    key_credentials: bool = False
    function: str = ""


@dataclass(frozen=True)
class Limit:
    """So much in so many seconds.

    Args:
        name: begins the key under which usage is counted.
        seconds: length of the window.
        amount: how much the window holds, for a tenant of this many users.
        applies: which requests count.
        whose: the scope, as a key.
        units: what a request counts; one unless the limit is in resource units.
    """

    name: str
    seconds: float
    amount: Callable[[int], int]
    applies: Callable[[Charge], bool]
    whose: Callable[[Charge], Hashable]
    units: Callable[[Charge], int] = lambda _: 1


def _identity_units(users: int) -> int:
    """Resource units in 10 s for tenants of size S, M and L."""
    return 3_500 if users < 50 else 5_000 if users <= 500 else 8_000  # noqa: PLR2004 - published sizes


def _app_and_tenant(charge: Charge) -> Hashable:
    return charge.app, charge.tenant


LIMITS: tuple[Limit, ...] = (
    Limit(
        "service communications, a minute",
        60.0,
        lambda _: 240,
        lambda charge: charge.service == "service_communications",
        _app_and_tenant,
    ),
    Limit(
        "service communications, an hour",
        3_600.0,
        lambda _: 800,
        lambda charge: charge.service == "service_communications",
        _app_and_tenant,
    ),
    Limit(
        "identity",
        10.0,
        _identity_units,
        lambda charge: charge.service == "identity",
        _app_and_tenant,
        lambda charge: charge.units,
    ),
    Limit(
        "identity, all tenants",
        20.0,
        lambda _: 150_000,
        lambda charge: charge.service == "identity",
        lambda charge: charge.app,
        lambda charge: charge.units,
    ),
    Limit(
        "keyCredentials",
        60.0,
        lambda _: 150,
        lambda charge: charge.key_credentials,
        lambda charge: charge.tenant,
    ),
    Limit(
        "usage report as CSV",
        600.0,
        lambda _: 14,
        lambda charge: charge.service == "usage_reports",
        lambda charge: (charge.app, charge.tenant, charge.function),
    ),
    Limit(
        "usage report as CSV, all apps",
        600.0,
        lambda _: 40,
        lambda charge: charge.service == "usage_reports",
        lambda charge: (charge.tenant, charge.function),
    ),
)


@dataclass(frozen=True)
class Verdict:
    """Whether a request is refused, and the headers that say how near the limit is."""

    throttled: bool
    headers: dict[str, str]


class _Window:
    """What was used in the last so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._entries: deque[tuple[float, int]] = deque()
        self.used = 0

    def add(self, now: float, units: int) -> None:
        while self._entries and self._entries[0][0] <= now - self._seconds:
            self.used -= self._entries.popleft()[1]
        self._entries.append((now, units))
        self.used += units

    def wait(self, now: float, amount: int, units: int) -> float:
        """Seconds until a request of so many units passes, if nothing else is asked before."""
        over = self.used + units - amount
        for when, spent in self._entries:
            over -= spent
            if over <= 0:
                return when + self._seconds - now
        return self._seconds


@dataclass
class Throttle:
    """Counts what is asked and judges it.

    Attributes:
        documented_headers: whether answers have the headers about throttling that Microsoft documents. Nobody who
            measured has seen them, not even beside a 429.
    """

    documented_headers: bool = False
    _windows: dict[Hashable, _Window] = field(default_factory=dict)
    _refused: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def judge(self, charge: Charge, now: float) -> Verdict:
        """Count a request and say whether it is one too many; ``now`` in seconds."""
        share, wait = 0.0, 0.0
        for limit in LIMITS:
            if limit.applies(charge):
                used, pause = self._count(limit, charge, now)
                share, wait = max(share, used), max(wait, pause)
        headers = {"x-ms-resource-unit": str(charge.units)} if charge.service == "identity" else {}
        if self.documented_headers and share > 0.8:  # noqa: PLR2004 - documented: only above
            headers["x-ms-throttle-limit-percentage"] = f"{min(share, 1.8):.1f}"
        if wait:
            headers |= self._refusal(charge, wait)
        return Verdict(wait > 0, headers)

    def forget(self) -> None:
        """Start all windows anew."""
        self._windows.clear()

    def _count(self, limit: Limit, charge: Charge, now: float) -> tuple[float, float]:
        key = (limit.name, limit.whose(charge))
        window = self._windows.setdefault(key, _Window(limit.seconds))
        units, amount = limit.units(charge), limit.amount(charge.users)
        window.add(now, units)
        pause = window.wait(now, amount, units) if window.used > amount else 0.0
        return window.used / amount, pause

    def _refusal(self, charge: Charge, wait: float) -> dict[str, str]:
        """Every third ``Retry-After`` of a tenant has a fraction, as Graph's own sometimes has."""
        self._refused[charge.tenant] += 1
        fraction = self._refused[charge.tenant] % 3 == 0
        headers = {"Retry-After": f"{ceil(wait * 1_000) / 1_000 + 0.001:.3f}" if fraction else str(ceil(wait))}
        if not self.documented_headers:
            return headers
        return headers | {
            "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{charge.app}/{charge.tenant}",
            "x-ms-throttle-information": "ResourceUnitLimitExceeded",
        }
