"""The simulator as a whole: one ASGI application for login, Graph, report downloads and control."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import urlsplit

from starlette.types import Receive, Scope, Send

from o365_exporter.clock import Clock
from o365_exporter.simulator.batch import Batch
from o365_exporter.simulator.breakage import replacement, spoil
from o365_exporter.simulator.control import Control
from o365_exporter.simulator.domains.base import SimulatorError
from o365_exporter.simulator.downloads import Downloads
from o365_exporter.simulator.draw import draw_for
from o365_exporter.simulator.entra import Entra, tenant_in_path
from o365_exporter.simulator.exchange import Answer, Call
from o365_exporter.simulator.faults import Fault, Faults
from o365_exporter.simulator.graph import Graph
from o365_exporter.simulator.machine import Machine
from o365_exporter.simulator.moods import Moods, Reach
from o365_exporter.simulator.options import SimulatorOptions, Switches
from o365_exporter.simulator.requestlog import RequestLog
from o365_exporter.simulator.serving import serving
from o365_exporter.simulator.tenant import Tenant
from o365_exporter.simulator.throttle import Throttle
from o365_exporter.simulator.timetext import http_date
from o365_exporter.simulator.tokens import TokenIssuer, peek
from o365_exporter.simulator.wire import Connection

_VERSIONS = ("/v1.0/", "/beta/")


class Service(Protocol):
    """What answers at some addresses."""

    def answer(self, call: Call) -> Answer:
        """The right answer."""
        ...

    def injected(self, call: Call, fault: Fault) -> Answer | None:
        """The error that a fault wants, in the shape of this service; None where it wants none."""
        ...


class ShiftedClock:
    """Microsoft's time: the clock it is made of, moved ahead by ``shift`` seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.shift = 0.0

    def now(self) -> float:
        return self._clock.now() + self.shift

    def monotonic(self) -> float:
        return self._clock.monotonic() + self.shift

    async def sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    def deadline(self, seconds: float) -> AbstractContextManager[None]:
        return self._clock.deadline(seconds)

    def time_left(self) -> float:
        return self._clock.time_left()


class Simulator:
    """A simulated Microsoft 365 with any number of tenants.

    Example::

        sim = Simulator(SystemClock(), SimulatorOptions.many(2))
        async with sim.serve() as base_url:
            ...  # POST {base_url}/{tenant_id}/oauth2/v2.0/token, GET {base_url}/v1.0/...
            sim.tenants["contoso"].open_issue("Exchange", "Mail is late")

    Attributes:
        app: the ASGI application; login, Graph and ``/control/`` on one origin, report downloads on another.
        tenants: the tenants by key; change them as you like.
        faults: what goes wrong.
        moods: what goes wrong as others have seen it at Microsoft's.
        requests: what was asked.
        switches: the present manners; change them with ``switch``.
        federation: another issuer, whose tokens an app can trust.
        machine: where managed identities are served, on the origin of everything.
    """

    def __init__(self, clock: Clock, options: SimulatorOptions | None = None) -> None:
        options = options or SimulatorOptions()
        self._options = options
        self.clock = ShiftedClock(clock)
        self.tenants = {one.key: Tenant(one, options.seed, self.clock) for one in options.tenants}
        self.faults = Faults(options.seed, self.clock)
        self.requests = RequestLog(options.request_log)
        self.throttle = Throttle()
        issuer = TokenIssuer(options.seed)
        self._entra = Entra(self.tenants, issuer, self.clock)
        self.federation = self._entra.federation
        self.machine = Machine(self.tenants, issuer, options.seed, self.clock)
        self._downloads = Downloads(self.tenants, options.seed, self.clock, options.download_url)
        self._graph = Graph(self.tenants, issuer, self.throttle, self._downloads, self.clock)
        self._batch = Batch(self._alone, self.clock)
        self._obey(options.switches)
        self._control = Control(self)
        self.moods = Moods(self)
        self._request_ids = draw_for(options.seed, "request ids")
        self.app = self._app

    @property
    def download_url(self) -> str:
        """Origin of report downloads."""
        return self._downloads.url

    @property
    def switches(self) -> Switches:
        """The present manners."""
        return self._graph.switches

    def switch(self, **changes: Any) -> None:
        """Change manners: ``switch(filter_mode="ignored", throttling=False)``."""
        self._obey(Switches.model_validate(self.switches.model_dump() | changes))

    def _obey(self, switches: Switches) -> None:
        self._graph.switches = self._downloads.switches = switches
        self.throttle.documented_headers = switches.throttle_headers

    def add_fault(self, **fault: Any) -> str:
        """Let something go wrong: ``add_fault(path="*/token", aadsts=53003, count=2)``; answers the fault's id."""
        return self.faults.add(Fault.model_validate(fault))

    def begin(self, mood: str, **reach: Any) -> None:
        """Let a mood begin: ``begin("empty_list", path="/v1.0/applications", count=2)``."""
        self.moods.begin(mood, Reach.model_validate(reach))

    def control(self, method: str, path: str, body: dict[str, Any]) -> Any:
        """Do what a request to ``/control/{path}`` would do; gives its answer.

        Raises:
            SimulatorError: it would be refused; the text says why.
        """
        answer = self._control.answer(
            Call(method, self._options.base_url or "", f"/control/{path}", "", {}, json.dumps(body).encode(), "")
        )
        if answer.status != HTTPStatus.OK:
            raise SimulatorError(answer.payload["error"])
        return answer.payload

    def advance(self, seconds: float) -> None:
        """Move Microsoft's time ahead, and nobody else's: tokens and secrets expire, throttling ends."""
        self.clock.shift += seconds

    @asynccontextmanager
    async def serve(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        download_port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> AsyncIterator[str]:
        """Serve on two real sockets: everything, whose base URL this yields, and report downloads.

        Port 0 takes a free one. ``tls`` is such as ``ThrowawayAuthority.server`` makes.
        """
        async with (
            serving(self.app, host, port, tls=tls) as base_url,
            serving(self._download_app, host, download_port, tls=tls) as other,
        ):
            self._downloads.served = other
            try:
                yield base_url
            finally:
                self._downloads.served = None

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = Connection(scope, receive, send)
        if connection.host == urlsplit(self.download_url).netloc:  # without sockets, one application is both origins
            await self._download_app(scope, receive, send)
            return
        call = await Call.read(connection.request(), self._request_ids.guid(), self._options.base_url)
        if call.path == "/control" or call.path.startswith("/control/"):
            await connection.send(call, self._control.answer(call), gzip_allowed=True, fault=None)
            return
        await self._handle(connection, call, self._service(call))

    def _service(self, call: Call) -> Service:
        if self._batch.answers(call.path):
            return self._batch
        if call.path.startswith(_VERSIONS):
            return self._graph
        if call.elsewhere and self._downloads.answers(call.path):
            return self._downloads
        return self.machine if self.machine.answers(call.path) else self._entra

    async def _download_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = Connection(scope, receive, send)
        call = await Call.read(connection.request(), self._request_ids.guid(), None)
        await self._handle(connection, call, self._downloads)

    async def _handle(self, connection: Connection, call: Call, service: Service) -> None:
        key = self._tenant_key(call)
        received = self.requests.record(call, key, self.clock.now())
        fault = self.faults.pick(call, key)
        if fault and (fault.hang or fault.delay):
            stayed = await connection.wait(self.clock, None if fault.hang else fault.delay)
            if not stayed:
                return
        answer = self._answer(service, call, fault)
        answer.headers.setdefault("Date", http_date(self.clock.now() + self.switches.date_skew))
        received.status = answer.status
        await connection.send(call, answer, gzip_allowed=self.switches.gzip, fault=fault)

    def _alone(self, call: Call) -> Answer:
        """A member of a batch; what a fault does to time and wire can happen to whole answers only."""
        key = self._tenant_key(call)
        received = self.requests.record(call, key, self.clock.now())
        answer = self._answer(self._graph, call, self.faults.pick(call, key))
        received.status = answer.status
        return answer

    def _answer(self, service: Service, call: Call, fault: Fault | None) -> Answer:
        if fault is None:
            return service.answer(call)
        answer = replacement(fault) or service.injected(call, fault) or service.answer(call)
        return spoil(fault, call, answer, self.clock.now())

    def _tenant_key(self, call: Call) -> str | None:
        """Key of the tenant that a request is about, by its login address, its token or its ticket."""
        _, _, token = call.headers.get("authorization", "").partition(" ")
        name = tenant_in_path(call.path) or str(peek(token).get("tid", ""))
        named = (key for key, tenant in self.tenants.items() if tenant.answers_to(name))
        return next(named, None) or self._downloads.tenant_key(call)
