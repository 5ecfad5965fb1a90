"""What Microsoft writes while an issue lasts: HTML of half a kilobyte to two, several times a day."""

from __future__ import annotations

from html import escape
from typing import Any

from o365_exporter.simulator.draw import Draw, draw_for
from o365_exporter.simulator.timetext import graph_time

_STATES = (
    "We're looking into the reports and will give an update within 60 minutes.",
    "We're reviewing service telemetry & logs to isolate the source of the problem.",
    "We've found a recent configuration change that may have caused the impact; we're reverting it.",
    "The fix is on its way through the affected environment; <b>about 40%</b> has received it.",
    "Restarts of the affected infrastructure are under way. Some users will see relief sooner than others.",
    "After a period of monitoring we've confirmed that service is restored for most users.",
)
_PADDING = (
    "The impact is specific to a subset of users who are served through the affected infrastructure.",
    "Users may be able to work around the problem with the desktop client or the web version.",
    "Our analysis of a HTTP Archive (HAR) trace suggests that requests exceed a time-out of 30&nbsp;seconds.",
    "We understand how much your organization depends on this service and thank you for your patience.",
    'If you\'re seeing this, please <a href="https://admin.microsoft.com/support?x=1&amp;y=2">contact us</a>.',
    "A part of the infrastructure that handles sign-in requests performed below its thresholds.",
)


def write_posts(seed: str, title: str, start: float, end: float, count: int) -> list[dict[str, Any]]:
    """``count`` posts spread from ``start`` to ``end`` (seconds since 1970), as Graph gives them, oldest first."""
    draw = draw_for(seed, "posts")
    step = (end - start) / count
    return [
        {
            "createdDateTime": graph_time(start + (number + draw.random()) * step, draw.choice((0, 2, 3, 7))),
            "postType": _post_type(draw, number),
            "description": {"contentType": "html", "content": _text(title, number, number + 1 == count)},
        }
        for number in range(count)
    ]


def _post_type(draw: Draw, number: int) -> str | None:
    if number == 0:
        return "regular"
    return draw.choices(("regular", "quick", "strategic", None), (80, 15, 3, 2))[0]


def _text(title: str, number: int, last: bool) -> str:
    """The same for every tenant: an issue is Microsoft's, and so are its words."""
    draw = draw_for(title, f"post {number}")
    state = _STATES[-1] if last and number else _STATES[min(number, len(_STATES) - 2)]
    body = " ".join(draw.choices(_PADDING, k=draw.randint(3, 14)))
    return (
        f"<p><b>Title:</b> {escape(title)}</p>\n<p><b>User impact:</b> {escape(title)}.</p>\n"
        f"<p><b>Current status:</b> {state}</p>\n<p><b>Scope of impact:</b> {body}</p>\n"
        f"<p><i>This is update {number + 1}.</i><br/>&#128204; Next update by the end of the day.</p>"
    )
