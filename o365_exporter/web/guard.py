"""In front of every page: the headers that all have, and who may see any but the two for probes."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from o365_exporter.web.door import Door, Rules
from o365_exporter.web.headers import with_own
from o365_exporter.web.passwords import BusyError
from o365_exporter.web.webconfig import RateLimit

PROBES = ("/-/healthy", "/-/ready")
"""What everybody may ask: orchestrators have neither password nor certificate."""

_REALM = 'Basic realm="o365_exporter", charset="UTF-8"'


class Guard:
    """An application behind the door.

    Args:
        app: that answers who is let in.
        door: the rules.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app = app
        self._door = door
        self._bucket = _Bucket(door.clock.monotonic())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rules = self._door.rules

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = with_own(list(message.get("headers", ())), rules.config.http_server_config.headers)
                message = {**message, "headers": headers}
            await send(message)

        refusal = None if scope["path"] in PROBES else await self._refusal(scope, rules)
        await (refusal or self._app)(scope, receive, send_with_headers)

    async def _refusal(self, scope: Scope, rules: Rules) -> ASGIApp | None:
        """The answer to who is not let in; None for all others."""
        if not self._bucket.gives(rules.config.rate_limit, self._door.clock.monotonic()):
            self._door.refusals.note("rate")
            return PlainTextResponse("Too many requests: rate_limit of web_config_file.\n", 429, {"Retry-After": "1"})
        tls, names = rules.config.tls_server_config, scope["extensions"]["tls"]["client_names"]
        if rules.context and tls.requires_certificates and not _may(names, tls.client_allowed_sans):
            self._door.selfmetrics.not_let_in("certificate")
            return PlainTextResponse(f"{_without(names)}\n", 403)
        return await self._without_password(scope, rules)

    async def _without_password(self, scope: Scope, rules: Rules) -> ASGIApp | None:
        if rules.passwords is None:
            return None
        given = [value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"]
        try:
            if given and await rules.passwords.check(given[0], scope["client"][0]):
                return None
        except BusyError:
            self._door.refusals.note("busy")
            return PlainTextResponse("Too many passwords wait to be checked.\n", 503, {"Retry-After": "1"})
        self._door.selfmetrics.not_let_in("password" if given else "missing")
        return PlainTextResponse("Unauthorized\n", 401, {"WWW-Authenticate": _REALM})


def _may(names: frozenset[str] | None, allowed: Iterable[str]) -> bool:
    allowed = set(allowed)
    return names is not None and (not allowed or not allowed.isdisjoint(names))


def _without(names: frozenset[str] | None) -> str:
    if names is None:
        return "A client certificate is required here."
    return "No name of this client certificate is among client_allowed_sans."


class _Bucket:
    """Of tokens, one for each request."""

    def __init__(self, now: float) -> None:
        self._tokens = float("inf")
        self._at = now

    def gives(self, limit: RateLimit, now: float) -> bool:
        """Whether there is one left, which is then gone."""
        if not limit.interval:
            return True
        self._tokens = min(float(limit.burst), self._tokens + (now - self._at) / limit.interval)
        self._at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True
