"""What stands on ``/wall``: every tenant as a tile, and of very many the worst; of a single one its open issues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from o365_exporter.status.models import TENANT_STATES, IssueView, TenantSummary
from o365_exporter.web.pages.wording import TITLES, TONES

MOST = 30
"""Tiles that can be read from five metres."""

MOST_ISSUES = 6
"""Issues of a single tenant, whose title may be long."""

_ACROSS = ((1, 1), (4, 2), (9, 3), (16, 4), (20, 5))


def wall_of(tenants: Sequence[TenantSummary], issues: Sequence[IssueView] = ()) -> dict[str, Any]:
    """The tiles, and what is said of the tenants that have none.

    Args:
        tenants: all of them, the worst first.
        issues: of a single tenant, whose own sentence is told above the tiles already.
    """
    shown = [issue for issue in issues if issue.is_open][:MOST_ISSUES]
    tiles = tenants if len(tenants) <= MOST else tenants[: MOST - 1]
    more = tenants[len(tiles) :]
    counts = Counter(tenant.state for tenant in more)
    states = [state for state in TENANT_STATES if counts[state]]
    return {
        "tiles": tiles,
        "issues": shown,
        "across": min(len(shown), 2) or next((columns for most, columns in _ACROSS if len(tenants) <= most), 6),
        "more": more,
        "more_tone": TONES[states[0]] if states else "",
        "more_sentence": ", ".join(f"{TITLES[state].lower()}: {counts[state]}" for state in states),
    }
