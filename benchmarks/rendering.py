"""What it costs to write the samples of polls as lines, beside prometheus_client's ``generate_latest``.

prometheus_client renders families that are built already, as it would for each scrape; we render each poll once.
The text is compared first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from benchmarks.ratios import Ratio, in_turns
from o365_exporter.exposition import Assembler, Format, render
from o365_exporter.metrics import Metric, Sample

SERIES = 100_000
LABELS = ("app_id", "app_name", "kind")
DAY = 86_400.0
SINCE_1970 = 1_773_144_000.0

Polls = dict[str, list[Sample]]


class Built(Collector):
    """prometheus_client's side: families built once."""

    def __init__(self, metrics: list[Metric], polls: Polls) -> None:
        families = {m: GaugeMetricFamily(m.name, m.help, labels=("tenant", *m.labels)) for m in metrics}
        for tenant, samples in polls.items():
            for sample in samples:
                families[sample.metric].add_metric((tenant, *sample.labels), sample.value)
        self._families = list(families.values())

    def collect(self) -> Iterator[Any]:
        return iter(self._families)


def metrics_of(families: int) -> list[Metric]:
    """So many of the form of what credentials have."""
    return [Metric(f"o365_metric_{number}", "A metric.", LABELS) for number in range(families)]


def polls_of(series: int, metrics: list[Metric], tenants: int, *, times: bool = False) -> Polls:
    """So many series, spread evenly over tenants and families; values are small numbers, or times in whole days."""
    polls: Polls = {}
    for number in range(series):
        metric = metrics[number // tenants % len(metrics)]
        labels = (f"{number:08x}-5f3a-4c1e-9d77-2b8e1a6c0f42", f"Application {number}", "secret")
        value = SINCE_1970 + DAY * (number % 730) + number if times else float(number)
        polls.setdefault(f"tenant-{number % tenants}", []).append(Sample(metric, labels, value))
    return polls


def lines(quick: bool) -> Iterator[Ratio]:
    """One tenant with all series in one family or in a few, then many tenants with a few series in each of many."""
    for what, families, tenants, times in (
        ("1 tenant, 1 family, numbers", 1, 1, False),
        ("1 tenant, 5 families in turns, numbers", 5, 1, False),
        ("1 tenant, 5 families in turns, times", 5, 1, True),
        ("200 tenants, 60 families, numbers", 60, 200, False),
    ):
        metrics = metrics_of(families)
        polls = polls_of(SERIES, metrics, tenants, times=times)
        yield Ratio(
            f"render {SERIES:,} series: {what}", "`generate_latest`", 0.09, _compared(metrics, polls, 3 if quick else 9)
        )


def _compared(metrics: list[Metric], polls: Polls, rounds: int) -> list[float]:
    registry = CollectorRegistry()
    registry.register(Built(metrics, polls))

    def ours() -> list[Any]:
        return [render(samples, tenant) for tenant, samples in polls.items()]

    page = Assembler(metrics).page(Format.TEXT, ours())
    assert b"".join(page.pieces).splitlines() == generate_latest(registry).splitlines()
    return in_turns(ours, lambda: generate_latest(registry), rounds)
