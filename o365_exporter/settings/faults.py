"""What is wrong with the settings, as sentences: which key, which value, where it was written and what to do.

The texts are our own, made of an error's place and kind: pydantic's show the input, which may be a secret.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from o365_exporter.graph import CLOUDS
from o365_exporter.settings.arranging import find
from o365_exporter.settings.layers import Layer
from o365_exporter.settings.schema import (
    CREDENTIAL_FILES,
    INHERITED,
    ROOMS,
    SHORTHAND,
    SINGLE,
    Key,
    KeyPath,
    lookup,
    variable,
)
from o365_exporter.settings.text import MASK, dotted, toml, without_user
from o365_exporter.source import format_duration

Error = Mapping[str, Any]

_NOT_A_LIST = 'is not a list: write ["one", "two"]'
_NOT_A_NUMBER = "is not a number: write digits, and a point if need be"
_NOT_A_SWITCH = "is neither true nor false: write one of them"
_NOT_WHOLE = "is not a whole number: write digits only"
_PROBLEMS = {
    "string_type": "is not a text: put it in quotes",
    "string_too_short": "is empty: write a value, or remove it",
    "path_type": "is not the name of a file: put it in quotes",
    "bool_type": _NOT_A_SWITCH,
    "bool_parsing": _NOT_A_SWITCH,
    "int_type": _NOT_WHOLE,
    "int_parsing": _NOT_WHOLE,
    "int_from_float": _NOT_WHOLE,
    "float_type": _NOT_A_NUMBER,
    "float_parsing": _NOT_A_NUMBER,
    "tuple_type": _NOT_A_LIST,
}
"""By pydantic's kind of error; others are said in pydantic's words."""

_LIMITS = {
    "greater_than_equal": ("ge", "is too small: write {} or more"),
    "greater_than": ("gt", "is too small: write more than {}"),
    "less_than_equal": ("le", "is too large: write {} or less"),
    "less_than": ("lt", "is too large: write less than {}"),
}
_PREDICATE = re.compile(r"(is|has|would|stands|must) ")
_NEVER_SHOWN = ("client_id", "managed_identity", *CREDENTIAL_FILES)
"""Keys beside the secret's own: a secret, a key or a token is easily put there by mistake."""
_LONGEST = 80


def sentences(errors: Iterable[Error], written: Layer) -> Iterator[str]:
    """One sentence for each error of the document; tenants that inherit one fault give the same sentence."""
    for error in errors:
        *parts, last = (str(part) for part in error["loc"])
        path = _key_path((*parts, last) if last != "[key]" else tuple(parts))
        if last == "[key]":
            yield _bad_name(error, path, written)
        elif error["type"] == "missing":
            yield _missing(path, written)
        elif isinstance(key := lookup(path), Key):
            yield _bad_value(error, path, key, written)
        else:
            yield _contradiction(error, path, written)


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


def _bad_value(error: Error, path: KeyPath, key: Key, written: Layer) -> str:
    found = find(path, written)
    assert found is not None, f"the default of {path} is refused"
    _, entry = found
    value = error["input"] if key.is_list and isinstance(error["input"], str) else entry.value
    if key.is_secret:
        return f"{entry.name} = {MASK} in {entry.place} {_problem(error, key, value)}."
    if path[-1] in _NEVER_SHOWN:
        return f"{entry.name} in {entry.place} (not shown, it could be the secret) {_problem(error, key, value)}."
    return f"{entry.name} = {_shown(value)} in {entry.place} {_problem(error, key, value)}."


def _shown(value: Any) -> str:
    text = without_user(toml(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _problem(error: Error, key: Key | None, value: Any) -> str:
    """What follows the value: what is wrong with it and what to write instead."""
    kind, context = error["type"], error.get("ctx", {})
    if kind in _LIMITS:
        name, text = _LIMITS[kind]
        limit = context[name]
        return text.format(format_duration(limit) if key and key.is_duration else f"{limit:g}")
    if kind == "literal_error":
        return f"is not known: write {context['expected']}".replace("'", '"')
    if kind == "value_error":
        text = str(context["error"]).removeprefix(f"{value!r} ")
        return text if _PREDICATE.match(text) else f"cannot be used: {text}"
    return _PROBLEMS.get(kind) or f"cannot be used: {error['msg']}"


def _bad_name(error: Error, path: KeyPath, written: Layer) -> str:
    """A name that people choose: a tenant's key, a label's name."""
    entry = next(entry for below, entry in written.items() if below[: len(path)] == path)
    return f"{toml(path[-1])} under {dotted(path[:-1])} in {entry.place} {_problem(error, None, path[-1])}."


def _missing(path: KeyPath, written: Layer) -> str:
    table, name = path[:-1], path[-1]
    if table == ("tenants", SINGLE) and not any(path[:2] == table for path in written):
        short = next(short for short, long in SHORTHAND.items() if long == name)
        return f"{short} is missing: set {variable((short,))}, or {short} in the configuration file."
    places, variables = f"[{dotted(table)}]", variable(path)
    if name in INHERITED:
        places, variables = f"{places} or [defaults]", f"{variables} or {variable(('defaults', name))}"
    return f"{dotted(path)} is missing: set {name} in {places}, or {variables}."


def _contradiction(error: Error, path: KeyPath, written: Layer) -> str:
    """Keys of one table that do not go together, said of the table in which the nearest of them was written."""
    text = _problem(error, None, None).removeprefix("cannot be used: ")
    table = lookup(path)
    names = [word for word in dict.fromkeys(re.findall(r"\w+", text)) if isinstance(table, dict) and word in table]
    places = [found[0][:-1] for name in names if (found := find((*path, name), written))]
    subject = max(places, key=len) if places else path
    if subject == ("tenants", SINGLE) and not any(below[:2] == subject for below in written):
        subject = ()
    variables = ", ".join(variable((*subject, name)) for name in names)
    return f"{dotted(subject) or 'The tenant'}: {text} (as variables: {variables})."


def between_tenants(written: Layer) -> Iterator[str]:
    """What is wrong between tenants, whatever else may be wrong with each."""
    keys = list(dict.fromkeys(path[1] for path in written if path[0] == "tenants" and len(path) > 1))
    shorthand = [path for path in written if path[0] in SHORTHAND]
    if not keys and not shorthand:
        yield (
            "No tenant is set: for one, set O365_TENANT_ID, O365_CLIENT_ID and O365_CLIENT_SECRET or "
            "O365_CLIENT_SECRET_FILE; for many, write a table [tenants.NAME] for each into the configuration file."
        )
    for path in shorthand if keys else []:
        inherited = variable(("defaults", *path)) if lookup(("defaults", *path)) else None
        yield (
            f"{written[path].name} in {written[path].place} sets a single tenant, and there are tables of tenants: "
            + (
                f"for all tenants write {inherited}, or {path[0]} in [defaults]."
                if inherited
                else "remove one of both."
            )
        )
    yield from _doubles(keys, written)


def _doubles(keys: list[str], written: Layer) -> Iterator[str]:
    names: dict[str, list[str]] = defaultdict(list)
    tenants: dict[tuple[str, str], list[str]] = defaultdict(list)
    for key in keys:
        tenant_id, name, cloud = (_text(("tenants", key, part), written) for part in ("tenant_id", "name", "cloud"))
        names[name or tenant_id.lower()].append(f"tenants.{key}")
        known = CLOUDS.get(cloud.lower())
        tenants[tenant_id.lower(), known.name if known else cloud or "global"].append(f"tenants.{key}")
    for name, same in names.items():
        if name and len(same) > 1:
            yield f"{' and '.join(same)} have the same name, {name!r}: give each a name of its own (label `tenant`)."
    for (tenant_id, cloud), same in tenants.items():
        if tenant_id and len(same) > 1:
            yield f"{' and '.join(same)} are the same tenant, {tenant_id} in the cloud {cloud}: keep one of them."


def _text(path: tuple[str, ...], written: Layer) -> str:
    found = find(path, written)
    return found[1].value if found and isinstance(found[1].value, str) else ""
