"""What is known, for people: views of the store, of which pages, JSON, feeds and calendars are made."""

from o365_exporter.status import announcements, health
from o365_exporter.status.board import Board
from o365_exporter.status.due import endings_of, heard_at, withdrawn
from o365_exporter.status.models import (
    TENANT_STATES,
    Ending,
    IssueDetail,
    IssueView,
    MessageDetail,
    MessageView,
    Overview,
    SourceView,
    TenantDetail,
    TenantSummary,
)
from o365_exporter.status.seen import Seen, Watched
from o365_exporter.status.words import Written, written

__all__ = [
    "TENANT_STATES",
    "Board",
    "Ending",
    "IssueDetail",
    "IssueView",
    "MessageDetail",
    "MessageView",
    "Overview",
    "Seen",
    "SourceView",
    "TenantDetail",
    "TenantSummary",
    "Watched",
    "Written",
    "announcements",
    "endings_of",
    "health",
    "heard_at",
    "withdrawn",
    "written",
]
