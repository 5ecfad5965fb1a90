"""What every collector of usage reports can be told."""

from __future__ import annotations

import hashlib
import hmac

from pydantic import Field, SecretStr

from o365_exporter.filters import Filter
from o365_exporter.source import CollectorOptions, Interval


class PerUserOptions(Filter):
    """Series for single persons: personal data, so none by default."""

    enabled: bool = Field(default=False, description="Whether single persons get series of their own.")
    limit: int = Field(
        default=500, ge=1, description="Most persons per report; those cut are in `o365_exporter_series_dropped`."
    )
    hash_key: SecretStr | None = Field(
        default=None,
        examples=["a long random text"],
        description="Key with which HMAC-SHA-256 turns a name into the label `user`; without it the label is the name.",
    )

    def label(self, name: str) -> str:
        """The value of the label ``user``."""
        if self.hash_key is None:
            return name
        key = self.hash_key.get_secret_value().encode()
        return hmac.new(key, name.lower().encode(), hashlib.sha256).hexdigest()[:32]


class UsageOptions(CollectorOptions):
    """Settings of a collector of usage reports."""

    interval: Interval = Field(default=6 * 3600, description="Time between two polls of each report.")
    stale_after: Interval = Field(
        default=72 * 3600,
        description="Age at which the last good data are withdrawn while polls keep failing.",
    )
    users: Filter = Field(
        default=Filter(), description="Persons to count, by user principal name; totals change with them."
    )
    per_user: PerUserOptions = Field(default=PerUserOptions(), description="Series for single persons.")
