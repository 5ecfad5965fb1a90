"""What the program runs with: every value in effect, for the process and for each tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from o365_exporter.http import ConnectionOptions, Surroundings
from o365_exporter.login import CLOUDS, SOMEWHERE, Cloud, CredentialOptions, Place
from o365_exporter.logs import LogOptions
from o365_exporter.settings.schema import ROOMS, TenantsFileOptions
from o365_exporter.settings.sharding import ShardingOptions
from o365_exporter.source import CollectorOptions
from o365_exporter.state import StateOptions
from o365_exporter.web import WebOptions


@dataclass(frozen=True, slots=True)
class TenantSettings:
    """Everything that holds for one tenant, inherited values included.

    Args:
        key: its key in the settings.
        name: the label ``tenant``.
        tenant_id: GUID or domain name, in lower case.
        cloud: where it lives.
        credential: who asks.
        login_url: origin instead of the cloud's own; None for that.
        graph_url: likewise.
        labels: further labels of ``o365_tenant_info``.
        collectors: options in effect by the collector's name; every collector, disabled ones too.
        secret_place: where the client secret was written, if it has one.
    """

    key: str
    name: str
    tenant_id: str
    cloud: Cloud
    credential: CredentialOptions
    login_url: str | None
    graph_url: str | None
    labels: dict[str, str]
    collectors: dict[str, CollectorOptions]
    secret_place: Place = SOMEWHERE

    def shown(self) -> dict[str, Any]:
        """Every value in effect in the shape in which it is written, with secrets masked."""
        return {
            "name": self.name,
            "tenant_id": self.tenant_id,
            "cloud": self.cloud.name,
            "login_url": self.login_url or self.cloud.login,
            "graph_url": self.graph_url or self.cloud.graph,
            **self.credential.model_dump(mode="json"),
            "labels": self.labels,
            "collectors": {name: options.model_dump(mode="json") for name, options in self.collectors.items()},
        }


@dataclass(frozen=True, slots=True)
class Settings:
    """What the program runs with."""

    web: WebOptions
    logs: LogOptions
    connection: ConnectionOptions
    tenants: tuple[TenantSettings, ...]
    more_tenants: TenantsFileOptions
    sharding: ShardingOptions
    state: StateOptions
    surroundings: Surroundings

    def polled(self, tenants: Iterable[TenantSettings]) -> tuple[TenantSettings, ...]:
        """Those of some tenants that this process polls: all, or those of its shard."""
        shard = self.sharding.shard
        return tuple(tenant for tenant in tenants if shard is None or shard.has(tenant.tenant_id))


def effective(document: Any, around: Surroundings, place_of: Callable[[str, CredentialOptions], Place]) -> Settings:
    """What holds by a document that was checked (see ``schema.document``).

    Args:
        document: the checked one.
        around: variables that many programs obey.
        place_of: says by a tenant's key and credential where its client secret was written.
    """
    return Settings(
        web=document.web,
        logs=document.logs,
        connection=document.connection,
        tenants=tuple(
            _tenant(key, tenant, place_of(key, tenant.credential)) for key, tenant in document.tenants.items()
        ),
        more_tenants=document.more_tenants,
        sharding=document.sharding,
        state=document.state,
        surroundings=around,
    )


def _tenant(key: str, tenant: Any, secret_place: Place) -> TenantSettings:
    return TenantSettings(
        key=key,
        name=tenant.name or tenant.tenant_id,
        tenant_id=tenant.tenant_id,
        cloud=CLOUDS[tenant.cloud],
        credential=tenant.credential,
        login_url=tenant.login_url,
        graph_url=tenant.graph_url,
        labels=tenant.labels,
        collectors=dict(tenant.collectors),
        secret_place=secret_place,
    )


def needing_restart(running: Settings, wanted: Settings) -> list[str]:
    """Keys of the process that differ and cannot be changed while it runs."""
    return [
        ROOMS[room][0] + name
        for room in ("web", "connection", "sharding", "state")
        for name, value in getattr(wanted, room)
        if value != getattr(getattr(running, room), name)
    ]


def differences(before: Iterable[TenantSettings], after: Iterable[TenantSettings]) -> list[str]:
    """Which tenants came, went and changed, a sentence for each kind that there is."""
    old, new = ({each.name: each for each in tenants} for tenants in (before, after))
    kinds = {
        "New": [name for name in new if name not in old],
        "Gone": [name for name in old if name not in new],
        "Changed": [name for name in new if name in old and new[name] != old[name]],
    }
    return [f"{kind}: {', '.join(sorted(names))}." for kind, names in kinds.items() if names]
