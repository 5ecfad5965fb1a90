"""Reading the lines that this exporter serves; whatever else they look like is refused.

Only what a check asks for is taken apart, so that a page with ten thousand issues costs a check no second.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from o365_exporter.probing import ProbeError

_LINE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)="(?P<value>(?:[^"\\]|\\["\\n])*)"(?:,|$)')
_ESCAPED = re.compile(r"\\(.)")


class Row(NamedTuple):
    """One series: its labels but for ``tenant``, and its value."""

    labels: Mapping[str, str]
    value: float


class Reading:
    """The series of one tenant that were asked for.

    Args:
        rows: by metric.
        now: the exporter's clock, seconds since 1970.
        tenant: whose they are.
    """

    def __init__(self, rows: Mapping[str, Sequence[Row]], now: float, tenant: str) -> None:
        self._rows = rows
        self.now = now
        self.tenant = tenant

    def rows(self, metric: str, **labels: str) -> list[Row]:
        """Those of a metric that have these labels."""
        wanted = labels.items()
        return [row for row in self._rows.get(metric, ()) if wanted <= row.labels.items()]

    def value(self, metric: str, **labels: str) -> float | None:
        """That of the one series which has these labels; None where there is none."""
        found = self.rows(metric, **labels)
        return found[0].value if found else None


def read(text: str, metrics: Collection[str]) -> dict[str, dict[str, list[Row]]]:
    """The rows of some metrics, by tenant and metric.

    Raises:
        ProbeError: a line is none of this exporter's.
    """
    tenants: dict[str, dict[str, list[Row]]] = {}
    for line in text.split("\n"):
        name = line[: _end_of_name(line)]
        if name in metrics:
            labels, value = _row(line)
            tenant = labels.pop("tenant", "")
            tenants.setdefault(tenant, {}).setdefault(name, []).append(Row(labels, value))
    return tenants


def _end_of_name(line: str) -> int:
    """Where the name of a series ends: at its labels, or at its value."""
    return min(place for place in (line.find("{"), line.find(" "), len(line)) if place >= 0)


def _row(line: str) -> tuple[dict[str, str], float]:
    found = _LINE.fullmatch(line)
    if not found:
        raise _unreadable(line)
    try:
        return dict(_labels(found["labels"] or "")), float(found["value"])
    except ValueError:
        raise _unreadable(line) from None


def _labels(text: str) -> Iterator[tuple[str, str]]:
    place = 0
    while place < len(text):
        found = _LABEL.match(text, place)
        if not found:
            raise ValueError(text)
        yield found["name"], _ESCAPED.sub(_unescaped, found["value"]) if "\\" in found["value"] else found["value"]
        place = found.end()


def _unescaped(found: re.Match[str]) -> str:
    return "\n" if found[1] == "n" else found[1]


def _unreadable(line: str) -> ProbeError:
    return ProbeError(
        f"The exporter's line {line[:100]!r} cannot be read: use the probe of the release that runs as the exporter, "
        "or see what stands between them."
    )
