"""``once``: polls everything once and prints the exposition."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import anyio

from o365_exporter import logs
from o365_exporter.app import App, assemble, until_signal
from o365_exporter.commands.progress import Progress
from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import Settings, TenantSettings, load

log = logs.get_logger("once")

EXIT_SIGNAL = 128
"""Plus the number of the signal that ended it, as shells have it: 130 after Ctrl-C."""


@dataclass(slots=True)
class _Result:
    """What is printed in the end, and whether every source brought an answer; None while polls are under way."""

    page: bytes | None = None
    is_good: bool = False


def once(config: Path | None, environ: Mapping[str, str], collectors: Sequence[str] | None) -> int:
    """Print what ``/metrics`` would serve after one poll of each source, in the text format; whole, or nothing.

    Args:
        config: the settings file.
        environ: environment variables.
        collectors: only these; None means every enabled one.

    Returns:
        0 when every source brought an answer, 1 when one did not, 128 and its number after a signal.

    Raises:
        ConfigurationError: the settings cannot be used, ask for a collector that is not enabled, or for none at all.
    """
    try:
        settings = _only(load(config, environ), collectors)
        _check_for_work(settings)
        logs.configure(settings.logs)
        result = _Result()
        stopped = anyio.run(until_signal, partial(_poll, settings, result))
    except KeyboardInterrupt:  # before the signal handlers stand
        return EXIT_SIGNAL + signal.SIGINT
    if result.page is None:
        return EXIT_SIGNAL + (stopped or 0)
    sys.stdout.write(result.page.decode())
    return 0 if result.is_good else 1


async def _poll(settings: Settings, result: _Result) -> None:
    async with assemble(settings) as app:
        progress = Progress(app.fleet.tenants, app.clock, sys.stderr)
        try:
            await progress.during(app.scheduler.run_once)
        finally:
            _sum_up(app, progress)
        result.is_good = all(app.store[key].succeeded for key in app.store)
        result.page = app.page()


def _sum_up(app: App, progress: Progress) -> None:
    """Say at the end, be it an early one, what came of it."""
    polls = [app.store[key] for key in app.store]
    answered = sum(poll.succeeded for poll in polls)
    waiting = sum(poll.attempted_at is None for poll in polls)
    failed = len(polls) - answered - waiting
    seconds = round(progress.seconds, 1)
    if progress.is_shown:
        unpolled = f", {waiting} were not polled to the end: nothing is printed" if waiting else ""
        progress.say(
            f"{answered} of {len(polls)} sources brought an answer in {seconds:g} s, {failed} failed{unpolled}."
        )
    else:
        log.info("polled once", sources=len(polls), answered=answered, failed=failed, stopped=waiting, seconds=seconds)


def _check_for_work(settings: Settings) -> None:
    """A poll of nothing is no success."""
    if not any(options.enabled for tenant in settings.tenants for options in tenant.collectors.values()):
        fault = "collectors: every collector of every tenant is switched off, so that there is nothing to poll"
        raise ConfigurationError([f"{fault}: set enabled = true for one of them."])


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
