"""What Azure offers to a machine with managed identities: the endpoint of a VM (IMDS) and that of App Service.

Source: Microsoft, "How to use managed identities on an Azure VM to acquire an access token" and App Service's "REST
endpoint reference", as far as clients rely on them. Numbers in the answers are strings, as there.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Any

from o365_exporter.clock import Clock
from o365_exporter.simulator.clouds import audiences
from o365_exporter.simulator.draw import draw_for
from o365_exporter.simulator.faults import Fault
from o365_exporter.simulator.http import Request, Response
from o365_exporter.simulator.tenant import Tenant
from o365_exporter.simulator.tokens import TokenIssuer

IMDS = "/metadata/identity/oauth2/token"
APP_SERVICE = "/msi/token"

_VERSIONS = {IMDS: ("2018-02-01", "2019-08-01", "2021-02-01"), APP_SERVICE: ("2019-08-01",)}


class _RefusedError(Exception):
    def __init__(self, status: int, error: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.error = error


class Machine:
    """The one machine on which the client runs; tenants give it identities by ``assign_managed_identity``.

    Attributes:
        identity_header: what App Service puts into the variable ``IDENTITY_HEADER``.
    """

    def __init__(self, tenants: Mapping[str, Tenant], issuer: TokenIssuer, seed: int, clock: Clock) -> None:
        self._tenants = tenants
        self._issuer = issuer
        self._clock = clock
        self.identity_header = draw_for(seed, "identity header").guid().upper()

    def answers(self, path: str) -> bool:
        """Whether there is anything at this address."""
        return path in _VERSIONS

    def answer(self, request: Request) -> Response:
        """A token for the identity that is asked for, or why there is none."""
        try:
            self._check(request)
            return Response(200, self._token(request))
        except _RefusedError as error:
            return _refusal(request, error.status, error.error, str(error))

    def injected(self, request: Request, fault: Fault) -> Response | None:
        """The error that a fault wants, in the shape of the endpoint."""
        return (
            None if fault.status is None else _refusal(request, fault.status, "unknown_error", "An error was injected.")
        )

    def _check(self, request: Request) -> None:
        if request.method != "GET":
            raise _RefusedError(405, "invalid_request", "Method not allowed")
        if request.path == APP_SERVICE:
            given = request.headers.get("x-identity-header", "")
            if not hmac.compare_digest(given.encode(), self.identity_header.encode()):
                raise _RefusedError(401, "unauthorized", "The identity header is missing or wrong.")
        elif request.headers.get("metadata") != "true":
            raise _RefusedError(400, "invalid_request", "Required metadata header not specified")
        elif "x-forwarded-for" in request.headers:
            raise _RefusedError(400, "invalid_request", "Requests by way of a proxy are not served")
        if request.parameters.get("api-version") not in _VERSIONS[request.path]:
            raise _RefusedError(400, "bad_request_102", "Required api-version is missing or not supported")

    def _token(self, request: Request) -> dict[str, Any]:
        tenant, client_id = self._identity(request.parameters.get("client_id"))
        resource = request.parameters.get("resource", "").rstrip("/")
        if resource not in audiences(tenant.cloud, request.origin):
            raise _RefusedError(400, "invalid_resource", f"AADSTS500011: The resource {resource} was not found")
        now = self._clock.now()
        token, lifetime = self._issuer.issue(tenant, resource, now, machine=client_id)
        body = {
            "access_token": token,
            "client_id": client_id,
            "expires_on": str(int(now) + lifetime),
            "resource": resource,
            "token_type": "Bearer",
        }
        if request.path == IMDS:
            body |= {"expires_in": str(lifetime), "ext_expires_in": str(lifetime), "not_before": str(int(now))}
        return body

    def _identity(self, asked: str | None) -> tuple[Tenant, str]:
        """The tenant of an identity, and the identity's client id."""
        found = _first(tenant for tenant in self._tenants.values() if (asked or "system") in tenant.managed_identities)
        if found is None:
            raise _RefusedError(400, "invalid_request", "Identity not found")
        return found, found.managed_identities[asked or "system"]


def _first(tenants: Iterable[Tenant]) -> Tenant | None:
    return next(iter(tenants), None)


def _refusal(request: Request, status: int, error: str, text: str) -> Response:
    if request.path == APP_SERVICE:
        return Response(status, {"statusCode": status, "message": text})
    return Response(status, {"error": error, "error_description": text})
