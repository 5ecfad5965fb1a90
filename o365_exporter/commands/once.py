"""``once``: polls everything once and prints the exposition."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import anyio

from o365_exporter import logs
from o365_exporter.app import assemble, until_signal
from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import Settings, TenantSettings, load


def once(config: Path | None, environ: Mapping[str, str], collectors: Sequence[str] | None) -> int:
    """Print what ``/metrics`` would serve after one poll of each source, in the text format.

    Args:
        config: the settings file.
        environ: environment variables.
        collectors: only these; None means every enabled one.

    Returns:
        0 when every source brought an answer, else 1.

    Raises:
        ConfigurationError: the settings cannot be used, or ask for a collector that is not enabled.
    """
    settings = _only(load(config, environ), collectors)
    logs.configure(settings.logs)
    results: list[bool] = []
    anyio.run(until_signal, partial(_poll_and_print, settings, results))
    return 0 if results and all(results) else 1


async def _poll_and_print(settings: Settings, results: list[bool]) -> None:
    async with assemble(settings) as app:
        await app.scheduler.run_once(app.fleet.tenants)
        sys.stdout.write(app.page().decode())
        results.extend(app.store[key].succeeded for key in app.store)


def _only(settings: Settings, collectors: Sequence[str] | None) -> Settings:
    """The settings with every other collector switched off; one that is off already is a fault, not silence."""
    if collectors is None:
        return settings
    wanted = set(collectors)
    for tenant in settings.tenants:
        if off := sorted(name for name in wanted if not tenant.collectors[name].enabled):
            fault = (
                f"collectors.{off[0]}.enabled = false for tenant {tenant.name}, but --collector {off[0]} asks for it"
            )
            raise ConfigurationError([f"{fault}: enable it, or leave the option out."])
    return replace(settings, tenants=tuple(_with_only(tenant, wanted) for tenant in settings.tenants))


def _with_only(tenant: TenantSettings, wanted: set[str]) -> TenantSettings:
    off = {name: options.model_copy(update={"enabled": False}) for name, options in tenant.collectors.items()}
    kept = {name: options for name, options in tenant.collectors.items() if name in wanted}
    return replace(tenant, collectors={**off, **kept})
