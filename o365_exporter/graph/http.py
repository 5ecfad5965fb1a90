"""The one shared HTTP client: what goes out, what comes back, and every way in which that can fail.

Nothing of httpx leaves this module: an answer is an ``Answer``, a failure is a ``PollError`` whose text names hosts and
never an address with a query, a header or a credential.
"""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx

from o365_exporter import __version__
from o365_exporter.errors import ConfigurationError, UnexpectedAnswerError
from o365_exporter.graph.addresses import host_of
from o365_exporter.graph.failures import failure_of
from o365_exporter.graph.options import ConnectionOptions

MAX_BODY = 4 * 1024 * 1024
"""Bytes of a decompressed body that are read; what is larger is given up."""


_IDLE = 20
"""Connections that are kept for the next request: httpcore's work for each request grows with their square."""

_IDLE_SECONDS = 90.0
"""For so long, which is more than the time between two polls of service health."""


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
class Answer:
    """A whole answer. Header names are in small letters; ``body`` is decompressed."""

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
    """An answer whose body is read piece by piece. Header names are in small letters."""

    host: str
    status: int
    headers: Mapping[str, str]
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
    """Sends requests of all tenants. As many connections as are needed: a tenant that hangs must not starve others."""

    def __init__(self, client: httpx.AsyncClient, connection: ConnectionOptions) -> None:
        self._client = client
        self._proxy = connection.proxy.get_secret_value() if connection.proxy else ""
        self._timeout = connection.request_timeout
        self.report_hosts = connection.report_hosts

    async def send(self, request: Request) -> Answer:
        """One attempt: no retry, no redirect followed.

        Raises:
            PollError: network, tls, timeout, truncated or unexpected_answer.
        """
        async with self.stream(request) as stream:
            return Answer(request, stream.status, stream.headers, await _read(stream))

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """One attempt whose body is read inside; what goes wrong while it is read is raised there too.

        Raises:
            PollError: network, tls, timeout, truncated or unexpected_answer.
        """
        begun = False
        try:
            async with self._client.stream(
                request.method, request.url, headers=dict(request.headers), data=request.form
            ) as response:
                begun = True
                headers = {name.lower(): value for name, value in response.headers.items()}
                yield Stream(host_of(request.url), response.status_code, headers, response)
                return
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            host, proxy = host_of(request.url), self._proxy_for(request.url)
            failure = failure_of(error, host=host, proxy=proxy, timeout=self._timeout, begun=begun)
        raise failure  # outside of "except": httpx's error knows the request and with it the token

    def _proxy_for(self, url: str) -> str:
        """Host and port of the proxy on the way to ``url``, without its credentials; empty when there is none."""
        parts = urlsplit(url)
        address = self._proxy
        if not address and not urllib.request.proxy_bypass(parts.hostname or ""):
            found = urllib.request.getproxies()
            address = found.get(parts.scheme) or found.get("all", "")
        return host_of(address if "://" in address else f"http://{address}") if address else ""


@asynccontextmanager
async def open_http(connection: ConnectionOptions) -> AsyncIterator[Http]:
    """The one client for login, Graph and downloads; closed at the end.

    Raises:
        ConfigurationError: ``ca_file`` cannot be used.
    """
    async with httpx.AsyncClient(
        verify=_trust(connection),
        proxy=connection.proxy.get_secret_value() if connection.proxy else None,
        timeout=httpx.Timeout(connection.request_timeout, pool=None),
        limits=httpx.Limits(
            max_connections=None,  # a tenant that hangs must not starve others
            max_keepalive_connections=_IDLE,
            keepalive_expiry=_IDLE_SECONDS,
        ),
        headers={"User-Agent": f"o365-exporter/{__version__}", "Accept-Encoding": "gzip"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # tenants share the client, and nothing else
        follow_redirects=False,
    ) as client:
        yield Http(client, connection)


def _trust(connection: ConnectionOptions) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    if connection.ca_file is None:
        return context
    try:
        context.load_verify_locations(cafile=connection.ca_file)
    except OSError as error:
        why = "no certificates in PEM form" if isinstance(error, ssl.SSLError) else error.strerror
        raise ConfigurationError(
            [f"ca_file: {connection.ca_file} cannot be used ({why}); give a PEM file of certificates."]
        ) from None
    return context


async def _read(stream: Stream) -> bytes:
    body = bytearray()
    async for piece in stream.pieces():
        body += piece
        if len(body) > MAX_BODY:
            raise BodyTooLargeError(f"An answer of {stream.host} is larger than {MAX_BODY // 1024**2} MiB.")
    return bytes(body)
