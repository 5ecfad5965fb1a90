"""Entra ID's token endpoint: for secrets and for signed statements."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import msal

from o365_exporter.clock import Clock
from o365_exporter.errors import UnexpectedAnswerError
from o365_exporter.graph.adapter import Adapter, Form, MsalAnswer
from o365_exporter.graph.addresses import host_of
from o365_exporter.graph.answers import decoded
from o365_exporter.graph.credentials import AssertionCredential, ClientSecret, Credential
from o365_exporter.graph.http import Request
from o365_exporter.graph.identity import Identity
from o365_exporter.graph.refusals import login_error
from o365_exporter.graph.sender import Sender

DISCOVERY_ROUTE = "/{tenant}/v2.0/.well-known/openid-configuration"
TOKEN_ROUTE = "/{tenant}/oauth2/v2.0/token"  # noqa: S105 - a route, not a token

_App = Any  # msal.ConfidentialClientApplication: msal ships no types


class Entra:
    """Entra ID as one tenant of one cloud meets it."""

    def __init__(self, *, who: Identity, login_url: str, sender: Sender, clock: Clock) -> None:
        self._who = who
        self._url = login_url
        self._sender = sender
        self._clock = clock
        self._credential: Credential | None = None
        self._audience = ""

    def acquire(self, app: _App | None, credential: Credential, http_client: Adapter) -> tuple[_App, dict[str, Any]]:
        self._credential = credential
        if app is None:
            app = msal.ConfidentialClientApplication(
                self._who.client_id,
                client_credential=self._for_msal(credential),
                authority=f"{self._who.cloud.login}/{quote(self._who.tenant_id, safe='')}",
                instance_discovery=False,  # no round trip to hosts that nobody named
                azure_region=False,
                http_client=http_client,
            )
        self._audience = app.authority.token_endpoint
        app.remove_tokens_for_client()  # age and expiry are ours to judge, by our own clock
        return app, app.acquire_token_for_client(scopes=[self._who.cloud.scope])

    async def answer(self, method: str, address: str, headers: Mapping[str, str], form: Form) -> MsalAnswer:
        """Whatever host msal names, only the login host is asked."""
        assert self._credential is not None  # nobody but msal asks, and it was given one
        parts = urlsplit(address)
        query = f"?{parts.query}" if parts.query else ""
        secrets = (*self._credential.secrets, (form or {}).get("client_assertion", ""))
        request = Request(method, f"{self._url}{parts.path}{query}", headers, form, secrets)
        answer = await self._sender.send(request, TOKEN_ROUTE if method == "POST" else DISCOVERY_ROUTE)
        clock = self._sender.skew.advice()
        if (error := login_error(answer, self._who, self._credential, self._clock.now(), clock)) is not None:
            raise error
        content = decoded(answer)
        if not isinstance(content, dict):
            raise self.unusable()
        return MsalAnswer(answer.status, json.dumps(self._renamed(content)), answer.headers)

    def unusable(self) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(
            f"{host_of(self._url)} answers for tenant {self._who.tenant}, but not as Entra ID does: no token in it.",
            remedy="Check login_url in the settings, and which proxy stands between here and Microsoft.",
        )

    def _for_msal(self, credential: Credential) -> str | dict[str, Any]:
        return credential.value if isinstance(credential, ClientSecret) else {"client_assertion": self._assertion}

    def _assertion(self) -> str:
        """Asked for by msal with each token request: signed by our clock, or read from the newest file."""
        assert isinstance(self._credential, AssertionCredential)
        return self._credential.assertion(self._audience, self._who.client_id, self._clock.now())

    def _renamed(self, content: dict[str, Any]) -> dict[str, Any]:
        """Endpoints at an overridden login address, under the name that msal knows (and insists is https)."""
        return {
            key: self._who.cloud.login + value.removeprefix(self._url)
            if isinstance(value, str) and value.startswith(f"{self._url}/")
            else value
            for key, value in content.items()
        }
