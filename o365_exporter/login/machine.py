"""The token endpoint that Azure gives to a machine with a managed identity: of a VM (IMDS) or of App Service.

Source: Microsoft, "How to use managed identities on an Azure VM to acquire an access token" and "REST endpoint
reference" of App Service. Which of both the machine has, msal knows by the environment (``IDENTITY_ENDPOINT``,
``IDENTITY_HEADER`` and others).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlencode

from o365_exporter.clock import Clock
from o365_exporter.errors import AuthError, NetworkError, PollTimeoutError, UnexpectedAnswerError
from o365_exporter.http.addresses import host_of
from o365_exporter.http.bodies import decoded
from o365_exporter.http.client import Request, Response, open_direct
from o365_exporter.http.quoting import printable
from o365_exporter.http.retry import ATTEMPTS, Retries
from o365_exporter.http.traffic import Traffic
from o365_exporter.login.claims import tenant_of
from o365_exporter.login.credentials import Credential, MachineIdentity
from o365_exporter.login.identity import Identity
from o365_exporter.login.issuer import UNUSABLE, Grant
from o365_exporter.login.refusals import machine_error

MACHINE_ROUTE = "/metadata/identity/oauth2/token"
"""Stands for App Service's too."""

_VM = "http://169.254.169.254"
_PATIENCE = 10.0  # seconds; the endpoint is on the machine itself, or next to it
_AZURE_ONLY = (
    "managed_identity works on machines of Azure only, and in App Service, Functions and Container Apps; elsewhere "
    "set another kind of credential."
)


class AzureMachine:
    """Azure as the machine that runs the exporter meets it; never by a proxy."""

    way = "the managed identity of this machine"

    def __init__(self, *, who: Identity, traffic: Traffic, retries: Retries, clock: Clock) -> None:
        self._who = who
        self._traffic = traffic
        self._retries = retries
        self._clock = clock

    async def ask(self, credential: Credential, attempts: int = ATTEMPTS) -> Grant:
        """See ``Issuer``."""
        assert isinstance(credential, MachineIdentity)
        request = self._request(credential)
        content = await self._retries.run(partial(self._attempt, request), attempts)
        try:
            grant = Grant.of(self._with_lifetime(content))
        except UNUSABLE:
            raise self._unusable() from None
        self._check_tenant(grant.token)
        return grant

    def _request(self, credential: MachineIdentity) -> Request:
        from msal.managed_identity import (  # noqa: PLC0415 - seldom needed, and large
            APP_SERVICE,
            DEFAULT_TO_VM,
            get_managed_identity_source,
        )

        query = {"resource": self._who.cloud.graph}
        if credential.client_id:
            query["client_id"] = credential.client_id
        kind = get_managed_identity_source()
        if kind is APP_SERVICE:
            secret = os.environ["IDENTITY_HEADER"]
            url = f"{os.environ['IDENTITY_ENDPOINT']}?{urlencode({'api-version': '2019-08-01', **query})}"
            return Request("GET", url, {"X-IDENTITY-HEADER": secret, "Metadata": "true"}, secrets=(secret,))
        if kind is DEFAULT_TO_VM:
            host = os.environ.get("AZURE_POD_IDENTITY_AUTHORITY_HOST", _VM).strip("/")
            url = f"{host}{MACHINE_ROUTE}?{urlencode({'api-version': '2018-02-01', **query})}"
            return Request("GET", url, {"Metadata": "true"})
        raise AuthError(
            f"The managed identity for tenant {self._who.tenant} is of a kind that is not supported.",
            remedy=_AZURE_ONLY,
        )

    def _with_lifetime(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """App Service tells when a token ends, in seconds since 1970, and not for how long it lives."""
        if "expires_in" in content or "expires_on" not in content:
            return content
        return {**content, "expires_in": int(content["expires_on"]) - int(self._clock.now())}

    async def _attempt(self, request: Request) -> dict[str, Any]:
        response = await self._sent(request)
        if (error := machine_error(response, self._who, self._clock.now())) is not None:
            raise error
        content = decoded(response)
        if not isinstance(content, dict):
            raise self._unusable()
        return content

    def _unusable(self) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(
            f"The managed identity's endpoint answers for tenant {self._who.tenant}, but there is no token in it.",
            remedy=_AZURE_ONLY,
        )

    async def _sent(self, request: Request) -> Response:
        """By a client of its own, once in many hours: the shared one would go through the proxy."""
        try:
            with self._traffic.timed(MACHINE_ROUTE, self._clock) as sent:
                async with open_direct(_PATIENCE) as http:
                    response = await http.send(request)
                sent.code = str(response.status)
        except (NetworkError, PollTimeoutError) as error:
            host = host_of(request.url)
            message = f"The managed identity's endpoint {host} cannot be reached for tenant {self._who.tenant}."
            raise type(error)(message, remedy=_AZURE_ONLY) from None
        return response

    def _check_tenant(self, token: str) -> None:
        """A machine belongs to one tenant: the data of that one must not pass for those of another."""
        home = tenant_of(token)
        wanted = self._who.tenant_id
        if home and "." not in wanted and home.lower() != wanted.lower():
            raise AuthError(
                f"The managed identity belongs to tenant {printable(home)}, and not to {self._who.tenant} ({wanted}).",
                remedy="Use a managed identity for the machine's own tenant only, and another kind of credential here.",
            )
