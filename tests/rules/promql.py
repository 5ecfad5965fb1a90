"""Reads from PromQL what can be compared with facts: selectors, grouping labels, and what is under rate().

Regular expressions are enough for the rules as they are written; promtool is what proves that they are PromQL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_MATCHER = r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"'
_SELECTOR = re.compile(rf"(?<![\w:.])([a-zA-Z_:][\w:]*)\s*(?:{{((?:\s*{_MATCHER}\s*,?)*)}}|(\())?")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_COUNTED = re.compile(r"\b(?:rate|irate|increase|resets)\s*\(\s*([a-zA-Z_:][\w:]*)")
_TIME = re.compile(r"\[[^\]]*\]|\boffset\s+\w+")
_OPERATORS = {"and", "or", "unless", "bool"}


class Matcher(NamedTuple):
    """One matcher; ``values`` are the alternatives of ``a|b``, none where the expression is more than that."""

    label: str
    values: tuple[str, ...]


class Selector(NamedTuple):
    """A metric's name with its matchers."""

    name: str
    matchers: tuple[Matcher, ...]


def selectors(expression: str) -> Iterator[Selector]:
    """Every selector; functions, aggregations and operators are none."""
    for found in _SELECTOR.finditer(_TIME.sub("", _GROUPING.sub("", expression))):
        name, matchers, call = found[1], found[2] or "", found[6]
        if call is None and name not in _OPERATORS:
            yield Selector(name, tuple(_matcher(*each) for each in re.findall(_MATCHER, matchers)))


def _matcher(label: str, operator: str, value: str) -> Matcher:
    if "~" not in operator:
        return Matcher(label, (value,))
    return Matcher(label, () if re.search(r"[^\w|]", value) else tuple(value.split("|")))


def groupings(expression: str) -> set[str]:
    """The labels named in by, on, group_left and so on."""
    return set(re.findall(r"\w+", " ".join(_GROUPING.findall(expression))))


def counted(expression: str) -> set[str]:
    """The metrics under rate() and the like, which only counters may be."""
    return set(_COUNTED.findall(expression))
