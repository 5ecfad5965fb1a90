"""What is known, for people: views of the store, of which pages, JSON, feeds and calendars are made."""

from o365_exporter.status.board import Board
from o365_exporter.status.due import endings_of
from o365_exporter.status.health import Posted, posted
from o365_exporter.status.models import (
    TENANT_STATES,
    Ending,
    IssueDetail,
    IssueView,
    Overview,
    SourceView,
    TenantDetail,
    TenantSummary,
)
from o365_exporter.status.seen import Seen, Watched

__all__ = [
    "TENANT_STATES",
    "Board",
    "Ending",
    "IssueDetail",
    "IssueView",
    "Overview",
    "Posted",
    "Seen",
    "SourceView",
    "TenantDetail",
    "TenantSummary",
    "Watched",
    "endings_of",
    "posted",
]
