"""Times as Microsoft writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import formatdate

DAY = 86_400.0
"""Seconds of a day."""


def graph_time(seconds: float, digits: int = 0) -> str:
    """``2026-03-10T12:00:00Z``, with so many fraction digits; Graph writes none, two, three or seven."""
    whole = datetime.fromtimestamp(int(seconds), UTC).isoformat()[:19]
    if not digits:
        return f"{whole}Z"
    return f"{whole}.{int(seconds % 1 * 10**digits):0{digits}d}Z"


def parse_graph_time(text: str) -> float:
    """Seconds since 1970 of what ``graph_time`` writes; a year beyond the platform's range included."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    moment = datetime.fromisoformat(whole).replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() + float(f"0.{fraction or 0}")


def http_date(seconds: float) -> str:
    """``Tue, 10 Mar 2026 12:00:00 GMT``."""
    return formatdate(seconds, usegmt=True)


def login_time(seconds: float) -> str:
    """``2026-03-10 12:00:00Z``, the form of Entra ID's errors."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
