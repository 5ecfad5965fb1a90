"""Service activity: how often people signed in, by minutes; functions of beta (Microsoft Graph, "serviceActivity").

Measured by rknightion/graph2otel, 2026-07-28: only 5, 10, 15 and 30 minutes are taken, times stand without quotes,
nearly every function answers zeros, and the last interval is not over yet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from o365_exporter.simulator.draw import draw_for
from o365_exporter.simulator.timetext import DAY, graph_time, parse_graph_time

Json = dict[str, Any]

FUNCTIONS = (
    "getMetricsForConditionalAccessBlockedSignIn",
    "getMetricsForConditionalAccessCompliantDevicesSignInSuccess",
    "getMetricsForConditionalAccessManagedDevicesSignInSuccess",
    "getMetricsForMfaSignInFailure",
    "getMetricsForMfaSignInSuccess",
    "getMetricsForSamlSignInSuccess",
)
ROLES = frozenset({"Reports.Read.All"})

_ALIVE = "getMetricsForMfaSignInSuccess"
_MINUTES = (5, 10, 15, 30)
_CALL = re.compile(r"/reports/serviceActivity/(?:microsoft\.graph\.)?(?P<name>\w+)\((?P<arguments>[^()]*)\)/?")
_OLDEST = 30 * DAY
_BOUNDS = ("inclusiveIntervalStartDateTime", "exclusiveIntervalEndDateTime")
_STEP = "aggregationIntervalInMinutes"


def activity_in(path: str) -> re.Match[str] | None:
    """The function that a path below the version calls; None where it is no such path."""
    return _CALL.fullmatch(path)


def activity(match: re.Match[str], seed: str, users: int, now: float) -> list[Json]:
    """An entry for each interval.

    Raises:
        LookupError: there is no such function.
        ValueError: an argument is missing, in quotes or out of range; the text says which.
    """
    if match["name"] not in FUNCTIONS:
        raise LookupError(match["name"])
    given = dict(part.strip().partition("=")[::2] for part in match["arguments"].split(","))
    minutes = given.get(_STEP, "30")
    if minutes not in map(str, _MINUTES):
        raise ValueError(f"{_STEP} must be one of {', '.join(map(str, _MINUTES))}; it is {minutes}.")
    first, last = (_time(name, given.get(name, "")) for name in _BOUNDS)
    if not now - _OLDEST <= first:
        raise ValueError(f"{_BOUNDS[0]} must be within the past 30 days.")
    alive = users if match["name"] == _ALIVE else 0
    return list(_entries(seed, alive, first, min(last, now), int(minutes) * 60))


def _time(name: str, text: str) -> float:
    try:
        return parse_graph_time(text)
    except ValueError:
        raise ValueError(f"{name} must be a time without quotes, such as 2026-03-10T11:00:00Z; it is {text}.") from None


def _entries(seed: str, users: int, first: float, last: float, step: int) -> Iterator[Json]:
    at = first - first % step
    while at < last:
        whole = draw_for(seed, "activity", at).randint(0, users // 10 + 1) if users else 0
        share = min(last - at, step) / step  # of the newest interval there is a part only
        yield {"intervalStartDateTime": graph_time(at), "value": int(whole * share)}
        at += step
