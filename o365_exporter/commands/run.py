"""``run``: the daemon."""

from __future__ import annotations

import resource
import signal
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import anyio

from o365_exporter import logs
from o365_exporter.app import assemble, until_signal
from o365_exporter.commands.listening import address
from o365_exporter.errors import ConfigurationError
from o365_exporter.interpreter import spare_the_loop
from o365_exporter.settings import Reloader, Settings, inspect
from o365_exporter.settings.sharding import parse_shard
from o365_exporter.texts import UnusableError, without_login

LISTEN = "O365_LISTEN"
SHARD = "O365_SHARD"

LAST_MOMENT = 4.0
"""Seconds after SIGTERM at which the program ends in any case: Docker gives ten."""

_OPEN_FILES = 65_536

log = logs.get_logger("run")


def run(config: Path | None, environ: Mapping[str, str], listen: str | None, shard: str | None) -> int:
    """Poll and serve until SIGTERM or SIGINT; SIGHUP reads the settings anew.

    Args:
        config: the settings file.
        environ: environment variables.
        listen: where to serve, whatever the settings say.
        shard: which part of the tenants to poll, likewise.

    Raises:
        ConfigurationError: the settings cannot be used.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to read anew it would end the program
    environ = _sharding(_listening(environ, listen), shard)
    inspection = inspect(config, environ)
    logs.configure(inspection.settings.logs)
    for warning in inspection.warnings:
        log.warning("suspicious setting", message=warning)
    reloader = Reloader(config, environ, inspection.settings)
    _allow_open_files()
    with logs.in_background():
        anyio.run(until_signal, partial(_serve, inspection.settings, reloader), LAST_MOMENT)
    return 0


def _allow_open_files() -> None:
    """As many as the system lets us: the usual limit of 1024 is for programs that use select(2)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _serve(settings: Settings, reloader: Reloader) -> None:
    async with assemble(settings, keeps_state=True) as app:
        spare_the_loop()
        await app.serve(changed=reloader.changed, read=reloader.read)


def _listening(environ: Mapping[str, str], listen: str | None) -> Mapping[str, str]:
    if listen is None:
        return environ
    address(listen)
    return _with(environ, LISTEN, listen)


def _sharding(environ: Mapping[str, str], shard: str | None) -> Mapping[str, str]:
    if shard is None:
        return environ
    try:
        parse_shard(shard)
    except UnusableError as error:
        raise ConfigurationError([f"--shard {without_login(shard)!r} {error}."]) from None
    return _with(environ, SHARD, shard)


def _with(environ: Mapping[str, str], variable: str, value: str) -> Mapping[str, str]:
    return {**{name: text for name, text in environ.items() if name.upper() != variable}, variable: value}
