"""Words for what is known: states, times, numbers. Pure functions, which templates call as filters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from o365_exporter.status.models import Day, DayState, IssueView, ServiceView, SourceView

TITLES = {
    "trouble": "In trouble",
    "failing": "Incomplete",
    "attention": "Wants attention",
    "pending": "Not asked yet",
    "ok": "All right",
}
"""States of a tenant, as a reader finds them in a filter."""

TONES = {"trouble": "trouble", "failing": "blind", "attention": "advice", "pending": "unknown", "ok": "good"}
"""Shape and colour of each; classes of the style sheet."""

DAY_TONES = {"incident": "trouble", "advisory": "advice", "ok": "good", "unknown": "unknown"}
DAY_HEIGHTS = {"incident": 10, "advisory": 7, "ok": 4, "unknown": 1}
"""Of ten; told apart without colours."""

WAITS = {
    "retry_after": "as Microsoft asked",
    "budget": "to stay within the published limits",
    "backoff": "after a failure",
}
"""Causes of ``o365_exporter_graph_wait_seconds_total``."""

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MINUTE = 60
_UNITS = ((31_557_600, "year"), (86400, "day"), (3600, "hour"), (_MINUTE, "minute"))
_MOMENT = 1.0
"""Seconds below which a duration is told in thousandths."""

_CLOSE = 5.0
"""Seconds by which clocks may differ without anybody minding."""


def words(text: str) -> str:
    """What stands in camel or snake case, in words: ``serviceDegradation`` is Service degradation."""
    return _HUMP.sub(" ", text).replace("_", " ").strip().capitalize() if text else "Unknown"


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun."""
    return f"{grouped(number)} {one if number == 1 else many or one + 's'}"


def grouped(number: int) -> str:
    """A number in groups of three digits, which stay together."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def roughly(seconds: float) -> str:
    """A duration in its largest unit of which there are at least two; less than two seconds are seconds as well."""
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return counted(int(seconds // size), unit)
    return counted(max(0, int(seconds)), "second")


def took(seconds: float) -> str:
    """How long something took."""
    if seconds < _MOMENT:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 2 * _MINUTE else roughly(seconds)


def until(moment: float, now: float) -> str:
    """When something ends, as seen from now."""
    return f"in {roughly(moment - now)}" if moment > now else f"{roughly(now - moment)} ago"


def coming(moment: float, now: float) -> str:
    """When something begins that is planned; what is due is not in the past."""
    return f"in {roughly(moment - now)}" if moment > now else "now"


def utc(moment: float) -> str:
    """A moment as people write it, in UTC."""
    return _written(moment, "%-d %b %Y, %H:%M UTC")


def date(moment: float) -> str:
    """A day in UTC."""
    return _written(moment, "%-d %b %Y")


def skew(seconds: float) -> str:
    """By how much this machine's clock differs from Microsoft's."""
    if abs(seconds) < _CLOSE:
        return "as Microsoft’s"
    return f"{roughly(abs(seconds))} {'ahead of' if seconds > 0 else 'behind'} Microsoft’s"


def told(days: Sequence[Day]) -> str:
    """A strip of days as a sentence, for those who do not see it."""
    odd = [day_told(day) for day in days if day.state not in ("ok", "unknown")]
    unknown = sum(day.state == "unknown" for day in days)
    rest = f", {counted(unknown, 'day')} not known" if unknown else ""
    return f"Last {counted(len(days), 'day')}: {', '.join(odd) or 'no issue'}{rest}"


def day_told(day: Day) -> str:
    """What was open on a day, and who says so where that is not known of both."""
    if day.polled == "unknown" and day.listed != "unknown":
        return f"{day.date} {day.state} by Microsoft’s list"
    if differs(day):
        return f"{day.date} {day.polled} when polled, {day.listed} by Microsoft’s list"
    return f"{day.date} {day.state}"


def differs(day: Day) -> bool:
    """Whether polls and Microsoft's list say different things of a day of which both know."""
    return "unknown" not in (day.polled, day.listed) and day.polled != day.listed


def bars(days: Sequence[Day]) -> Iterator[tuple[int, int, DayState]]:
    """Places, widths and states of a strip's bars, ten units a day.

    A bar is wide where polls know and narrow where only the list does; where they differ, two stand side by side.
    """
    for place, day in enumerate(days):
        if differs(day):
            yield 10 * place, 4, day.polled
            yield 10 * place + 5, 4, day.listed
        elif day.polled == "unknown" and day.listed != "unknown":
            yield 10 * place + 2, 5, day.listed
        else:
            yield 10 * place, 9, day.state


def gist(latest: str) -> str:
    """The beginning of a post without what a list says already: from the present status on, where that is told."""
    _, told, status = latest.partition("Current status:")
    if told:
        return status.strip()
    return "\n".join(line for line in latest.split("\n") if not line.startswith("Title:")).strip()


def issue_tone(issue: IssueView) -> str:
    """Of an issue."""
    if not issue.is_open:
        return "good"
    return "advice" if issue.classification == "advisory" else "trouble"


def service_tone(service: ServiceView) -> str:
    """Of a service; an incident may be open where Microsoft still calls it healthy."""
    if not service.is_healthy or service.incidents:
        return "trouble"
    return "advice" if service.advisories else "good"


def source_tone(source: SourceView) -> str:
    """Of a source."""
    if source.state == "pending":
        return "unknown"
    return "blind" if source.in_trouble else "good"


def flat(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Keys and values of nested settings, a row for each."""
    for name, value in tree.items():
        key = f"{above}.{name}" if above else name
        if isinstance(value, Mapping):
            yield from flat(value, key)
        else:
            yield key, _shown(value)


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(map(_shown, value)) or "none"
    return str(value)


def _written(moment: float, form: str) -> str:
    try:
        return datetime.fromtimestamp(moment, UTC).strftime(form)
    except (ValueError, OverflowError, OSError):
        return "on no day that a calendar has"
