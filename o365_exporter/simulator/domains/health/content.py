"""Services and service health issues of a tenant on an ordinary bad day.

Service ids and names: official examples and public code that reads the live service; one service is made up, because
new ones appear without notice. Statuses and types: v1.0 metadata of 2026-08.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from o365_exporter.simulator.domains.health.posts import write_posts
from o365_exporter.simulator.draw import Draw, draw_for
from o365_exporter.simulator.timetext import DAY, graph_time

Json = dict[str, Any]

HOUR = 3_600.0

SERVICES: tuple[tuple[str, str, str], ...] = (
    ("Exchange", "Exchange Online", "EX"),
    ("OrgLiveID", "Microsoft Entra", "MO"),
    ("OSDPPlatform", "Microsoft 365 suite", "MO"),
    ("Lync", "Skype for Business", "LY"),
    ("SharePoint", "SharePoint Online", "SP"),
    ("DynamicsCRM", "Dynamics 365 Apps", "CR"),
    ("RMS", "Azure Information Protection", "RM"),
    ("yammer", "Microsoft Viva", "YA"),
    ("MobileDeviceManagement", "Mobile Device Management for Office 365", "MD"),
    ("Planner", "Planner", "PL"),
    ("SwayEnterprise", "Sway", "SW"),
    ("PowerBIcom", "Power BI", "PB"),
    ("Intune", "Microsoft Intune", "IT"),
    ("OneDriveForBusiness", "OneDrive for Business", "OD"),
    ("microsoftteams", "Microsoft Teams", "TM"),
    ("Bookings", "Microsoft Bookings", "BK"),
    ("officeonline", "Microsoft 365 for the web", "OO"),
    ("O365Client", "Microsoft 365 apps", "OP"),
    ("PowerApps", "Power Apps", "PA"),
    ("PowerAppsM365", "Power Apps in Microsoft 365", "PA"),
    ("MicrosoftFlow", "Microsoft Power Automate", "MF"),
    ("MicrosoftFlowM365", "Microsoft Power Automate in Microsoft 365", "MF"),
    ("Forms", "Microsoft Forms", "FM"),
    ("cloudappsecurity", "Microsoft Defender for Cloud Apps", "CS"),
    ("Microsoft365Defender", "Microsoft Defender XDR", "DZ"),
    ("Stream", "Microsoft Stream", "ST"),
    ("ProjectForTheWeb", "Project for the web", "PW"),
    ("PAM", "Privileged Access", "PM"),
    ("MicrosoftDataverse", "Microsoft Dataverse", "DV"),
    ("AgentHub365", "Agent Hub (Preview)", "AH"),  # made up: no published list has it
)
"""Id, display name and the letters that begin the ids of its issues."""

NEW_STATUS = "workaroundAvailable"
"""A status that no published list has: Graph shows it only to who prefers ``include-unknown-enum-members``."""

_STATUS_NOW = {
    "Exchange": "serviceDegradation",
    "microsoftteams": "serviceInterruption",
    "SharePoint": "restoringService",
    "Intune": "extendedRecovery",
    "PowerBIcom": NEW_STATUS,
    "Planner": "serviceRestored",
    "Forms": "postIncidentReviewPublished",
    "Stream": "falsePositive",
}

_OPEN: tuple[Json, ...] = (
    {
        "age": 0.21,
        "service": "Exchange Online",
        "classification": "incident",
        "status": "serviceDegradation",
        "title": "Some users' email messages may be delayed or not delivered",
        "feature": "E-Mail timely delivery",
        "featureGroup": "E-Mail and calendar access",
    },
    {
        "age": 0.06,
        "posts": 1,
        "service": "Microsoft Teams",
        "classification": "incident",
        "status": "serviceInterruption",
        "title": 'Users can\'t join meetings whose name is "quoted", {braced} or has commas, such as <this>',
        "feature": "Teams Components",
        "featureGroup": "Teams Components",
    },
    {
        "age": 3.4,
        "service": "SharePoint Online",
        "classification": "advisory",
        "status": "restoringService",
        "title": "Search results may be incomplete\nfor sites made before 2019",
        "feature": None,
        "featureGroup": None,
    },
    {
        "age": 120.5,  # old and still open: it stands on an early page
        "service": "Microsoft Intune",
        "classification": "advisory",
        "status": "extendedRecovery",
        "title": "Devices 📱 enrolled by DOMAIN\\user may show\u2028a stale compliance state – “pending”",
    },
    {
        "age": 9.9,
        "service": "Microsoft 365 admin center",  # a name that no overview has
        "classification": "advisory",
        "status": "investigating",
        "title": "Admins may see a wrong number of licenses in the Microsoft 365 admin center",
        "feature": "Portal",
        "featureGroup": "Administration",
        "origin": "thirdParty",
    },
    {
        "age": 1.2,
        "service": "Power BI",
        "classification": "advisory",
        "status": NEW_STATUS,
        "title": "Some users may be unable to refresh reports that use a gateway",
        "feature": "PowerBI.com",
        "featureGroup": "PowerBI.com",
    },
)

_SYMPTOMS = (
    "Some users may be unable to access {0}",
    "Users may intermittently see errors in {0}",
    "Admins may be unable to change settings of {0}",
    "Users may notice delays when they open files in {0}",
    "A few users may be unable to sign in to {0}",
    "Search within {0} may return no results",
    "Notifications of {0} may arrive late",
)
_RESOLVED_AS = ("serviceRestored",) * 9 + ("postIncidentReviewPublished", "falsePositive")
_FEATURES = ("Access", "Sign-in", "Management and Provisioning", "Notifications", "Search", "Mobile clients")


def build_services(*, calm: bool) -> dict[str, Json]:
    """Overviews by id; on a calm day all are operational."""
    statuses = {} if calm else _STATUS_NOW
    return {
        id_: {"service": name, "status": statuses.get(id_, "serviceOperational"), "id": id_}
        for id_, name, _ in SERVICES
    }


def build_issues(seed: str, now: float, count: int, *, calm: bool) -> dict[str, Json]:
    """Issues by id, oldest first, so that most of the open ones stand on the last page; on a calm day none is open."""
    draw = draw_for(seed, "issues")
    drafts = [] if calm else [dict(draft) for draft in _OPEN]
    drafts += [_resolved_draft(draw, number) for number in range(count - len(drafts))]
    drafts.sort(key=lambda draft: -draft["age"])
    issues = (_issue(draw, seed, now, number, draft) for number, draft in enumerate(drafts))
    return {issue["id"]: issue for issue in issues}


def issue_letters(service: str) -> str:
    """The letters that begin an issue's id; MO for what belongs to no service."""
    return next((letters for _, name, letters in SERVICES if name == service), "MO")


def _resolved_draft(draw: Draw, number: int) -> Json:
    """An issue of the last half year; every so often one with a quirk that the live service shows too."""
    service = draw.choice(SERVICES)[1]
    age = draw.uniform(0.5, 180.0)
    draft: Json = {
        "age": age,
        "lasted": min(age * 0.9, draw.expovariate(1 / 2.5) + 0.04),
        "service": service,
        "classification": "incident" if draw.happens(0.3) else "advisory",
        "status": draw.choice(_RESOLVED_AS),
        "title": draw.choice(_SYMPTOMS).format(service),
        "feature": draw.choice(_FEATURES),
        "featureGroup": draw.choice(_FEATURES),
    }
    draft.update(_QUIRKS.get(number, {}))
    return draft


_QUIRKS: dict[int, Json] = {
    3: {"status": "serviceDegradation"},  # resolved all the same: isResolved decides
    7: {"classification": "securityNotice"},  # a member newer than any published list
    11: {"feature": None, "featureGroup": None},
    17: {"service": "Office Subscription"},  # renamed since
    23: {"status": "mitigatedExternal", "origin": "customer"},
    29: {"status": NEW_STATUS},
}


def _issue(draw: Draw, seed: str, now: float, number: int, draft: Json) -> Json:
    start = now - draft["age"] * DAY
    end = start + draft["lasted"] * DAY if "lasted" in draft else None
    digits = draw.choice((0, 0, 2, 3, 7))
    last_word = end + HOUR if end is not None else max(start, now - draw.uniform(0.2, 2.0) * HOUR)
    issue_id = f"{issue_letters(draft['service'])}{1_100_000 + number * 37 + draw.randrange(37)}"
    posts = draft.get("posts") or draw.randint(6, 10)
    issue: Json = {
        "startDateTime": graph_time(start, digits),
        "endDateTime": None if end is None else graph_time(end, digits),
        "lastModifiedDateTime": graph_time(last_word, digits),
        "title": draft["title"],
        "id": issue_id,
        "impactDescription": f"{draft['title']}.",
        "classification": draft["classification"],
        "origin": draft.get("origin", "microsoft"),
        "status": draft["status"],
        "service": draft["service"],
        "isResolved": end is not None,
        "details": [{"name": "NotifyInApp", "value": "True"}] if draw.happens(0.7) else [],
        # Two hundred tenants have 370 000 posts: each text is written when it is read.
        "posts": partial(write_posts, f"{seed}/{issue_id}", draft["title"], start, last_word, posts),
    }
    issue.update({name: draft[name] for name in ("feature", "featureGroup") if name in draft})
    return issue
