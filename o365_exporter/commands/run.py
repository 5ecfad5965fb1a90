"""``run``: the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import anyio

from o365_exporter import logs
from o365_exporter.app import Announce, assemble, until_signal
from o365_exporter.settings import Settings, inspect

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
    anyio.run(until_signal, partial(serve, inspection.settings, lambda _: None))
    return 0


async def serve(settings: Settings, announce: Announce) -> None:
    """Poll and serve until cancelled."""
    async with assemble(settings) as app:
        await app.serve(announce)
