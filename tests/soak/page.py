"""A page of metrics as its reader has it: each series once, by name and labels."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


class Series(NamedTuple):
    """One sample with all its labels."""

    labels: Mapping[str, str]
    value: float


class Page:
    """A page in the text format.

    Raises:
        AssertionError: a series is there twice.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.values: dict[str, float] = {}
        """Value by everything before it on its line."""
        self._lines: dict[str, list[str]] = defaultdict(list)
        self.counters: set[str] = set()
        for line in text.split("\n"):
            if line.startswith("# TYPE ") and line.endswith((" counter", " histogram")):
                self.counters.add(line.split(" ")[2])
            if not line or line.startswith("#"):
                continue
            series, _, value = line.rpartition(" ")
            assert series not in self.values, f"twice: {series}"
            self.values[series] = float(value)
            self._lines[series.partition("{")[0]].append(series)

    def of(self, name: str) -> Iterator[Series]:
        """All series of a family."""
        for series in self._lines.get(name, ()):
            yield Series(dict(_LABEL.findall(series)), self.values[series])

    def counted(self) -> Iterator[tuple[str, float]]:
        """Every sample that must never become less within a process."""
        for name, lines in self._lines.items():
            family = re.sub(r"_(bucket|count|sum)$", "", name)
            if name in self.counters or family in self.counters:
                yield from ((series, self.values[series]) for series in lines)
