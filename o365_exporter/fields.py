"""Reading the fields of Graph's JSON, every one of which may be missing, null or of a newer kind.

A missing or null field is ``None`` or empty; a field of the wrong type is an ``UnexpectedAnswerError`` that names it,
because what it means is not known and a guess would be shown as a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from o365_exporter.errors import UnexpectedAnswerError

Json = Mapping[str, Any]

UNKNOWN = "unknown"
"""What a member outside a closed list becomes."""

_TOO_LARGE = 2**63
_NEVER = "0001-01-01"


def text(entry: Json, name: str) -> str:
    """A string; empty where it is missing."""
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong_type(name, value, "a string")
    return value


def identifier(entry: Json, *names: str) -> str:
    """The first of these fields that holds a text: what a series is told apart by cannot be empty."""
    for name in names:
        if found := text(entry, name):
            return found
    raise UnexpectedAnswerError(f"Graph answered with an entry that has none of the fields {', '.join(names)}.")


def integer(entry: Json, name: str) -> int | None:
    """A whole number; None where it is missing."""
    value = entry.get(name)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < _TOO_LARGE):
        return value
    raise _wrong_type(name, value, "a whole number")


def flag(entry: Json, name: str) -> bool:
    """A boolean; false where it is missing."""
    value = entry.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise _wrong_type(name, value, "true or false")


def timestamp(entry: Json, name: str) -> float | None:
    """A date-time in seconds since 1970; None where it is missing, null or Graph's "never" (year 1).

    Graph writes up to seven fraction digits; times without a zone are UTC.
    """
    value = text(entry, name)
    if not value or value.startswith(_NEVER):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise _wrong_type(name, value, "a date-time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


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
    return UnexpectedAnswerError(f"Graph answered with {name} = {str(value)[:60]!r}, which is not {wanted}.")
