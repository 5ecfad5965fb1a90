"""The whole exporter and a simulated Microsoft in one loop, without sockets, and its clock only moves when told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import anyio
import httpx
from structlog.testing import capture_logs

from o365_exporter import app as composition
from o365_exporter import reloading
from o365_exporter.app import App, assemble
from o365_exporter.catalogue import all_collectors, all_metrics
from o365_exporter.commands.simulate import environment_of
from o365_exporter.exposition import Assembler, Format, shown
from o365_exporter.http import ConnectionOptions, Http, Surroundings
from o365_exporter.reloading import Changed
from o365_exporter.settings import load
from o365_exporter.simulator import Simulator, SimulatorOptions, TenantOptions
from o365_exporter.state import keeper
from tests.fakes import FakeClock, settle

MICROSOFT = "http://127.0.0.1:365"
"""Where login and Graph are; nothing listens there."""

RARELY = {
    "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL": "10m",
    "O365_COLLECTORS__SERVICE_HEALTH__ISSUES_INTERVAL": "10m",
    "O365_COLLECTORS__SERVICE_HEALTH__STALE_AFTER": "1h",
}
"""Settings with which hours pass in fewer polls."""


@dataclass
class Rig:
    """An exporter that polls a simulator."""

    simulator: Simulator
    clock: FakeClock
    app: App
    logs: list[Any]

    def page(self) -> str:
        """What ``/metrics`` serves, without the series of the process."""
        metrics = Assembler(all_metrics().values())
        page = metrics.page(Format.TEXT, shown(self.app.store, self.clock.now()))
        return b"".join(page.chunks()).decode()

    def lines(self, *parts: str) -> list[str]:
        """The samples in which all these texts occur."""
        lines = (line for line in self.page().split("\n") if line and not line.startswith("#"))
        return [line for line in lines if all(part in line for part in parts)]

    @asynccontextmanager
    async def following(self, changed: Changed) -> AsyncIterator[None]:
        """Meanwhile the app looks for changes of its tenants."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.app.reloads.follow, changed)
            await settle()
            yield
            tasks.cancel_scope.cancel()

    def states(self, tenant: str) -> set[str]:
        """The states in which the sources of a tenant are."""
        return {poll.state for poll in self.app.store.of(tenant).values()}

    def messages(self, tenant: str) -> set[str]:
        """What a tenant's sources complain of."""
        return {poll.message for poll in self.app.store.of(tenant).values()} - {""}


def small(*keys: str, **options: Any) -> SimulatorOptions:
    """Tenants with as little in them as there can be."""
    return SimulatorOptions(
        tenants=tuple(
            TenantOptions.model_validate({"key": key, "applications": 20, "issues": 10} | options) for key in keys
        )
    )


def only(*collectors: str) -> dict[str, str]:
    """Settings by which these collectors poll and no other, whichever there are."""
    return {f"O365_COLLECTORS__{name.upper()}__ENABLED": "false" for name in all_collectors() if name not in collectors}


async def at_once(function: Callable[[], Any], **_: Any) -> Any:
    """What a thread would do, here and now."""
    return function()


@asynccontextmanager
async def rig(
    options: SimulatorOptions, environ: Mapping[str, str] | None = None, *, before: Rig | None = None
) -> AsyncIterator[Rig]:
    """An exporter put together for every tenant of a simulator and not yet polling.

    Args:
        options: of the simulator.
        environ: further settings, or others; an empty text takes a setting away.
        before: an exporter that has ended, whose simulator and clock go on; its ``options`` hold.
    """
    clock = before.clock if before is not None else FakeClock()
    simulator = before.simulator if before is not None else Simulator(clock, options)
    simulator.switch(gzip=False)  # large answers would be compressed in a thread

    @asynccontextmanager
    async def open_http(connection: ConnectionOptions, _: Surroundings) -> AsyncIterator[Http]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator.app)) as client:
            yield Http(client, connection)

    variables = {**environment_of(simulator, MICROSOFT), **(environ or {})}
    with (
        capture_logs() as logs,
        patch.object(composition, "open_http", open_http),
        patch.object(reloading, "in_thread", at_once),  # the fake clock does not wait for threads
        patch.object(keeper, "in_thread", at_once),
    ):
        settings = load(None, {name: value for name, value in variables.items() if value})
        async with assemble(settings, clock, keeps_state=True) as made:
            yield Rig(simulator, clock, made, logs)


@asynccontextmanager
async def polling(made: Rig) -> AsyncIterator[None]:
    """Every source polls; the first polls are done when this begins."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(made.app.scheduler.run, made.app.fleet.tenants)
        await made.clock.advance(5)
        yield
        tasks.cancel_scope.cancel()
