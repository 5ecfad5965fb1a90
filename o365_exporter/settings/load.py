"""From what is written to what the program runs with, or to every fault at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from o365_exporter.errors import ConfigurationError
from o365_exporter.http import ConnectionOptions, Surroundings
from o365_exporter.login import CLOUDS, Cloud, CredentialOptions
from o365_exporter.logs import LogOptions
from o365_exporter.settings.checking import check
from o365_exporter.settings.inheritance import arrange, between_tenants, workload_identities
from o365_exporter.settings.problems import MASK, Problem
from o365_exporter.settings.schema import ROOMS, Key, TenantsFileOptions, lookup
from o365_exporter.settings.sharding import ShardingOptions
from o365_exporter.settings.sources import Layer, read, tree_of
from o365_exporter.settings.surroundings import authorities, machine_addresses, remarks, surroundings
from o365_exporter.settings.suspicions import suspicions
from o365_exporter.source import CollectorOptions
from o365_exporter.web import WebOptions

_SHORTEST_SECRET = 4
"""A text of fewer characters is no secret, and to mask it would garble a sentence."""


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


@dataclass(frozen=True, slots=True)
class Settings:
    """What the program runs with."""

    web: WebOptions
    logs: LogOptions
    connection: ConnectionOptions
    tenants: tuple[TenantSettings, ...]
    more_tenants: TenantsFileOptions
    sharding: ShardingOptions
    surroundings: Surroundings

    def polled(self, tenants: Iterable[TenantSettings]) -> tuple[TenantSettings, ...]:
        """Those of some tenants that this process polls: all, or those of its shard."""
        shard = self.sharding.shard
        return tuple(tenant for tenant in tenants if shard is None or shard.has(tenant.tenant_id))


@dataclass(frozen=True, slots=True)
class Inspection:
    """The settings, every written value with its place, and sentences about what looks like an oversight."""

    settings: Settings
    written: Layer
    warnings: tuple[str, ...]


def load(config_file: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings out of the TOML file, the secrets directory and the environment, each stronger than the last.

    Args:
        config_file: the TOML file; None to let ``O365_CONFIG`` name it, or to do without.
        environ: the environment variables.

    Raises:
        ConfigurationError: with every fault there is.
    """
    return inspect(config_file, environ).settings


def inspect(config_file: Path | None, environ: Mapping[str, str]) -> Inspection:
    """As ``load``, and tells where each value was written, and what looks like an oversight."""
    read_in = read(config_file, environ)
    written = read_in.merged()
    azure = workload_identities(written, environ)
    written |= azure
    document, wrong = check(arrange(tree_of(written)), written)
    problems = [*read_in.problems, *between_tenants(written), *wrong]
    proxied = ("proxy",) in written
    around = surroundings(environ, problems, proxied=proxied)
    if document is not None:
        problems += authorities(document.connection, written)
        if any(tenant.credential.managed_identity for tenant in document.tenants.values()):
            problems += machine_addresses(environ)
    if document is None or problems:
        raise ConfigurationError(_sentences(problems, written))
    settings = _settings(document, around)
    warnings = (
        *read_in.remarks,
        *suspicions(settings, read_in.file, written),
        *remarks(environ, around, proxied=proxied, trusting=("ca_file",) in written or bool(around.certificate_file)),
    )
    return Inspection(settings, written, tuple(dict.fromkeys(warnings)))


def _settings(document: Any, around: Surroundings) -> Settings:
    return Settings(
        web=document.web,
        logs=document.logs,
        connection=document.connection,
        tenants=tuple(_tenant(key, tenant) for key, tenant in document.tenants.items()),
        more_tenants=document.more_tenants,
        sharding=document.sharding,
        surroundings=around,
    )


def _tenant(key: str, tenant: Any) -> TenantSettings:
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
    )


def _sentences(problems: list[Problem], written: Layer) -> list[str]:
    """The problems as sentences, each once; a secret cannot be in them, and would be masked if it were."""
    keys = ((lookup(path), str(entry.value)) for path, entry in written.items())
    secrets = [text for key, text in keys if isinstance(key, Key) and key.is_secret and len(text) >= _SHORTEST_SECRET]
    sentences = [str(problem) for problem in problems]
    for secret in secrets:
        sentences = [sentence.replace(secret, MASK) for sentence in sentences]
    return list(dict.fromkeys(sentences))


def needing_restart(running: Settings, wanted: Settings) -> list[str]:
    """Keys of the process that differ and cannot be changed while it runs."""
    return [
        ROOMS[room][0] + name
        for room in ("web", "connection", "sharding")
        for name, value in getattr(wanted, room)
        if value != getattr(getattr(running, room), name)
    ]
