"""``check-config``: are the settings right, and what is in effect? Asks nobody on the network."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import Inspection, TenantSettings, inspect
from o365_exporter.settings.inheritance import find
from o365_exporter.settings.problems import MASK, dotted, toml, toml_key
from o365_exporter.settings.schema import ROOMS, Key, KeyPath, lookup

_HEADER = (
    "# Settings in effect, each tenant with all that it inherits; secrets are masked.\n"
    "# A comment says where a value was written; all others are defaults."
)


def check_config(config: Path | None, environ: Mapping[str, str]) -> int:
    """Print the effective settings as TOML, or every fault; 0 where they can be used, else 2."""
    try:
        inspection = inspect(config, environ)
    except ConfigurationError as error:
        print(*error.faults, sep="\n", file=sys.stderr)
        return 2
    print(_HEADER, *_table((), _tree(inspection), inspection), sep="\n")
    for warning in inspection.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return 0


def _tree(inspection: Inspection) -> dict[str, Any]:
    """What is in effect, in the shape in which it is written."""
    settings = inspection.settings
    top: dict[str, Any] = {}
    for room, (prefix, _) in ROOMS.items():
        values = getattr(settings, room).model_dump(mode="json")
        top |= {prefix + name: value for name, value in values.items()}
    return {**top, "tenants": {tenant.key: _tenant(tenant) for tenant in settings.tenants}}


def _tenant(tenant: TenantSettings) -> dict[str, Any]:
    return {
        "name": tenant.name,
        "tenant_id": tenant.tenant_id,
        "cloud": tenant.cloud.name,
        "login_url": tenant.login_url or tenant.cloud.login,
        "graph_url": tenant.graph_url or tenant.cloud.graph,
        **tenant.credential.model_dump(mode="json"),
        "labels": tenant.labels,
        "collectors": {name: options.model_dump(mode="json") for name, options in tenant.collectors.items()},
    }


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
