"""Durations and options that every collector has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from o365_exporter.source import CollectorOptions, format_duration, parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (90, 90.0),
        (1.5, 1.5),
        ("90", 90.0),
        ("90s", 90.0),
        (" 5 m ", 300.0),
        ("6h", 21600.0),
        ("1.5h", 5400.0),
        ("7d", 604800.0),
        ("1w", 604800.0),
        (timedelta(minutes=2), 120.0),
    ],
)
def test_durations(written: object, seconds: float) -> None:
    """Seconds, or a number with a unit."""
    assert parse_duration(written) == seconds


@pytest.mark.parametrize("written", ["", "m", "5 minutes", "-5m", "1h30m", "٣m", True, None, [], {}])
def test_what_is_no_duration(written: object) -> None:
    """The error says what to write."""
    with pytest.raises(ValueError, match=r'is not a duration: write seconds, .* such as "5m"'):
        parse_duration(written)


@given(st.integers(0, 10**7) | st.floats(0, 1000).map(lambda seconds: round(seconds, 2)))
def test_a_duration_is_read_back_as_it_was_formatted(seconds: float) -> None:
    """What docs and check-config show can be written into the settings."""
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=1e-5)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (45, "45s"), (60, "1m"), (90, "90s"), (5400, "90m"), (86400, "1d"), (604800, "7d")]
)
def test_durations_are_formatted_in_the_largest_unit_that_fits(seconds: float, text: str) -> None:
    """The shortest spelling without a fraction."""
    assert format_duration(seconds) == text


@pytest.mark.parametrize("name", ["interval", "stale_after"])
@pytest.mark.parametrize("value", ["9s", "31d", "0"])
def test_intervals_have_bounds(name: str, value: str) -> None:
    """Faster than ten seconds would be throttled, slower than a month is a mistake."""
    with pytest.raises(ValidationError):
        CollectorOptions.model_validate({name: value})


def test_options_are_shown_as_they_are_written() -> None:
    """A dump of the options can stand in the configuration file."""
    assert CollectorOptions().model_dump() == {
        "enabled": True,
        "interval": "1h",
        "stale_after": "6h",
        "max_series": 100_000,
    }


def test_an_unknown_option_is_refused() -> None:
    """A misspelt key would otherwise be a default that nobody wanted."""
    with pytest.raises(ValidationError, match="intervall"):
        CollectorOptions.model_validate({"intervall": "5m"})
