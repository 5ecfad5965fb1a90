"""Entra ID's token endpoint, by the client credentials flow: for secrets and for signed assertions.

Source: Microsoft, "OAuth 2.0 client credentials flow on the Microsoft identity platform", and what msal 1.39 sends.
"""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from o365_exporter.clock import Clock
from o365_exporter.errors import AuthError, UnexpectedAnswerError
from o365_exporter.http.addresses import host_of
from o365_exporter.http.bodies import decoded
from o365_exporter.http.client import Request
from o365_exporter.http.retry import ATTEMPTS, Retries
from o365_exporter.http.sender import Sender
from o365_exporter.login.credentials import AssertionCredential, ClientSecret, Credential
from o365_exporter.login.identity import Identity
from o365_exporter.login.issuer import UNUSABLE, Grant
from o365_exporter.login.refusals import login_error

DISCOVERY_ROUTE = "/{tenant}/v2.0/.well-known/openid-configuration"
TOKEN_ROUTE = "/{tenant}/oauth2/v2.0/token"  # noqa: S105 - a route, not a token

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523, section 2.2
_CAPABILITY = "retry-after, h429"  # as msal says it: 429 and Retry-After are understood here


class Entra:
    """Entra ID as one tenant of one cloud meets it."""

    def __init__(self, *, who: Identity, login_url: str, sender: Sender, retries: Retries, clock: Clock) -> None:
        self._who = who
        self._url = login_url
        self._sender = sender
        self._retries = retries
        self._clock = clock
        self._endpoint = ""
        self._proven = False
        self.way = sender.way_to(login_url)

    async def ask(self, credential: Credential, attempts: int = ATTEMPTS) -> Grant:
        """See ``Issuer``; where its endpoint is, is learned once, and again after a failure."""
        try:
            grant = await self._asked(credential, attempts)
        except BaseException:
            self._proven = False
            raise
        self._proven = True
        return grant

    async def _asked(self, credential: Credential, attempts: int) -> Grant:
        self._check(credential)
        endpoint, self._endpoint = self._endpoint or await self._discovered(credential, attempts), ""
        request = self._request("POST", urlsplit(endpoint).path, credential, self._form(credential, endpoint))
        content = await self._retries.run(partial(self._attempt, request, TOKEN_ROUTE, credential), attempts)
        try:
            grant = Grant.of(content)
        except UNUSABLE:
            raise self._unusable() from None
        self._endpoint = endpoint
        return grant

    def _check(self, credential: Credential) -> None:
        """A certificate is judged by our clock, which may be the thing that is wrong."""
        try:
            credential.check(self._clock.now())
        except AuthError as error:
            told = "clock" in error.remedy and self._sender.skew.seconds is None
            advice = "" if told else self._sender.skew.advice()
            raise AuthError(error.message, remedy=f"{error.remedy} {advice}".strip()) from None

    async def _discovered(self, credential: Credential, attempts: int) -> str:
        """The token endpoint by its official name, as the tenant's OpenID configuration has it."""
        path = f"/{quote(self._who.tenant_id, safe='')}/v2.0/.well-known/openid-configuration"
        request = self._request("GET", path, credential)
        content = await self._retries.run(partial(self._attempt, request, DISCOVERY_ROUTE, credential), attempts)
        found = content.get("token_endpoint")
        if not isinstance(found, str):
            raise self._unusable()
        if found.startswith(f"{self._url}/"):  # a login address instead of the cloud's names itself
            found = self._who.cloud.login + found.removeprefix(self._url)
        if not _is_endpoint(found):
            raise self._unusable()
        return found

    def _form(self, credential: Credential, endpoint: str) -> dict[str, str]:
        form = {
            "client_id": self._who.client_id,
            "grant_type": "client_credentials",
            "scope": self._who.cloud.scope,
        }
        if isinstance(credential, ClientSecret):
            return form | {"client_secret": credential.value}
        assert isinstance(credential, AssertionCredential)
        assertion = credential.assertion(endpoint, self._who.client_id, self._clock.now())
        return form | {"client_assertion_type": _ASSERTION_TYPE, "client_assertion": assertion}

    def _request(self, method: str, path: str, credential: Credential, form: dict[str, str] | None = None) -> Request:
        """Whatever host an endpoint is at by its name, only the login host is asked."""
        headers = {
            "Accept": "application/json",
            "client-request-id": str(uuid.uuid4()),
            "x-ms-lib-capability": _CAPABILITY,
        }
        secrets = (*credential.secrets, (form or {}).get("client_assertion", ""))
        return Request(method, self._url + path, headers, form, secrets)

    async def _attempt(self, request: Request, route: str, credential: Credential) -> dict[str, Any]:
        """The object in a success."""
        async with self._sender.login_place(self._url, proven=self._proven):
            answer = await self._sender.send(request, route)
        clock = self._sender.skew.advice()
        if (error := login_error(answer, self._who, credential, self._clock.now(), clock)) is not None:
            raise error
        content = decoded(answer)
        if not isinstance(content, dict):
            raise self._unusable()
        return content

    def _unusable(self) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(
            f"{host_of(self._url)} answers for tenant {self._who.tenant}, but not as Entra ID does: no token in it.",
            remedy="Check login_url in the settings, and which proxy stands between here and Microsoft.",
        )


def _is_endpoint(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and len(parts.path) > 1
