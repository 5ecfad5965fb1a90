"""Reading the fields of Graph's JSON, every one of which may be missing, null or of a newer kind.

A missing or null field is ``None`` or empty; a field of the wrong type is an ``UnexpectedAnswerError`` that names it,
because what it means is not known and a guess would be shown as a fact.

This is also the one door for foreign text. Any user of a tenant can name an app, and that name reaches other people's
programs: readers of lines that split at U+0085 or a form feed, terminals that obey an escape, filters that miss what
an invisible character hides (microsoft-365-docs#8606: a part number that ends in U+200B). ``cleaned`` decides which
characters pass.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Hashable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any, TypeVar

from o365_exporter.errors import UnexpectedAnswerError

Json = Mapping[str, Any]

H = TypeVar("H", bound=Hashable)

UNKNOWN = "unknown"
"""What a member outside a closed list becomes."""

LONGEST = 1024
"""Characters of a foreign text; what is longer is cut, since it becomes a label in each scrape."""

LONGEST_BODY = 16 * 1024
"""Characters of a text that is no label; the longest post of 829 had 2 176."""

_SHARED = 8192
"""Records of Microsoft's that are known to be shared: those of all messages and posts of a month, and as many again."""

_UNPRINTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What has no place in a text of many lines: controls, marks of direction, characters without width, half pairs."""

_TOO_LARGE = 2**63
_NEVER = "0001-01-01"
_LAST_SECOND = 253_402_300_799.0
_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9]{2}:?[0-9]{2})?)?", re.ASCII)
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)

_SEPARATORS = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
"""Whatever some reader takes for the end of a line or a cell; people see a blank there."""

_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What Unicode lets a font ignore (Default_Ignorable_Code_Point) although Python calls it printable: fillers, joiners
of marks, and choices between two shapes of one character."""


def cleaned(value: str) -> str:
    """Foreign text as people see it: one line, without what is invisible, and of a length that a label may have.

    Separators and blanks of every kind become a plain blank; controls, marks of direction, characters without width
    and byte order marks go; halves of surrogate pairs become U+FFFD. Case, accents and emoji stay.
    """
    if not value.isascii():
        value = _UNSEEN.sub("", value)
    if not value.isprintable():
        value = "".join(map(_passed, value))
    value = value.strip()
    return value if len(value) <= LONGEST else f"{value[: LONGEST - 1]}…"


def _passed(character: str) -> str:
    if character in _SEPARATORS:
        return " "
    match unicodedata.category(character):
        case "Zs":
            return " "
        case "Cc" | "Cf":
            return ""
        case "Cs":
            return "\ufffd"
    return character


def text(entry: Json, name: str) -> str:
    """A string as ``cleaned`` leaves it; empty where it is missing."""
    return cleaned(_string(entry, name))


def shared_text(entry: Json, name: str) -> str:
    """The same of a text that is Microsoft's, not the tenant's: it is kept once, however many tenants have it."""
    return sys.intern(text(entry, name))


def shared_texts(entry: Json, name: str) -> tuple[str, ...]:
    """A list of strings, each as ``shared_text``, without empty ones; empty where it is missing."""
    value = entry.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _wrong_type(name, value, "a list of strings")
    return tuple(sys.intern(found) for item in value if (found := cleaned(item)))


def shared(record: H) -> H:
    """The record that was given first of those that are equal to this one.

    Microsoft gives its messages, posts and services to all tenants alike: what is made of them is kept once for all.
    """
    first: H = _first(record)
    return first


@lru_cache(maxsize=_SHARED)
def _first(record: Hashable) -> Any:
    return record


def _string(entry: Json, name: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong_type(name, value, "a string")
    return value


def body(entry: Json, name: str, longest: int = LONGEST_BODY) -> str:
    """A text of Microsoft's that has many lines, such as the HTML of a post; cut at ``longest``, and kept once."""
    value = _string(entry, name)
    if len(value) > longest:
        value = f"{value[: longest - 1]}…"
    return sys.intern(_UNPRINTED.sub("", value).strip())


def identifier(entry: Json, *names: str) -> str:
    """The first of these fields that holds a text: what a series is told apart by cannot be empty."""
    for name in names:
        if found := text(entry, name):
            return found
    raise UnexpectedAnswerError(f"Graph answered with an entry that has none of the fields {', '.join(names)}.")


def reference(entry: Json, name: str) -> str:
    """An identifier by which Graph will be asked again, so that not one character of it may differ."""
    found = identifier(entry, name)
    if found != _string(entry, name):
        raise _wrong_type(name, _string(entry, name), "an identifier: it has characters that none of Graph's has")
    return found


def integer(entry: Json, name: str) -> int | None:
    """A whole number, also as a text of digits (as in secureScore.controlScores); None where it is missing."""
    value = entry.get(name)
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < _TOO_LARGE:
        return int(value)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < _TOO_LARGE):
        return value
    raise _wrong_type(name, value, "a whole number")


def number(entry: Json, name: str) -> float | None:
    """A finite number, also as a text of digits (as in secureScore.controlScores); None where it is missing."""
    value = entry.get(name)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return float(value)
    if isinstance(value, float) and isfinite(value):
        return value
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < _TOO_LARGE):
        return None if value is None else float(value)
    raise _wrong_type(name, value, "a number")


def flag(entry: Json, name: str) -> bool:
    """A boolean; false where it is missing."""
    return bool(flag_if_any(entry, name))


def flag_if_any(entry: Json, name: str) -> bool | None:
    """A boolean; None where it is missing or null, which may mean something else than false."""
    value = entry.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise _wrong_type(name, value, "true or false")


def timestamp(entry: Json, name: str) -> float | None:
    """A date-time in seconds since 1970; None where it is missing, null or Graph's "never" (year 1).

    Graph writes up to seven fraction digits; times without a zone are UTC.
    """
    value = text(entry, name)
    if not value or value.startswith(_NEVER):
        return None
    if not _DATE_TIME.fullmatch(value):  # fromisoformat would also take weeks, and days without hyphens
        raise _wrong_type(name, value, "a date-time")
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise _wrong_type(name, value, "a date-time") from None


def iso(moment: float | None) -> str:
    """Seconds since 1970 as ``2026-11-28T16:00:41Z``; empty where there is none, or none that a calendar has.

    Microsoft's 9999-12-31T23:59:59.9999999Z, for "never", is as a float already in a year that no calendar has.
    """
    try:
        if moment is None:
            return ""
        last = min(moment, _LAST_SECOND) if isfinite(moment) else moment
        return f"{datetime.fromtimestamp(last, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return ""


def record(entry: Json, name: str) -> Json:
    """An object; empty where it is missing."""
    value = entry.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _wrong_type(name, value, "an object")
    return value


def objects(entry: Json, name: str) -> list[Json]:
    """A list of objects; empty where it is missing."""
    value = entry.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _wrong_type(name, value, "a list of objects")
    return value


def member(value: str, members: tuple[str, ...]) -> str:
    """Graph's spelling of an enum member, whatever the case it came in; as it came where it is not in the list."""
    return next((known for known in members if known.lower() == value.lower()), value)


def closed(value: str, members: tuple[str, ...]) -> str:
    """The member for a label with a closed list: ``unknown`` where it is not in the list."""
    found = member(value, members)
    return found if found in members else UNKNOWN


def _wrong_type(name: str, value: object, wanted: str) -> UnexpectedAnswerError:
    try:
        shown = str(value)[:60]
    except ValueError:  # Python writes no number of more than 4 300 digits
        shown = "a number without end"
    return UnexpectedAnswerError(f"Graph answered with {name} = {cleaned(shown)!r}, which is not {wanted}.")
