"""The message centre: what Microsoft announces, hundreds of entries with HTML in them.

Its permission is its own: who may read service health may not read these (rknightion/graph2otel#119).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from html import escape
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


_HUGE = 5_000
"""Paragraphs of the longest body: two hundred thousand characters."""

_BODY = """<div style="font-family:'Segoe UI'"><p>{title}</p>
<h2>When this will happen</h2><p>General Availability: we will begin rolling out in late <b>March</b>&nbsp;&amp; \
complete by early May.</p>
<h3>What you need to do to prepare</h3>
<ol><li>Review <a href="https://learn.microsoft.com/microsoft-365/admin?view=o365&amp;id=1" target="_blank">the \
documentation</a>.</li><li>Tell your helpdesk: see <a href="mailto:someone@example.com">whom</a>.</li></ol>
<table border="1"><tbody><tr><td>Cloud</td><td>Date</td></tr><tr><td>Worldwide</td><td>March</td></tr></tbody></table>
<p><img alt="a picture" src="https://img-prod-cms-rt-microsoft-com.akamaized.net/picture.png" width="640"></p>
{more}</div>"""
_MORE = "<p>What else you need to know\u2026</p>"
_HOSTILE = (
    "<script>alert('message')</script>",
    '<p onclick="alert(1)">Click</p><img src=x onerror="alert(1)"><a href="javascript:alert(1)">here</a>',
    "<style>body{display:none}</style><iframe src='https://example.com/'></iframe><p>unclosed <b>bold",
)
"""What no message has, and who shows one must still stand."""


@dataclass(frozen=True)
class _Body:
    """A body before it is written, which is when it is read: there are hundreds in each of hundreds of tenants."""

    text: str
    times: int = 1
    is_html: bool = True

    def written(self, title: str) -> Json:
        """In Graph's shape."""
        if not self.is_html:
            return {"contentType": "text", "content": self.text}
        return {"contentType": "html", "content": _BODY.format(title=escape(title), more=self.text * self.times)}


def build_messages(seed: str, now: float, *, calm: bool) -> dict[str, Json]:
    """Messages by id, the newest first; on a calm day none wants anything done, nor is odd."""
    draw = draw_for(seed, "messages")
    ages = sorted(draw.uniform(0.1, 360.0) for _ in range(_COUNT))
    made = (_message(draw, now, 1_300_000 - number * 41, age) for number, age in enumerate(ages))
    messages = {one["id"]: one for one in made}
    if calm:
        return {name: one | {"actionRequiredByDateTime": None} for name, one in messages.items()}
    _make_awkward(list(messages.values()), now)
    return messages


def _make_awkward(messages: list[Json], now: float) -> None:
    """What some of hundreds of messages have, whatever the draw was."""
    newest, second, third, fourth, fifth, *_, oldest = messages
    newest["actionRequiredByDateTime"] = graph_time(now + 20 * DAY)
    second |= {"actionRequiredByDateTime": graph_time(now - DAY, 7), "isMajorChange": None}
    third |= {"category": "adoptOrLearn", "severity": "low"}  # members newer than the client
    third["body"] = _Body("Plain text: 1 < 2 & 3 > 2.\r\n\r\nSecond paragraph.", is_html=False)
    fourth["body"] = _Body(_MORE, times=_HUGE)
    fifth |= {"title": "<script>alert('title')</script>", "body": _Body("".join(_HOSTILE))}
    oldest |= {"services": [], "tags": [], "hasAttachments": True}


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
        "body": _Body(_MORE, times=draw.randint(0, 60)),
        "viewPoint": None,  # always, for an app: it belongs to a person
    }


class MessagesPart(TenantPart):
    """``messages`` by id, in Graph's own shape."""

    calm: bool

    @cached_property
    def messages(self) -> dict[str, Json]:
        """Made when they are asked for: most clients never read them."""
        return build_messages(self._seed, self._founded, calm=self.calm)

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
        is_major_change: bool | None = None,
        body: str | None = None,
    ) -> str:
        """Announce something; answers the message's id."""
        now = self._clock.now()
        made = _message(self._draw, now, 1_400_000 + len(self.messages), 0.0)
        due = None if action_in_days is None else graph_time(now + action_in_days * DAY)
        made |= {"title": title, "category": category, "severity": severity, "actionRequiredByDateTime": due}
        made |= {"id": message_id or made["id"], "services": made["services"] if services is None else services}
        made |= {"isMajorChange": is_major_change, "body": made["body"] if body is None else _Body(body)}
        self.messages = {made["id"]: made} | self.messages
        return str(made["id"])

    @operation
    def update_message(
        self,
        message_id: str,
        title: str | None = None,
        severity: Severity | None = None,
        action_in_days: float | None = None,
        body: str | None = None,
    ) -> None:
        """Change a message in its place, as Microsoft does: same id, a later lastModifiedDateTime."""
        found, now = self._find("message", self.messages, message_id), self._clock.now()
        changes = {
            "title": title,
            "severity": severity,
            "actionRequiredByDateTime": None if action_in_days is None else graph_time(now + action_in_days * DAY),
            "body": None if body is None else _Body(body),
            "lastModifiedDateTime": graph_time(now, 3),
        }
        found.update({name: value for name, value in changes.items() if value is not None})

    @operation
    def remove_message(self, message_id: str) -> None:
        """Let a message vanish, as old ones do."""
        self._find("message", self.messages, message_id)
        del self.messages[message_id]


def show_message(row: Json, view: View) -> Json:
    """A message as it is read: with its body where that is wanted, and enum members perhaps in Pascal case."""
    shown = row | {
        "category": view.enums.show(row["id"], row["category"], UPDATE_CATEGORY),
        "severity": view.enums.show(row["id"], row["severity"], UPDATE_SEVERITY),
    }
    is_wanted = not view.selected or "body" in view.selected
    return shown | {"body": row["body"].written(row["title"])} if is_wanted else shown


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
