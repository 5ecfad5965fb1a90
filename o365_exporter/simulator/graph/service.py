"""The life of a Graph request: who asks, may they, how often, what for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from o365_exporter.clock import Clock
from o365_exporter.simulator.clouds import audiences
from o365_exporter.simulator.exchange import Answer, Call
from o365_exporter.simulator.graph.answers import Question, look_up
from o365_exporter.simulator.graph.enums import EnumView
from o365_exporter.simulator.graph.errors import GraphError, bad_request, error_answer, too_many_requests
from o365_exporter.simulator.graph.query import Query
from o365_exporter.simulator.graph.resources import Resource, Target, View, find_target
from o365_exporter.simulator.options import Switches
from o365_exporter.simulator.tenant import Tenant
from o365_exporter.simulator.throttle import Charge, Throttle
from o365_exporter.simulator.timetext import http_date
from o365_exporter.simulator.tokens import TokenError, TokenIssuer, peek

Json = dict[str, Any]

_SMALL_PAGE = 20


class Graph:
    """Answers what ``graph.microsoft.com`` would."""

    def __init__(self, tenants: Mapping[str, Tenant], issuer: TokenIssuer, throttle: Throttle, clock: Clock) -> None:
        self._tenants = tenants
        self._issuer = issuer
        self._throttle = throttle
        self._clock = clock
        self.switches = Switches()

    def answer(self, call: Call) -> Answer:
        """Answer a call whose path begins with a version."""
        try:
            answer = self._serve(call)
        except GraphError as error:
            answer = error_answer(call, error, self._clock.now())
        return self.dress(call, answer)

    def dress(self, call: Call, answer: Answer) -> Answer:
        """Add the headers that every answer of Graph has."""
        server = {"DataCenter": "West Europe", "Slice": "E", "Ring": "5", "ScaleUnit": "004"}
        server["RoleInstance"] = "AM2PEPF0001C8A4"
        answer.headers |= {
            "Cache-Control": "no-cache",
            "Date": http_date(self._clock.now()),
            "OData-Version": "4.0",
            "Strict-Transport-Security": "max-age=31536000",
            "Vary": "Accept-Encoding",
            "request-id": call.request_id,
            "client-request-id": call.headers.get("client-request-id", call.request_id),
            "x-ms-ags-diagnostic": json.dumps({"ServerInfo": server}, separators=(",", ":")),
        }
        return answer

    def _serve(self, call: Call) -> Answer:
        claims, tenant = self._caller(call)
        target = _target(call)
        preferences = call.preferences if self.switches.prefer == "honoured" else set()
        query = Query.parse(call, target.resource, preferences)
        headers = self._charge(claims["appid"], tenant, target.resource, query)
        self._check_roles(claims.get("roles", []), target.resource)
        view = View(
            EnumView("include-unknown-enum-members" in preferences, self.switches.pascal_case_rate),
            query.view_select,
            frozenset(query.expand),
        )
        answer = look_up(Question(call, tenant, target, query, view), self.switches)
        answer.headers |= headers
        if preferences:
            answer.headers["Preference-Applied"] = ", ".join(sorted(preferences))
        return answer

    def _caller(self, call: Call) -> tuple[Json, Tenant]:
        """Claims of the token and the tenant that it is of."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
        tid = peek(token).get("tid")
        tenant = next((one for one in self._tenants.values() if one.tenant_id == tid), None)
        allowed = audiences(tenant.cloud, call.origin) if tenant else set()
        try:
            claims = self._issuer.check(token, allowed, self._clock.now())
        except TokenError as error:
            raise GraphError(401, "InvalidAuthenticationToken", str(error)) from error
        assert tenant is not None  # a token of this issuer names one of its tenants
        return claims, tenant

    def _charge(self, app: str, tenant: Tenant, resource: Resource, query: Query) -> dict[str, str]:
        if not self.switches.throttling:
            return {}
        units = resource.cost
        units -= bool(query.select)
        units += bool(query.expand)
        units -= query.top is not None and query.top < _SMALL_PAGE
        charge = Charge(
            app=app,
            tenant=tenant.tenant_id,
            users=tenant.users,
            service=resource.service,
            units=max(units, 1),
            key_credentials="keyCredentials" in query.select,
        )
        verdict = self._throttle.judge(charge, self._clock.now())
        if verdict.throttled:
            raise too_many_requests(verdict.headers)
        return verdict.headers

    def _check_roles(self, roles: list[str], resource: Resource) -> None:
        if resource.roles.intersection(roles):
            return
        if not roles and self.switches.without_roles == 401:  # noqa: PLR2004 - Unauthorized
            raise GraphError(401, "UnknownError", "")
        code = "Authorization_RequestDenied" if resource.service == "identity" else "Forbidden"
        raise GraphError(403, code, "Insufficient privileges to complete the operation.")


def _target(call: Call) -> Target:
    version, _, rest = call.path.removeprefix("/").partition("/")
    if version != "v1.0":
        raise bad_request(f"Invalid version: {version}")
    target = find_target(f"/{rest}")
    if target is None:
        raise bad_request(f"Resource not found for the segment '{rest.rsplit('/', 1)[-1]}'.")
    if call.method != "GET":
        raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    return target
