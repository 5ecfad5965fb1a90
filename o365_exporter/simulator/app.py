"""The simulator as a whole: one ASGI application for login, Graph and control."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from starlette.types import Receive, Scope, Send

from o365_exporter.clock import Clock
from o365_exporter.simulator.aadsts import EntraError
from o365_exporter.simulator.breakage import replacement, spoil
from o365_exporter.simulator.content.draw import draw_for
from o365_exporter.simulator.control import Control
from o365_exporter.simulator.entra import Entra, tenant_in_path
from o365_exporter.simulator.exchange import Answer, Call
from o365_exporter.simulator.faults import Fault, Faults
from o365_exporter.simulator.graph import Graph, GraphError, error_answer
from o365_exporter.simulator.graph.errors import USUAL
from o365_exporter.simulator.options import SimulatorOptions, Switches
from o365_exporter.simulator.requestlog import RequestLog
from o365_exporter.simulator.serving import serving
from o365_exporter.simulator.tenant import Tenant
from o365_exporter.simulator.throttle import Throttle
from o365_exporter.simulator.tokens import TokenIssuer, peek
from o365_exporter.simulator.wire import Connection

_VERSIONS = ("/v1.0/", "/beta/")


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
        app: the ASGI application; login, Graph and ``/control/`` on one origin.
        tenants: the tenants by key; change them as you like.
        faults: what goes wrong.
        requests: what was asked.
        switches: the present manners; change them with ``switch``.
    """

    def __init__(self, clock: Clock, options: SimulatorOptions | None = None) -> None:
        options = options or SimulatorOptions()
        self._options = options
        self.clock = ShiftedClock(clock)
        self.tenants = {one.key: Tenant(one, options.seed, self.clock) for one in options.tenants}
        self.faults = Faults(options.seed)
        self.requests = RequestLog(options.request_log)
        self.throttle = Throttle()
        issuer = TokenIssuer(options.seed)
        self._entra = Entra(self.tenants, issuer, self.clock)
        self._graph = Graph(self.tenants, issuer, self.throttle, self.clock)
        self._graph.switches = options.switches
        self._control = Control(self)
        self._request_ids = draw_for(options.seed, "request ids")
        self.app = self._app

    @property
    def switches(self) -> Switches:
        """The present manners."""
        return self._graph.switches

    def switch(self, **changes: Any) -> None:
        """Change manners: ``switch(filter_mode="ignored", throttling=False)``."""
        self._graph.switches = Switches.model_validate(self.switches.model_dump() | changes)

    def add_fault(self, **fault: Any) -> str:
        """Let something go wrong: ``add_fault(path="*/token", aadsts=53003, count=2)``; answers the fault's id."""
        return self.faults.add(Fault.model_validate(fault))

    def advance(self, seconds: float) -> None:
        """Move Microsoft's time ahead, and nobody else's: tokens and secrets expire, throttling ends."""
        self.clock.shift += seconds

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve on a real socket; yields the base URL. Port 0 takes a free one."""
        async with serving(self.app, host, port) as base_url:
            yield base_url

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = Connection(scope, receive, send)
        call = await Call.read(connection.request(), self._request_ids.guid(), self._options.base_url)
        if call.path == "/control" or call.path.startswith("/control/"):
            await connection.send(call, self._control.answer(call), gzip_allowed=True, fault=None)
            return
        key = self._tenant_key(call)
        received = self.requests.record(call, key, self.clock.now())
        fault = self.faults.pick(call, key)
        if fault and (fault.hang or fault.delay):
            stayed = await connection.wait(self.clock, None if fault.hang else fault.delay)
            if not stayed:
                return
        answer = self._answer(call, fault)
        received.status = answer.status
        await connection.send(call, answer, gzip_allowed=self.switches.gzip, fault=fault)

    def _answer(self, call: Call, fault: Fault | None) -> Answer:
        if fault is None:
            return self._right_answer(call)
        answer = replacement(fault) or self._refusal(call, fault) or self._right_answer(call)
        return spoil(fault, call, answer, self.clock.now())

    def _right_answer(self, call: Call) -> Answer:
        service = self._graph if call.path.startswith(_VERSIONS) else self._entra
        return service.answer(call)

    def _refusal(self, call: Call, fault: Fault) -> Answer | None:
        """An injected error, in the shape of the service that was asked."""
        if not call.path.startswith(_VERSIONS) and (fault.aadsts or fault.status):
            answer = self._entra.refusal(call, EntraError(fault.aadsts or 90033))
            answer.status = fault.status or answer.status
            return answer
        if fault.status is None:
            return None
        code, message = USUAL.get(fault.status, ("generalException", "An error was injected."))
        error = GraphError(
            fault.status,
            code if fault.code is None else fault.code,
            message if fault.message is None else fault.message,
        )
        return self._graph.dress(call, error_answer(call, error, self.clock.now()))

    def _tenant_key(self, call: Call) -> str | None:
        """Key of the tenant that a request is about, by its login address or its token."""
        _, _, token = call.headers.get("authorization", "").partition(" ")
        name = tenant_in_path(call.path) or str(peek(token).get("tid", ""))
        return next((key for key, tenant in self.tenants.items() if tenant.answers_to(name)), None)
