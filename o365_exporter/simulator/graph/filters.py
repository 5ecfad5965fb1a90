"""``$filter``: comparisons joined by and, or, not and parentheses, and ``startswith``; what Graph users write."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from typing import Any

from o365_exporter.simulator.graph.errors import bad_request

Json = dict[str, Any]
Predicate = Callable[[Json], bool]

_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|[(),]|[^\s(),']+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None}


def parse_filter(text: str, properties: frozenset[str]) -> Predicate:
    """A predicate on rows.

    Raises:
        GraphError: 400 where the expression is not understood or names an unknown property.
    """
    if _TOKEN.sub("", text).strip():
        raise _syntax(text)
    tokens = [match[1] for match in _TOKEN.finditer(text)]
    parser = _Parser(tokens, properties, text)
    predicate = parser.disjunction()
    if parser.tokens:
        raise _syntax(text)
    return predicate


def _syntax(text: str) -> Exception:
    return bad_request(f"Invalid filter clause: There is a syntax error in '{text}'.")


class _Parser:
    """Recursive descent over the tokens that are left."""

    def __init__(self, tokens: list[str], properties: frozenset[str], text: str) -> None:
        self.tokens = tokens
        self._properties = properties
        self._text = text

    def disjunction(self) -> Predicate:
        parts = list(self._joined("or", self._conjunction))
        return lambda row: any(part(row) for part in parts)

    def _conjunction(self) -> Predicate:
        parts = list(self._joined("and", self._term))
        return lambda row: all(part(row) for part in parts)

    def _joined(self, word: str, parse: Callable[[], Predicate]) -> Iterator[Predicate]:
        yield parse()
        while self.tokens and self.tokens[0] == word:
            self.tokens.pop(0)
            yield parse()

    def _term(self) -> Predicate:
        first = self._next()
        if first == "not":
            inner = self._term()
            return lambda row: not inner(row)
        if first == "(":
            inner = self.disjunction()
            self._expect(")")
            return inner
        if first == "startswith":
            return self._startswith()
        return self._comparison(self._property(first))

    def _startswith(self) -> Predicate:
        self._expect("(")
        name = self._property(self._next())
        self._expect(",")
        start = str(_value(self._next())).lower()
        self._expect(")")
        return lambda row: str(row.get(name) or "").lower().startswith(start)

    def _comparison(self, name: str) -> Predicate:
        compare = _COMPARE.get(self._next())
        if compare is None:
            raise _syntax(self._text)
        right = _folded(_value(self._next()))

        def holds(row: Json) -> bool:
            left = _folded(row.get(name))
            if left is None or right is None:
                return compare in (operator.eq, operator.ne) and compare(left, right)
            return type(left) is type(right) and compare(left, right)

        return holds

    def _property(self, name: str) -> str:
        if name not in self._properties:
            raise bad_request(f"Invalid filter clause: Could not find a property named '{name}'.")
        return name

    def _next(self) -> str:
        if not self.tokens:
            raise _syntax(self._text)
        return self.tokens.pop(0)

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise _syntax(self._text)


def _value(token: str) -> Any:
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if token in _WORDS:
        return _WORDS[token]
    return int(token) if re.fullmatch(r"-?\d+", token) else token  # a date or a GUID, which Graph wants bare


def _folded(value: Any) -> Any:
    """Text compares without regard to case; times compare as text, for all of them end in Z."""
    return value.lower() if isinstance(value, str) else value
