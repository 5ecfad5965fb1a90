"""What stands on ``/wall``: every tenant as a tile, and of very many the worst."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from o365_exporter.status.models import TENANT_STATES, TenantSummary
from o365_exporter.web.pages.wording import TITLES, TONES

MOST = 30
"""Tiles that can be read from five metres."""

_ACROSS = ((1, 1), (4, 2), (9, 3), (16, 4), (20, 5))


def wall_of(tenants: Sequence[TenantSummary]) -> dict[str, Any]:
    """The tiles, and what is said of the tenants that have none."""
    tiles = tenants if len(tenants) <= MOST else tenants[: MOST - 1]
    more = tenants[len(tiles) :]
    counts = Counter(tenant.state for tenant in more)
    states = [state for state in TENANT_STATES if counts[state]]
    return {
        "tiles": tiles,
        "across": next((columns for most, columns in _ACROSS if len(tenants) <= most), 6),
        "more": more,
        "more_tone": TONES[states[0]] if states else "",
        "more_sentence": ", ".join(f"{TITLES[state].lower()}: {counts[state]}" for state in states),
    }
