"""Settings that are read anew while the exporter runs: SIGHUP, ``POST /-/reload``, a changed ``tenants_file``."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence

import anyio
import anyio.to_thread
from anyio.abc import TaskStatus

from o365_exporter.clock import Clock
from o365_exporter.errors import ConfigurationError
from o365_exporter.fleet import Fleet
from o365_exporter.logs import configure, get_logger
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.settings import Settings, TenantSettings, differences, needing_restart

log = get_logger("app")

Read = Callable[[], Settings]
Changed = Callable[[], tuple[TenantSettings, ...] | None]

FOLLOW_INTERVAL = 10.0
"""Seconds between two looks at whether the tenants' settings have changed."""

_FAULT = "a fault of the exporter, of which its log has more"

in_thread = anyio.to_thread.run_sync


class Reloads:
    """Takes over what is written now, or says why it cannot be used; one at a time, whoever asks.

    Args:
        settings: those of the start; what is particular to the process stays as they say.
        fleet: gets the tenants.
        selfmetrics: tells how it went.
        clock: for when.
    """

    def __init__(self, settings: Settings, fleet: Fleet, selfmetrics: SelfMetrics, clock: Clock) -> None:
        self._settings = settings
        self._fleet = fleet
        self._selfmetrics = selfmetrics
        self._clock = clock
        self._one_at_a_time = anyio.Lock()
        # Files may hang, and a thousand tenants take a while: a thread of its own, whatever the shared ones wait for.
        self._thread = anyio.CapacityLimiter(1)
        self._faults: dict[str, Sequence[str]] = {}

    @property
    def faults(self) -> list[str]:
        """What is written and not in effect, a sentence each; empty where all of it is."""
        return [f"{what} were not read again: {fault}" for what, all_ in self._faults.items() for fault in all_]

    async def begin(self) -> None:
        """Make the tenants of the start."""
        await self._fleet.assemble(self._settings.polled(self._settings.tenants))
        self._note_settings(self._left(self._settings.tenants))

    async def reload(self, read: Read) -> tuple[bool, str]:
        """Take over all settings as they are written now; those that cannot be used are told, and change nothing.

        Returns:
            Whether it succeeded, and what changed or what is wrong, in sentences, one a line.
        """
        async with self._one_at_a_time:
            try:
                settings = await in_thread(read, limiter=self._thread)
            except ConfigurationError as error:
                log.error("settings not read again", faults=error.faults)  # noqa: TRY400 - the faults say it all
                return self._note_settings(error.faults)
            except Exception:
                log.exception("fault of the exporter", message="The settings were not read again.")
                return self._note_settings([f"{_FAULT}."])
            return await self._take_over(settings)

    async def follow(self, changed: Changed) -> None:
        """Keep up with the settings of tenants, for ever; a fault in them is told, and changes nothing."""
        while True:
            await self._clock.sleep(FOLLOW_INTERVAL)
            async with self._one_at_a_time:
                await self._look(changed)

    async def on_signal(self, read: Read, *, task_status: TaskStatus[None]) -> None:
        """Reload at each SIGHUP, for ever."""
        with anyio.open_signal_receiver(signal.SIGHUP) as signals:
            task_status.started()
            async for _ in signals:
                await self.reload(read)

    async def _look(self, changed: Changed) -> None:
        try:
            tenants = await in_thread(changed, limiter=self._thread)
        except ConfigurationError as error:
            log.error("tenants not read again", faults=error.faults)  # noqa: TRY400 - the faults say it all
            self._note_tenants(error.faults)
        except Exception:
            log.exception("fault of the exporter", message="The tenants were not read again.")
            self._note_tenants([f"{_FAULT}."])
        else:
            if tenants is not None:
                await self._fleet.follow(self._settings.polled(tenants))
                self._note_tenants(self._left(tenants))
                log.info("tenants read again", tenants=len(tenants))

    async def _take_over(self, settings: Settings) -> tuple[bool, str]:
        configure(settings.logs)
        before = self._fleet.settings
        await self._fleet.follow(self._settings.polled(settings.tenants))
        changes = differences(before, self._fleet.settings)
        log.info("settings read again", tenants=len(settings.tenants))
        if waiting := needing_restart(self._settings, settings):
            log.warning("settings that need a restart", keys=waiting, message="They stay as they were at the start.")
            changes.append(f"They need a restart and stay as they were: {', '.join(waiting)}.")
        succeeded, faults = self._note_settings(self._left(settings.tenants))
        return succeeded, "\n".join(filter(None, (faults, *changes))) or "Nothing has changed."

    def _left(self, tenants: Sequence[TenantSettings]) -> list[str]:
        """Those that could not be taken over, which the fleet has logged."""
        running = {each.name: each for each in self._fleet.settings}
        left = [each.name for each in self._settings.polled(tenants) if running.get(each.name) != each]
        return [f"those of tenant {name} met {_FAULT}." for name in left]

    def _note_settings(self, faults: Sequence[str]) -> tuple[bool, str]:
        self._faults = {"The settings": faults} if faults else {}
        self._selfmetrics.config_reloaded(self._clock.now(), success=not faults)
        return not faults, "\n".join(self.faults)

    def _note_tenants(self, faults: Sequence[str]) -> None:
        self._faults["The tenants"] = faults
        self._selfmetrics.tenants_reloaded(success=not faults)
