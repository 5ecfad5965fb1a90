"""A hostile Microsoft on real sockets, and the exporter's own client, scheduler and store before it."""

from __future__ import annotations

import heapq
import io
import json
import logging
import socket
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import cache
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import anyio
import httpx
import structlog
from pydantic import SecretStr

from o365_exporter import logs
from o365_exporter.catalogue import all_collectors, all_metrics
from o365_exporter.exposition import Assembler, Format, shown
from o365_exporter.graph import GraphClient
from o365_exporter.http import ConnectionOptions, Http, Surroundings, open_http
from o365_exporter.http.trust import tls_context
from o365_exporter.login import CLOUDS, CredentialOptions
from o365_exporter.scheduler import Job, Scheduler, Tenant
from o365_exporter.simulator import Simulator, SimulatorOptions, TenantOptions, ThrowawayAuthority, tls
from o365_exporter.simulator.serving import serving
from o365_exporter.source import Source
from o365_exporter.store import Key, Poll, Store
from o365_exporter.telemetry import TenantFacts
from tests.fakes import FakeClock
from tests.faults.front import Front
from tests.http.loopback import certificates
from tools.troubles import Cell, Place, Trouble

SECRET = "Kanarienvogel~8Q+im&Kohle=Bergwerk%7Ewarnt"  # planted
ILL, WELL = "contoso", "fabrikam"
"""Tenants: what goes wrong meets the first; the other must not notice."""

LONG = 30 * 86400.0
"""Seconds for which the last good data are shown, so that none are withdrawn in a matrix."""

DAY, RETRY = 26 * 3600.0, 1000.0
"""Seconds: after which tokens have ended and files are newer, and within which a failed poll is tried again."""

MOMENT = 0.05
"""Seconds of real time in which a front answers nothing."""

NEIGHBOURS = (("subscriptions", "skus"), ("report_settings", "settings"))
"""Sources that are polled beside the one that is ill; the first that is another."""


class BriskClock(FakeClock):
    """Whoever sleeps lets the time pass, and the deadlines of everybody who waits come about."""

    async def sleep(self, seconds: float) -> None:
        self.pass_time(seconds)
        await anyio.lowlevel.checkpoint()

    def pass_time(self, seconds: float) -> None:
        """Let time go by."""
        target = self._now + max(0.0, seconds)
        while self._timers and self._timers[0][0] <= target:
            at, _, fire = heapq.heappop(self._timers)
            self._now = max(self._now, at)
            fire()
        self._now = target

    def start_again(self) -> None:
        """As if nothing had ever been."""
        self._now = self._start
        self._timers.clear()


CLOCK = BriskClock()


@cache
def simulator() -> Simulator:
    """One for all cells: nothing but faults and time ever changes it."""
    tenant = {"client_secret": SECRET, "users": 12, "applications": 20, "issues": 8}
    made = Simulator(CLOCK, SimulatorOptions(tenants=tuple(TenantOptions(key=key, **tenant) for key in (ILL, WELL))))
    made.switch(throttling=False, gzip=False, report_etags="file_only")
    return made


@cache
def authorities() -> dict[str, Any]:
    """Server contexts by what is wrong with them, and the file of what a client trusts."""
    now = time.time()
    good, stranger, old = ThrowawayAuthority(now), ThrowawayAuthority(now), ThrowawayAuthority(now - LONG * 2)
    with TemporaryDirectory() as folder:
        defective, context = certificates(Path(folder), critical=False)
        pem = good.pem + old.pem + defective.read_bytes()
    with patch.object(tls, "LOCAL_NAMES", ("elsewhere.example",)):
        elsewhere = good.server()
    return {
        "pem": pem,
        "pass": good.server(),
        "expired": old.server(),
        "other host": elsewhere,
        "unknown authority": stranger.server(),
        "defective authority": context,
    }


@cache
def _trust(*, by_tls: bool) -> ssl.SSLContext:
    """What clients trust; made once, for it takes 0.1 s."""
    if not by_tls:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ca.pem"
        file.write_bytes(authorities()["pem"])
        return tls_context(ConnectionOptions(ca_file=file), Surroundings())


class Told(io.StringIO):
    """Everything that was logged at the level ``debug``, also by the simulator in its own thread."""

    def __init__(self) -> None:
        super().__init__()
        self._written: deque[str] = deque()

    def write(self, text: str) -> int:
        """What a handler of ``logging`` writes is one line."""
        self._written.append(text)
        return len(text)

    def new(self) -> str:
        """What was written since this was asked last."""
        return "".join(self._written.popleft() for _ in range(len(self._written)))


@contextmanager
def told() -> Iterator[Told]:
    """Listen to every logger."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    said = Told()
    logs.configure(logs.LogOptions(level="debug"), said)
    try:
        yield said
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


class World:
    """What a cell happens in.

    Attributes:
        contacted: hosts and ports to which a connection was asked for.
        unresolved: port whose host's name does not resolve; 0 for none.
    """

    def __init__(self, *, by_tls: bool) -> None:
        self.by_tls = by_tls
        self.told = Told()
        self.contacted: set[tuple[str, int]] = set()
        self.unresolved = 0
        self.ports: dict[str, int] = {}
        self.fronts: dict[str, Front] = {}

    @property
    def own_ports(self) -> set[int]:
        """Where the exporter may go, and nowhere else."""
        return {front.port for front in self.fronts.values()}

    @property
    def _scheme(self) -> str:
        return "https" if self.by_tls else "http"

    def url(self, place: str) -> str:
        """Where a host is."""
        host = "127.0.0.1" if self.by_tls else "localhost"
        return f"{self._scheme}://{host}:{self.fronts[place].port}"

    @asynccontextmanager
    async def case(self, cell: Cell) -> AsyncIterator[Case]:
        """A new exporter for one cell; everything starts anew."""
        CLOCK.start_again()
        simulator().faults.clear()
        simulator().requests.clear()
        self.contacted.clear()
        self.told.new()
        options = ConnectionOptions()
        async with open_http(options) as http:
            yield Case(self, cell, http)
        for front in self.fronts.values():
            if front.mode != "pass" or front.behind != self.ports["pass"]:
                await front.become("pass", self.ports["pass"])
        self.unresolved = 0

    async def inflict(self, trouble: Trouble, place: Place) -> None:
        """Let a front do what is wrong with a connection."""
        if trouble.front == "no name":
            self.unresolved = self.fronts[place].port
            await self.fronts[place].become("pass", self.ports["pass"])
        elif trouble.front in self.ports:
            await self.fronts[place].become("pass", self.ports[trouble.front])
        elif trouble.front:
            await self.fronts[place].become(trouble.front, self.ports["pass"])

    async def relent(self, place: Place) -> None:
        """Let all be well again."""
        self.unresolved = 0
        if self.fronts[place].mode != "pass" or self.fronts[place].behind != self.ports["pass"]:
            await self.fronts[place].become("pass", self.ports["pass"])


@asynccontextmanager
async def world(*, by_tls: bool = False) -> AsyncIterator[World]:
    """Microsoft at work: three hosts, each with a front."""
    made = World(by_tls=by_tls)
    real_lookup, real_connect = socket.getaddrinfo, anyio.connect_tcp

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if port == made.unresolved:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real_lookup("127.0.0.1" if host == "localhost" else host, port, *rest, **more)

    async def connect(remote_host: str, remote_port: int, **more: Any) -> Any:
        made.contacted.add((remote_host, remote_port))
        return await real_connect(remote_host, remote_port, **more)

    async with AsyncExitStack() as stack:
        for name in authorities() if by_tls else ("pass",):
            if name != "pem":
                context = authorities()[name] if by_tls else None
                server = serving(simulator().app, "127.0.0.1", 0, tls=context)
                made.ports[name] = int((await stack.enter_async_context(server)).rpartition(":")[2])
        for place in ("login", "graph", "file", "beside"):
            made.fronts[place] = front = Front(made.ports["pass"])
            await front.open()
            stack.push_async_callback(front.close)
        stack.enter_context(patch.object(simulator()._downloads, "_origin", made.url("file")))
        stack.enter_context(patch.object(socket, "getaddrinfo", look_up))
        stack.enter_context(patch.object(anyio, "connect_tcp", connect))
        context = _trust(by_tls=by_tls)
        stack.enter_context(patch("o365_exporter.http.client.tls_context", return_value=context))
        made.told = stack.enter_context(told())
        yield made


class Case:
    """One cell at work."""

    def __init__(self, world: World, cell: Cell, http: Http) -> None:
        self.world, self.cell, self.http = world, cell, http
        self.store = Store()
        self.scheduler = Scheduler(self.store, CLOCK, Random(1))  # noqa: S311 - spreads load, guards nothing
        self.ill, self.job, self.beside = self._tenant_of_cell()
        self.well, (self.neighbour,) = self._tenant(WELL, [NEIGHBOURS[0]], login="beside", graph="beside")
        self.scheduler.watch((self.ill, self.well))
        self.shown: list[str] = []

    def _tenant_of_cell(self) -> tuple[Tenant, Job, Job]:
        mine = self.cell.collector, self.cell.source
        other = next(one for one in NEIGHBOURS if one != mine)
        leader = source_of(*mine).follows
        wanted = [*([(self.cell.collector, leader)] if leader else []), mine, other]
        tenant, jobs = self._tenant(ILL, wanted, login="login", graph="graph")
        return tenant, jobs[-2], jobs[-1]

    def _tenant(self, name: str, wanted: list[tuple[str, str]], **places: str) -> tuple[Tenant, list[Job]]:
        simulated = simulator().tenants[name]
        graph = GraphClient(
            tenant_name=name,
            tenant_id=simulated.tenant_id,
            cloud=CLOUDS["global"],
            credential=CredentialOptions(client_id=simulated.client_id, client_secret=SecretStr(SECRET)),
            http=self.http,
            clock=CLOCK,
            login_url=self.world.url(places["login"]),
            graph_url=self.world.url(places["graph"]),
            random=Random(1),  # noqa: S311 - likewise
        )
        jobs = [Job(Key(name, *one), source_of(*one), 10_000) for one in wanted]
        facts = TenantFacts(name, simulated.tenant_id, CLOUDS["global"])
        return Tenant(facts, graph, tuple(jobs)), jobs

    async def poll(self, *jobs: Job) -> None:
        """Poll these, one after the other, and tell the log what is new."""
        for job in jobs:
            await self.scheduler.poll(self.well if job.key.tenant == WELL else self.ill, job)
        await self.scheduler.run_once(())

    async def inflict(self) -> None:
        """The trouble begins."""
        trouble = self.cell.trouble
        for fault in trouble.faults:
            simulator().add_fault(tenant=ILL, path=self._path(), **fault)
        await self.world.inflict(trouble, self.cell.place)
        if trouble.hasty:
            self.http._client.timeout = httpx.Timeout(30.0, **{trouble.hasty: MOMENT})

    async def relent(self) -> None:
        """The trouble is over."""
        simulator().faults.clear()
        self.http._client.timeout = 30.0
        await self.world.relent(self.cell.place)

    def _path(self) -> str:
        endpoint = self.job.source.endpoints[0]
        if self.cell.place == "login":
            return "*/token"
        if self.cell.place == "file":
            return f"/data/v1.0/download/{endpoint.counted_as}/*"
        begin, gap, _ = endpoint.route.partition("{")
        return f"/v1.0{begin}{'*' if gap else ''}"

    @property
    def whole_host_is_ill(self) -> bool:
        """Whether other sources of the tenant must meet the trouble as well."""
        return self.cell.place == "login" or bool(self.cell.trouble.front and self.cell.place == "graph")

    def lines(self) -> list[dict[str, Any]]:
        """What was logged since this was asked last; it is kept for the search for secrets, with the page of now."""
        text = self.world.told.new()
        self.shown += [text, self.page()]
        return [json.loads(line) for line in text.splitlines()]

    def now(self, job: Job) -> Poll:
        """What is known of a source."""
        return self.store[job.key]

    def page(self) -> str:
        """What ``/metrics`` serves."""
        page = Assembler(all_metrics().values()).page(Format.TEXT, shown(self.store, CLOCK.now()))
        return b"".join(page.chunks()).decode()


@cache
def _built(collector: str) -> dict[str, Source[Any]]:
    made = all_collectors()[collector]
    options = made.options(stale_after=LONG)
    return {source.name: source for source in made.sources(options)}


def source_of(collector: str, name: str) -> Source[Any]:
    """A source of the catalogue that shows its last good data for long."""
    return _built(collector)[name]
