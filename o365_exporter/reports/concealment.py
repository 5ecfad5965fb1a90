"""Whether a tenant conceals the names in its usage reports: by its setting where that can be read, else by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from o365_exporter.graph import GraphClient
from o365_exporter.metrics import Metric, Sample
from o365_exporter.reports.source import Usage
from o365_exporter.source import Derived

NAMES_CONCEALED = Metric(
    "o365_report_names_concealed",
    "Whether names in usage reports are concealed: 1 or 0, from adminReportSettings.displayConcealedNames where that "
    "may be read, else from the names seen.",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """The tenant's own word."""

    names_concealed: bool


def _names_concealed(records: Sequence[Any]) -> bool | None:
    """What all of a tenant's records say together; None where neither a setting nor a name is known."""
    for record in records:
        if isinstance(record, Setting):
            return record.names_concealed
    seen = [found for record in records if isinstance(record, Usage) and (found := record.names_concealed) is not None]
    return any(seen) if seen else None


def _samples(_: GraphClient, records: Sequence[Any]) -> Iterator[Sample]:
    concealed = _names_concealed(records)
    if concealed is not None:
        yield NAMES_CONCEALED.at(concealed)


CONCEALMENT = Derived(metrics=(NAMES_CONCEALED,), samples=_samples)
"""Told once for each tenant, of the setting or of all reports together."""
