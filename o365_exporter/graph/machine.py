"""The token endpoint that Azure gives to a machine with a managed identity: of a VM (IMDS) or of App Service.

Source: Microsoft, "How to use managed identities on an Azure VM to acquire an access token" and "REST endpoint
reference" of App Service, as msal 1.39 speaks them. Which of both it is, and where, msal learns from the environment
(``IDENTITY_ENDPOINT``, ``IDENTITY_HEADER``, ``AZURE_POD_IDENTITY_AUTHORITY_HOST``).
"""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import Mapping
from typing import Any

import httpx
import msal
from msal.managed_identity import APP_SERVICE, DEFAULT_TO_VM, get_managed_identity_source

from o365_exporter.clock import Clock
from o365_exporter.errors import (
    AuthError,
    NetworkError,
    PollTimeoutError,
    UnexpectedAnswerError,
)
from o365_exporter.graph.adapter import Adapter, Form, MsalAnswer
from o365_exporter.graph.addresses import host_of
from o365_exporter.graph.answers import decoded
from o365_exporter.graph.credentials import Credential, MachineIdentity
from o365_exporter.graph.http import Answer, Http, Request
from o365_exporter.graph.identity import Identity
from o365_exporter.graph.options import ConnectionOptions
from o365_exporter.graph.quoting import printable
from o365_exporter.graph.refusals import machine_error
from o365_exporter.graph.traffic import Traffic

MACHINE_ROUTE = "/metadata/identity/oauth2/token"
"""Stands for App Service's too."""

_PATIENCE = 10.0  # seconds; the endpoint is on the machine itself, or next to it
_AZURE_ONLY = (
    "managed_identity works on machines of Azure only, and in App Service, Functions and Container Apps; elsewhere "
    "set another kind of credential."
)


class AzureMachine:
    """Azure as the machine that runs the exporter meets it; never by a proxy."""

    def __init__(self, *, who: Identity, traffic: Traffic, clock: Clock) -> None:
        self._who = who
        self._traffic = traffic
        self._clock = clock

    def acquire(self, app: None, credential: Credential, http_client: Adapter) -> tuple[None, dict[str, Any]]:
        del app  # a new client each time: age and expiry are ours to judge
        assert isinstance(credential, MachineIdentity)
        if get_managed_identity_source() not in (APP_SERVICE, DEFAULT_TO_VM):
            raise AuthError(
                f"The managed identity for tenant {self._who.tenant} is of a kind that is not supported.",
                remedy=_AZURE_ONLY,
            )
        name = credential.client_id
        identity = msal.UserAssignedManagedIdentity(client_id=name) if name else msal.SystemAssignedManagedIdentity()
        client = msal.ManagedIdentityClient(identity, http_client=http_client)
        result = client.acquire_token_for_client(resource=self._who.cloud.graph)
        self._check_tenant(result["access_token"])
        return None, result

    async def answer(self, method: str, address: str, headers: Mapping[str, str], form: Form) -> MsalAnswer:
        secret = headers.get("X-IDENTITY-HEADER", "")
        answer = await self._sent(Request(method, address, headers, form, (secret,)))
        if (error := machine_error(answer, self._who, self._clock.now())) is not None:
            raise error
        content = decoded(answer)
        if not isinstance(content, dict):
            raise self.unusable()
        return MsalAnswer(answer.status, json.dumps(content), answer.headers)

    def unusable(self) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(
            f"The managed identity's endpoint answers for tenant {self._who.tenant}, but there is no token in it.",
            remedy=_AZURE_ONLY,
        )

    async def _sent(self, request: Request) -> Answer:
        """By a client of its own, once in many hours: the shared one would go through the proxy."""
        try:
            with self._traffic.timed(MACHINE_ROUTE, self._clock) as sent:
                async with httpx.AsyncClient(
                    trust_env=False,
                    timeout=_PATIENCE,
                    verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),  # these endpoints speak plain http
                ) as client:
                    answer = await Http(client, ConnectionOptions()).send(request)
                sent.code = str(answer.status)
        except (NetworkError, PollTimeoutError) as error:
            host = host_of(request.url)
            message = f"The managed identity's endpoint {host} cannot be reached for tenant {self._who.tenant}."
            raise type(error)(message, remedy=_AZURE_ONLY) from None
        return answer

    def _check_tenant(self, token: str) -> None:
        """A machine belongs to one tenant: the data of that one must not pass for those of another."""
        home = _tenant_of(token)
        wanted = self._who.tenant_id
        if home and "." not in wanted and home.lower() != wanted.lower():
            raise AuthError(
                f"The managed identity belongs to tenant {printable(home)}, and not to {self._who.tenant} ({wanted}).",
                remedy="Use a managed identity for the machine's own tenant only, and another kind of credential here.",
            )


def _tenant_of(token: str) -> str:
    """The tenant for which a token is; empty where it does not say so in the usual place."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return str(claims["tid"])
    except (IndexError, KeyError, TypeError, ValueError):
        return ""
