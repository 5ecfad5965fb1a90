"""Where Graph takes the token of a tenant and where it refuses it; and so whether another token would be of use.

A token that Graph refuses is replaced once. What is refused still is either a matter of the whole tenant (a policy, a
wrong cloud) or, where the same token is taken at other addresses, an outage of what is behind the one. Neither gets
better by a new token at each poll, so the pause before the next one doubles for as long as the cause stays. A token
that was known and is refused later was revoked, as when a permission is withdrawn or given back: then the first pauses
are short.
"""

from __future__ import annotations

from dataclasses import dataclass

from o365_exporter.clock import Clock
from o365_exporter.errors import AuthError, PollError, UnavailableError, to_keep

FIRST_PAUSE, LAST_PAUSE = 300.0, 3600.0
"""Seconds between two tokens that are asked for because of one refusal, or at first of any."""

_LAST_FORBIDDEN = 1500.0  # seconds between two tokens because of a 403: less than until what was refused is asked again

_REVOKED, _REVOKED_PAUSE = "revoked", 10.0  # seconds; an administrator revokes twice within minutes, not all day

_LATELY = 3600.0  # seconds for which it counts that a token was taken: what is polled seldom is polled each hour


class TokenRefusedError(AuthError):
    """Graph refuses a token (401).

    Attributes:
        alone: what it is instead, where Graph takes the same token at other addresses.
    """

    alone: UnavailableError | None = None


class PolicyRefusedError(TokenRefusedError):
    """A policy of the tenant refuses the app (continuous access evaluation), wherever it asks and by any token."""


@dataclass(slots=True)
class _Pause:
    seconds: float
    until: float  # monotonic


class Standing:
    """What Graph's answers to one tenant say about its token.

    Attributes:
        error: why Graph refuses the tenant wherever it asks; None while it does not.
    """

    def __init__(self, clock: Clock, tenant: str) -> None:
        self._clock = clock
        self._tenant = tenant
        self._taken: dict[str, float] = {}
        self._known_at = float("-inf")
        self._refused: dict[str, float] = {}
        self._pauses: dict[str, _Pause] = {}
        self._replaced_at = float("-inf")
        self.error: PollError | None = None

    def taken(self, route: str) -> None:
        """Graph took the token at this route."""
        self._taken[route] = self._clock.monotonic()
        self.known()
        self._refused.pop(route, None)
        for cause in ("", f"401 {route}", f"403 {route}"):
            self._pauses.pop(cause, None)
        self.error = None

    def known(self) -> None:
        """Graph knew the token, whatever it allows."""
        self._known_at = self._clock.monotonic()

    def refused(self, route: str, error: TokenRefusedError) -> PollError:
        """Graph refused at this route the newest token there is to be had: what that means."""
        alone = self._is_taken_elsewhere(route)
        self._refused[route] = self._clock.monotonic()
        if alone and error.alone:
            return error.alone
        refusal = AuthError(error.message, remedy=error.remedy, status=error.status, code=error.code)
        if not alone:
            refusal.signing_in, refusal.subject = True, f"token of {self._tenant}"
            self.error = to_keep(refusal)
        return refusal

    def may_replace(self, route: str) -> bool:
        """Whether another token may be asked for because of a 401 at this route; if so, it counts as asked for."""
        cause = f"401 {route}" if self._is_taken_elsewhere(route) else ""
        if self._may_be_revoked(route):
            if not self._is_over(_REVOKED, _REVOKED_PAUSE):
                return False
        elif self._clock.monotonic() - self._replaced_at < FIRST_PAUSE or not self._is_over(cause):
            return False
        self._replaced_at = self._clock.monotonic()
        return True

    def _may_be_revoked(self, route: str) -> bool:
        """Whether the newest token was known somewhere, and this is the first that the route refuses of it."""
        never = float("-inf")
        return self._known_at >= self._replaced_at > max(never, self._refused.get(route, never))

    def may_renew(self, route: str, age: float) -> bool:
        """Whether a token so many seconds old may be renewed because of a 403; if so, it counts as renewed."""
        return age >= FIRST_PAUSE and self._is_over(f"403 {route}", longest=_LAST_FORBIDDEN)

    def _is_over(self, cause: str, first: float = FIRST_PAUSE, longest: float = LAST_PAUSE) -> bool:
        """Whether the pause of a cause is over, forgotten or has never begun; the next one begins with that."""
        now, pause = self._clock.monotonic(), self._pauses.get(cause)
        if pause and now < pause.until:
            return False
        lately = pause and now < pause.until + LAST_PAUSE
        seconds = min(2 * pause.seconds, longest) if pause and lately else first
        self._pauses[cause] = _Pause(seconds, now + seconds)
        return True

    def _is_taken_elsewhere(self, route: str) -> bool:
        """Whether another route took the token lately, and none has refused it since."""
        never = float("-inf")
        taken = max((at for other, at in self._taken.items() if other != route), default=never)
        refused = max((at for other, at in self._refused.items() if other != route), default=never)
        return taken > refused and self._clock.monotonic() - taken <= _LATELY
