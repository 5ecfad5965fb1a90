"""Settings of ``message_center``."""

from __future__ import annotations

from pydantic import Field

from o365_exporter.filters import Filter
from o365_exporter.source import CollectorOptions, Duration, Interval


class Options(CollectorOptions):
    """Settings of ``message_center``."""

    interval: Interval = Field(
        default=3600, description="Time between two polls of the messages, without their bodies."
    )
    bodies_interval: Interval = Field(
        default=6 * 3600,
        description="Time between two looks for bodies to read; a message that is new or changed makes one at once.",
    )
    stale_after: Interval = Field(
        default=24 * 3600,
        description="Age at which the last good data are withdrawn while polls keep failing.",
    )
    keep: Duration = Field(
        default=30 * 86400,
        ge=3600,
        description="How long a message that has not ended is served after Microsoft last changed it; one whose "
        "deadline lies ahead always is.",
    )
    max_messages: int = Field(
        default=1000,
        ge=1,
        le=10_000,
        description="Most messages with series of their own: deadlines ahead first, then the newest. All of them count "
        "in `o365_messages`; what is cut is counted in `o365_exporter_series_dropped`.",
    )
    max_bodies: int = Field(
        default=30,
        ge=0,
        le=1000,
        description="Most messages whose bodies are read for people, in the same order; 0 reads none. Each takes some "
        "3 KB of the tenant's state.",
    )
    services: Filter = Field(
        default=Filter(), description="Messages to serve, by service; one that names no service always is."
    )
