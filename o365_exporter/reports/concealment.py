"""Whether a tenant conceals the names in its usage reports: by its setting where that can be read, else by them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from o365_exporter.metrics import Metric
from o365_exporter.reports.source import Usage

NAMES_CONCEALED = Metric(
    "o365_report_names_concealed",
    "Whether names in usage reports are concealed: 1 or 0, from adminReportSettings.displayConcealedNames where that "
    "may be read, else from the names seen.",
)


@dataclass(frozen=True, slots=True)
class Setting:
    """The tenant's own word."""

    names_concealed: bool


def names_concealed(records: Iterable[Any]) -> bool | None:
    """What all of a tenant's records say together; None where neither a setting nor a name is known."""
    known = list(records)
    for record in known:
        if isinstance(record, Setting):
            return record.names_concealed
    seen = [found for record in known if isinstance(record, Usage) and (found := record.names_concealed) is not None]
    return any(seen) if seen else None
