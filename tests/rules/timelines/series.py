"""Series minute by minute, and how promtool writes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from math import isfinite

Values = list[float | None]
"""One value for each step, None where the series is absent."""

Labels = frozenset[tuple[str, str]]


class Series:
    """What Prometheus has scraped: values by name and labels, step by step."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._values: dict[tuple[str, Labels], Values] = {}

    def put(self, step: int, name: str, value: float, **labels: str) -> None:
        """One sample."""
        key = (name, frozenset(labels.items()))
        values = self._values.get(key)
        if values is None:
            values = self._values[key] = [None] * self._steps
        values[step] = value

    def input_series(self) -> list[dict[str, str]]:
        """As ``input_series`` of a unit test for rules; a series that ends is marked as stale, as a scrape would."""
        return [
            {"series": f"{name}{{{_written(labels)}}}", "values": notation(values)}
            for (name, labels), values in self._values.items()
        ]


def _written(labels: Labels) -> str:
    return ", ".join(f'{label}="{_escaped(value)}"' for label, value in sorted(labels))


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def notation(values: Sequence[float | None]) -> str:
    """``1x4`` is five samples, ``1+60x4`` five that grow, ``_x3`` three gaps."""
    return " ".join(_runs(values))


def _runs(values: Sequence[float | None]) -> Iterator[str]:
    before = False
    for present, group in groupby(values, key=lambda value: value is not None):
        run = list(group)
        yield from _ramps([value for value in run if value is not None]) if present else _gap(len(run), ended=before)
        before = present


def _gap(length: int, *, ended: bool) -> Iterator[str]:
    if ended:
        yield "stale"
    if left := length - ended:
        yield f"_x{left}"


def _ramps(run: list[float]) -> Iterator[str]:
    start = 0
    while start < len(run):
        end = start + 1
        growth = run[end] - run[start] if end < len(run) and isfinite(run[end]) else 0.0
        while end < len(run) and run[end] - run[end - 1] == growth:
            end += 1
        yield _number(run[start]) if end - start == 1 else _ramp(run[start], growth, end - start - 1)
        start = end


def _ramp(first: float, growth: float, times: int) -> str:
    if growth == 0:
        return f"{_number(first)}x{times}"
    return f"{_number(first)}{'+' if growth > 0 else '-'}{_number(abs(growth))}x{times}"


def _number(value: float) -> str:
    return f"{value:.15g}"
