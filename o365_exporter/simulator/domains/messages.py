"""The message centre: what Microsoft announces, hundreds of entries with HTML in them.

Its permission is its own: who may read service health may not read these (rknightion/graph2otel#119).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

from o365_exporter.simulator.domains.base import TenantPart, operation
from o365_exporter.simulator.domains.enums import UPDATE_CATEGORY, UPDATE_SEVERITY
from o365_exporter.simulator.domains.resource import Resource, View, names
from o365_exporter.simulator.draw import Draw, draw_for
from o365_exporter.simulator.timetext import DAY, graph_time

Json = dict[str, Any]

Category = Literal["planForChange", "preventOrFixIssue", "stayInformed"]
Severity = Literal["normal", "high", "critical"]

_COUNT = 240
_WEIGHTS: tuple[tuple[Category, int], ...] = (("planForChange", 5), ("stayInformed", 4), ("preventOrFixIssue", 1))
_SERVICES = (
    *("Exchange Online", "Microsoft Teams", "SharePoint Online", "Microsoft Intune", "Microsoft 365 suite"),
    *("Microsoft 365 Copilot", "Power BI", "Microsoft Viva"),  # the first of these has no overview
)
_SUBJECTS = (
    "{0}: retirement of a setting in the admin center",
    "{0}: new controls for sharing <external> files & folders",
    "(Updated) {0}: changes to “quoted” defaults",
    "Action required: update the connector of {0} by the end of the quarter",
    "{0}: a new look\nfor notifications",
)


def build_messages(seed: str, now: float) -> dict[str, Json]:
    """Messages by id, the newest first."""
    draw = draw_for(seed, "messages")
    ages = sorted(draw.uniform(0.1, 360.0) for _ in range(_COUNT))
    made = (_message(draw, now, 1_300_000 - number * 41, age) for number, age in enumerate(ages))
    return {one["id"]: one for one in made}


def _message(draw: Draw, now: float, number: int, age: float) -> Json:
    start = now - age * DAY
    service = draw.choice(_SERVICES)
    title = draw.choice(_SUBJECTS).format(service)
    return {
        "startDateTime": graph_time(start, draw.choice((0, 3, 7))),
        "endDateTime": graph_time(start + draw.uniform(60, 400) * DAY),
        "lastModifiedDateTime": graph_time(now - draw.uniform(0, age) * DAY, draw.choice((0, 2, 3, 7))),
        "title": title,
        "id": f"MC{number}",
        "category": draw.choices([name for name, _ in _WEIGHTS], [weight for _, weight in _WEIGHTS])[0],
        "severity": draw.choices(("normal", "high", "critical"), (90, 9, 1))[0],
        "tags": draw.sample(("New feature", "Admin impact", "User impact", "Retirement", "Updated message"), 2),
        "isMajorChange": draw.choice((True, False, False, None)),
        # live ones have no such date nearly always
        "actionRequiredByDateTime": graph_time(now + draw.uniform(-30, 90) * DAY) if draw.happens(0.03) else None,
        "services": [service] if draw.happens(0.8) else [service, "Microsoft 365 apps"],
        "hasAttachments": False,
        "details": [{"name": "RoadmapIds", "value": f"{draw.randint(80_000, 500_000)}"}] if draw.happens(0.5) else [],
        "body": {"contentType": "html", "content": f"<p>{title}</p>" + "<p>What you need to do…</p>" * 20},
        "viewPoint": None,  # always, for an app: it belongs to a person
    }


class MessagesPart(TenantPart):
    """``messages`` by id, in Graph's own shape."""

    @cached_property
    def messages(self) -> dict[str, Json]:
        """Made when they are asked for: most clients never read them."""
        return build_messages(self._seed, self._founded)

    @operation
    def add_message(
        self,
        title: str,
        *,
        category: Category = "planForChange",
        severity: Severity = "normal",
        services: list[str] | None = None,
        action_in_days: float | None = None,
        message_id: str | None = None,
    ) -> str:
        """Announce something; answers the message's id."""
        now = self._clock.now()
        made = _message(self._draw, now, 1_400_000 + len(self.messages), 0.0)
        due = None if action_in_days is None else graph_time(now + action_in_days * DAY)
        made |= {"title": title, "category": category, "severity": severity, "actionRequiredByDateTime": due}
        made |= {"id": message_id or made["id"], "services": services or made["services"]}
        self.messages = {made["id"]: made} | self.messages
        return str(made["id"])

    @operation
    def update_message(self, message_id: str, title: str | None = None, severity: Severity | None = None) -> None:
        """Change a message in its place, as Microsoft does: same id, a later lastModifiedDateTime."""
        found = self._find("message", self.messages, message_id)
        changes = {"title": title, "severity": severity, "lastModifiedDateTime": graph_time(self._clock.now(), 3)}
        found.update({name: value for name, value in changes.items() if value is not None})

    @operation
    def remove_message(self, message_id: str) -> None:
        """Let a message vanish, as old ones do."""
        self._find("message", self.messages, message_id)
        del self.messages[message_id]


def show_message(row: Json, view: View) -> Json:
    """A message, whose enum members may be spelt in Pascal case."""
    return row | {
        "category": view.enums.show(row["id"], row["category"], UPDATE_CATEGORY),
        "severity": view.enums.show(row["id"], row["severity"], UPDATE_SEVERITY),
    }


RESOURCES = (
    Resource(
        path="/admin/serviceAnnouncement/messages",
        type="serviceUpdateMessage",
        rows=lambda tenant, _: tenant.messages.values(),
        show=show_message,
        properties=names(
            "id title startDateTime endDateTime lastModifiedDateTime details category severity tags isMajorChange "
            "actionRequiredByDateTime services hasAttachments body viewPoint"
        ),
        roles=frozenset({"ServiceMessage.Read.All"}),
        service="service_communications",
        most=1_000,
        countable=True,
    ),
)
"""Messages of the message centre."""
