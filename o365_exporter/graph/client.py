"""Reading Microsoft Graph for one tenant."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from random import Random
from typing import Any

from o365_exporter.clock import Clock
from o365_exporter.errors import (
    AuthError,
    ConfigurationError,
    PermissionMissingError,
    PollTimeoutError,
    ThrottledError,
)
from o365_exporter.graph.addresses import host_of, is_loopback, origin_of
from o365_exporter.graph.answers import decoded
from o365_exporter.graph.auth import TokenProvider
from o365_exporter.graph.budget import Budget
from o365_exporter.graph.clouds import Cloud
from o365_exporter.graph.credentials import credential_source
from o365_exporter.graph.download import DOWNLOAD_ROUTE, Download, checked_address, checked_stream
from o365_exporter.graph.endpoints import Endpoint
from o365_exporter.graph.http import Answer, BodyTooLargeError, Http, Request, Stream
from o365_exporter.graph.identity import Identity
from o365_exporter.graph.login import Login
from o365_exporter.graph.options import CredentialOptions
from o365_exporter.graph.paging import all_pages, unexpected
from o365_exporter.graph.refusals import NotFoundError, graph_error
from o365_exporter.graph.retry import Retries
from o365_exporter.graph.traffic import Observe, Traffic
from o365_exporter.logs import get_logger

_log = get_logger("graph")


_ASKING = 50.0  # seconds for the address of a file, waits and retries included


@dataclass(frozen=True, slots=True)
class _Call:
    """What is asked of Graph, by whatever token."""

    endpoint: Endpoint
    url: str
    page_size: int = 0
    etag: str = ""

    def headers(self, token: str) -> dict[str, str]:
        """For one attempt: each has an id of its own, by which Microsoft's support finds it."""
        return {
            "Authorization": f"Bearer {token}",
            "Accept": "*/*" if self.endpoint.redirects else "application/json",
            "Prefer": self.endpoint.prefer(self.page_size),
            "client-request-id": str(uuid.uuid4()),
            **({"If-None-Match": self.etag} if self.etag else {}),
        }


class GraphClient:
    """Graph v1.0 as one app sees one tenant: tokens, budget, retries and paging are its own affair.

    Each method waits as long as it takes within ``clock.time_left()``, and raises a ``PollError`` for whatever goes
    wrong; only the poll's own deadline passes through as a cancellation.

    Args:
        tenant_name: for sentences and logs.
        tenant_id: directory ID or domain.
        cloud: in which the tenant lives.
        credential: of the app.
        http: from ``open_http``; all tenants share it.
        clock: for expiry, waits and deadlines.
        login_url: instead of the cloud's login address.
        graph_url: instead of the cloud's Graph address.
        observe: takes the route and the seconds of each request.
        random: for jitter.

    Raises:
        ConfigurationError: an address is neither https nor on loopback.
    """

    def __init__(
        self,
        *,
        tenant_name: str,
        tenant_id: str,
        cloud: Cloud,
        credential: CredentialOptions,
        http: Http,
        clock: Clock,
        login_url: str | None = None,
        graph_url: str | None = None,
        observe: Observe = lambda _api, _seconds: None,
        random: Random | None = None,
    ) -> None:
        chance = random or Random()  # noqa: S311 - spreads load, guards nothing
        managed = credential.managed_identity is not None
        self._who = Identity(tenant_name, tenant_id, credential.client_id, cloud, managed=managed)
        self._root = _address(graph_url or cloud.graph, "graph_url")
        self._http = http
        self._clock = clock
        self.traffic = Traffic(observe)
        self._budget = Budget(clock=clock, traffic=self.traffic, tenant=tenant_name)
        self._retries = Retries(clock=clock, traffic=self.traffic, chance=chance)
        login = Login(
            who=self._who,
            login_url=_address(login_url or cloud.login, "login_url"),
            http=http,
            retries=self._retries,
            traffic=self.traffic,
            clock=clock,
        )
        source = credential_source(credential, tenant_name)
        self.auth = TokenProvider(who=self._who, login=login, source=source, clock=clock, chance=chance)
        self._page_size: dict[str, int] = {}

    @property
    def identity(self) -> Identity:
        """Who asks, with the hint of the secret in use."""
        return replace(self._who, secret_hint=self.auth.secret_hint)

    @property
    def clock_skew(self) -> float | None:
        """Seconds by which this machine's clock is ahead of Microsoft's; None before an answer that tells."""
        return None

    @property
    def waiting(self) -> str:
        """What is being waited for at this moment, such as a host; empty where that is not known."""
        return ""

    @property
    def may_download(self) -> bool:
        """Whether any host is known that report files may be on."""
        origin = origin_of(self._root)
        return bool(self._report_hosts) or (origin is not None and is_loopback(origin[1]))

    @property
    def _report_hosts(self) -> tuple[str, ...]:
        return (*self._who.cloud.report_hosts, *self._http.report_hosts)

    async def get(self, endpoint: Endpoint, *, filter: str = "", **path: str) -> dict[str, Any]:  # noqa: A002 - OData's own name
        """One object."""
        return await self._object(endpoint, endpoint.url(self._root, path, filter=filter))

    async def find(self, endpoint: Endpoint, **path: str) -> dict[str, Any] | None:
        """One object, or None when Graph (and not some gateway) says that there is none: 404."""
        try:
            return await self.get(endpoint, **path)
        except NotFoundError:
            return None

    async def list(self, endpoint: Endpoint, *, filter: str = "", **path: str) -> list[dict[str, Any]]:  # noqa: A002 - OData's own name
        """All objects of all pages; whole, or an error."""
        size = self._page_size.get(endpoint.route, max(endpoint.page_sizes, default=0))
        while True:
            first = endpoint.url(self._root, path, filter=filter, page_size=size)
            fetch = partial(self._object, endpoint, size=size)
            try:
                return await all_pages(fetch, first, self._root, self._named(endpoint))
            except BodyTooLargeError:
                size = max((smaller for smaller in endpoint.page_sizes if smaller < size), default=0)
                if not size:
                    raise
                self._page_size[endpoint.route] = size  # once too large, the next poll's would be too
                _log.info("page too large", tenant=self._who.tenant, api=endpoint.route, next_page_size=size)

    @asynccontextmanager
    async def download(self, endpoint: Endpoint, *, etag: str = "", **path: str) -> AsyncIterator[Download]:
        """The file that a report consists of; its bytes are read inside.

        Args:
            endpoint: of the report.
            etag: validator of the file that is known; empty where none is.
            path: values of the route.

        Raises:
            PollError: also for what goes wrong while the file is read.
        """
        answer = await self._file_address(_Call(endpoint, endpoint.url(self._root, path), etag=etag))
        if answer.status == HTTPStatus.NOT_MODIFIED:
            yield Download(etag, None)
            return
        if "location" not in answer.headers:
            raise unexpected(self._named(endpoint), "is no address of a file")
        address = checked_address(answer.headers["location"], self._root, self._report_hosts)
        validator = {"If-None-Match": etag} if etag else {}
        request = Request("GET", address, validator, secrets=(address,))  # no token: the address is all it takes
        async with AsyncExitStack() as stack:
            stream = await self._retries.run(partial(self._opened, request, stack))
            yield Download(stream.headers.get("etag", ""), checked_stream(stream))

    async def _opened(self, request: Request, stack: AsyncExitStack) -> Stream:
        """A file from its beginning: until there is one, a broken connection is worth another attempt."""
        with self.traffic.timed(DOWNLOAD_ROUTE, self._clock) as sent:
            stream = await stack.enter_async_context(self._http.stream(request))
            sent.code = str(stream.status)
            return stream

    async def _file_address(self, call: _Call) -> Answer:
        """Where the file is. Only its download may take long: a throttled report fails soon and says so."""
        try:
            with self._clock.deadline(_ASKING):
                return await self._answer(call)
        except TimeoutError:
            raise PollTimeoutError(f"Graph gave no file for {self._named(call.endpoint)} in {_ASKING:g} s.") from None

    def _named(self, endpoint: Endpoint) -> str:
        return f"{endpoint.route} for tenant {self._who.tenant}"

    async def _object(self, endpoint: Endpoint, url: str, size: int = 0) -> dict[str, Any]:
        answer = await self._answer(_Call(endpoint, url, size))
        content = decoded(answer)
        if not isinstance(content, dict):
            raise unexpected(self._named(endpoint), "is no object")
        return content

    async def _answer(self, call: _Call) -> Answer:
        """A success; a token that Graph refuses is replaced once."""
        token = await self.auth.token()
        try:
            return await self._retries.run(partial(self._attempt, call, token))
        except AuthError:
            newer: str | None = await self.auth.after_unauthorized(token)
        except PermissionMissingError:
            newer = await self.auth.after_forbidden(token)
            if newer is None:
                raise
        assert newer is not None
        return await self._retries.run(partial(self._attempt, call, newer))

    async def _attempt(self, call: _Call, token: str) -> Answer:
        endpoint = call.endpoint
        request = Request("GET", call.url, call.headers(token), secrets=(token,))
        async with self._budget.admitted(endpoint):
            with self.traffic.timed(endpoint.route, self._clock) as sent:
                answer = await self._http.send(request)
                sent.code = str(answer.status)
        if endpoint.redirects and answer.status in (HTTPStatus.FOUND, HTTPStatus.NOT_MODIFIED):
            return answer
        error = graph_error(answer, self._who, endpoint.permissions, self._clock.now())
        if isinstance(error, ThrottledError) and error.retry_after:
            self._budget.close(endpoint, error.retry_after)
        if error is not None:
            raise error
        return answer


def _address(url: str, key: str) -> str:
    """``url`` without trailing slash, if a token or secret may be sent there."""
    match origin_of(url):
        case ("https", _, _):
            return url.rstrip("/")
        case ("http", host, _) if is_loopback(host):
            return url.rstrip("/")
    raise ConfigurationError(
        [f"{key}: {host_of(url)} cannot be used; write https://host, or http:// for a host on loopback."]
    )
