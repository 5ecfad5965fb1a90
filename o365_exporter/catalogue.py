"""The one list of collectors and metrics; docs, example settings and checks are made from it.

A collector is found because its module lies in ``collectors/`` and has a ``COLLECTOR``; nothing is registered by hand.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import cache

from o365_exporter import collectors, selfmetrics, telemetry
from o365_exporter.metrics import Metric
from o365_exporter.source import Collector, Derived


@cache
def all_collectors() -> dict[str, Collector]:
    """Every collector by name, in alphabetical order."""
    modules = (importlib.import_module(f"{collectors.__name__}.{name}") for name in collectors.names())
    found: list[Collector] = [module.COLLECTOR for module in modules]
    return {collector.name: collector for collector in found}


@cache
def all_derived() -> tuple[Derived, ...]:
    """Everything that is derived, each once."""
    return tuple(dict.fromkeys(derived for collector in all_collectors().values() for derived in collector.derived))


@cache
def all_metrics() -> dict[str, Metric]:
    """Every metric by name: the collectors' first, then what polling says about itself, then the process-wide ones."""
    declared = (metric for collector in all_collectors().values() for metric in collector.all_metrics)
    return _by_name((*declared, *telemetry.METRICS, *selfmetrics.METRICS))


def _by_name(metrics: Iterable[Metric]) -> dict[str, Metric]:
    found: dict[str, Metric] = {}
    for metric in metrics:
        if found.setdefault(metric.name, metric) is not metric:
            raise ValueError(f"the metric {metric.name} is declared twice")
    return found
