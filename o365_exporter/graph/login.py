"""One token from Entra ID, by msal in a worker thread.

msal is synchronous, so its ``http_client`` is an adapter that runs each request on the loop's one shared client:
cancelling a poll cancels the request and with it ends the thread. The adapter lets only successes through to msal.
Every failure passes over msal's head as a ``PollError``, so that its replay of failed answers (60 seconds for a 400)
never hides a configuration that was put right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import anyio
import anyio.from_thread
import anyio.to_thread
import msal

from o365_exporter.clock import Clock
from o365_exporter.errors import UnexpectedAnswerError
from o365_exporter.graph.aadsts import login_error
from o365_exporter.graph.addresses import host_of
from o365_exporter.graph.answers import decoded
from o365_exporter.graph.credentials import Credential
from o365_exporter.graph.http import Answer, Http, Request
from o365_exporter.graph.identity import Identity
from o365_exporter.graph.retry import ATTEMPTS, Retries
from o365_exporter.graph.traffic import Traffic

DISCOVERY_ROUTE = "/{tenant}/v2.0/.well-known/openid-configuration"
TOKEN_ROUTE = "/{tenant}/oauth2/v2.0/token"  # noqa: S105 - a route, not a token
LOGIN_ROUTES = (DISCOVERY_ROUTE, TOKEN_ROUTE)
"""Values of the label ``api`` besides the routes of endpoints."""

_USUAL_LIFETIME = 3599.0
_App = Any  # msal.ConfidentialClientApplication: msal ships no types
_Form = Mapping[str, str] | None
_Exchange = Callable[[str, str, Mapping[str, str], _Form], Coroutine[Any, Any, "_MsalAnswer"]]


@dataclass(frozen=True, slots=True)
class Grant:
    """What Entra ID gave: the token, the seconds it lives."""

    token: str = field(repr=False)
    lifetime: float


@dataclass(frozen=True, slots=True)
class _MsalAnswer:
    """What msal takes for an HTTP answer; always a success."""

    status_code: int
    text: str = field(repr=False)
    headers: Mapping[str, str]

    def raise_for_status(self) -> None:
        """Never called in anger: failures do not get this far."""


class Login:
    """Asks Entra ID for app-only tokens of one tenant; the caller sees to it that only one is asked for at a time."""

    def __init__(
        self, *, who: Identity, login_url: str, http: Http, retries: Retries, traffic: Traffic, clock: Clock
    ) -> None:
        self._who = who
        self._url = login_url
        self._http = http
        self._retries = retries
        self._traffic = traffic
        self._clock = clock
        self._thread = anyio.CapacityLimiter(1)  # its own: forty logins that hang leave anyio's shared threads alone
        self._app: _App = None
        self._credential: Credential | None = None
        self._attempts = ATTEMPTS

    async def ask(self, credential: Credential, attempts: int = ATTEMPTS) -> Grant:
        """A new token, with each request sent so many times at most.

        Raises:
            PollError: there is none to be had.
        """
        if self._credential is None or credential.fingerprint != self._credential.fingerprint:
            self._app = None
        self._credential, self._attempts = credential, attempts
        app, self._app = self._app, None  # kept only after a success
        try:
            app, result = await anyio.to_thread.run_sync(self._acquire, app, credential, limiter=self._thread)
            grant = self._grant(result)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            msal.exceptions.MsalError,
        ):  # its texts may quote the answer
            raise self._unusable() from None
        self._app = app
        return grant

    def _acquire(self, app: _App | None, credential: Credential) -> tuple[_App, dict[str, Any]]:
        """Runs in the thread."""
        if app is None:
            app = msal.ConfidentialClientApplication(
                self._who.client_id,
                client_credential=credential.for_msal,
                authority=f"{self._who.cloud.login}/{quote(self._who.tenant_id, safe='')}",
                instance_discovery=False,  # no round trip to hosts that nobody named
                azure_region=False,
                http_client=_Adapter(self._exchange),
            )
        app.remove_tokens_for_client()  # age and expiry are ours to judge, by our own clock
        return app, app.acquire_token_for_client(scopes=[self._who.cloud.scope])

    def _grant(self, result: dict[str, Any]) -> Grant:
        token = result["access_token"]
        if not (isinstance(token, str) and token and token.isascii() and token.isprintable() and " " not in token):
            raise ValueError  # it would not go into a header, and the error would show it
        return Grant(token, float(result.get("expires_in", _USUAL_LIFETIME)))

    async def _exchange(self, method: str, address: str, headers: Mapping[str, str], form: _Form) -> _MsalAnswer:
        """One request of msal's on the loop; whatever host it names, only the login host is asked."""
        assert self._credential is not None
        parts = urlsplit(address)
        query = f"?{parts.query}" if parts.query else ""
        request = Request(method, f"{self._url}{parts.path}{query}", headers, form, self._credential.secrets)
        route = TOKEN_ROUTE if method == "POST" else DISCOVERY_ROUTE
        answer = await self._retries.run(partial(self._attempt, route, request), self._attempts)
        content = decoded(answer)
        if not isinstance(content, dict):
            raise self._unusable()
        return _MsalAnswer(answer.status, json.dumps(self._renamed(content)), answer.headers)

    async def _attempt(self, route: str, request: Request) -> Answer:
        with self._traffic.timed(route, self._clock) as sent:
            answer = await self._http.send(request)
            sent.code = str(answer.status)
        if (error := login_error(answer, self._who, self._clock.now())) is not None:
            raise error
        return answer

    def _renamed(self, content: dict[str, Any]) -> dict[str, Any]:
        """Endpoints at an overridden login address, under the name that msal knows (and insists is https)."""
        return {
            key: self._who.cloud.login + value.removeprefix(self._url)
            if isinstance(value, str) and value.startswith(f"{self._url}/")
            else value
            for key, value in content.items()
        }

    def _unusable(self) -> UnexpectedAnswerError:
        return UnexpectedAnswerError(
            f"{host_of(self._url)} answers for tenant {self._who.tenant}, but not as Entra ID does: no token in it.",
            remedy="Check login_url in the settings, and which proxy stands between here and Microsoft.",
        )


class _Adapter:
    """msal's ``http_client``: each call, made in the worker thread, runs on the event loop."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange

    def get(self, url: str, params: Any = None, headers: Any = None, **_: Any) -> _MsalAnswer:
        return self._run("GET", url, params, headers, None)

    def post(self, url: str, params: Any = None, data: Any = None, headers: Any = None, **_: Any) -> _MsalAnswer:
        form = {key: value.decode() if isinstance(value, bytes) else str(value) for key, value in data.items()}
        return self._run("POST", url, params, headers, form)

    def close(self) -> None:
        """The client belongs to the process."""

    def _run(self, method: str, url: str, params: Any, headers: Any, form: _Form) -> _MsalAnswer:
        address = f"{url}?{urlencode(params)}" if params else url
        sent = {name: str(value) for name, value in (headers or {}).items() if value is not None}
        anyio.from_thread.check_cancelled()  # a request begun after the cancellation would not be cancelled by it
        return anyio.from_thread.run(self._exchange, method, address, sent, form)
