"""Reads from PromQL what can be compared with facts: selectors, grouping labels, and what is under rate().

promql-parser says what an expression consists of; promtool proves that Prometheus itself takes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import NamedTuple

import promql_parser as promql

_COUNTING = {"rate", "irate", "increase", "resets"}
_REGULAR = (promql.MatchOp.Re, promql.MatchOp.NotRe)


class Matcher(NamedTuple):
    """One matcher; ``values`` are the alternatives of ``a|b``, none where the expression is more than that."""

    label: str
    values: tuple[str, ...]


class Selector(NamedTuple):
    """A metric's name with its matchers; the name is empty where matchers alone select."""

    name: str
    matchers: tuple[Matcher, ...]


def selectors(expression: str) -> Iterator[Selector]:
    """Every selector, in the order of the text; ValueError where the expression is no PromQL."""
    for node in _nodes(promql.parse(expression)):
        if isinstance(node, promql.VectorSelector):
            yield Selector(node.name or "", tuple(map(_matcher, node.matchers.matchers)))


def groupings(expression: str) -> set[str]:
    """The labels named in by, without, on, ignoring, group_left and group_right."""
    return {label for node in _nodes(promql.parse(expression)) for label in _grouped(node)}


def counted(expression: str) -> set[str]:
    """The metrics under rate() and the like, however deep, which only counters may be."""
    calls = (node for node in _nodes(promql.parse(expression)) if isinstance(node, promql.Call))
    parts = chain.from_iterable(_nodes(call) for call in calls if call.func.name in _COUNTING)
    return {node.name or "" for node in parts if isinstance(node, promql.VectorSelector)}


def _nodes(expression: promql.Expr) -> list[promql.Expr]:
    """Every part of the expression, each before its own parts."""
    found: list[promql.Expr] = []
    promql.walk(expression, found.append)
    return found


def _matcher(matcher: promql.Matcher) -> Matcher:
    if matcher.op not in _REGULAR:
        return Matcher(matcher.name, (matcher.value,))
    return Matcher(matcher.name, () if re.search(r"[^\w|]", matcher.value) else tuple(matcher.value.split("|")))


def _grouped(node: promql.Expr) -> Iterator[str]:
    if isinstance(node, promql.AggregateExpr) and node.modifier:
        yield from node.modifier.labels
    if isinstance(node, promql.BinaryExpr) and node.modifier:
        yield from node.modifier.matching.labels if node.modifier.matching else ()
        yield from node.modifier.group_labels or ()
