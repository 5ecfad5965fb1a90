"""The life of a Graph request: who asks, may they, how often, what for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from o365_exporter.clock import Clock
from o365_exporter.simulator.clouds import audiences
from o365_exporter.simulator.domains import service_activity
from o365_exporter.simulator.domains.enums import EnumView
from o365_exporter.simulator.domains.resource import Resource, View
from o365_exporter.simulator.downloads import Downloads, known
from o365_exporter.simulator.faults import Fault
from o365_exporter.simulator.graph.answers import Question, look_up
from o365_exporter.simulator.graph.errors import (
    USUAL,
    WITHOUT_PERMISSION,
    GraphError,
    bad_request,
    error_answer,
    too_many_requests,
)
from o365_exporter.simulator.graph.query import Query
from o365_exporter.simulator.graph.reports import (
    REPORT_ROLES,
    SETTINGS_ROLES,
    asks_for_settings,
    report_in,
    require_cloud,
    settings_answer,
    wanted,
)
from o365_exporter.simulator.graph.targets import Target, find_target
from o365_exporter.simulator.http import Request, Response
from o365_exporter.simulator.options import Switches
from o365_exporter.simulator.tenant import Tenant
from o365_exporter.simulator.throttle import Charge, Throttle
from o365_exporter.simulator.tokens import TokenError, TokenIssuer, peek

Json = dict[str, Any]

_SMALL_PAGE = 20
_REVOKED = (
    "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
    "TokenIssuedBeforeRevocationTimestamp"
)


class Graph:
    """Answers what ``graph.microsoft.com`` would."""

    def __init__(
        self,
        tenants: Mapping[str, Tenant],
        issuer: TokenIssuer,
        throttle: Throttle,
        downloads: Downloads,
        clock: Clock,
    ) -> None:
        self._tenants = tenants
        self._downloads = downloads
        self._issuer = issuer
        self._throttle = throttle
        self._clock = clock
        self.switches = Switches()

    def answer(self, request: Request) -> Response:
        """Answer a request whose path begins with a version."""
        try:
            response = self._serve(request)
        except GraphError as error:
            response = error_answer(request, error, self._clock.now())
        return self._dress(request, response)

    def injected(self, request: Request, fault: Fault) -> Response | None:
        """The error that a fault wants, in Graph's shape."""
        if fault.status is None:
            return None
        code, message = USUAL.get(fault.status, ("generalException", "An error was injected."))
        error = GraphError(
            fault.status,
            code if fault.code is None else fault.code,
            message if fault.message is None else fault.message,
        )
        return self._dress(request, error_answer(request, error, self._clock.now()))

    def _dress(self, request: Request, response: Response) -> Response:
        """Add the headers that every answer of Graph has."""
        server = {"DataCenter": "West Europe", "Slice": "E", "Ring": "5", "ScaleUnit": "004"}
        server["RoleInstance"] = "AM2PEPF0001C8A4"
        response.headers |= {
            "Cache-Control": "no-cache",
            "OData-Version": "4.0",
            "Strict-Transport-Security": "max-age=31536000",
            "Vary": "Accept-Encoding",
            "request-id": request.request_id,
            "client-request-id": request.headers.get("client-request-id", request.request_id),
            "x-ms-ags-diagnostic": json.dumps({"ServerInfo": server}, separators=(",", ":")),
        }
        return response

    def _serve(self, request: Request) -> Response:
        claims, tenant = self._caller(request)
        version, path = _address(request)
        if asks_for_settings(path):
            return self._settings(request, version, claims, tenant)
        if version == "beta" and (match := service_activity.activity_in(path)):
            return self._activity(request, match, claims, tenant)
        if match := report_in(path):
            return self._report(request, version, match, claims, tenant)
        target = _target(version, path)
        preferences = request.preferences if self.switches.prefer == "honoured" else set()
        query = Query.parse(request, target.resource, preferences)
        headers = self._charge(claims["appid"], tenant, target.resource, query)
        self._check_roles(claims, target.resource.roles, target.resource.service)
        view = View(
            EnumView("include-unknown-enum-members" in preferences, self.switches.pascal_case_rate),
            query.view_select,
            frozenset(query.expand),
        )
        response = look_up(Question(request, tenant, target, query, view, self.switches))
        response.headers |= headers
        if preferences:
            response.headers["Preference-Applied"] = ", ".join(sorted(preferences))
        return response

    def _settings(self, request: Request, version: str, claims: Json, tenant: Tenant) -> Response:
        require_cloud(version, tenant, "reportSettings")
        self._check_roles(claims, SETTINGS_ROLES, "settings")
        return settings_answer(request, tenant, self.switches)

    def _activity(self, request: Request, match: re.Match[str], claims: Json, tenant: Tenant) -> Response:
        self._check_roles(claims, service_activity.ROLES, "usage_reports")
        try:
            entries = service_activity.activity(match, tenant.key, tenant.users, self._clock.now())
        except LookupError as error:
            raise bad_request(f"Resource not found for the segment '{error.args[0]}'.") from None
        except ValueError as error:
            raise bad_request(str(error)) from None
        context = f"{request.origin}/beta/$metadata#Collection(microsoft.graph.serviceActivityValueMetric)"
        return Response(200, {"@odata.context": context, "value": entries})

    def _report(self, request: Request, version: str, match: re.Match[str], claims: Json, tenant: Tenant) -> Response:
        """Where the file is; 304 where the client knows it already."""
        require_cloud(version, tenant, match["name"])
        charge = Charge(claims["appid"], tenant.tenant_id, tenant.users, "usage_reports", 1, function=match["name"])
        headers = self._judge(charge)
        self._check_roles(claims, REPORT_ROLES, "usage_reports")
        one = wanted(request, match, tenant, self._clock.now())
        refresh = tenant.refresh_date(one.report.name)
        edition = tenant.edition(one.report.name, one.window, refresh, self._downloads.style())
        if self.switches.report_etags == "honoured" and known(request, edition):
            return Response(304, b"", headers | {"ETag": edition.etag}, "text/plain")
        if tenant.report_state(one.report.name) == "direct":
            return Response(200, self._downloads.stream(tenant, edition), headers, "application/octet-stream")
        location = self._downloads.address(request, tenant, edition)
        return Response(302, b"", headers | {"Location": location}, "text/plain")

    def _caller(self, request: Request) -> tuple[Json, Tenant]:
        """Claims of the token and the tenant that it is of."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise GraphError(401, "InvalidAuthenticationToken", "Access token is empty.")
        tid = peek(token).get("tid")
        tenant = next((one for one in self._tenants.values() if one.tenant_id == tid), None)
        allowed = audiences(tenant.cloud, request.origin) if tenant else set()
        try:
            claims = self._issuer.check(token, allowed, self._clock.now())
        except TokenError as error:
            raise GraphError(401, "InvalidAuthenticationToken", str(error)) from error
        assert tenant is not None  # a token of this issuer names one of its tenants
        if claims["iat"] < tenant.tokens_valid_from:
            raise GraphError(401, "InvalidAuthenticationToken", _REVOKED)
        return claims, tenant

    def _charge(self, app: str, tenant: Tenant, resource: Resource, query: Query) -> dict[str, str]:
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
        return self._judge(charge)

    def _judge(self, charge: Charge) -> dict[str, str]:
        """Headers that say how near a limit is; raises 429 beyond it."""
        if not self.switches.throttling:
            return {}
        verdict = self._throttle.judge(charge, self._clock.now())
        if verdict.throttled:
            raise too_many_requests(verdict.headers)
        return verdict.headers

    def _check_roles(self, claims: Json, needed: frozenset[str], service: str) -> None:
        roles = claims.get("roles", [])
        if needed.intersection(roles):
            return
        if not roles and self.switches.without_roles == 401:  # noqa: PLR2004 - Unauthorized
            raise GraphError(401, "UnknownError", "")
        raise GraphError(403, *WITHOUT_PERMISSION[service])


def _address(request: Request) -> tuple[str, str]:
    """Version and what follows it."""
    version, _, rest = request.path.removeprefix("/").partition("/")
    if request.method != "GET":
        raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    return version, f"/{rest}"


def _target(version: str, path: str) -> Target:
    if version != "v1.0":
        raise bad_request(f"Invalid version: {version}")
    target = find_target(path)
    if target is None:
        raise bad_request(f"Resource not found for the segment '{path.rsplit('/', 1)[-1]}'.")
    return target
