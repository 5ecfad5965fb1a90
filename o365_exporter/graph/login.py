"""One token from Entra ID, by msal in a worker thread.

msal is synchronous, so its ``http_client`` is an adapter that runs each request on the loop: cancelling a poll cancels
the request and with it ends the thread. The adapter lets only successes through to msal. Every failure passes over
msal's head as a ``PollError``, so that its replay of failed answers (60 seconds for a 400) never hides a configuration
that was put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import anyio
import anyio.to_thread
import msal

from o365_exporter.clock import Clock
from o365_exporter.errors import AuthError, UnexpectedAnswerError
from o365_exporter.graph.adapter import Adapter, Form, MsalAnswer
from o365_exporter.graph.credentials import Credential, MachineIdentity
from o365_exporter.graph.entra import DISCOVERY_ROUTE, TOKEN_ROUTE, Entra
from o365_exporter.graph.identity import Identity
from o365_exporter.graph.machine import MACHINE_ROUTE, AzureMachine
from o365_exporter.graph.retry import ATTEMPTS, Retries
from o365_exporter.graph.sender import Sender
from o365_exporter.graph.traffic import Traffic

LOGIN_ROUTES = (DISCOVERY_ROUTE, TOKEN_ROUTE, MACHINE_ROUTE)
"""Values of the label ``api`` besides the routes of endpoints."""

_USUAL_LIFETIME = 3599.0
_App = Any  # an application of msal's, which ships no types


@dataclass(frozen=True, slots=True)
class Grant:
    """What Entra ID gave: the token, the seconds it lives."""

    token: str = field(repr=False)
    lifetime: float


class Issuer(Protocol):
    """Where tokens are had for some kinds of credential, and how msal asks there."""

    def acquire(
        self, app: _App | None, credential: Credential, http_client: Adapter
    ) -> tuple[_App | None, dict[str, Any]]:
        """What msal brings, and the application to ask by the next time; runs in a thread.

        Args:
            app: what the last success left, if it was with the same credential.
            credential: proves who asks.
            http_client: by which msal sends its requests.
        """
        ...

    async def answer(self, method: str, address: str, headers: Mapping[str, str], form: Form) -> MsalAnswer:
        """Send one request of msal's, once.

        Raises:
            PollError: the answer is not a success.
        """
        ...

    def unusable(self) -> UnexpectedAnswerError:
        """What to say where msal finds no token in an answer."""
        ...


class Login:
    """Asks for app-only tokens of one tenant; the caller sees to it that only one is asked for at a time."""

    def __init__(
        self, *, who: Identity, login_url: str, sender: Sender, retries: Retries, traffic: Traffic, clock: Clock
    ) -> None:
        self._login_way = sender.way_to(login_url)
        self._skew = sender.skew
        self._retries = retries
        self._clock = clock
        self._thread = anyio.CapacityLimiter(1)  # its own: forty logins that hang leave anyio's shared threads alone
        self._entra = Entra(who=who, login_url=login_url, sender=sender, clock=clock)
        self._machine = AzureMachine(who=who, traffic=traffic, clock=clock)
        self._issuer: Issuer = self._entra
        self._app: _App | None = None
        self._fingerprint = ""
        self._attempts = ATTEMPTS

    @property
    def way(self) -> str:
        """Who is asked for tokens, and the way there, for sentences."""
        return self._login_way if self._issuer is self._entra else "the managed identity of this machine"

    async def ask(self, credential: Credential, attempts: int = ATTEMPTS) -> Grant:
        """A new token, with each request sent so many times at most.

        Raises:
            PollError: there is none to be had.
        """
        self._check(credential)
        app, self._app = self._app, None  # kept only after a success
        if credential.fingerprint != self._fingerprint:
            app = None
        self._fingerprint, self._attempts = credential.fingerprint, attempts
        self._issuer = self._machine if isinstance(credential, MachineIdentity) else self._entra
        acquire = partial(self._issuer.acquire, app, credential, Adapter(self._exchange))
        try:
            app, result = await anyio.to_thread.run_sync(acquire, limiter=self._thread)
            grant = _grant(result)
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            msal.exceptions.MsalError,
        ):  # its texts may quote the answer
            raise self._issuer.unusable() from None
        self._app = app
        return grant

    def _check(self, credential: Credential) -> None:
        """A certificate is judged by our clock, which may be the thing that is wrong."""
        try:
            credential.check(self._clock.now())
        except AuthError as error:
            told = "clock" in error.remedy and self._skew.seconds is None
            advice = "" if told else self._skew.advice()
            raise AuthError(error.message, remedy=f"{error.remedy} {advice}".strip()) from None

    async def _exchange(self, method: str, address: str, headers: Mapping[str, str], form: Form) -> MsalAnswer:
        """One request of msal's on the loop, and again where its failure may pass."""
        attempt = partial(self._issuer.answer, method, address, headers, form)
        return await self._retries.run(attempt, self._attempts)


def _grant(result: dict[str, Any]) -> Grant:
    token = result["access_token"]
    if not (isinstance(token, str) and token and token.isascii() and token.isprintable() and " " not in token):
        raise ValueError  # it would not go into a header, and the error would show it
    return Grant(token, float(result.get("expires_in", _USUAL_LIFETIME)))
