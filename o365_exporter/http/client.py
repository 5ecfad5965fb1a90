"""The shared HTTP client: what goes out, what comes back, and every way in which that can fail.

Nothing of httpx leaves this module: what came is a ``Response``, a failure a ``PollError`` whose text names hosts and
never an address with a query, a header or a credential.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import anyio
import httpx

from o365_exporter import __version__
from o365_exporter.clock import Clock, SystemClock
from o365_exporter.errors import UnexpectedAnswerError
from o365_exporter.http.addresses import host_of, place_of
from o365_exporter.http.failures import failure_of
from o365_exporter.http.inflating import inflated
from o365_exporter.http.logins import Logins
from o365_exporter.http.names import Names, NamesFirst
from o365_exporter.http.options import ConnectionOptions, Surroundings
from o365_exporter.http.pool import forget_sniffio, pooled
from o365_exporter.http.progress import Progress, Stage, is_tunnel
from o365_exporter.http.proxies import Proxies, Proxy, parse_proxy
from o365_exporter.http.reach import Reach
from o365_exporter.http.trust import tls_context

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a decompressed body that are read; what is larger is given up."""


_LIMITS = httpx.Limits(keepalive_expiry=90.0)  # seconds, more than the time between two polls of service health

CONNECT_SECONDS = 5.0
"""After which a connection is given up, and a proxy that does not say whether it has one: the system has sent its first
packet three times by then, and whoever waits for the cause has it within ten seconds."""


class BodyTooLargeError(UnexpectedAnswerError):
    """A body is larger than ``MAX_BODY``; reading stopped there."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``secrets`` are texts in it that may not show anywhere, were they even sent back to us."""

    method: str
    url: str = field(repr=False)  # a download's is a secret
    headers: Mapping[str, str] = field(repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response. Header names are in small letters; ``body`` is decompressed."""

    request: Request
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    @property
    def host(self) -> str:
        """The host that was asked, for sentences."""
        return host_of(self.request.url)


@dataclass(frozen=True, slots=True)
class Stream:
    """An answer whose body is read piece by piece. Header names are in small letters; ``path`` is of ``path_to``."""

    request: Request
    host: str
    status: int
    headers: Mapping[str, str]
    path: str
    _response: httpx.Response = field(repr=False)

    @property
    def has_end(self) -> bool:
        """Whether a body that is cut off would be noticed: its length is told, or it is chunked."""
        return "content-length" in self.headers or "chunked" in self.headers.get("transfer-encoding", "").lower()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, decompressed."""
        async for piece in self._response.aiter_bytes():
            yield piece


class Http:
    """Sends requests of all tenants. As many connections as are needed: a tenant that hangs must not starve others.

    Attributes:
        report_hosts: besides those that are known of a cloud.
        reach: hosts to which no connection came about.
        logins: places for requests to logins.
        common: what was learnt of each Graph that holds for all its tenants; see ``GraphClient.common``.
        proxies: by which requests go.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        connection: ConnectionOptions,
        proxies: Proxies | None = None,
        connect_seconds: float = CONNECT_SECONDS,
    ) -> None:
        self._client = client
        self._connect_seconds = connect_seconds
        self.proxies = proxies or Proxies()
        self._timeout = connection.request_timeout
        self.report_hosts = connection.report_hosts
        self.reach = Reach()
        self.logins = Logins()
        self.common: dict[str, dict[str, Any]] = {}

    def path_to(self, url: str) -> str:
        """Host, port and the proxy on the way, for sentences: ``graph.microsoft.com:443 directly``."""
        return path_to(url, self.proxies)

    async def send(self, request: Request, progress: Progress | None = None) -> Response:
        """One attempt: no retry, no redirect followed.

        Raises:
            PollError: network, tls, timeout, truncated or unexpected_answer.
        """
        async with self.stream(request, progress) as stream:
            return await whole(request, stream)

    @asynccontextmanager
    async def stream(self, request: Request, progress: Progress | None = None) -> AsyncIterator[Stream]:
        """One attempt whose body is read inside; what goes wrong while it is read is raised there too.

        Raises:
            PollError: network, tls, timeout, truncated or unexpected_answer.
        """
        begun, progress, path = False, progress or Progress(), self.path_to(request.url)
        try:
            async with self._client.stream(
                request.method,
                request.url,
                headers=dict(request.headers),
                data=request.form,
                extensions={"trace": self._trace(progress)},
            ) as response:
                begun = True
                headers = {name.lower(): value for name, value in response.headers.items()}
                yield Stream(request, host_of(request.url), response.status_code, headers, path, response)
                return
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            connecting = isinstance(error, httpx.ConnectTimeout) or progress.stage is Stage.TUNNEL
            seconds = min(self._connect_seconds, self._timeout) if connecting else self._timeout
            failure = failure_of(
                error,
                host=host_of(request.url),
                path=path,
                seconds=seconds,
                stage=progress.stage,
                begun=begun,
                secrets=(*request.secrets, *self.proxies.secrets),
                logs_in=self.proxies.logs_in(request.url),
            )
        except anyio.get_cancelled_exc_class():
            await progress.abandon()
            raise
        raise failure  # outside of "except": httpx's error knows the request and with it the token

    def _trace(self, progress: Progress) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
        """Notes how far a request has come, and waits for a proxy's connection no longer than for one of ours."""
        shortened: list[tuple[dict[str, float], float]] = []

        async def note(event: str, info: dict[str, Any]) -> None:
            await progress.note(event, info)
            if event.endswith(".send_request_headers.started") and is_tunnel(info):
                times = info["request"].extensions["timeout"]  # those of the request that goes through the tunnel, too
                shortened.append((times, times["read"]))
                times["read"] = min(self._connect_seconds, self._timeout)
            elif event.endswith(".start_tls.started") and shortened:
                times, times["read"] = shortened.pop()

        return note


def path_to(url: str, proxies: Proxies) -> str:
    """Host, port and the proxy on the way, for sentences: ``graph.microsoft.com:443 directly``."""
    proxy = proxies.of(url)
    return f"{place_of(url)} {f'through {proxy}' if proxy else 'directly'}"


class _Ways(httpx.AsyncBaseTransport):
    """Sends each request by its proxy, or directly: the choice that ``Http.path_to`` tells of."""

    def __init__(self, proxies: Proxies, context: ssl.SSLContext, clock: Clock) -> None:
        self._proxies = proxies
        names = Names(clock)
        self._ways = {
            proxy: pooled(
                httpx.AsyncHTTPTransport(verify=context, limits=_LIMITS, proxy=for_httpx(proxy, context)),
                lambda usual: NamesFirst(names, usual, clock),
            )
            for proxy in {None, proxies.https, proxies.http}
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        way = self._ways[self._proxies.of(str(request.url))]
        return inflated(await way.handle_async_request(request))

    async def aclose(self) -> None:
        for way in self._ways.values():
            await way.aclose()


def for_httpx(proxy: Proxy | None, context: ssl.SSLContext) -> httpx.Proxy | None:
    """The proxy as httpx wants it, with what its own TLS is checked by."""
    if proxy is None:
        return None
    headers = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else None
    return httpx.Proxy(proxy.url, headers=headers, ssl_context=context if proxy.url.startswith("https:") else None)


def proxies_of(connection: ConnectionOptions, surroundings: Surroundings) -> Proxies:
    """The proxies in effect: the one of the settings for everything, else those of the environment."""
    if connection.proxy is None:
        return surroundings.proxies
    proxy = parse_proxy(connection.proxy.get_secret_value(), "setting proxy")
    return Proxies(proxy, proxy)


@asynccontextmanager
async def open_http(
    connection: ConnectionOptions, surroundings: Surroundings | None = None, connect_seconds: float = CONNECT_SECONDS
) -> AsyncIterator[Http]:
    """The one client for login, Graph and downloads; closed at the end. httpx reads nothing of the environment.

    Args:
        connection: what the settings say.
        surroundings: what variables of other programs say.
        connect_seconds: after which a connection is given up, if ``request_timeout`` is not less.

    Raises:
        ConfigurationError: a file of certificate authorities cannot be used.
    """
    surroundings = surroundings or Surroundings()
    proxies = proxies_of(connection, surroundings)
    forget_sniffio()
    async with httpx.AsyncClient(
        transport=_Ways(proxies, tls_context(connection, surroundings), SystemClock()),
        timeout=httpx.Timeout(
            connection.request_timeout, connect=min(connect_seconds, connection.request_timeout), pool=None
        ),
        headers={"User-Agent": f"o365-exporter/{__version__}", "Accept-Encoding": "gzip"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # tenants share the client, and nothing else
        follow_redirects=False,
        trust_env=False,
    ) as client:
        yield Http(client, connection, proxies, connect_seconds)


@asynccontextmanager
async def open_direct(seconds: float) -> AsyncIterator[Http]:
    """A client for plain http to this machine or next to it, with so many seconds for each wait: never by a proxy."""
    async with httpx.AsyncClient(
        trust_env=False, timeout=seconds, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    ) as client:
        yield Http(client, ConnectionOptions())


async def whole(request: Request, stream: Stream) -> Response:
    """The answer that a stream begins.

    Raises:
        BodyTooLargeError: there is no end to it.
    """
    body = bytearray()
    async for piece in stream.pieces():
        body += piece
        if len(body) > MAX_BODY:
            raise BodyTooLargeError(f"An answer of {stream.host} is larger than {MAX_BODY // 1024**2} MiB.")
    return Response(request, stream.status, stream.headers, bytes(body))
