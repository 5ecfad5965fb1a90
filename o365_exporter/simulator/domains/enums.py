"""Members of Graph's enums as one reader sees them: newer ones hidden, case now and then as in the documentation.

Members: v1.0 metadata of 2026-08-20.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

SERVICE_HEALTH_STATUS = frozenset(
    {
        "serviceOperational",
        "investigating",
        "restoringService",
        "verifyingService",
        "serviceRestored",
        "postIncidentReviewPublished",
        "serviceDegradation",
        "serviceInterruption",
        "extendedRecovery",
        "falsePositive",
        "investigationSuspended",
        "resolved",
        "mitigatedExternal",
        "mitigated",
        "resolvedExternal",
        "confirmed",
        "reported",
    }
)
CLASSIFICATION = frozenset({"advisory", "incident"})
ORIGIN = frozenset({"microsoft", "thirdParty", "customer"})
UPDATE_CATEGORY = frozenset({"planForChange", "preventOrFixIssue", "stayInformed"})
UPDATE_SEVERITY = frozenset({"normal", "high", "critical"})
POST_TYPE = frozenset({"regular", "quick", "strategic"})


@dataclass(frozen=True)
class EnumView:
    """How a request sees enum members.

    Args:
        unknown_members: whether it asked for members newer than its client.
        pascal_rate: share of members in Pascal case; the same member of the same thing always looks the same.
    """

    unknown_members: bool
    pascal_rate: float

    def show(self, thing: str, member: str | None, known: frozenset[str]) -> str | None:
        """A member as it is written into the answer about ``thing`` (an id)."""
        if member is None:
            return None
        if member not in known and not self.unknown_members:
            member = "unknownFutureValue"
        chance = zlib.crc32(f"{thing}/{member}".encode()) % 1_000
        return member[0].upper() + member[1:] if chance < self.pascal_rate * 1_000 else member
