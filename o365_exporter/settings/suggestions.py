"""The nearest right name for a key that does not exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches

from o365_exporter.settings.schema import ANY, SHORTHAND, Key, KeyPath, lookup, walk

_OTHER_NAMES = {**SHORTHAND, **{long: short for short, long in SHORTHAND.items()}}
"""What a key of the single tenant is called in a tenant's table, and the other way round."""


def unknown(path: KeyPath, spell: Callable[[KeyPath], str], place: str) -> str:
    """The sentence about a name that fits no key."""
    nearest = next(_nearest(path), None)
    if nearest is None:
        return f"{spell(path)} in {place} is not a setting: remove it, or look its name up in docs/configuration.md."
    return f"{spell(path)} in {place} is not a setting: did you mean {spell(nearest)}?"


def _nearest(path: KeyPath) -> Iterator[KeyPath]:
    """Right names, the likeliest first."""
    wrong = next(length for length in range(len(path)) if lookup(path[: length + 1]) is None)
    translated = (*path[:-1], _OTHER_NAMES.get(path[-1], ""))
    siblings = _by_one_part(path, wrong)
    yield from (near for near in (translated, *siblings) if isinstance(lookup(near), Key))
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
