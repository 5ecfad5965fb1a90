"""``check-config``: are the settings right, and what is in effect? Asks nobody on the network."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from o365_exporter.errors import ConfigurationError
from o365_exporter.http import CERTIFICATE_FILE, CERTIFICATE_FOLDERS, path_to, proxies_of
from o365_exporter.settings import Inspection, Settings, TenantSettings, credential_doubts, inspect
from o365_exporter.settings.inheritance import find
from o365_exporter.settings.problems import dotted, toml, toml_key
from o365_exporter.settings.schema import ROOMS, Key, KeyPath, lookup
from o365_exporter.texts import MASK

_HEADER = (
    "# Settings in effect, each tenant with all that it inherits; secrets are masked.\n"
    "# A comment says where a value was written; all others are defaults."
)


def check_config(config: Path | None, environ: Mapping[str, str]) -> int:
    """Print the effective settings as TOML, or every fault; 0 where they can be used, else 2.

    Files of certificates and credentials are opened. What is wrong with a credential is a warning, as for ``run``: its
    files are read again when they change, and it is one tenant's affair.
    """
    try:
        inspection = inspect(config, environ)
    except ConfigurationError as error:
        print(*error.faults, sep="\n", file=sys.stderr)
        return 2
    every = inspection.settings
    settings = replace(every, tenants=every.polled(every.tenants))
    table = _table((), _tree(settings), inspection)
    print(_HEADER, *_part(every, settings), *table, "", *_network(settings), sep="\n")
    for warning in (*inspection.warnings, *credential_doubts(inspection.settings.tenants)):
        print(f"warning: {warning}", file=sys.stderr)
    return 0


def _part(every: Settings, polled: Settings) -> Iterator[str]:
    """Which part of the tenants is shown, if it is a part."""
    if shard := polled.sharding.shard:
        yield f"# Shard {shard} has {len(polled.tenants)} of {len(every.tenants)} tenants; only these are shown."


def _network(settings: Settings) -> Iterator[str]:
    """How Microsoft would be reached, as comments: the proxy may come from the environment, and hold a password."""
    proxies = proxies_of(settings.connection, settings.surroundings)
    yield "# The way to Microsoft; usage reports come from further hosts, by the same proxy."
    for address, tenants in _addresses(settings).items():
        whose = ", ".join(tenants) if len(tenants) < len(settings.tenants) else "all tenants"
        yield f"# {path_to(address, proxies)}: {whose}"
    yield f"# Trusted certificate authorities: {', '.join(_authorities(settings))}"


def _authorities(settings: Settings) -> Iterator[str]:
    around = settings.surroundings
    if around.certificate_file:
        yield f"{around.certificate_file} ({CERTIFICATE_FILE})"
    yield from (f"{folder} ({CERTIFICATE_FOLDERS})" for folder in around.certificate_folders)
    if not (around.certificate_file or around.certificate_folders):
        yield "those that come with the program"
    if settings.connection.ca_file:
        yield f"{settings.connection.ca_file} (ca_file)"


def _addresses(settings: Settings) -> dict[str, list[str]]:
    """Login and Graph, and which tenants are asked for there."""
    found: dict[str, list[str]] = {}
    for tenant in settings.tenants:
        for address in _urls(tenant):
            found.setdefault(address, []).append(tenant.name)
    return found


def _urls(tenant: TenantSettings) -> tuple[str, str]:
    return tenant.login_url or tenant.cloud.login, tenant.graph_url or tenant.cloud.graph


def _tree(settings: Settings) -> dict[str, Any]:
    """What is in effect, in the shape in which it is written."""
    top: dict[str, Any] = {}
    for room, (prefix, _) in ROOMS.items():
        values = getattr(settings, room).model_dump(mode="json")
        top |= {prefix + name: value for name, value in values.items()}
    return {**top, "tenants": {tenant.key: tenant.shown() for tenant in settings.tenants}}


def _table(path: KeyPath, tree: dict[str, Any], inspection: Inspection) -> Iterator[str]:
    values = {name: value for name, value in tree.items() if not isinstance(value, dict)}
    if path and values:
        yield f"\n[{dotted(path)}]"
    for name, value in values.items():
        yield _line((*path, name), value, inspection)
    for name, below in tree.items():
        if isinstance(below, dict):
            yield from _table((*path, name), below, inspection)


def _line(path: KeyPath, value: Any, inspection: Inspection) -> str:
    name = toml_key(path[-1])
    if value is None:
        return f"# {name} is not set"
    key = lookup(path)
    text = toml(MASK if isinstance(key, Key) and key.is_secret else value)
    found = find(path, inspection.written)
    return f"{name} = {text}" + (f"  # {found[1].name} in {found[1].place}" if found else "")
