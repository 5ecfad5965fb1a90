"""Conditions on states, such as ``%{status} =~ /expired/i``: what people write of Perl, read and never run as code.

The plugins hand the text to Perl. Here it is a small language of its own: macros, numbers, quoted texts and patterns;
``== != < > <= >=`` for numbers, ``eq ne lt gt le ge`` for texts, ``=~ !~`` for patterns; ``+ - * /``, ``! not``,
``&& and``, ``|| or`` and brackets.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from o365_exporter.probing import ProbeError
from o365_exporter.probing.ranges import shown

Value = str | float
Macros = Mapping[str, Value]
_Node = Callable[[Macros], Value]

_LONGEST = 2000
_DEEPEST = 40

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<macro>%\{\w+\})
      | (?P<number>\d{1,18}(?:\.\d{1,9})?)
      | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<sign>=~|!~|==|!=|<=|>=|&&|\|\||[<>!()+*/-])
      | (?P<word>\w+)
    )""",
    re.VERBOSE | re.ASCII,
)
_PATTERN = re.compile(r"\s*m?/(?P<pattern>(?:[^/\\]|\\.)*)/(?P<flags>[a-z]*)", re.ASCII)
_MACRO = re.compile(r"%\{(\w+)\}", re.ASCII)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}

_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "gt": operator.gt,
    "le": operator.le,
    "ge": operator.ge,
}
_SUMS: dict[str, Callable[[float, float], float]] = {"+": operator.add, "-": operator.sub}
_PRODUCTS: dict[str, Callable[[float, float], float]] = {"*": operator.mul, "/": operator.truediv}
_OR, _AND, _NOT = ("||", "or"), ("&&", "and"), ("!", "not")


class Condition(NamedTuple):
    """What was read.

    Args:
        text: as it was written.
        macros: the names that it asks for.
        node: computes it.
    """

    text: str
    macros: frozenset[str]
    node: _Node

    def holds(self, macros: Macros) -> bool:
        """Whether it is true of these values.

        Raises:
            ProbeError: it compares a text as a number, or divides by zero.
        """
        try:
            return _is_true(self.node(macros))
        except ZeroDivisionError:
            raise ProbeError(f"{self.text!r} divides by zero: ask before whether the divisor is 0") from None


def parse_condition(text: str, known: Collection[str]) -> Condition:
    """A condition that asks for macros which there are.

    Args:
        text: what somebody wrote.
        known: names of the macros.

    Raises:
        ProbeError: it cannot be read, or asks for another macro.
    """
    if len(text) > _LONGEST:
        raise ProbeError(f"a condition has {len(text)} characters: write at most {_LONGEST}")
    macros = frozenset(_MACRO.findall(text))
    if unknown := sorted(macros.difference(known)):
        listed = ", ".join(f"%{{{name}}}" for name in known)
        raise ProbeError(f"{text!r} asks for %{{{unknown[0]}}}, which there is not: write one of {listed}")
    return Condition(text, macros, _Parser(text).parsed())


class _Parser:
    """Reads by descent, the weakest operators first."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0
        self._depth = 0

    def parsed(self) -> _Node:
        node = self._either()
        if self._text[self._place :].strip():
            raise self._error("goes on behind its end")
        return node

    def _either(self) -> _Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error(f"has brackets more than {_DEEPEST} deep")
        nodes = [self._both()]
        while self._take(*_OR):
            nodes.append(self._both())
        self._depth -= 1
        return nodes[0] if len(nodes) == 1 else lambda macros: _truth(any(_is_true(node(macros)) for node in nodes))

    def _both(self) -> _Node:
        nodes = [self._not()]
        while self._take(*_AND):
            nodes.append(self._not())
        return nodes[0] if len(nodes) == 1 else lambda macros: _truth(all(_is_true(node(macros)) for node in nodes))

    def _not(self) -> _Node:
        negated, any_at_all = False, False
        while self._take(*_NOT):
            negated, any_at_all = not negated, True
        node = self._compared()
        return (lambda macros: _truth(_is_true(node(macros)) != negated)) if any_at_all else node

    def _compared(self) -> _Node:
        left = self._sum()
        if sign := self._take("=~", "!~"):
            pattern, wanted = self._pattern(), sign == "=~"
            return lambda macros: _truth((pattern.search(_text(left(macros))) is not None) == wanted)
        if sign := self._take(*_NUMBERS):
            right, numbers = self._sum(), _NUMBERS[sign]
            return lambda macros: _truth(numbers(_number(left(macros)), _number(right(macros))))
        if sign := self._take(*_TEXTS):
            right, texts = self._sum(), _TEXTS[sign]
            return lambda macros: _truth(texts(_text(left(macros)), _text(right(macros))))
        return left

    def _sum(self) -> _Node:
        return self._chain(self._product, _SUMS)

    def _product(self) -> _Node:
        return self._chain(self._operand, _PRODUCTS)

    def _chain(self, part: Callable[[], _Node], signs: Mapping[str, Callable[[float, float], float]]) -> _Node:
        node = part()
        while sign := self._take(*signs):
            node = _computed(signs[sign], node, part())
        return node

    def _operand(self) -> _Node:
        if self._take("("):
            node = self._either()
            if not self._take(")"):
                raise self._error("lacks a bracket that closes")
            return node
        if self._take("-"):
            return _computed(operator.sub, lambda _: 0.0, self._operand_of_minus())
        found = _TOKEN.match(self._text, self._place)
        if not found or found["sign"] or found["word"]:
            raise self._error("lacks a macro, a number or a quoted text")
        self._place = found.end()
        return _leaf(found)

    def _operand_of_minus(self) -> _Node:
        if _next_sign(self._text, self._place) == "-":
            raise self._error("has two signs")
        return self._operand()

    def _pattern(self) -> re.Pattern[str]:
        found = _PATTERN.match(self._text, self._place)
        if not found:
            raise self._error("lacks a pattern, such as /expired/i,")
        if unknown := set(found["flags"]).difference(_FLAGS):
            raise self._error(f"has the flag {min(unknown)}, which there is not (but i, m, s and x),")
        self._place = found.end()
        flags = re.RegexFlag(0)
        for flag in found["flags"]:
            flags |= _FLAGS[flag]
        try:
            return re.compile(found["pattern"].replace("\\/", "/"), flags)
        except (re.error, RecursionError, OverflowError) as error:
            raise self._error(f"has a pattern that is no regular expression ({error})") from None

    def _take(self, *signs: str) -> str:
        """The next token, if it is one of these."""
        found = _TOKEN.match(self._text, self._place)
        token = (found["sign"] or found["word"] or "") if found else ""
        if not found or token not in signs:
            return ""
        self._place = found.end()
        return token

    def _error(self, what: str) -> ProbeError:
        return ProbeError(
            f"{self._text!r} {what} at character {self._place + 1}: "
            "write a condition such as %{status} =~ /expired/i or %{used} > 1000"
        )


def _next_sign(text: str, place: int) -> str:
    found = _TOKEN.match(text, place)
    return (found["sign"] or "") if found else ""


def _leaf(found: re.Match[str]) -> _Node:
    if found["macro"]:
        name = found["macro"][2:-1]
        return lambda macros: macros[name]
    if found["number"]:
        number = float(found["number"])
        return lambda _: number
    quoted = re.sub(r"\\(.)", r"\1", found["text"][1:-1])
    return lambda macros: _MACRO.sub(lambda macro: _text(macros[macro[1]]), quoted)


def _computed(sign: Callable[[float, float], float], left: _Node, right: _Node) -> _Node:
    return lambda macros: sign(_number(left(macros)), _number(right(macros)))


def _truth(value: bool) -> float:
    return 1.0 if value else 0.0


def _is_true(value: Value) -> bool:
    """As Perl has it."""
    return value not in ("", "0", 0.0)


def _text(value: Value) -> str:
    return value if isinstance(value, str) else shown(value)


def _number(value: Value) -> float:
    if isinstance(value, float | int):
        return float(value)
    try:
        return float(value)
    except ValueError:
        raise ProbeError(f"{value[:100]!r} is no number: compare texts with eq, ne, =~ or !~") from None
