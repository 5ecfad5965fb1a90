"""``demo``: simulator and exporter in one process, to see what the metrics look like."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import anyio
from anyio.abc import TaskGroup, TaskStatus

from o365_exporter import logs
from o365_exporter.app import Announce, assemble, until_signal
from o365_exporter.commands.listening import address
from o365_exporter.commands.simulate import LOGS, chosen, environment_of, introduce, list_scenarios, simulator_of, tell
from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import Settings, load
from o365_exporter.simulator import Player, Scenario, Simulator


def demo(tenants: int | None, users: int | None, listen: str, scenario: str | None = None) -> int:
    """Serve the metrics of simulated tenants until SIGTERM or Ctrl-C.

    Args:
        tenants: how many; None for 2, or for those of the scenario.
        users: in each; None for 1532, or for those of the scenario.
        listen: host and port of the metrics.
        scenario: name or file of what happens to them; None for nothing, empty to list those that there are.

    Raises:
        ConfigurationError: ``listen`` is not an address, or cannot be used; or there is no such scenario.
    """
    if scenario == "":
        list_scenarios()
        return 0
    address(listen)
    script = chosen(scenario, tenants, users)
    logs.configure(LOGS)
    simulator = simulator_of(script, tenants, users)
    anyio.run(until_signal, partial(_demo, simulator, script, listen))
    return 0


async def _demo(simulator: Simulator, scenario: Scenario | None, listen: str) -> None:
    async with simulator.serve() as base_url:
        settings = load(None, {**environment_of(simulator, base_url, scenario), "O365_LISTEN": listen})
        announce = partial(_introduce, list(simulator.tenants), base_url)
        if scenario:
            await _play(scenario, simulator, settings, announce)
        else:
            async with assemble(settings) as app:
                await app.serve(announce)


def _introduce(tenants: Sequence[str], simulator: str, addresses: Sequence[str]) -> None:
    print(f"Watching {len(tenants)} simulated tenants: {textwrap.shorten(', '.join(tenants), 60, placeholder=' …')}")
    for url in addresses:
        print(f"  metrics    {url}/metrics")
        print(f"  overview   {url}/")
    print(f"  simulator  {simulator}/control/   (faults, time, incidents)")
    print("Stop with Ctrl-C.", flush=True)


class _Exporter:
    """The exporter of this process, which can be stopped and started: it begins anew and knows nothing of before."""

    def __init__(self, settings: Settings, tasks: TaskGroup) -> None:
        self._settings = settings
        self._tasks = tasks
        self._scope = anyio.CancelScope()
        self._ended = anyio.Event()

    async def start(self, announce: Announce = lambda _: None) -> None:
        """Serve from now on, each time at the same address.

        Raises:
            ConfigurationError: the address cannot be used.
        """
        addresses = await self._tasks.start(self._run)
        web = self._settings.web
        listen = f"{web.listen.rpartition(':')[0]}:{urlsplit(addresses[0]).port}"  # port 0 took a free one
        self._settings = replace(self._settings, web=web.model_copy(update={"listen": listen}))
        announce(addresses)

    async def stop(self) -> None:
        """Serve no longer: whoever asks finds nobody."""
        self._scope.cancel()
        await self._ended.wait()

    async def _run(self, *, task_status: TaskStatus[Sequence[str]]) -> None:
        self._ended = anyio.Event()
        try:
            with anyio.CancelScope() as self._scope:
                async with assemble(self._settings) as app:
                    await app.serve(task_status.started)
        finally:
            self._ended.set()


async def _play(scenario: Scenario, simulator: Simulator, settings: Settings, announce: Announce) -> None:
    refusal: ConfigurationError | None = None
    async with anyio.create_task_group() as tasks:
        exporter = _Exporter(settings, tasks)
        player = Player(scenario, simulator, exporter, partial(tell, simulator.clock))
        try:
            await player.begin()
            await exporter.start(announce)
            introduce(scenario)
            await player.play()
            print("The scenario is over; everything stays as it is until you stop it.", flush=True)
            await anyio.sleep_forever()
        except ConfigurationError as error:  # raised below: the task group would wrap it
            refusal = error
    if refusal is not None:
        raise refusal
