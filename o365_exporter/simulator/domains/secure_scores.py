"""Microsoft Secure Score: a score a day for 90 days, the newest first and two days old, and what it is made of."""

from __future__ import annotations

from typing import Any

from o365_exporter.simulator.domains.base import TenantPart
from o365_exporter.simulator.domains.resource import Resource, names, show_as_is
from o365_exporter.simulator.draw import draw_for
from o365_exporter.simulator.timetext import DAY, graph_time

Json = dict[str, Any]

_DAYS = 90
_LAG = 2 * DAY
_CONTROLS = (("Identity", "AdminMFAV2"), ("Data", "dlp_datalossprevention"), ("Device", "scid_2010"))
_PROFILES = 240
_VENDOR = {"provider": "SecureScore", "providerVersion": None, "subProvider": None, "vendor": "Microsoft"}
_SEATS = {"SeatSizeRangeLowerValue": "101", "SeatSizeRangeUpperValue": "500"}
_COMPARED = [
    {"basis": "AllTenants", "averageScore": 37.0},
    {"basis": "TotalSeats", "averageScore": 46.1, **_SEATS},
]


class SecureScoresPart(TenantPart):
    """Scores as of now; nobody can change them but by letting days pass."""

    tenant_id: str
    users: int

    @property
    def secure_scores(self) -> list[Json]:
        """One a day. Numbers within ``controlScores`` are strings, and some are not there at all."""
        newest = self._clock.now() - _LAG
        return [_score(self._seed, newest - day * DAY, self.tenant_id, self.users) for day in range(_DAYS)]

    @property
    def secure_score_profiles(self) -> list[Json]:
        """What can be done for the score: more than one page of them."""
        return [_profile(number, self.tenant_id) for number in range(_PROFILES)]


def _score(seed: str, at: float, tenant_id: str, users: int) -> Json:
    day = graph_time(at)[:10]
    draw = draw_for(seed, "secure score", day)
    current = round(draw.uniform(380, 400), 2)
    return {
        "id": f"{tenant_id}_{day}",
        "azureTenantId": tenant_id,
        "activeUserCount": users * 9 // 10,
        "createdDateTime": f"{day}T00:00:00Z",
        "currentScore": current,
        "enabledServices": ["HasExchange", "HasSharePoint", "HasTeams"],
        "licensedUserCount": users,
        "maxScore": 697.0,
        "vendorInformation": _VENDOR,
        "averageComparativeScores": _COMPARED,
        "controlScores": [
            {
                "controlCategory": category,
                "controlName": name,
                "description": f"<p>{name}</p>",
                "score": round(draw.uniform(0, 10), 2),
                **({"count": str(draw.randint(0, users)), "total": str(users), "on": "true"} if number else {}),
            }
            for number, (category, name) in enumerate(_CONTROLS)
        ],
    }


def _profile(number: int, tenant_id: str) -> Json:
    return {
        "id": f"control_{number:03}",
        "azureTenantId": tenant_id,
        "actionType": "Config",
        "controlCategory": _CONTROLS[number % len(_CONTROLS)][0],
        "deprecated": False,
        "maxScore": float(number % 10),
        "rank": number,
        "service": "AzureAD",
        "tier": "Core",
        "title": f"Control {number}",
        "userImpact": "Low",
    }


_ROLES = frozenset({"SecurityEvents.Read.All", "SecurityEvents.ReadWrite.All"})

RESOURCES = (
    Resource(
        path="/security/secureScores",
        type="secureScore",
        rows=lambda tenant, _: tenant.secure_scores,
        show=show_as_is,
        properties=names(
            "id azureTenantId activeUserCount averageComparativeScores controlScores createdDateTime currentScore "
            "enabledServices licensedUserCount maxScore vendorInformation"
        ),
        roles=_ROLES,
        service="security",
        page=25,
    ),
    Resource(
        path="/security/secureScoreControlProfiles",
        type="secureScoreControlProfile",
        rows=lambda tenant, _: tenant.secure_score_profiles,
        show=show_as_is,
        properties=names(
            "id azureTenantId actionType controlCategory deprecated maxScore rank service tier title userImpact"
        ),
        roles=_ROLES,
        service="security",
        page=200,
        top_ends_paging=True,
    ),
)
"""Scores, and what they are made of."""
