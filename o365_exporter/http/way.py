"""The way to a host, step by step: name, connection, TLS, an answer, and how far our clock is from the host's.

Each step has a short deadline of its own, so that somebody who waits for the cause has it within ten seconds.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx

from o365_exporter.clock import Clock
from o365_exporter.errors import PollError, PollTimeoutError, TlsError
from o365_exporter.http.addresses import host_of
from o365_exporter.http.client import Http, Request, for_httpx
from o365_exporter.http.failures import failure_of, no_answer
from o365_exporter.http.names import Names, Resolve, is_address, system_addresses
from o365_exporter.http.progress import Progress, Stage
from o365_exporter.http.proxies import Proxy
from o365_exporter.http.quoting import printable
from o365_exporter.http.sender import Sender
from o365_exporter.http.traffic import Traffic
from o365_exporter.http.trust import issuer_of

NAME_SECONDS = 4.0
"""After which a name counts as not resolved."""

ANSWER_SECONDS = 8.0
"""After which a host is given up that takes a connection and says nothing; TLS and a proxy's CONNECT are in it."""

_LOOK_SECONDS = 2.0  # for a certificate that was refused


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a host showed: who issued it, and when it ends in seconds since 1970."""

    issuer: str
    ends: float


@dataclass(frozen=True, slots=True)
class Way:
    """A way to a host, as far as it leads.

    Args:
        path: host, port and proxy, as ``Http.path_to`` has them.
        addresses: of the first hop, which is the proxy where there is one; empty where it has no name.
        seconds: that each step took: ``name``, ``connect_tcp``, ``start_tls``, ``answer``.
        tls: version of TLS; empty without.
        certificate: of the host; None without TLS.
        skew: seconds by which our clock is ahead of the host's; None where its answer does not tell.
        advice: what to do about our clock; empty where it is right, or that is not known.
        error: why it leads no further; None where it leads to the host.
        culprit: what other ways share that is to blame for that, such as a proxy; empty where that is the way itself.
    """

    path: str
    addresses: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    tls: str = ""
    certificate: Certificate | None = None
    skew: float | None = None
    advice: str = ""
    error: PollError | None = None
    culprit: str = ""


@dataclass(slots=True)
class _Steps(Progress):
    """Notes how long each step takes and what the host shows."""

    now: Callable[[], float] = field(kw_only=True)
    seconds: dict[str, float] = field(default_factory=dict)
    tls: str = ""
    certificate: Certificate | None = None
    _begun: dict[str, float] = field(default_factory=dict)

    async def note(self, event: str, info: dict[str, Any]) -> None:
        await Progress.note(self, event, info)
        _, name, state = event.split(".", 2)
        if state == "started":
            self._begun[name] = self.now()
        elif state == "complete" and name in ("connect_tcp", "start_tls"):
            self.seconds[name] = self.now() - self._begun[name]
            if name == "start_tls":
                self._look_at(info["return_value"].get_extra_info("ssl_object"))

    def _look_at(self, connection: ssl.SSLObject) -> None:
        self.tls = connection.version() or ""
        shown = connection.getpeercert() or {}
        names = dict(pair for part in shown.get("issuer", ()) for pair in part)  # type: ignore[misc]
        issuer = names.get("commonName") or names.get("organizationName") or "nobody by name"
        ends = _end(str(shown.get("notAfter", "")))
        self.certificate = Certificate(str(issuer), ends) if ends is not None else None


def _end(text: str) -> float | None:
    try:
        return float(ssl.cert_time_to_seconds(text))
    except ValueError:
        return None


class Prober:
    """Goes the ways to hosts.

    Args:
        http: by whose proxies and authorities.
        clock: bounds each step.
        resolve: looks up names; blocks.
    """

    def __init__(self, http: Http, clock: Clock, resolve: Resolve = system_addresses) -> None:
        self._http = http
        self._clock = clock
        self._names = Names(clock, resolve, NAME_SECONDS)

    async def way_to(self, url: str) -> Way:
        """The way to the host of an address, which is asked for once, without a token.

        Args:
            url: something that anybody may ask for; whatever is answered will do.
        """
        way = Way(self._http.path_to(url))
        started = self._clock.monotonic()
        try:
            way = replace(way, addresses=await self._looked_up(url, way.path))
        except PollError as error:
            return replace(way, error=error, culprit=str(self._http.proxies.of(url) or "name resolution"))
        seconds = {"name": self._clock.monotonic() - started} if way.addresses else {}
        return await self._asked(url, replace(way, seconds=seconds))

    async def _looked_up(self, url: str, path: str) -> tuple[str, ...]:
        """Addresses of the first hop.

        Raises:
            PollError: there are none.
        """
        proxy = self._http.proxies.of(url)
        hop = urlsplit(proxy.url if proxy else url)
        host = hop.hostname or ""
        if is_address(host):
            return ()
        try:
            return tuple(await self._names.addresses(host, hop.port or 443))
        except httpx.HTTPError as error:
            failure = failure_of(
                error,
                host=host_of(url),
                path=path,
                seconds=NAME_SECONDS,
                stage=Stage.CONNECTION,
                begun=False,
                secrets=self._http.proxies.secrets,
            )
        raise failure

    async def _asked(self, url: str, way: Way) -> Way:
        steps = _Steps(now=self._clock.monotonic)
        sender = Sender(http=self._http, traffic=Traffic(lambda _api, _seconds: None), clock=self._clock)
        started = self._clock.monotonic()
        error: PollError | None = None
        try:
            with self._clock.deadline(ANSWER_SECONDS):
                await sender.send(Request("GET", url, {}), "probe", steps)
            steps.seconds["answer"] = self._clock.monotonic() - started
        except PollError as failure:
            error = failure
        except TimeoutError:
            error = no_answer(way.path, ANSWER_SECONDS, steps.stage)
        proxy = self._http.proxies.of(url)
        culprit = str(proxy) if proxy and error and _is_of_proxy(error, steps) else ""
        if isinstance(error, TlsError) and (issuer := await _presented_issuer(url, proxy, self._clock)):
            told = f"{error.message} It was issued by {issuer!r}."
            error, culprit = type(error)(told, remedy=error.remedy, subject=error.subject), f"certificates by {issuer}"
        return replace(
            way,
            seconds=way.seconds | steps.seconds,
            tls=steps.tls,
            certificate=steps.certificate,
            skew=sender.skew.seconds,
            advice=sender.skew.advice() if sender.skew.is_notable else "",
            error=error,
            culprit=culprit,
        )


def _is_of_proxy(error: PollError, steps: _Steps) -> bool:
    """Whether the proxy itself is in the way, whatever host it is asked for."""
    held_back = isinstance(error, PollTimeoutError) and "start_tls" not in steps.seconds
    return held_back or error.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED or "connect_tcp" not in steps.seconds


class _SeenError(Exception):
    """All that was wanted has been seen."""


async def _presented_issuer(url: str, proxy: Proxy | None, clock: Clock) -> str:
    """Who issued the certificate that is shown on the way, trusted or not; empty where that cannot be told.

    Nothing is sent over that connection: it ends with the handshake.
    """
    if proxy is not None and proxy.url.startswith("https:"):
        return ""  # whose certificate it would be, the proxy's or the host's, is not clear
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is looked at, and never trusted
    found: list[str] = []

    async def look(event: str, info: dict[str, Any]) -> None:
        if event.endswith(".start_tls.complete"):
            stream = info["return_value"]
            shown = stream.get_extra_info("ssl_object").getpeercert(binary_form=True)
            found.append(printable(issuer_of(shown or b""), limit=80))
            await stream.aclose()
            raise _SeenError

    async with httpx.AsyncHTTPTransport(verify=context, proxy=for_httpx(proxy, context)) as transport:
        with suppress(_SeenError, httpx.HTTPError, TimeoutError), clock.deadline(_LOOK_SECONDS):
            await transport.handle_async_request(httpx.Request("GET", url, extensions={"trace": look}))
    return next(iter(found), "")
