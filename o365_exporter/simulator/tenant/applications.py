"""App registrations of a tenant, and what can happen to them and to their credentials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from o365_exporter.simulator.content.applications import (
    application,
    certificate,
    secret,
)
from o365_exporter.simulator.tenant.base import Json, SimulatorError, TenantPart

_LISTS = ("passwordCredentials", "keyCredentials")


class ApplicationsPart(TenantPart):
    """``applications`` by appId, in Graph's own shape."""

    applications: dict[str, Json]

    def add_application(
        self,
        display_name: str | None,
        secrets: Sequence[float] = (),
        certificates: Sequence[float] = (),
        app_id: str | None = None,
    ) -> str:
        """Register an application with a credential for each of these numbers of days; answers its appId."""
        now, draw = self._clock.now(), self._draw
        keys = [secret(draw, now, days, "added") for days in secrets]
        certs = [certificate(draw, now, days, "CN=added") for days in certificates]
        made = application(draw, now, self.domain, display_name, (keys, certs))
        made["appId"] = app_id or made["appId"]
        self.applications[made["appId"]] = made
        return str(made["appId"])

    def remove_application(self, app_id: str) -> None:
        """Delete a registration."""
        self._find("application", self.applications, app_id)
        del self.applications[app_id]

    def rename_application(self, app_id: str, display_name: str | None) -> None:
        """Give a registration another display name."""
        self._find("application", self.applications, app_id)["displayName"] = display_name

    def add_credential(
        self,
        app_id: str,
        kind: Literal["secret", "certificate"] = "secret",
        days: float = 180.0,
        display_name: str | None = "added",
        key_id: str | None = None,
    ) -> str:
        """Add a credential that ends in so many days; answers its keyId."""
        found = self._find("application", self.applications, app_id)
        make = secret if kind == "secret" else certificate
        made = make(self._draw, self._clock.now(), days, display_name)
        made["keyId"] = key_id or made["keyId"]
        found[_LISTS[kind == "certificate"]].append(made)
        return str(made["keyId"])

    def remove_credential(self, app_id: str, key_id: str) -> None:
        """Delete a credential."""
        found = self._find("application", self.applications, app_id)
        before = [len(found[name]) for name in _LISTS]
        for name in _LISTS:
            found[name] = [one for one in found[name] if one["keyId"] != key_id]
        if before == [len(found[name]) for name in _LISTS]:
            raise SimulatorError(f"application {app_id} has no credential {key_id!r}; GET it to see its keyIds")
