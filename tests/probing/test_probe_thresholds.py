"""Ranges of Nagios and conditions of Perl's kind, against plain ways and by example."""

from __future__ import annotations

import re
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.probing import ProbeError
from o365_exporter.probing.conditions import Macros, parse_condition
from o365_exporter.probing.ranges import Range, parse_range

MACROS: Macros = {"status": "serviceDegradation", "used": 50.0, "empty": "", "zero": 0.0, "day": "7", "id": "a/b"}
NUMBERS = st.integers(-(10**12), 10**12).map(float) | st.decimals(-1000, 1000, places=3).map(float)


@pytest.mark.parametrize(
    ("text", "alarms", "quiet", "shown"),
    [
        ("10", [-0.1, 10.1, -1], [0, 10, 5], "0:10"),
        ("10:", [9.9, -5], [10, 1e18], "10:"),
        ("~:10", [10.1], [-1e18, 10], "~:10"),
        ("10:20", [9, 21], [10, 20], "10:20"),
        ("@10:20", [10, 15, 20], [9.9, 20.1], "@10:20"),
        ("@~:0", [-1, 0], [0.5], "@~:0"),
        (":5", [-1, 6], [0, 5], "0:5"),
        (":", [-1], [0, 1e9], "0:"),
        ("~:", [], [-1e18, 1e18], "~:"),
        ("-5:-1.50", [-6, 0, -1.4], [-5, -1.5], "-5:-1.5"),
        (" +3 ", [4], [3], "0:3"),
        ("0", [0.01, -1], [0], "0:0"),
    ],
)
def test_a_range_alarms_where_nagios_does(text: str, alarms: list[float], quiet: list[float], shown: str) -> None:
    """Outside, or inside with ``@``, both ends included; it is shown as the plugins show it."""
    found = parse_range(text)
    assert [value for value in alarms + quiet if found.alarms(value)] == alarms
    assert str(found) == shown


@given(
    start=st.none() | st.just(-inf) | NUMBERS,
    end=st.just(inf) | NUMBERS,
    inside=st.booleans(),
    values=st.lists(NUMBERS, max_size=5),
)
def test_whatever_is_written_is_read_back(start: float | None, end: float, inside: bool, values: list[float]) -> None:
    """A range is its text and back, and alarms as the guidelines say in one sentence."""
    low = 0.0 if start is None else start
    written = f"{'@' if inside else ''}{'' if start is None else str(Range(low, inf))[:-1]}:{str(Range(0, end))[2:]}"
    if low > end:
        with pytest.raises(ProbeError, match="starts above its end"):
            parse_range(written)
        return
    found = parse_range(written)
    assert found == (low, end, inside)
    assert parse_range(str(found)) == found
    for value in [*values, low, end]:
        outside = value < low or value > end
        assert found.alarms(value) is (not outside if inside else outside)


@pytest.mark.parametrize(
    "text", ["", " ", "@", "~", "10:~", "a", "1,5", "10:20:30", "0x10", "1e3", "٣", "--1", "9" * 40]
)
def test_what_is_no_range_is_refused(text: str) -> None:
    """With the text, and how ranges are written."""
    with pytest.raises(ProbeError, match=re.escape(f"{text!r} is no range: write 10, 10:, ~:10, 10:20 or @10:20")):
        parse_range(text)


def test_a_tilde_that_the_shell_has_taken() -> None:
    """``~:10`` without quotes is the folder of who types it."""
    with pytest.raises(ProbeError, match="the shell has put your folder in the place of ~, write '~:10' in quotes"):
        parse_range("/root:10")


def test_percentages_become_counts_without_what_is_behind_the_point() -> None:
    """As the plugins show thresholds of shares: 50 % of 1533 is 766, and what has no end stays without."""
    assert str(parse_range("50:").share_of(1533)) == "766:"
    assert str(parse_range("@5:95").share_of(309_000)) == "@15450:293550"


@pytest.mark.parametrize(
    "text",
    [
        "%{status} =~ /degradation/i",
        "%{status} !~ /serviceOperational|serviceRestored/i",
        "'%{status}' =~ m/^service/",
        '"%{status}" eq "serviceDegradation"',
        "%{status} ne 'x' and not %{used} < 50",
        "!(%{used} != 50) && 1",
        "%{used} >= 50 or %{used} / %{zero} > 1",
        "%{zero} or %{empty} or '0' or %{used}",
        "%{used} * 2 - 10 + 1 == 91",
        "%{used} / 2 / 5 == 5",
        "-%{used} == -50",
        "%{day} == 7.0",
        "%{id} =~ /a\\/b/",
        "%{id} =~ / A \\/ B /xi",
        "%{status} gt 'a' && %{status} lt 'z' && %{day} le '7' && %{day} ge '7'",
        r"'it\'s' eq "
        '"it\'s"',
        "(((%{used} == 50)))",
        "not not %{used}",
        "%{empty} eq ''",
        "2 > 1",
    ],
)
def test_a_condition_is_true_of_the_macros(text: str) -> None:
    """Operators bind as in Perl, and what is not asked for is not computed."""
    assert parse_condition(text, MACROS).holds(MACROS)
    assert not parse_condition(f"not ({text})", MACROS).holds(MACROS)


@given(
    terms=st.lists(st.sampled_from(["0", "1", "(0)", "!1", "!0"]), min_size=1, max_size=8),
    signs=st.lists(st.sampled_from(["&&", "||", "and", "or"]), min_size=7, max_size=7),
)
def test_and_binds_more_tightly_than_or(terms: list[str], signs: list[str]) -> None:
    """As Python has it, whose words for the same are put in."""
    text = " ".join(part for pair in zip(terms, ["", *signs], strict=False) for part in reversed(pair)).strip()
    python = text.replace("&&", "and").replace("||", "or").replace("!", "not ")
    expected = any(all(_term(term) for term in one.split(" and ")) for one in python.split(" or "))
    assert parse_condition(text, ()).holds({}) is expected


def _term(text: str) -> bool:
    return text.strip() in {"1", "not 0"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "lacks a macro, a number or a quoted text at character 1"),
        ("%{status} ==", "lacks a macro, a number or a quoted text at character 13"),
        ("%{status} = 'x'", "goes on behind its end at character 10"),
        ("%{status} =~ 'x'", "lacks a pattern, such as /expired/i, at character 13"),
        ("%{status} =~ /x/g", "has the flag g, which there is not (but i, m, s and x), at character 13"),
        ("%{status} =~ /(/", "has a pattern that is no regular expression ("),
        ("(%{used} > 1", "lacks a bracket that closes at character 13"),
        ("%{used} > 1)", "goes on behind its end at character 12"),
        ("--1", "has two signs at character 2"),
        ("system('id')", "lacks a macro, a number or a quoted text at character 1"),
        ("%{used} > `id`", "lacks a macro, a number or a quoted text at character 10"),
        ("%{used} > $used", "lacks a macro, a number or a quoted text at character 10"),
        ("__import__('os')", "lacks a macro, a number or a quoted text at character 1"),
        ("(" * 50 + "1" + ")" * 50, "has brackets more than 40 deep"),
        ("'x", "lacks a macro, a number or a quoted text at character 1"),
    ],
)
def test_what_is_no_condition_is_refused(text: str, why: str) -> None:
    """With the place, and a condition that is one; nothing of it is run."""
    with pytest.raises(ProbeError) as refused:
        parse_condition(text, MACROS)
    assert f"{text!r} {why}" in str(refused.value)
    assert "write a condition such as" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("%{used} > %{quota}", "'%{used} > %{quota}' asks for %{quota}, which there is not: write one of %{status}, "),
        ("x" * 2001, "a condition has 2001 characters: write at most 2000"),
    ],
)
def test_a_condition_that_cannot_be_used(text: str, sentence: str) -> None:
    """It is told before the exporter is asked."""
    with pytest.raises(ProbeError, match=re.escape(sentence)):
        parse_condition(text, MACROS)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("%{status} > 5", "'serviceDegradation' is no number: compare texts with eq, ne, =~ or !~"),
        ("%{used} / %{zero} > 1", "'%{used} / %{zero} > 1' divides by zero: ask before whether the divisor is 0"),
    ],
)
def test_a_condition_that_makes_no_sense_of_the_macros(text: str, sentence: str) -> None:
    """Perl would take the text for 0; here somebody is told."""
    with pytest.raises(ProbeError, match=re.escape(sentence)):
        parse_condition(text, MACROS).holds(MACROS)
