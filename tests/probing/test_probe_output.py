"""What Nagios is given: one line and its numbers, whatever names hold and however much there is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.probing.output import Perfdata, Report, Status, of_bytes, of_seconds
from o365_exporter.probing.ranges import parse_range

HOSTILE = st.text(st.characters() | st.sampled_from("|'=\n\r\0 ;🚀\u202e\u2028\ud800"), max_size=30)


def report(*messages: tuple[Status, str]) -> Report:
    """One that has said these things."""
    made = Report()
    for status, message in messages:
        made.say(status, message)
    return made


def test_exit_codes_are_nagios() -> None:
    """And the worst is CRITICAL, then WARNING, then UNKNOWN, as in the plugins."""
    assert [status.code for status in sorted(Status)] == [0, 3, 1, 2]


def test_the_worst_is_said_first_and_what_is_well_is_not() -> None:
    """Where something is wrong, the line has nothing else; the same is said once."""
    made = report(
        (Status.OK, "good"), (Status.UNKNOWN, "u"), (Status.WARNING, "w"), (Status.UNKNOWN, "v"), (Status.UNKNOWN, "u")
    )
    assert (made.status, made.text(1000, verbose=True)) == (Status.WARNING, "WARNING: w UNKNOWN: u - v")
    assert report((Status.OK, "a"), (Status.OK, "b")).text(1000, verbose=False) == "OK: a - b"
    assert (Report().is_silent, made.is_silent) == (True, False)


def test_perfdata_is_written_as_nagios_reads_it() -> None:
    """Label, value, unit, ranges and ends; what has none is empty."""
    full = Perfdata("a b", "5", "s", parse_range("10:"), parse_range("@1:2"), "0", "9")
    assert str(full) == "'a b'=5s;10:;@1:2;0;9"
    assert str(Perfdata("a", "1.00", "%")) == "'a'=1.00%;;;;"


@given(name=HOSTILE, title=HOSTILE)
def test_foreign_names_break_out_of_nothing(name: str, title: str) -> None:
    """A bar, a quote, an equals sign or the end of a line in a name adds neither numbers nor lines."""
    made = report((Status.CRITICAL, f"Service '{title}' is down"))
    made.graph([Perfdata(f"{name}#x", "1"), Perfdata("next", "2")])
    made.tell(title)
    first, rest = made.text(10_000, verbose=True).split("\n")
    text, bar, numbers = first.partition(" | ")
    assert (bar, "|" in text + numbers + rest) == (" | ", False)
    assert numbers.startswith("'")
    assert numbers.endswith("#x'=1;;;; 'next'=2;;;;")
    assert (numbers.count("'"), numbers.count("=")) == (4, 2)
    first.encode()


def test_ten_thousand_findings_stay_bounded() -> None:
    """The first ones are told and the others counted; the status is that of all."""
    made = Report()
    for number in range(10_000):
        made.say(Status.WARNING, f"Service 'Exchange' issue {number} {'x' * 700}")
        made.graph([Perfdata(f"service {number}", "1")])
        made.tell(f"line {number}")
    made.say(Status.CRITICAL, "the last one")
    text = made.text(65_536, verbose=True)
    assert len(text.encode()) <= 65_536
    assert text.startswith("CRITICAL: the last one WARNING: Service 'Exchange' issue 0 xxx")
    first, *rest = text.split("\n")
    assert " - and 9980 more (" in first
    shown = first.partition(" | ")[2].count("=")
    assert f" ({10_000 - shown} numbers left out) | 'service 0'=1;;;; " in first
    assert shown > 1000
    assert rest == []


@pytest.mark.parametrize("most", [512, 600, 1000, 8000])
@pytest.mark.parametrize("count", [0, 1, 20, 300])
def test_no_more_is_said_than_may_be(most: int, count: int) -> None:
    """In bytes, of which letters have several; where lines are missing the last one says how many."""
    made = report((Status.OK, "All services are ok"))
    for number in range(count):
        made.tell(f"Service '{'é' * 10}{number}' status is 'serviceOperational'")
    text = made.text(most, verbose=True)
    assert len(text.encode()) <= most
    first, *rest = text.split("\n")
    assert first == "OK: All services are ok"
    if len(rest) < count:
        assert rest[-1] == f"… and {count - len(rest) + 1} more lines"
    assert made.text(most, verbose=False) == first


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0.00 B"), (1023, "1023.00 B"), (1024, "1.00 KB"), (96_000_001_000, "89.41 GB"), (2**70, "1024.00 EB")],
)
def test_bytes_are_shown_in_steps_of_1024(number: float, text: str) -> None:
    """With two digits, as in the plugins."""
    assert of_bytes(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.9, "59s"), (31_556_926 + 2_629_743 + 604_800 + 86_400 + 3661, "1y 1M 1w 1d 1h 1m 1s")],
)
def test_spans_have_the_plugins_units(seconds: float, text: str) -> None:
    """From years to seconds, without those that are none."""
    assert of_seconds(seconds) == text
