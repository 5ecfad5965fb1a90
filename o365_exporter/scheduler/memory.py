"""What one process leaves to the next: how each source stands, and what was told of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from o365_exporter.errors import PermissionMissingError
from o365_exporter.scheduler.timing import JITTER, interval_of
from o365_exporter.source import Source
from o365_exporter.store import Key, Poll

LONGEST_PAUSE = 3600.0
"""Seconds after its last attempt until which a source may have to wait, whatever it was told before."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of a tenant's sources.

    Args:
        polls: of those that have been tried; their lines are not part of it.
        told: sources of which it is in the log that they fail.
    """

    polls: Mapping[Key, Poll]
    told: Collection[Key] = ()


def going_on(poll: Poll, source: Source[Any]) -> Poll:
    """A poll as this process sees it, which may have been told another interval.

    What was refused for a permission is due at once: this process asks by a token of its own, with what was granted
    meanwhile, and whoever has granted it restarts the exporter to see that.
    """
    attempted_at = poll.attempted_at or 0.0
    interval = interval_of(source, poll.nothing_since, attempted_at)
    latest = attempted_at + max(interval * (1 + JITTER), LONGEST_PAUSE * bool(poll.cause))
    next_run = latest if poll.next_run is None else min(poll.next_run, latest)
    if poll.state == PermissionMissingError.reason:
        next_run = attempted_at
    return replace(poll, interval=interval, stale_after=source.stale_after, next_run=next_run)
