"""A process of the exporter in this loop: it is started, scraped, told to reload, and stopped, again and again."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

import anyio
import httpx

from o365_exporter import app as composition
from o365_exporter import reloading, web
from o365_exporter.app import App, assemble
from o365_exporter.catalogue import all_metrics
from o365_exporter.http import ConnectionOptions, Http, Surroundings
from o365_exporter.settings import Reloader, load
from o365_exporter.simulator import Simulator
from o365_exporter.state import keeper
from tests.app.rig import at_once
from tests.fakes import FakeClock


class Line(httpx.ASGITransport):
    """The way to the simulator; a connection that it breaks is to httpx what a broken socket is."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except ConnectionResetError as error:
            raise httpx.ReadError(str(error), request=request) from None


@dataclass
class Process:
    """The exporter as it runs, and its front door without sockets."""

    app: App
    reloader: Reloader
    door: httpx.AsyncClient

    async def text(self, path: str = "/metrics", accept: str = "text/plain") -> str:
        """What it answers with 200."""
        answer = await self.door.get(path, headers={"accept": accept, "accept-encoding": "identity"})
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text[:200]}"
        return answer.text

    async def reload(self) -> bool:
        """Whether all settings could be read anew."""
        succeeded, _ = await self.app.reloads.reload(self.reloader.read)
        return succeeded


@asynccontextmanager
async def process(
    simulator: Simulator, clock: FakeClock, config: Path, seed: int, *, keeps_state: bool
) -> AsyncIterator[Process]:
    """An exporter that polls, serves and follows its settings until this ends.

    Args:
        simulator: is asked in place of Microsoft.
        clock: moves for both.
        config: the settings file.
        seed: of jitter.
        keeps_state: whether it goes on where a former one ended.
    """

    @asynccontextmanager
    async def open_http(connection: ConnectionOptions, _: Surroundings) -> AsyncIterator[Http]:
        async with httpx.AsyncClient(transport=Line(simulator.app)) as client:
            yield Http(client, connection)

    with (
        patch.object(composition, "open_http", open_http),
        patch.object(composition, "random", SimpleNamespace(Random=lambda: Random(seed))),  # noqa: S311 - jitter
        patch.object(reloading, "in_thread", at_once),  # the fake clock does not wait for threads
        patch.object(keeper, "in_thread", at_once),
        patch.object(os, "fsync", lambda _: None),  # the disk's affair
        patch.object(reloading, "configure", lambda _: None),  # logs are caught
    ):
        settings = load(config, {})
        reloader = Reloader(config, {}, settings)
        async with (
            assemble(settings, clock, keeps_state=keeps_state) as app,
            app.keeper.keeping() if app.keeper else nullcontext(),
            anyio.create_task_group() as tasks,
        ):
            door = httpx.ASGITransport(
                web.create_app(
                    store=app.store,
                    board=app.board,
                    clock=clock,
                    metrics=all_metrics().values(),
                    selfmetrics=app.selfmetrics,
                    version="soak",
                    ready=app.scheduler.ready,
                    tenants=lambda: [tenant.facts for tenant in app.fleet.tenants],
                )
            )
            tasks.start_soon(app.scheduler.run, app.fleet.tenants)
            tasks.start_soon(app.reloads.follow, reloader.changed)
            async with httpx.AsyncClient(transport=door, base_url="http://exporter") as client:
                yield Process(app, reloader, client)
            tasks.cancel_scope.cancel()
