"""``demo``: simulator and exporter in one process, to see what the metrics look like."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from functools import partial

import anyio

from o365_exporter import logs
from o365_exporter.app import assemble, until_signal
from o365_exporter.clock import SystemClock
from o365_exporter.commands.simulate import LOGS, address, environment_of
from o365_exporter.settings import load
from o365_exporter.simulator import Simulator, SimulatorOptions


def demo(tenants: int, users: int, listen: str) -> int:
    """Serve the metrics of simulated tenants until SIGTERM or Ctrl-C.

    Raises:
        ConfigurationError: ``listen`` is not an address, or cannot be used.
    """
    address(listen)
    logs.configure(LOGS)
    anyio.run(until_signal, partial(_demo, tenants, users, listen))
    return 0


async def _demo(tenants: int, users: int, listen: str) -> None:
    simulator = Simulator(SystemClock(), SimulatorOptions.many(tenants, users=users))
    async with simulator.serve() as base_url:
        settings = load(None, {**environment_of(simulator, base_url), "O365_LISTEN": listen})
        async with assemble(settings) as app:
            await app.serve(partial(_introduce, list(simulator.tenants), base_url))


def _introduce(tenants: Sequence[str], simulator: str, addresses: Sequence[str]) -> None:
    print(f"Watching {len(tenants)} simulated tenants: {textwrap.shorten(', '.join(tenants), 60, placeholder=' …')}")
    for url in addresses:
        print(f"  metrics    {url}/metrics")
        print(f"  overview   {url}/")
    print(f"  simulator  {simulator}/control/   (faults, time, incidents)")
    print("Stop with Ctrl-C.", flush=True)
