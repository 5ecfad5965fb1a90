"""What is wrong with settings, as values; they become sentences only at the end."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from o365_exporter.escapes import in_quotes
from o365_exporter.settings.schema import ANY, SHORTHAND, Key, KeyPath, lookup, walk
from o365_exporter.texts import without_login

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_OTHER_NAMES = {**SHORTHAND, **{long: short for short, long in SHORTHAND.items()}}
"""What a key of the single tenant is called in a tenant's table, and the other way round."""

Spell = Callable[[KeyPath], str]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Args:
        keys: which keys, as they are spelled where they were written; none for the whole.
        what: is wrong, as a predicate.
        remedy: what to do, and who.
        place: where they were written; empty where they were not.
        value: as it may be shown, in TOML; empty where there is none.
        remark: what is added about the value, in brackets.
    """

    keys: tuple[str, ...]
    what: str
    remedy: str
    place: str = ""
    value: str = ""
    remark: str = ""

    def __str__(self) -> str:
        """The sentence; the only place where it is made."""
        parts = (
            " and ".join(self.keys),
            self.value and f"= {self.value}",
            self.place and f"in {self.place}",
            self.remark and f"({self.remark})",
            self.what,
        )
        end = "" if self.remedy.startswith("did you mean") else "."
        return f"{' '.join(filter(None, parts))}: {self.remedy}{end}"


def unknown(path: KeyPath, spell: Spell, place: str) -> Problem:
    """A name that fits no key, with the nearest right one."""
    nearest = next(_nearest(path), None)
    remedy = "remove it, or look its name up: o365-exporter docs configuration"
    if nearest is not None:
        above = ", above the first [table]" if len(nearest) == 1 < len(path) and spell(path) == dotted(path) else ""
        remedy = f"did you mean {spell(nearest)}{above}?"
    return Problem((spell(path),), "is not a setting", remedy, place)


def _nearest(path: KeyPath) -> Iterator[KeyPath]:
    """Right names, the likeliest first."""
    wrong = next(length for length in range(len(path)) if lookup(path[: length + 1]) is None)
    translated = (*path[:-1], _OTHER_NAMES.get(path[-1], ""))
    siblings = _by_one_part(path, wrong)
    small = tuple(map(str.lower, path))  # as people know the names of variables
    above = [path[-1:]] if wrong == len(path) - 1 else []  # what stands below a table is taken for a part of it
    yield from (near for near in (translated, small, *above, *siblings) if isinstance(lookup(near), Key))
    if wrong == len(path) - 1:  # the name of a table, which would be a poor guess for what stands in it
        yield from siblings
    yield from (*_by_whole_name(path), *siblings)


def _by_one_part(path: KeyPath, wrong: int) -> list[KeyPath]:
    """Names that differ in the first part that leads nowhere."""
    table = lookup(path[:wrong])
    if not isinstance(table, dict):
        return [path[:wrong]]  # a key has nothing below it
    near = get_close_matches(path[wrong], [name for name in table if name != ANY], cutoff=0.7)
    candidates = [(*path[:wrong], part, *path[wrong + 1 :]) for part in near]
    return [candidate for candidate in candidates if lookup(candidate) is not None]


def _by_whole_name(path: KeyPath) -> list[KeyPath]:
    """The name in the wrong table, or with other underscores: compared as if all of these were one."""
    names = {"_".join(right): right for right, _ in walk() if ANY not in right}
    near = get_close_matches("_".join(path).replace("__", "_"), names, n=1, cutoff=0.8)
    return [names[name] for name in near]


def toml(value: Any) -> str:
    """A value in TOML; what JSON can hold, and the dates and times of a TOML file, is all there can be."""
    if isinstance(value, str):
        return in_quotes(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{toml_key(name)} = {toml(inner)}' for name, inner in value.items())}}}"
    return str(value)


def quoted(value: Any) -> str:
    """A value that is wrong, in TOML, without what may be a login in it."""
    return toml(_without_logins(value))


def _without_logins(value: Any) -> Any:
    match value:
        case str():
            return without_login(value)
        case list() | tuple():
            return [_without_logins(inner) for inner in value]
        case Mapping():
            return {without_login(name): _without_logins(inner) for name, inner in value.items()}
    return value


def toml_key(name: str) -> str:
    """One part of a key, in quotes where it needs them."""
    return name if _BARE.fullmatch(name) else toml(name)


def dotted(path: Iterable[str]) -> str:
    """A key with the tables it stands in."""
    return ".".join(map(toml_key, path))
