"""Sections for collectors that no board has a section for: each of their metrics on a panel, so that none is unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from o365_exporter.catalogue import all_collectors
from o365_exporter.metrics import Metric
from o365_exporter.reports import METRICS
from o365_exporter.source import Collector
from tools.dashboards.boards.parts import TENANT
from tools.dashboards.model import Dashboard, Label, Lines, Panel, Query, Section, Table, Value
from tools.dashboards.queries import ROWS, leaders

_SUFFIXES = ("_timestamp_seconds", "_seconds", "_bytes", "_info")
_BY_LABELS = ("_info", "_status", "_state", "_timestamp_seconds")
"""Ends of the names of what is read as a list rather than as lines: its labels or its date say what there is to say."""


def further(boards: Iterable[Dashboard]) -> tuple[Section, ...]:
    """A section for each collector that has none."""
    there = {section.key for board in boards for section in board.sections}
    return tuple(_section(each) for each in all_collectors().values() if each.name not in there and each.metrics)


def _section(collector: Collector) -> Section:
    own = [metric for metric in collector.metrics if metric not in METRICS]
    title = collector.name.replace("_", " ").capitalize()
    return Section(collector.name, title, tuple(_panel(metric, alone) for metric, alone in _in_pairs(own)))


def _in_pairs(metrics: list[Metric]) -> Iterator[tuple[Metric, bool]]:
    """Two beside each other, and the last one alone where they are odd in number."""
    for index, metric in enumerate(metrics):
        yield metric, index == len(metrics) - 1 and index % 2 == 0


def _panel(metric: Metric, alone: bool) -> Panel:
    labels = ("tenant", *metric.labels)
    by = ", ".join(labels)
    highest = f"max by ({by}) ({metric.name})"
    if metric.name.endswith(_BY_LABELS):
        return Table(
            key=f"further/{metric.name}",
            title=_title(metric.name),
            about=f"The first {ROWS} series.",
            columns=(
                TENANT,
                *(Label(name=label, title=_title(label)) for label in metric.labels),
                Value(title="Value", expr=f"topk({ROWS}, {highest})"),
            ),
            order=("Tenant",),
            width=24 if alone else 12,
            height=8,
        )
    return Lines(
        key=f"further/{metric.name}",
        title=_title(metric.name),
        about="The greatest by the last value in the shown time.",
        lines=(Query(leaders(highest, by), " ".join(f"{{{{{label}}}}}" for label in labels)),),
        width=24 if alone else 12,
        minimum=None,
    )


def _title(name: str) -> str:
    plain = name.removeprefix("o365_")
    for suffix in _SUFFIXES:
        plain = plain.removesuffix(suffix)
    return plain.replace("_", " ").capitalize()
