"""The simulator as a whole: one ASGI application for login, Graph, report downloads and control."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from o365_exporter.simulator.echo import echoing
from o365_exporter.simulator.entra import Entra, tenant_in_path
from o365_exporter.simulator.faults import Fault, Faults
from o365_exporter.simulator.graph import Graph
from o365_exporter.simulator.http import Request, Response
from o365_exporter.simulator.machine import Machine
from o365_exporter.simulator.moods import Moods, Reach
from o365_exporter.simulator.options import SimulatorOptions, Switches
from o365_exporter.simulator.requestlog import RequestLog
from o365_exporter.simulator.serving import serving
from o365_exporter.simulator.shiftedclock import ShiftedClock
from o365_exporter.simulator.tenant import Tenant
from o365_exporter.simulator.throttle import Throttle
from o365_exporter.simulator.timetext import http_date
from o365_exporter.simulator.tokens import TokenIssuer, peek
from o365_exporter.simulator.wire import Connection

_VERSIONS = ("/v1.0/", "/beta/")


class Service(Protocol):
    """What answers at some addresses."""

    def answer(self, request: Request) -> Response:
        """The right answer."""
        ...

    def injected(self, request: Request, fault: Fault) -> Response | None:
        """The error that a fault wants, in the shape of this service; None where it wants none."""
        ...


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
        self.moods = Moods(self.faults, self.switch)
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
        response = self._control.answer(
            Request(method, self._options.base_url or "", f"/control/{path}", "", {}, json.dumps(body).encode(), "")
        )
        if response.status != HTTPStatus.OK:
            raise SimulatorError(response.payload["error"])
        return response.payload

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
        request = await Request.read(connection.request(), self._request_ids.guid(), self._options.base_url)
        if request.path == "/control" or request.path.startswith("/control/"):
            await connection.send(request, self._control.answer(request), gzip_allowed=True, fault=None)
            return
        await self._handle(connection, request, self._service(request))

    def _service(self, request: Request) -> Service:
        if self._batch.answers(request.path):
            return self._batch
        if request.path.startswith(_VERSIONS):
            return self._graph
        if request.elsewhere and self._downloads.answers(request.path):
            return self._downloads
        return self.machine if self.machine.answers(request.path) else self._entra

    async def _download_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = Connection(scope, receive, send)
        request = await Request.read(connection.request(), self._request_ids.guid(), None)
        await self._handle(connection, request, self._downloads)

    async def _handle(self, connection: Connection, request: Request, service: Service) -> None:
        key = self._tenant_key(request)
        received = self.requests.record(request, key, self.clock.now())
        fault = self.faults.pick(request, key)
        if fault and (fault.hang or fault.delay):
            stayed = await connection.wait(self.clock, None if fault.hang else fault.delay)
            if not stayed:
                return
        response = self._answer(service, request, fault)
        response.headers.setdefault("Date", http_date(self.clock.now() + self.switches.date_skew))
        received.status = response.status
        if fault and fault.raw is not None:
            await connection.send_raw(echoing(fault, request).raw or "")
        elif fault and fault.wire == "drip":
            await connection.drip(response, self.clock)
        else:
            await connection.send(request, response, gzip_allowed=self.switches.gzip, fault=fault)

    def _alone(self, request: Request) -> Response:
        """A member of a batch; what a fault does to time and wire can happen to whole answers only."""
        key = self._tenant_key(request)
        received = self.requests.record(request, key, self.clock.now())
        response = self._answer(self._graph, request, self.faults.pick(request, key))
        received.status = response.status
        return response

    def _answer(self, service: Service, request: Request, fault: Fault | None) -> Response:
        if fault is None:
            return service.answer(request)
        fault = echoing(fault, request)
        response = replacement(fault) or service.injected(request, fault) or service.answer(request)
        return spoil(fault, request, response, self.clock.now())

    def _tenant_key(self, request: Request) -> str | None:
        """Key of the tenant that a request is about, by its login address, its token or its ticket."""
        _, _, token = request.headers.get("authorization", "").partition(" ")
        name = tenant_in_path(request.path) or str(peek(token).get("tid", ""))
        named = (key for key, tenant in self.tenants.items() if tenant.answers_to(name))
        return next(named, None) or self._downloads.tenant_key(request)
