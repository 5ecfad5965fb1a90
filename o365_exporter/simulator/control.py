"""Control over HTTP: a thin layer over the Python methods of ``Simulator`` and ``Tenant``.

========================================  =============================================================
``GET /control/``                         this index, with the keys of every operation and fault
``GET /control/tenants[/KEY]``            state of all tenants, or one
``POST /control/tenants/KEY/OPERATION``   change a tenant; the body has the method's arguments
``GET, POST /control/switches``           manners of Graph, such as ``{"filter_mode": "ignored"}``
``GET, POST, DELETE /control/faults``     list, add (``{"path": "*/token", "aadsts": 53003}``), remove all
``DELETE /control/faults/ID``             remove one
``GET, DELETE /control/moods``            what each mood is and whether it lasts; end all
``POST, DELETE /control/moods/NAME``      let one begin (``{"tenant": "contoso", "seconds": 600}``), end it
``GET /control/time``                     Microsoft's time
``POST /control/advance``                 move it ahead: ``{"seconds": 3600}``
``GET, DELETE /control/requests``         what was asked (``?path=GLOB&tenant=KEY&method=GET``), forget it
``POST /control/throttle/forget``         start all throttling windows anew
``POST /control/federation/token``        a token of another issuer: ``{"subject": "system:serviceaccount:…"}``
``GET /control/machine``                  what a client must know to use managed identities
========================================  =============================================================

Bodies and answers are JSON; an error is ``{"error": "a sentence"}`` with status 400, 404 or 405. Faults do not
apply here. There is no authentication: whoever reaches the simulator controls it, so let it listen on loopback only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Protocol

from o365_exporter.simulator.arguments import arguments_of, check, describe
from o365_exporter.simulator.domains.base import SimulatorError, operations_of
from o365_exporter.simulator.faults import ActiveFault, Fault, Faults
from o365_exporter.simulator.federation import OtherIssuer
from o365_exporter.simulator.http import Request, Response
from o365_exporter.simulator.machine import APP_SERVICE, IMDS, Machine
from o365_exporter.simulator.moods import MOODS, Moods, Reach
from o365_exporter.simulator.options import Switches
from o365_exporter.simulator.requestlog import RequestLog
from o365_exporter.simulator.shiftedclock import ShiftedClock
from o365_exporter.simulator.tenant import Tenant
from o365_exporter.simulator.throttle import Throttle
from o365_exporter.simulator.timetext import graph_time

OPERATIONS = operations_of(Tenant)
"""What can be done to a tenant from outside."""

Json = dict[str, Any]


class Controlled(Protocol):
    """What of a simulator can be seen and changed from outside; see ``Simulator``."""

    tenants: dict[str, Tenant]
    faults: Faults
    moods: Moods
    requests: RequestLog
    throttle: Throttle
    federation: OtherIssuer
    machine: Machine
    clock: ShiftedClock

    @property
    def download_url(self) -> str: ...

    @property
    def switches(self) -> Switches: ...

    def switch(self, **changes: Any) -> None: ...

    def advance(self, seconds: float) -> None: ...


class NotThereError(SimulatorError):
    """Nothing has that address or name."""


class Control:
    """Answers what is asked below ``/control/``."""

    def __init__(self, simulator: Controlled) -> None:
        self._simulator = simulator
        self._operations = {method.__name__: (method, arguments_of(method)) for method in OPERATIONS}
        self._routes: tuple[tuple[str, str, Callable[..., Any]], ...] = (
            ("GET", r"/control/?", self._index),
            ("GET", r"/control/tenants", self._tenants),
            ("GET", r"/control/tenants/([^/]+)", self._tenant),
            ("POST", r"/control/tenants/([^/]+)/([^/]+)", self._operate),
            ("GET", r"/control/switches", self._switches),
            ("POST", r"/control/switches", self._switch),
            ("GET", r"/control/faults", self._faults),
            ("POST", r"/control/faults", self._add_fault),
            ("DELETE", r"/control/faults", self._clear_faults),
            ("DELETE", r"/control/faults/([^/]+)", self._remove_fault),
            ("GET", r"/control/moods", self._moods),
            ("DELETE", r"/control/moods", self._end_moods),
            ("POST", r"/control/moods/([^/]+)", self._begin_mood),
            ("DELETE", r"/control/moods/([^/]+)", self._end_mood),
            ("GET", r"/control/time", self._time),
            ("POST", r"/control/advance", self._advance),
            ("GET", r"/control/requests", self._requests),
            ("DELETE", r"/control/requests", self._forget_requests),
            ("POST", r"/control/throttle/forget", self._forget_throttling),
            ("POST", r"/control/federation/token", self._mint),
            ("GET", r"/control/machine", self._machine),
        )

    def answer(self, request: Request) -> Response:
        """Do what is asked and say what came of it."""
        matches = [
            (method, handler, match.groups())
            for method, pattern, handler in self._routes
            if (match := re.fullmatch(pattern, request.path))
        ]
        if not matches:
            return Response(404, {"error": f"there is no {request.path}; GET /control/ lists what there is"})
        for method, handler, names in matches:
            if method == request.method:
                return _carried_out(request, handler, names)
        allowed = ", ".join(method for method, _, _ in matches)
        return Response(
            405, {"error": f"{request.method} is not for {request.path}; use {allowed}"}, {"Allow": allowed}
        )

    # Handlers: the names in the path, then the JSON object of the body (or the query of a GET) ----------------

    def _index(self, _given: Json) -> Json:
        return {
            "routes": [f"{method} {pattern.replace('([^/]+)', 'NAME')}" for method, pattern, _ in self._routes],
            "operations": {
                name: {"what": (method.__doc__ or "").splitlines()[0], "keys": describe(model)}
                for name, (method, model) in self._operations.items()
            },
            "fault": describe(Fault),
            "mood": describe(Reach),
            "switches": describe(Switches),
            "tenants": list(self._simulator.tenants),
            "download_url": self._simulator.download_url,
        }

    def _tenants(self, _given: Json) -> Json:
        return {key: tenant.state() for key, tenant in self._simulator.tenants.items()}

    def _tenant(self, key: str, _given: Json) -> Json:
        return self._find(key).state()

    def _operate(self, key: str, operation: str, given: Json) -> Json:
        tenant = self._find(key)
        if operation not in self._operations:
            raise NotThereError(f"no operation {operation!r}; use one of {', '.join(self._operations)}")
        method, model = self._operations[operation]
        arguments = check(model, given)
        named = {name: getattr(arguments, name) for name in model.model_fields}
        return {"result": method(tenant, **named)}

    def _switches(self, _given: Json) -> Json:
        return self._simulator.switches.model_dump()

    def _switch(self, given: Json) -> Json:
        check(Switches, given)
        self._simulator.switch(**given)
        return self._simulator.switches.model_dump()

    def _faults(self, _given: Json) -> Json:
        return {one.id: _fault_state(one) for one in self._simulator.faults.active.values()}

    def _add_fault(self, given: Json) -> Json:
        return {"id": self._simulator.faults.add(check(Fault, given))}

    def _clear_faults(self, _given: Json) -> Json:
        self._simulator.faults.clear()
        return {}

    def _remove_fault(self, fault_id: str, _given: Json) -> Json:
        if not self._simulator.faults.remove(fault_id):
            raise NotThereError(f"no fault {fault_id!r}; GET /control/faults lists the active ones")
        return {}

    def _moods(self, _given: Json) -> Json:
        active = self._simulator.moods.active
        return {
            name: {"what": one.what, "evidence": one.evidence, "lasts": name in active} for name, one in MOODS.items()
        }

    def _begin_mood(self, name: str, given: Json) -> Json:
        reach = check(Reach, given)
        if reach.tenant is not None:
            self._find(reach.tenant)
        self._simulator.moods.begin(name, reach)
        return {"lasting": self._simulator.moods.active}

    def _end_mood(self, name: str, _given: Json) -> Json:
        self._simulator.moods.end(name)
        return {"lasting": self._simulator.moods.active}

    def _end_moods(self, _given: Json) -> Json:
        self._simulator.moods.end_all()
        return {}

    def _time(self, _given: Json) -> Json:
        now = self._simulator.clock.now()
        return {"now": now, "text": graph_time(now, 3), "ahead": self._simulator.clock.shift}

    def _advance(self, given: Json) -> Json:
        self._simulator.advance(**check(arguments_of(type(self._simulator).advance), given).model_dump())
        return self._time({})

    def _requests(self, given: Json) -> Json:
        wanted = check(arguments_of(type(self._simulator.requests).find), given)
        found = self._simulator.requests.find(**wanted.model_dump())
        return {"count": len(found), "requests": [asdict(one) for one in found]}

    def _forget_requests(self, _given: Json) -> Json:
        self._simulator.requests.clear()
        return {}

    def _forget_throttling(self, _given: Json) -> Json:
        self._simulator.throttle.forget()
        return {}

    def _mint(self, given: Json) -> Json:
        issuer = self._simulator.federation
        wanted = check(arguments_of(type(issuer).mint), given)
        return {"issuer": issuer.url, "token": issuer.mint(**wanted.model_dump())}

    def _machine(self, _given: Json) -> Json:
        return {"imds": IMDS, "app_service": APP_SERVICE, "identity_header": self._simulator.machine.identity_header}

    def _find(self, key: str) -> Tenant:
        if key not in self._simulator.tenants:
            raise NotThereError(f"no tenant {key!r}; there are {', '.join(self._simulator.tenants)}")
        return self._simulator.tenants[key]


def _carried_out(request: Request, handler: Callable[..., Json], names: tuple[str, ...]) -> Response:
    try:
        return Response(200, handler(*names, _given(request)))
    except NotThereError as error:
        return Response(404, {"error": str(error)})
    except SimulatorError as error:
        return Response(400, {"error": str(error)})


def _given(request: Request) -> Json:
    if request.method == "GET":
        return dict(request.parameters)
    try:
        given = json.loads(request.body or b"{}")
    except ValueError as error:
        raise SimulatorError(f"the body is not JSON ({error}); send an object such as {{}}") from None
    if not isinstance(given, dict):
        raise SimulatorError(f"the body is {type(given).__name__}; send a JSON object such as {{}}")
    return given


def _fault_state(active: ActiveFault) -> Json:
    fault = active.fault.model_dump(exclude_defaults=True)
    return {"fault": fault, "seen": active.seen, "fired": active.fired}
