"""What is served of messages, and the closed lists of Graph that it is told in."""

from __future__ import annotations

from o365_exporter.fields import UNKNOWN
from o365_exporter.metrics import Metric

CATEGORIES = ("planForChange", "preventOrFixIssue", "stayInformed")
"""Members of Graph's serviceUpdateCategory, metadata of 2026-08-20."""

SEVERITIES = ("normal", "high", "critical")
"""Members of serviceUpdateSeverity."""

MAJOR = ("true", "false", UNKNOWN)
_MESSAGE = ("message_id",)
KINDS = {"category": (*CATEGORIES, UNKNOWN), "severity": (*SEVERITIES, UNKNOWN), "major_change": MAJOR}

MESSAGES = Metric(
    "o365_messages",
    "Number of messages, serviceUpdateMessage, that have not ended and were changed lately (keep), or whose date lies "
    "ahead; major_change is unknown where isMajorChange is null.",
    tuple(KINDS),
    values=KINDS,
)
INFO = Metric(
    "o365_message_info",
    "What a message is about, serviceUpdateMessage: always 1; the title is cut at 200 characters, services are "
    "joined by commas.",
    (*_MESSAGE, *KINDS, "services", "title"),
    values=KINDS,
)
ACTION_REQUIRED = Metric(
    "o365_message_action_required_timestamp_seconds",
    "Until when something must be done, serviceUpdateMessage.actionRequiredByDateTime, in seconds since 1970; absent "
    "where there is nothing to do, which is nearly always.",
    _MESSAGE,
)
LAST_MODIFIED = Metric(
    "o365_message_last_modified_timestamp_seconds",
    "When Microsoft last changed a message, serviceUpdateMessage.lastModifiedDateTime, in seconds since 1970.",
    _MESSAGE,
)
METRICS = (MESSAGES, INFO, ACTION_REQUIRED, LAST_MODIFIED)
