"""``run``: the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import anyio

from o365_exporter import logs
from o365_exporter.app import assemble, until_signal
from o365_exporter.settings import Settings, TenantsFollower, inspect

log = logs.get_logger("run")


def run(config: Path | None, environ: Mapping[str, str]) -> int:
    """Poll and serve until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: the settings cannot be used.
    """
    inspection = inspect(config, environ)
    logs.configure(inspection.settings.logs)
    for warning in inspection.warnings:
        log.warning("suspicious setting", message=warning)
    follower = TenantsFollower(config, environ, inspection.settings)
    anyio.run(until_signal, partial(_serve, inspection.settings, follower))
    return 0


async def _serve(settings: Settings, follower: TenantsFollower) -> None:
    async with assemble(settings) as app:
        await app.serve(changed=follower.changed)
