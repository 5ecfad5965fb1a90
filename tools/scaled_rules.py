"""Write a copy of the alert rules in which every duration is shorter, to see in minutes what takes hours.

``python tools/scaled_rules.py --speed 180 FOLDER`` writes the files of deploy/prometheus/rules into a folder: an hour
lasts 20 seconds there. Scaled are ranges, steps and offsets, ``for`` and ``keep_firing_for``, and thresholds that are
seconds, in expressions and in the queries of annotations; the words of annotations stay. What is not understood is an
error, and the result is parsed and compared with the original.

Three floors, because a copy must still be able to fire:

- a range spans ten evaluations at least (two scrapes of the stack), and a step one, or nothing would be found in it;
- a duration that is waited for is one millisecond at least, so that it stays a condition, and longer than the range
  after which something else takes its place (``SHORTEST_WAIT``);
- the age of a report is compared with 4 days at least: a report speaks of a whole day that is two to three days past,
  however fast the rest of the world runs; and what only the overviews say waits 25 seconds, in which the issues come.

Prometheus must evaluate the copy each second (``EVALUATION``). A comparison of two weeks cannot come true in it.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser as promql
import yaml

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "deploy" / "prometheus" / "rules"

EVALUATION = 1.0
"""Seconds between two evaluations of the copy."""

SHORTEST = {"range": 10 * EVALUATION, "step": EVALUATION, "offset": 0.001, "wait": 0.001, "threshold": 0.0}
"""Seconds below which no duration of a kind is scaled."""

SHORTEST_AGE = {
    "tenant_report:o365_report_age:seconds": 4 * 86_400.0,
    "tenant_service:o365_service_unexplained_since:time": 25.0,
}
"""The same for thresholds about what has dates without a time, and about what is polled each ten seconds."""

SHORTEST_WAIT = {"O365ScrapeFailing": 15.0}
"""The same for alerts that must not fire before a range of ten evaluations says that another one will."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0}
_DURATION = r"(?:\d+(?:ms|[smhdwy]))+"
_IN_BRACKETS = re.compile(rf"\[\s*({_DURATION})\s*(?::\s*({_DURATION})?\s*)?\]")
_OFFSET = re.compile(rf"\boffset\s+({_DURATION})")
_PRODUCT = re.compile(r"(?<![\w.])(\d+)\s*\*\s*(60|3600|86400)(?![\w.])")
_PER_DAY = re.compile(r"/ 86400\b")
"""Seconds as days: weeks stay weeks, however fast the rest of the world runs."""
_NUMBER = re.compile(r"(?<![\w.:\[])(\d{2,}(?:\.\d+)?)(?![\w.:\]])")
_TEXT = re.compile(r'("(?:[^"\\]|\\.)*")')
_QUERY = re.compile(r'\b((?:printf|query)\s+")((?:[^"\\]|\\.)*)"')
_SECONDS = re.compile(r"(_seconds|:seconds|:time|:held|_day:max|_last_success:max)$")
"""Series whose values are seconds."""
_COUNTS = ("changes", "resets", "count_over_time")
"""Functions whose result is a number of times, whatever they count."""
_SAME_UNIT = ("+", "-", "<", ">", "<=", ">=", "==", "!=")
_VERB = re.compile(r"%(?:\[\d\])?q")
_LONG = 60.0
"""A bare number of so much or more is a duration, or it is not understood; below, it counts something."""

Expr = Any
"""A node of promql-parser, whose classes have no common attributes."""


class NotUnderstoodError(ValueError):
    """Something may be a duration, and it cannot be told whether it is; the text says what and where."""


class Found(NamedTuple):
    """A duration in an expression: one of ``SHORTEST``, and seconds."""

    kind: str
    seconds: float


@dataclass(frozen=True)
class Scale:
    """How durations are shortened: by this factor, such as 1/180."""

    factor: float

    def seconds(self, found: Found, floor: float = 0.0) -> float:
        """A duration of the copy, whole milliseconds; one that is 0 or negative has no floor but that of its size."""
        shorter = max(abs(found.seconds) * self.factor, SHORTEST[found.kind], floor)
        return round(shorter, 3) * (-1 if found.seconds < 0 else 1) if found.seconds else 0.0

    def text(self, duration: str, kind: str = "wait") -> str:
        """The same for one as it is written: ``5m`` becomes ``1667ms``."""
        return f"{self.seconds(Found(kind, seconds_of(duration))) * 1000:.0f}ms"

    def expression(self, text: str) -> str:
        """PromQL with every duration scaled, and otherwise as it was.

        Raises:
            NotUnderstoodError: a number may be a duration or not; or the result is not what it should be.
        """
        floor = max((age for name, age in SHORTEST_AGE.items() if name in text), default=0.0)
        plain = _outside_texts(text, lambda part: _PRODUCT.sub(lambda match: f"{int(match[1]) * int(match[2])}", part))
        found = durations(plain)
        told = sorted(float(number) for number in _NUMBER.findall(_PER_DAY.sub("", _TEXT.sub('""', plain))))
        meant = sorted(abs(one.seconds) for one in found if one.kind == "threshold")
        if [number for number in told if number >= _LONG] != meant:
            raise NotUnderstoodError(f"numbers {told} and thresholds in seconds {meant} are not the same in: {text}")
        scaled = _outside_texts(plain, lambda part: self._rewritten(part, floor))
        if durations(scaled) != sorted(Found(one.kind, self._floored(one, floor)) for one in found):
            raise NotUnderstoodError(f"not every duration was found in: {text}")
        return scaled

    def _floored(self, found: Found, floor: float) -> float:
        return self.seconds(found, floor if found.kind == "threshold" else 0.0)

    def _rewritten(self, part: str, floor: float) -> str:
        part = "/ 86400".join(
            _NUMBER.sub(lambda match: self._threshold(match[1], floor), piece) for piece in _PER_DAY.split(part)
        )
        part = _IN_BRACKETS.sub(self._brackets, part)
        return _OFFSET.sub(lambda match: f"offset {self.text(match[1], 'offset')}", part)

    def _threshold(self, number: str, floor: float) -> str:
        seconds = float(number)
        return number if seconds < _LONG else f"{self._floored(Found('threshold', seconds), floor):.15g}"

    def _brackets(self, match: re.Match[str]) -> str:
        step = f":{self.text(match[2], 'step')}" if match[2] else ":" if ":" in match[0] else ""
        return f"[{self.text(match[1], 'range')}{step}]"

    def annotation(self, template: str) -> str:
        """The text of an annotation with its queries scaled."""

        def scaled(match: re.Match[str]) -> str:
            query = match[2].replace('\\"', '"')
            if "%." in query:  # printf of a figure
                return match[0]
            verbs = _VERB.findall(query)
            plain = self.expression(_VERB.sub('"%"', query))
            for verb in verbs:
                plain = plain.replace('"%"', verb, 1)
            return f'{match[1]}{plain.replace(chr(34), chr(92) + chr(34))}"'

        return _QUERY.sub(scaled, template)

    def rule(self, rule: dict[str, Any]) -> dict[str, Any]:
        """A recording or an alert."""
        known: dict[str, Callable[[Any], Any]] = {
            "expr": self.expression,
            "for": self.text,
            "keep_firing_for": self.text,
            "annotations": lambda texts: {name: self.annotation(text) for name, text in texts.items()},
            **dict.fromkeys(("alert", "record", "labels"), lambda value: value),
        }
        if unknown := rule.keys() - known.keys():
            raise NotUnderstoodError(
                f"key {min(unknown)!r} of a rule is not known: say in tools/scaled_rules.py what it is"
            )
        scaled = {key: known[key](value) for key, value in rule.items()}
        if rule.get("alert") in SHORTEST_WAIT:
            floor = SHORTEST_WAIT[rule["alert"]]
            scaled["for"] = f"{self.seconds(Found('wait', seconds_of(rule['for'])), floor) * 1000:.0f}ms"
        return scaled

    def document(self, document: dict[str, Any]) -> dict[str, Any]:
        """A whole file of rules."""
        groups = document["groups"]
        if unknown := {key for group in groups for key in group} - {"name", "rules"}:
            raise NotUnderstoodError(
                f"key {min(unknown)!r} of a group is not known: say in tools/scaled_rules.py what it is"
            )
        return {"groups": [{**group, "rules": [self.rule(rule) for rule in group["rules"]]} for group in groups]}


def write(folder: Path, scale: Scale, rules: Path = RULES) -> None:
    """The scaled copy of every file of rules, under the same names.

    Raises:
        NotUnderstoodError: a duration is not understood; the text names the file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(rules.glob("*.yaml")):
        try:
            document = scale.document(yaml.safe_load(path.read_text("utf-8")))
        except ValueError as error:
            raise NotUnderstoodError(f"{path}: {error}") from None
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)
        (folder / path.name).write_text(text, "utf-8")


def seconds_of(duration: str) -> float:
    """A duration as Prometheus writes it.

    Raises:
        NotUnderstoodError: it is none.
    """
    if not re.fullmatch(_DURATION, str(duration)):
        raise NotUnderstoodError(f"{duration!r} is no duration: write it as 90s, 5m or 1h30m")
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration))


def durations(expression: str) -> list[Found]:
    """Every duration in an expression, sorted; a number counts as one where it stands beside something in seconds.

    Raises:
        ValueError: the expression is no PromQL, or uses what cannot be scaled.
    """
    nodes: list[Expr] = []
    promql.walk(promql.parse(expression), nodes.append)
    return sorted(one for node in nodes for one in (*_times(node), *_thresholds(node)))


def _times(node: Expr) -> Iterator[Found]:
    """Ranges, steps and offsets."""
    if isinstance(node, promql.MatrixSelector | promql.SubqueryExpr):
        yield Found("range", _seconds(node.range))
    if isinstance(node, promql.SubqueryExpr) and node.step is not None:
        yield Found("step", _seconds(node.step))
    if isinstance(node, promql.VectorSelector | promql.SubqueryExpr):
        if node.at is not None:
            raise NotUnderstoodError("@ is a moment, which cannot be scaled")
        if node.offset is not None:
            yield Found("offset", _seconds(node.offset))


def _seconds(delta: timedelta | None) -> float:
    assert delta is not None  # there is no range without its length
    return round(delta.total_seconds(), 3)


def _thresholds(node: Expr) -> Iterator[Found]:
    """Constants but 0 that are compared with seconds, added to them or taken from them."""
    if not isinstance(node, promql.BinaryExpr) or str(node.op) not in _SAME_UNIT or _constant(node) is not None:
        return
    for side, other in ((node.lhs, node.rhs), (node.rhs, node.lhs)):
        constant = _constant(side)
        if constant and _is_in_seconds(other):
            yield Found("threshold", constant)


def _is_in_seconds(expr: Expr) -> bool:
    nodes: list[Expr] = []
    promql.walk(expr, nodes.append)
    return any(map(_has_seconds, nodes)) and not any(map(_is_of_another_unit, nodes))


def _has_seconds(node: Expr) -> bool:
    return (isinstance(node, promql.VectorSelector) and bool(_SECONDS.search(node.name or ""))) or (
        isinstance(node, promql.Call) and node.func.name == "time"
    )


def _is_of_another_unit(node: Expr) -> bool:
    """A quotient, or a number of times."""
    return (isinstance(node, promql.BinaryExpr) and str(node.op) == "/") or (
        isinstance(node, promql.Call) and node.func.name in _COUNTS
    )


def _constant(node: Expr) -> float | None:
    if isinstance(node, promql.NumberLiteral):
        return float(node.val)
    if isinstance(node, promql.ParenExpr):
        return _constant(node.expr)
    if isinstance(node, promql.UnaryExpr):
        inner = _constant(node.expr)
        return None if inner is None else -inner
    if isinstance(node, promql.BinaryExpr) and str(node.op) == "*":
        sides = (_constant(node.lhs), _constant(node.rhs))
        return None if sides[0] is None or sides[1] is None else sides[0] * sides[1]
    return None


def _outside_texts(expression: str, rewrite: Callable[[str], str]) -> str:
    """The expression with everything rewritten that is no text in quotes."""
    parts = _TEXT.split(expression)
    return "".join(part if part.startswith('"') else rewrite(part) for part in parts)


def main() -> int:
    """Write the copy."""
    parser = argparse.ArgumentParser(description="Write the alert rules with shorter durations.")
    parser.add_argument("--speed", type=_speed, required=True, metavar="N", help="how many times as fast, such as 180")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write them")
    arguments = parser.parse_args()
    try:
        write(arguments.folder, Scale(1 / arguments.speed))
    except NotUnderstoodError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        parser.error(f"{arguments.folder} cannot be written ({error.strerror}): name a folder that can")
    return 0


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed < math.inf:  # nor nan
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more, such as 180")
    return speed


if __name__ == "__main__":
    sys.exit(main())
