"""Entra ID: discovery and the token endpoint for apps (client credentials)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from o365_exporter.clock import Clock
from o365_exporter.simulator.aadsts import EntraError
from o365_exporter.simulator.client_credentials import check_credential
from o365_exporter.simulator.clouds import audiences
from o365_exporter.simulator.faults import Fault
from o365_exporter.simulator.federation import OtherIssuer
from o365_exporter.simulator.http import Request, Response
from o365_exporter.simulator.tenant import Tenant
from o365_exporter.simulator.timetext import login_time
from o365_exporter.simulator.tokens import TokenIssuer

_ROUTES = (
    (re.compile(r"/([^/]+)/oauth2/v2\.0/token"), "token", "POST"),
    (re.compile(r"/([^/]+)(?:/v2\.0)?/\.well-known/openid-configuration"), "discovery", "GET"),
    (re.compile(r"/(common)/discovery/instance"), "instances", "GET"),
)
_MANY = ("common", "organizations")
"""Names in login addresses that stand for any tenant: they have discovery, and no app signs in there."""

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def tenant_in_path(path: str) -> str | None:
    """The tenant that a login address names; None where it is no login address."""
    return next((match[1] for pattern, _, _ in _ROUTES if (match := pattern.fullmatch(path))), None)


class Entra:
    """Answers what ``login.microsoftonline.com`` would."""

    def __init__(self, tenants: Mapping[str, Tenant], issuer: TokenIssuer, clock: Clock) -> None:
        self._tenants = tenants
        self._issuer = issuer
        self._clock = clock
        self.federation = OtherIssuer(clock)

    def answer(self, request: Request) -> Response:
        """Answer a request that is not for Graph; 404 where Entra has nothing at that address."""
        for pattern, name, method in _ROUTES:
            match = pattern.fullmatch(request.path)
            if match and request.method == method:
                try:
                    return self._dress(request, getattr(self, f"_{name}")(request, match[1]))
                except EntraError as error:
                    return self.refusal(request, error)
        return self._dress(request, Response(404, "<html><body>404</body></html>", content_type="text/html"))

    def refusal(self, request: Request, error: EntraError) -> Response:
        """An error in Entra's shape."""
        stamp = login_time(self._clock.now())
        correlation = request.headers.get("client-request-id", request.request_id)
        text = f"{error} Trace ID: {request.request_id} Correlation ID: {correlation} Timestamp: {stamp}"
        body = {
            "error": error.error,
            "error_description": text,
            "error_codes": [error.code],
            "timestamp": stamp,
            "trace_id": request.request_id,
            "correlation_id": correlation,
            "error_uri": f"{request.origin}/error?code={error.code}",
        }
        return self._dress(request, Response(error.status, body))

    def injected(self, request: Request, fault: Fault) -> Response | None:
        """The error that a fault wants, in Entra's shape."""
        if fault.aadsts is None and fault.status is None:
            return None
        response = self.refusal(request, EntraError(fault.aadsts or 90033))
        response.status = fault.status or response.status
        return response

    def _token(self, request: Request, name: str) -> Response:
        form = request.form
        for parameter in ("grant_type", "client_id", "scope"):
            if not form.get(parameter):
                raise EntraError(900144, parameter=parameter)
        if form["grant_type"] != "client_credentials":
            raise EntraError(70003, parameter=form["grant_type"])
        tenant = self._tenant(name)
        _check_app(tenant, form["client_id"])
        check_credential(tenant, form, self.federation, self._clock.now(), request.origin)
        audience = _audience(tenant, form["scope"], request.origin)
        token, lifetime = self._issuer.issue(tenant, audience, self._clock.now())
        return Response(
            200,
            {
                "token_type": "Bearer",
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": token,
            },
        )

    def _discovery(self, request: Request, name: str) -> Response:
        """All addresses are the simulator's, so that no secret of a trial is ever sent to Microsoft."""
        login = f"{request.origin}/{name if name in _MANY else self._tenant(name).tenant_id}"
        issuer = f"{request.origin}/{{tenantid}}/v2.0" if name in _MANY else f"{login}/v2.0"
        document: dict[str, Any] = {
            "token_endpoint": f"{login}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{login}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "authorization_endpoint": f"{login}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{login}/oauth2/v2.0/devicecode",
            "tenant_region_scope": "EU",
            "cloud_instance_name": urlsplit(request.origin).hostname,
            "msgraph_host": urlsplit(request.origin).netloc,
        }
        return Response(200, document)

    def _instances(self, request: Request, _name: str) -> Response:
        asked = request.parameters.get("authorization_endpoint", f"{request.origin}/common/oauth2/v2.0/authorize")
        tenant = asked.split("/")[3] if asked.count("/") >= 3 else "common"  # noqa: PLR2004 - scheme, host, tenant
        host = urlsplit(request.origin).netloc
        metadata = {"preferred_network": host, "preferred_cache": host, "aliases": [host]}
        endpoint = f"{request.origin}/{tenant}/v2.0/.well-known/openid-configuration"
        return Response(200, {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": [metadata]})

    def _tenant(self, name: str) -> Tenant:
        for tenant in self._tenants.values():
            if tenant.answers_to(name):
                return tenant
        known_form = _GUID.fullmatch(name) or "." in name
        raise EntraError(90002 if known_form else 900023, tenant=name)

    def _dress(self, request: Request, response: Response) -> Response:
        response.headers |= {
            "Cache-Control": "no-store, no-cache" if request.method == "POST" else "max-age=86400, private",
            "x-ms-request-id": request.request_id,
            "client-request-id": request.headers.get("client-request-id", request.request_id),
        }
        return response


def _check_app(tenant: Tenant, client_id: str) -> None:
    """Raise what Entra says of an app that may not sign in, whatever its credential."""
    if client_id.lower() != tenant.client_id.lower() or tenant.client_id not in tenant.applications:
        raise EntraError(700016, app=client_id, tenant=tenant.display_name)
    if not tenant.has_service_principal:
        raise EntraError(7000229, app=client_id, tenant=tenant.tenant_id)
    if not tenant.app_enabled:
        raise EntraError(7000112, app=client_id)


def _audience(tenant: Tenant, scope: str, origin: str) -> str:
    """Whom the token is for."""
    if " " in scope.strip():
        raise EntraError(70011, scope=scope)
    if not scope.endswith("/.default"):
        raise EntraError(1002012, scope=scope)
    resource = scope.removesuffix("/.default").rstrip("/")
    if resource not in audiences(tenant.cloud, origin):
        raise EntraError(500011, scope=resource, tenant=tenant.display_name)
    return resource
