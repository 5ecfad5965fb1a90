"""The document is checked, and what pydantic finds becomes problems in our own words: pydantic's show the input.

It is checked twice where it has errors, so that all of them are told at once: a model looks at how its keys go together
only when each is right by itself. What is wrong is therefore taken out, and the second look tells of the contradictions
between the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from pydantic import ValidationError

from o365_exporter.settings.inheritance import SOMEBODY, find
from o365_exporter.settings.problems import Problem, dotted, quoted, toml
from o365_exporter.settings.schema import (
    CREDENTIAL_FILES,
    INHERITED,
    ROOMS,
    SHORTHAND,
    SINGLE,
    Key,
    KeyPath,
    document,
    lookup,
    variable,
)
from o365_exporter.settings.sources import Layer, Tree
from o365_exporter.source import format_duration
from o365_exporter.texts import MASK, UnusableError

Error = dict[str, Any]

_NOT_A_LIST = ("is not a list", 'write ["one", "two"]')
_NOT_A_NUMBER = ("is not a number", "write digits, and a point if need be")
_NOT_A_SWITCH = ("is neither true nor false", "write one of them")
_NOT_WHOLE = ("is not a whole number", "write digits only")
_WORDS = {
    "string_type": ("is not a text", "put it in quotes"),
    "string_too_short": ("is empty", "write a value, or remove it"),
    "string_unicode": ("is not UTF-8", "write it in UTF-8"),
    "path_type": ("is not the name of a file", "put it in quotes"),
    "bool_type": _NOT_A_SWITCH,
    "bool_parsing": _NOT_A_SWITCH,
    "int_type": _NOT_WHOLE,
    "int_parsing": _NOT_WHOLE,
    "int_parsing_size": _NOT_WHOLE,
    "int_from_float": _NOT_WHOLE,
    "float_type": _NOT_A_NUMBER,
    "float_parsing": _NOT_A_NUMBER,
    "finite_number": _NOT_A_NUMBER,
    "tuple_type": _NOT_A_LIST,
}
"""By pydantic's kind of error; others are said in pydantic's words, which quote no value."""

_LIMITS = {
    "greater_than_equal": ("ge", "is too small", "write {} or more"),
    "greater_than": ("gt", "is too small", "write more than {}"),
    "less_than_equal": ("le", "is too large", "write {} or less"),
    "less_than": ("lt", "is too large", "write less than {}"),
}
_NEVER_SHOWN = ("client_id", "managed_identity", *CREDENTIAL_FILES)
"""Keys beside the secret's own: a secret, a key or a token is easily put there by mistake."""
_LONGEST = 80


def check(arranged: Tree, written: Layer) -> tuple[Any, list[Problem]]:
    """The document (None where it has errors), and everything that is wrong with it.

    Tenants that inherit one fault give the same problem.
    """
    checked, errors = _check(arranged)
    if errors:
        wrong = {tuple(map(str, error["loc"])) for error in errors}
        _, later = _check(_mended(arranged, errors))
        errors += [error for error in later if _is_new(error, wrong)]
    problems = [_problem(error, written) for error in errors]
    return (None if problems else checked), list(dict.fromkeys(problems))


def _check(arranged: Tree) -> tuple[Any, list[Error]]:
    """Returns the errors, since a raised one would carry the values in its context."""
    try:
        return document().model_validate(arranged), []
    except ValidationError as error:
        return None, [dict(detail) for detail in error.errors(include_url=False)]


def _mended(arranged: Tree, errors: list[Error]) -> Tree:
    """Without what is wrong; an app in place of one that is wrong or missing, so that its proof is looked at."""
    mended = deepcopy(arranged)
    for error in errors:
        *parents, name = (part for part in error["loc"] if isinstance(part, str) and part != "[key]")
        table = mended
        for parent in parents:
            table = table.get(parent, {})
        table.pop(name, None)
        if name == "client_id":
            table[name] = SOMEBODY
    return mended


def _is_new(error: Error, wrong: set[KeyPath]) -> bool:
    """Whether it is a contradiction, and between keys of which none was taken out."""
    place = tuple(map(str, error["loc"]))
    if place in wrong or not (keys := _contradicting(error)):
        return False
    taken_out = {path[len(place)] for path in wrong if path[: len(place)] == place} - {"client_id"}
    return taken_out.isdisjoint(keys)


def _contradicting(error: Error) -> tuple[str, ...]:
    cause = error.get("ctx", {}).get("error")
    return cause.keys if isinstance(cause, UnusableError) else ()


def _problem(error: Error, written: Layer) -> Problem:
    *parts, last = (str(part) for part in error["loc"])
    path = _key_path((*parts, last) if last != "[key]" else tuple(parts))
    if last == "[key]":
        return _bad_name(error, path, written)
    if error["type"] == "missing":
        return _missing(path, written)
    if isinstance(key := lookup(path), Key):
        return _bad_value(error, path, key, written)
    return _contradiction(error, path, written)


def _key_path(location: KeyPath) -> KeyPath:
    """Where a field of the document stands in what people write; an item is told by its list."""
    match location:
        case (room, name, *_) if room in ROOMS:
            return (ROOMS[room][0] + name,)
        case ("tenants", key, "credential", *rest):
            return ("tenants", key, *rest)
        case ("defaults", "credential", *rest):
            return ("defaults", *rest)
    prefixes = (location[:length] for length in range(1, len(location)))
    return next((prefix for prefix in prefixes if isinstance(lookup(prefix), Key)), location)


def _words(error: Error, *, duration: bool = False) -> tuple[str, str]:
    """What is wrong with a value, and what to do."""
    kind, context = error["type"], error.get("ctx", {})
    if isinstance(cause := context.get("error"), UnusableError):
        return cause.what, cause.remedy
    if kind in _LIMITS:
        name, what, remedy = _LIMITS[kind]
        return what, remedy.format(format_duration(context[name]) if duration else f"{context[name]:g}")
    if kind == "literal_error":
        return "is not known", f"write {context['expected']}".replace("'", '"')
    return _WORDS.get(kind) or ("cannot be used", str(context.get("error", error["msg"])))


def _bad_value(error: Error, path: KeyPath, key: Key, written: Layer) -> Problem:
    found = find(path, written)
    assert found is not None, f"the default of {path} is refused"
    _, entry = found
    value = error["input"] if key.is_list and isinstance(error["input"], str) else entry.value
    what, remedy = _words(error, duration=key.is_duration)
    if not key.is_secret and path[-1] in _NEVER_SHOWN:
        return Problem((entry.name,), what, remedy, entry.place, remark="not shown, it could be the secret")
    return Problem((entry.name,), what, remedy, entry.place, MASK if key.is_secret else _shown(value))


def _shown(value: Any) -> str:
    text = quoted(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _bad_name(error: Error, path: KeyPath, written: Layer) -> Problem:
    """A name that people choose: a tenant's key, a label's name."""
    entry = next(entry for below, entry in written.items() if below[: len(path)] == path)
    return Problem((f"{toml(path[-1])} under {dotted(path[:-1])}",), *_words(error), entry.place)


def _missing(path: KeyPath, written: Layer) -> Problem:
    table, name = path[:-1], path[-1]
    if table == ("tenants", SINGLE) and not any(path[:2] == table for path in written):
        short = next(short for short, long in SHORTHAND.items() if long == name)
        return Problem((short,), "is missing", f"set {variable((short,))}, or {short} in the configuration file")
    places, variables = f"[{dotted(table)}]", variable(path)
    if name in INHERITED:
        places, variables = f"{places} or [defaults]", f"{variables} or {variable(('defaults', name))}"
    return Problem((dotted(path),), "is missing", f"set {name} in {places}, or {variables}")


def _contradiction(error: Error, path: KeyPath, written: Layer) -> Problem:
    """Keys of one table that do not go together, said of the table in which the nearest of them was written."""
    what, remedy = _words(error)
    keys = _contradicting(error)
    places = [found[0][:-1] for name in keys if (found := find((*path, name), written))]
    subject = max(places, key=len) if places else path
    if subject == ("tenants", SINGLE) and not any(below[:2] == subject for below in written):
        subject = ()
    if variables := ", ".join(_variables(subject, keys)):
        remedy = f"{remedy} (as variables: {variables})"
    return Problem((dotted(subject) or "The tenant",), what, remedy)


def _variables(subject: KeyPath, keys: tuple[str, ...]) -> Iterator[str]:
    return (variable((*subject, name)) for name in keys)
