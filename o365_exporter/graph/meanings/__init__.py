"""What Microsoft's answers mean: one table of (service, status, code, words) -> reason, who acts, what to do."""

from o365_exporter.graph.meanings.graph import REFUSED_HERE_ALONE
from o365_exporter.graph.meanings.graph import ROWS as GRAPH_ROWS
from o365_exporter.graph.meanings.login import ROWS as LOGIN_ROWS
from o365_exporter.graph.meanings.row import (
    NO_STATUS,
    OPTIONAL,
    Actor,
    NotFoundError,
    NoUsageYet,
    PageSizeError,
    PageTokenError,
    PolicyRefusedError,
    Row,
    Said,
    Service,
    TokenRefusedError,
    scopes_in,
    service_of,
)

TABLE: tuple[Row, ...] = (*LOGIN_ROWS, *GRAPH_ROWS)
"""Every row, the particular before the general: the first that fits is what an answer means."""


def look_up(said: Said) -> Row:
    """What an answer that is no success means; the last row of each service fits everything."""
    return next(row for row in TABLE if row.fits(said))


__all__ = [
    "NO_STATUS",
    "OPTIONAL",
    "REFUSED_HERE_ALONE",
    "TABLE",
    "Actor",
    "NoUsageYet",
    "NotFoundError",
    "PageSizeError",
    "PageTokenError",
    "PolicyRefusedError",
    "Row",
    "Said",
    "Service",
    "TokenRefusedError",
    "look_up",
    "scopes_in",
    "service_of",
]
