"""An exporter's web side with two tenants, in memory or on a real socket."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import httpx
from anyio.abc import TaskStatus

from o365_exporter import web
from o365_exporter.exposition import render
from o365_exporter.metrics import Metric
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.status import Board, Watched
from o365_exporter.store import Key, Poll, Store
from o365_exporter.web.places import Place
from o365_exporter.web.reload import Reload
from tests.fakes import NOON, FakeClock

UNITS = Metric("o365_sku_units", "Units.", ("sku",))
UP = Metric("o365_exporter_tenant_up", "Whether a token can be had.")


@dataclass
class Site:
    """What the web side is given, and the web side."""

    store: Store = field(default_factory=Store)
    clock: FakeClock = field(default_factory=FakeClock)
    runbooks_url: str = ""
    web_config_file: Path | None = None
    door: web.Door = field(init=False)
    selfmetrics: SelfMetrics = field(init=False)
    state: tuple[bool, str] = (True, "Every source has been tried.")
    faults: Sequence[str] = ()
    watched: Mapping[str, Watched] = field(default_factory=dict)
    reload: Reload | None = None
    stop: Callable[[], None] = lambda: None
    stopped: anyio.Event = field(default_factory=anyio.Event)

    def __post_init__(self) -> None:
        self.selfmetrics = SelfMetrics("1.2.3", self.runbooks_url)

    def app(self) -> web.App:
        """The application."""
        return web.create_app(
            store=self.store,
            board=Board(self.store, self.clock, lambda: self.watched, version="1.2.3", faults=lambda: self.faults),
            clock=self.clock,
            metrics=(UP, UNITS),
            selfmetrics=self.selfmetrics,
            version="1.2.3",
            ready=lambda: self.state,
            reload=self.reload,
            refused=self.selfmetrics.refused,
        )

    def fail(self) -> None:
        """The latest poll of every source has failed, and the records of the one before are kept."""
        for key in list(self.store):
            self.store.put(key, self.store[key].failed("unavailable", "Graph is down."))

    def put(
        self, tenant: str, *units: str, state: str = "ok", message: str = "", next_run: float | None = None
    ) -> None:
        """A poll at noon with one series for each SKU."""
        self.store.put_about(tenant, render([UP.at(1)], tenant))
        rendered = render([UNITS.at(1, sku=sku) for sku in units], tenant)
        poll = Poll(
            interval=60,
            stale_after=3600,
            state=state,
            message=message,
            rendered=rendered,
            taken_at=NOON,
            next_run=next_run,
        )
        self.store.put(Key(tenant, "subscriptions", "skus"), poll)

    @asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        """A client of the application without a socket; it asks for no coding unless told to."""
        transport = httpx.ASGITransport(self.app(), raise_app_exceptions=False)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://exporter", headers={"accept-encoding": ""}
        ) as client:
            yield client

    def places(self) -> list[Place]:
        """Those that connections take now."""
        return self.door.places.all()

    @asynccontextmanager
    async def served(self, listen: str = "127.0.0.1:0") -> AsyncIterator[list[web.Address]]:
        """The application on real sockets, until ``stop`` is called or the block ends."""
        async with web.listening(web.WebOptions(listen=listen)) as sockets, anyio.create_task_group() as tasks:
            await tasks.start(self._serve, sockets)
            yield web.addresses(sockets)
            self.stop()

    async def _serve(self, sockets: list[socket.socket], *, task_status: TaskStatus[None]) -> None:
        with anyio.CancelScope() as scope:
            self.stop = scope.cancel
            options = web.WebOptions(web_config_file=self.web_config_file)
            door = self.door = await web.open_door(options, self.clock, self.selfmetrics)
            await web.serve(self.app(), sockets, door, task_status=task_status)
        self.stopped.set()
