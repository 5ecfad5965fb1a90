"""Settings of ``service_health``."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from o365_exporter.collectors.service_health.series import (
    STATUSES,
)
from o365_exporter.fields import member
from o365_exporter.filters import Filter
from o365_exporter.source import CollectorOptions, Duration, Interval
from o365_exporter.texts import UnusableError


def _known_status(status: str) -> str:
    if member(status, STATUSES) not in STATUSES:
        raise UnusableError("is not a status of Graph", f"choose from {', '.join(STATUSES)}")
    return member(status, STATUSES)


class Options(CollectorOptions):
    """Settings of ``service_health``."""

    interval: Interval = Field(default=60, description="Time between two polls of the services' status.")
    issues_interval: Interval = Field(
        default=300,
        description="Time between two polls of the open issues; a changed status polls them at once.",
    )
    stale_after: Interval = Field(
        default=1800,
        description="Age at which the last good data are withdrawn while polls keep failing.",
    )
    keep_resolved: Duration = Field(
        default=7 * 86400,
        ge=0,
        description="How long an issue is still served after it was resolved.",
    )
    healthy_statuses: tuple[Annotated[str, AfterValidator(_known_status)], ...] = Field(
        default=("serviceOperational", "serviceRestored", "postIncidentReviewPublished", "falsePositive"),
        description="Statuses that make `o365_service_healthy` 1; the first two alone are the Centreon plugin's.",
    )
    services: Filter = Field(
        default=Filter(), description="Services to watch, by name or id; their issues go with them."
    )
    classifications: Filter = Field(
        default=Filter(),
        description="Issues to serve, by classification (incident, advisory); one that is neither is always served.",
    )
