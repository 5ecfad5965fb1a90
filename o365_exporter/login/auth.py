"""The token of one tenant: one request at a time, renewed ahead of its end, and why there is none."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from random import Random

import anyio

from o365_exporter.clock import Clock
from o365_exporter.errors import AuthError, PollError, PollTimeoutError, to_keep
from o365_exporter.http.patience import patience
from o365_exporter.http.quoting import printable
from o365_exporter.login.claims import app_of, roles_of, tenant_of
from o365_exporter.login.credentials import Credential, CredentialSource
from o365_exporter.login.identity import Identity
from o365_exporter.login.issuer import Grant, Issuer
from o365_exporter.login.standing import Standing
from o365_exporter.logs import get_logger

_log = get_logger("login")

_AHEAD = (300.0, 420.0)  # seconds before the end of a token in which it is renewed, at random
_RECENT = 2  # tokens: the one in use, and the one that answers under way may still have been asked by
_PATIENCE = 10.0  # seconds for a renewal while the old token still lives
_REFUSAL = (30.0, 50.0)  # seconds for which a refusal by Entra ID answers all sources; what is mended works in a minute
_TROUBLE = (5.0, 60.0)  # the same for what may pass by itself


@dataclass(frozen=True, slots=True)
class _Token:
    value: str = field(repr=False)
    fingerprint: str = field(repr=False)
    expires_at: float  # wall clock: a machine that slept has a token that aged
    renew_at: float
    obtained_at: float  # monotonic
    roles: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What may be shown of the token in use.

    Args:
        setting: the setting of the credential it was had by, and the file where there is one.
        ends: when it ends, in seconds since 1970.
        app_name: of the app as the token states it; empty where it does not say.
        tenant_id: of the directory it is for, likewise.
    """

    setting: str
    ends: float
    app_name: str
    tenant_id: str


@dataclass(frozen=True, slots=True)
class _Failure:
    error: PollError
    fingerprint: str = field(repr=False)
    times: int  # in a row that it was the same before
    until: float  # monotonic


class TokenProvider:
    """Hands out the token of one tenant.

    Attributes:
        standing: what Graph's answers say about the token.
        state: ``pending`` before the first request for a token has ended, ``ok`` while there is a token that Graph
            takes, else the reason why there is none.
        message: what went wrong with the latest request for a token, also while an older one still lives, or why Graph
            takes it nowhere; else empty.
        secret_hint: see ``Identity``.
    """

    def __init__(
        self, *, who: Identity, issuer: Issuer, source: CredentialSource, clock: Clock, chance: Random
    ) -> None:
        self._who = who
        self._issuer = issuer
        self._source = source
        self._clock = clock
        self._random = chance
        self._lock = anyio.Lock()
        self._token: _Token | None = None
        self._failure: _Failure | None = None
        self._state = "pending"
        self._message = ""
        self._recalled: frozenset[str] | None = None
        self.standing = Standing(clock, who.tenant)
        self.secret_hint = ""
        self._known: Credential | None = None
        self._recent = deque[_Token](maxlen=_RECENT)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What was sent lately and may show nowhere, whoever sends it back: the credential's secrets, and tokens."""
        return (*(self._known.secrets if self._known else ()), *(token.value for token in self._recent))

    @property
    def roles(self) -> frozenset[str] | None:
        """The permissions that the token in use states, unverified; None where there is none or it does not say.

        Until the first request for a token has ended, those that a former process knew.
        A hint for people and for the pace of polling: Graph alone knows, and is asked in any case.
        """
        living = self._living()
        return living.roles if living else self._recalled

    @property
    def shown(self) -> Shown | None:
        """What may be shown of the token in use; None where there is none."""
        living = self._living()
        if living is None or self._known is None:
            return None
        name, tenant = (printable(said, limit=80) for said in (app_of(living.value), tenant_of(living.value)))
        return Shown(self._known.setting, living.expires_at, name, tenant)

    @property
    def certificate_start(self) -> float | None:
        """When the certificate begins that was read last, in seconds since 1970; None for other credentials."""
        known = self._read_again()
        return known.starts if known else None

    @property
    def state(self) -> str:
        """See above."""
        return self.standing.error.reason if self._is_refused and self.standing.error else self._state

    @property
    def message(self) -> str:
        """See above."""
        return str(self.standing.error) if self._is_refused and self.standing.error else self._message

    @property
    def _is_refused(self) -> bool:
        """Whether there is a token, and Graph takes it nowhere."""
        return self._state == "ok" and self.standing.error is not None

    @property
    def certificate_end(self) -> float | None:
        """When it ends."""
        known = self._read_again()
        return known.ends if known else None

    def _read_again(self) -> Credential | None:
        with suppress(AuthError):
            self._known = self._source.read()
        return self._known

    def recall(self, state: str, message: str, roles: frozenset[str] | None) -> None:
        """How a former process of this tenant stood, until the first request for a token has ended."""
        if self._state == "pending":
            self._state, self._message, self._recalled = state, message, roles

    async def token(self) -> str:
        """A token that lives; asked for when there is none, or when its end is near or the credential has changed.

        Raises:
            PollError: there is none to be had.
        """
        living = self._living()
        if living and (self._lock.locked() or not self._is_due(living)):
            return living.value
        async with self._turn():
            living = self._living()
            if living and not self._is_due(living):
                return living.value
            try:
                return (await self._renewed(living)).value
            except PollError:
                if living is None:
                    raise
                return living.value

    async def after_unauthorized(self, refused: str, route: str) -> str | None:
        """Another token than the one that Graph does not accept at a route (401); None when it is too early for one.

        Raises:
            PollError: there is none to be had.
        """
        async with self._turn():
            living = self._living()
            if living and living.value != refused:
                return living.value
            if living and not self.standing.may_replace(route):
                return None
            self._token = None
            return (await self._renewed(None)).value

    async def after_forbidden(self, refused: str, route: str) -> str | None:
        """A younger token, which may carry permissions granted since (403); None when it is too early for one."""
        async with self._turn():
            living = self._living()
            if living and living.value != refused:
                return living.value
            if living and not self.standing.may_renew(route, self._clock.monotonic() - living.obtained_at):
                return None
            try:
                return (await self._renewed(living)).value
            except PollError:
                return None  # what Graph said is the better message

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One request for a token at a time, however many sources want one."""
        with patience(self._clock, lambda: f"the sign-in of tenant {self._who.tenant}", self._too_slow):
            await self._lock.acquire()
        try:
            yield
        finally:
            self._lock.release()

    def _living(self) -> _Token | None:
        return self._token if self._token and self._clock.now() < self._token.expires_at else None

    def _is_due(self, token: _Token) -> bool:
        return self._clock.now() >= token.renew_at or self._fingerprint() != token.fingerprint

    def _fingerprint(self) -> str:
        try:
            return self._source.read().fingerprint
        except AuthError:
            return ""

    async def _renewed(self, living: _Token | None) -> _Token:
        """A new token, or the memory of why there is none. The lock is held."""
        fingerprint = self._fingerprint()
        failure = self._failure
        if failure and failure.fingerprint == fingerprint and self._clock.monotonic() < failure.until:
            self._note(failure.error, living)
            raise to_keep(failure.error)
        try:
            credential = self._known = self._source.read()
            start = self._clock.now()
            grant = await (self._issuer.ask(credential) if living is None else self._asked_briefly(credential))
        except PollError as error:
            self._remember(error, fingerprint, living)
            raise
        except anyio.get_cancelled_exc_class():
            if living is None:
                self._state, self._message, self._recalled = PollTimeoutError.reason, self._too_slow().message, None
            raise
        ahead = min(self._random.uniform(*_AHEAD), grant.lifetime / 2)
        end = start + grant.lifetime
        obtained_at = self._clock.monotonic()
        self._token = _Token(grant.token, fingerprint, end, end - ahead, obtained_at, roles_of(grant.token))
        self._recent.append(self._token)
        self._failure = self._recalled = None
        self._state, self._message, self.secret_hint = "ok", "", credential.hint
        return self._token

    async def _asked_briefly(self, credential: Credential) -> Grant:
        """One attempt that holds nobody up for long, because the old token still lives."""
        try:
            with self._clock.deadline(min(_PATIENCE, self._clock.time_left() / 2)):
                return await self._issuer.ask(credential, attempts=1)
        except TimeoutError:
            raise self._too_slow() from None

    def _too_slow(self, seconds: float | None = None) -> PollTimeoutError:
        within = (
            "in time" if seconds is None else f"within {seconds:.3g} s: another source waits for {self._issuer.way}"
        )
        late = PollTimeoutError(
            f"The login of tenant {self._who.tenant} gave no token {within}.", subject=self._issuer.way
        )
        late.signing_in = True
        return late

    def _remember(self, error: PollError, fingerprint: str, living: _Token | None) -> None:
        """All sources get the same answer for a while, and for longer each time: asking more often mends nothing."""
        error.signing_in = True
        if not error.subject:  # one app's tenants fail together; without a code it is this tenant's own affair
            error.subject = f"{error.code} for {self._who.client_id}" if error.code else f"login of {self._who.tenant}"
        first, longest = _REFUSAL if isinstance(error, AuthError) else _TROUBLE
        before = self._failure
        again = before is not None and before.fingerprint == fingerprint and before.error.reason == error.reason
        times = before.times + 1 if before is not None and again else 0
        pause = min(first * 2 ** max(0, min(times, 10) - 1), longest)
        until = self._clock.monotonic() + max(pause, error.retry_after or 0.0)
        self._failure = _Failure(to_keep(error), fingerprint, times, until)
        self._note(error, living)

    def _note(self, error: PollError, living: _Token | None) -> None:
        if living is not None and str(error) != self._message:  # where no token lives, the scheduler logs the state
            _log.warning("token not renewed", tenant=self._who.tenant, reason=error.reason, message=str(error))
        self._message = str(error)
        if living is None:
            self._state, self._recalled = error.reason, None
