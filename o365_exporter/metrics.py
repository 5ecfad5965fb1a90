"""What a metric is: declared once, beside the collector that fills it.

Names, labels and closed label values are the contract with rules and dashboards; docs are generated from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from pydantic import ValidationInfo
from pydantic_core import CoreSchema, core_schema


class Sample(NamedTuple):
    """One value of one metric. ``labels`` stand in the order of ``metric.labels``, without ``tenant``."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """One metric family.

    Args:
        name: as it stands in the text format; counters end in ``_total``.
        help: one sentence that names the unit and the Graph field the value comes from.
        labels: names without ``tenant``.
        type: histograms are process-wide only and kept by prometheus_client.
        values: the closed list of values of a label; no other value may appear.
        per_tenant: whether every series carries ``tenant`` before its own labels.
        open_labels: whether the configuration may add labels (``o365_tenant_info`` alone).
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    type: Literal["gauge", "counter", "histogram"] = "gauge"
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    per_tenant: bool = True
    open_labels: bool = False

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        """Written down it is its name; who reads it gives all metrics by name in the context, as ``metrics``."""
        return core_schema.with_info_plain_validator_function(
            _named, serialization=core_schema.plain_serializer_function_ser_schema(lambda metric: metric.name)
        )

    @property
    def all_labels(self) -> tuple[str, ...]:
        """The labels as a user sees them."""
        return ("tenant", *self.labels) if self.per_tenant else self.labels

    def at(self, value: float, **labels: str) -> Sample:
        """One sample; a wrong label or a value outside a closed list is a ``ValueError``: a fault of ours."""
        if labels.keys() != set(self.labels):
            raise ValueError(f"{self.name} has the labels {self.labels}, not {tuple(labels)}")
        for label, allowed in self.values.items():
            if labels[label] not in allowed:
                raise ValueError(f"{self.name}: {label}={labels[label]!r} is outside its closed list")
        return Sample(self, tuple(labels[name] for name in self.labels), value)


def _named(name: object, info: ValidationInfo) -> Metric:
    metrics: Mapping[object, Metric] = (info.context or {}).get("metrics", {})
    if name not in metrics:
        raise ValueError("is no metric of this version")
    return metrics[name]
