"""Reading JSON of Graph: absent is absent, and what makes no sense is said and never guessed."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from o365_exporter import fields
from o365_exporter.errors import UnexpectedAnswerError

READERS: dict[str, tuple[Callable[[Any, str], Any], Any]] = {
    "text": (fields.text, ""),
    "integer": (fields.integer, None),
    "flag": (fields.flag, False),
    "flag_if_any": (fields.flag_if_any, None),
    "timestamp": (fields.timestamp, None),
    "record": (fields.record, {}),
    "objects": (fields.objects, []),
    "shared_texts": (fields.shared_texts, ()),
}
"""Each reader, and what it makes of a field that is not there."""


@pytest.mark.parametrize("name", READERS)
def test_missing_and_null_are_the_same(name: str) -> None:
    """A field that is missing or null is empty, nothing or false."""
    reader, nothing = READERS[name]
    assert reader({}, "field") == nothing
    assert reader({"field": None}, "field") == nothing


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("text", 5, "a string"),
        ("integer", "5.5", "a whole number"),
        ("integer", "1_000", "a whole number"),
        ("integer", "\u0665", "a whole number"),
        ("integer", "NaN", "a whole number"),
        ("integer", float("nan"), "a whole number"),
        ("integer", 2**63, "a whole number"),
        ("integer", 5.5, "a whole number"),
        ("integer", True, "a whole number"),
        ("flag", "true", "true or false"),
        ("flag", 1, "true or false"),
        ("timestamp", 1773144000, "a string"),
        ("timestamp", "yesterday", "a date-time"),
        ("timestamp", "2026-W47-1", "a date-time"),
        ("timestamp", "20261128", "a date-time"),
        ("timestamp", "2026-02-30T00:00:00Z", "a date-time"),
        ("record", [], "an object"),
        ("objects", {}, "a list of objects"),
        ("objects", [{}, 1], "a list of objects"),
        ("flag_if_any", "false", "true or false"),
        ("shared_texts", "a", "a list of strings"),
        ("shared_texts", ["a", 1], "a list of strings"),
    ],
)
def test_another_type_is_an_unexpected_answer(name: str, value: object, wanted: str) -> None:
    """The error names the field, the value and what it should have been."""
    with pytest.raises(UnexpectedAnswerError) as raised:
        READERS[name][0]({"field": value}, "field")
    assert str(raised.value) == f"Graph answered with field = {str(value)!r}, which is not {wanted}."


def test_a_long_value_is_cut_in_the_error() -> None:
    """A megabyte of nonsense does not become a megabyte of log."""
    with pytest.raises(UnexpectedAnswerError) as raised:
        fields.integer({"field": "x" * 1000}, "field")
    assert len(str(raised.value)) < 150


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-10T12:00:00Z", 1773144000.0),
        ("2026-03-10T12:00:00", 1773144000.0),
        ("2026-03-10T13:00:00+01:00", 1773144000.0),
        ("2026-03-10T12:00:00.1234567Z", 1773144000.123456),
        ("2026-03-10T12:00:00.5Z", 1773144000.5),
        ("1970-01-01T00:00:00Z", 0.0),
        ("9999-12-31T23:59:59.9999999Z", 253402300799.999999),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
    ],
)
def test_timestamps(text: str, seconds: float | None) -> None:
    """Every spelling that Graph uses, and year 1 for never."""
    assert fields.timestamp({"field": text}, "field") == seconds


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants bounds without a zone
def test_any_timestamp_is_read_as_it_was_written(moment: datetime) -> None:
    """What Python writes in ISO 8601 is read to the microsecond."""
    text = moment.isoformat().replace("+00:00", "Z")
    assert fields.timestamp({"field": text}, "field") == pytest.approx(moment.timestamp(), abs=1e-6)


@pytest.mark.parametrize("number", [0, -1, 127, 1_000_000, 2**63 - 1, 1 - 2**63])
def test_whole_numbers_of_64_bits_are_read(number: int) -> None:
    """Bytes of a mailbox or seats of a free product are large; what has more than 64 bits is a fault."""
    assert fields.integer({"field": number}, "field") == number
    with pytest.raises(UnexpectedAnswerError):
        fields.integer({"field": number + 2**64 if number >= 0 else number - 2**64}, "field")


@given(st.text(string.ascii_letters + string.digits + string.punctuation, max_size=fields.LONGEST))
def test_what_everybody_can_read_passes_as_it_is(text: str) -> None:
    """Letters, digits and punctuation of ASCII are foreign to nobody, also beside a character that does not pass."""
    assert fields.cleaned(text) == text
    assert fields.cleaned(f"{text}\u200b") == text


def test_an_identifier_is_the_first_that_is_there() -> None:
    """The first field with a text tells a series apart; without one there is no series to serve."""
    assert fields.identifier({"a": "", "b": "B", "c": "C"}, "a", "b", "c") == "B"
    with pytest.raises(UnexpectedAnswerError, match=r"none of the fields a, b\."):
        fields.identifier({"a": None}, "a", "b")


@pytest.mark.parametrize(
    ("came", "member", "label"),
    [
        ("serviceOperational", "serviceOperational", "serviceOperational"),
        ("ServiceOperational", "serviceOperational", "serviceOperational"),
        ("SERVICEOPERATIONAL", "serviceOperational", "serviceOperational"),
        ("quantumState", "quantumState", "unknown"),
        ("", "", "unknown"),
    ],
)
def test_members_of_closed_lists(came: str, member: str, label: str) -> None:
    """Case does not matter; a member of a newer version keeps its name and becomes ``unknown`` as a label."""
    members = ("serviceOperational", "reported")
    assert fields.member(came, members) == member
    assert fields.closed(came, members) == label


@settings(max_examples=50)
@given(
    st.dictionaries(
        st.sampled_from(["field"]),
        st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable), st.lists),
    )
)
def test_no_value_breaks_a_reader(entry: dict[str, Any]) -> None:
    """Whatever Graph may send, a reader answers or says what is wrong."""
    for reader, _ in READERS.values():
        try:
            reader(entry, "field")
        except UnexpectedAnswerError as error:
            assert "field" in str(error)  # noqa: PT017 - either outcome is right


INVISIBLE = (
    "\u034f\u115f\u1160\u17b4\u180b\u180f\u3164\ufe00\ufe0f\uffa0\U000e0100\U000e01ef"
    "\0\a\b\x1b\x7f\x9b\u00ad\u200b\u200c\u200d\u200e\u202a\u202e\u2060\u2066\ufeff"
)


@pytest.mark.parametrize(
    ("foreign", "passes"),
    [
        ("plain ASCII", "plain ASCII"),
        ("Zoë's app – №5 \N{GRINNING FACE} 漢字", "Zoë's app – №5 \N{GRINNING FACE} 漢字"),
        ("  around  ", "around"),
        ("in  side", "in  side"),
        *((f"a{separator}b", "a b") for separator in "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"),
        *((f"a{blank}b", "a b") for blank in "\u00a0\u1680\u2003\u202f\u3000"),
        *((f"a{gone}b", "ab") for gone in INVISIBLE),
        ("half \ud83d a pair", "half \ufffd a pair"),
        ("\x1b[31mred\x1b[0m", "[31mred[0m"),
        ("\u200b\ufeff", ""),
        ("x" * 1024, "x" * 1024),
        ("x" * 1025, "x" * 1023 + "…"),
    ],
)
def test_foreign_text_passes_one_door(foreign: str, passes: str) -> None:
    """What people do not see goes, whatever some reader takes for an end becomes a blank, and the rest stays."""
    assert fields.text({"field": foreign}, "field") == passes
    assert fields.cleaned(passes) == passes


@given(st.text())
def test_whatever_the_name_it_is_one_line_for_every_reader(name: str) -> None:
    """A line that splits at any of Unicode's ends stays one line, nothing in it is a control, and it is UTF-8."""
    found = fields.cleaned(name)
    assert found.splitlines() in ([], [found])
    assert not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in found)
    assert fields.cleaned(found) == found
    assert len(found.encode()) <= 4 * fields.LONGEST


def test_lists_of_texts_are_cleaned_and_kept_once() -> None:
    """Empty ones go; equal ones are one."""
    first, second = (fields.shared_texts({"field": ["", "Micro\u200bsoft ", "a\n"]}, "field") for _ in range(2))
    assert first == ("Microsoft", "a")
    assert first[0] is second[0]


@pytest.mark.parametrize("odd", ["EX1\n", " EX1", "EX\u200b1", "EX1\0", "E\x1bX1", "x" * 1025])
def test_an_identifier_that_is_sent_back_is_exact_or_refused(odd: str) -> None:
    """Asking for a cleaned one would ask for another thing."""
    assert fields.reference({"id": "EX1"}, "id") == "EX1"
    with pytest.raises(UnexpectedAnswerError, match="which is not an identifier"):
        fields.reference({"id": odd}, "id")


@pytest.mark.parametrize(("foreign", "number"), [("12", 12), ("-3", -3), (7.0, 7), ("0", 0)])
def test_whole_numbers_come_as_texts_too(foreign: object, number: int) -> None:
    """Graph writes some numbers between quotes; their digits leave no doubt."""
    assert fields.integer({"field": foreign}, "field") == number


def test_a_number_of_thousands_of_digits_is_refused_like_others() -> None:
    """Python would not write it, and an error about the error would hide the cause."""
    with pytest.raises(UnexpectedAnswerError, match="a number without end"):
        fields.integer({"field": 10**5000}, "field")


@pytest.mark.parametrize("last", ["9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59-14:00"])
def test_the_end_of_time_is_written_as_its_last_second(last: str) -> None:
    """As a float it lies in the year 10000, which neither a feed nor a calendar can hold."""
    assert fields.iso(fields.timestamp({"end": last}, "end")) == "9999-12-31T23:59:59Z"
