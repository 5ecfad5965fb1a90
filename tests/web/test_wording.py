"""Words of the pages."""

from __future__ import annotations

import pytest

from o365_exporter.status.models import Day, DayState
from o365_exporter.web.pages import wording
from tests.fakes import NOON


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0 seconds"),
        (1, "1 second"),
        (119, "119 seconds"),
        (120, "2 minutes"),
        (7199, "119 minutes"),
        (7200, "2 hours"),
        (172800, "2 days"),
        (400 * 86400, "400 days"),
        (3 * 31_557_600, "3 years"),
        (250_000_000_000, "7\N{NARROW NO-BREAK SPACE}922 years"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    """In the largest unit of which there are two; nothing takes less than no time."""
    assert wording.roughly(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0123, "12 ms"), (1, "1.0 s"), (119.94, "119.9 s"), (300, "5 minutes")]
)
def test_how_long_something_took(seconds: float, text: str) -> None:
    """In a unit in which differences are seen."""
    assert wording.took(seconds) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "10 Mar 2026, 12:00 UTC"),
        (1e12, "on no day that a calendar has"),
        (-1e15, "on no day that a calendar has"),
    ],
)
def test_moments(moment: float, text: str) -> None:
    """In UTC; what Microsoft writes for never is no fault."""
    assert wording.utc(moment) == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("serviceDegradation", "Service degradation"),
        ("service_health", "Service health"),
        ("planForChange", "Plan for change"),
        ("", "Unknown"),
    ],
)
def test_names_of_programs_in_words(text: str, words: str) -> None:
    """As people write them."""
    assert wording.words(text) == words


@pytest.mark.parametrize(
    ("latest", "gist"),
    [
        ("Title: A\nUser impact: B\nCurrent status: We look.\nMore: C", "We look.\nMore: C"),
        ("Title: A\nUser impact: B", "User impact: B"),
        ("Title: A", ""),
        ("We look.", "We look."),
    ],
)
def test_the_gist_of_a_post(latest: str, gist: str) -> None:
    """Begins with the present status where Microsoft tells it, and repeats no title."""
    assert wording.gist(latest) == gist


def test_a_strip_of_days_is_told() -> None:
    """To those who do not see it: which days were not calm, and how many nobody knows."""
    days = [day("unknown"), day("ok"), day("incident")]
    assert wording.told(days) == "Last 3 days: 2026-03-02 incident, 1 day not known"
    assert wording.told(days[1:2]) == "Last 1 day: no issue"
    assert wording.told([day("advisory", "unknown", "advisory"), day("incident", "ok", "incident")]) == (
        "Last 2 days: 2026-03-02 advisory by Microsoft’s list, 2026-03-02 ok when polled, incident by Microsoft’s list"
    )


def day(state: DayState, polled: DayState | None = None, listed: DayState = "unknown") -> Day:
    """A day, polled alone unless told otherwise."""
    return Day(date="2026-03-02", state=state, polled=polled or state, listed=listed)


def test_bars_of_a_strip() -> None:
    """Wide where polls know, narrow where only the list does, two where they differ; what is not known is a line."""
    days = [
        day("ok", "ok", "ok"),
        day("incident", "unknown", "incident"),
        day("incident", "ok", "incident"),
        day("unknown"),
        day("incident", "ok", "unknown"),
    ]
    assert list(wording.bars(days)) == [
        (0, 9, "ok"),
        (12, 5, "incident"),
        (20, 4, "ok"),
        (25, 4, "incident"),
        (30, 9, "unknown"),
        (40, 9, "incident"),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(3, "as Microsoft’s"), (3600, "60 minutes ahead of Microsoft’s"), (-90, "90 seconds behind Microsoft’s")],
)
def test_a_wrong_clock(seconds: float, text: str) -> None:
    """Which of the two is ahead."""
    assert wording.skew(seconds) == text


def test_settings_are_rows() -> None:
    """Nested keys with dots, in words that a settings file has."""
    tree = {"a": {"b": True, "c": None, "d": []}, "e": ["x", "y"], "f": 3}
    assert list(wording.flat(tree)) == [
        ("a.b", "true"),
        ("a.c", "not set"),
        ("a.d", "none"),
        ("e", "x, y"),
        ("f", "3"),
    ]
