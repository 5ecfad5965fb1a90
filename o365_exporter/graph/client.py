"""Reading Microsoft Graph for one tenant."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from math import inf
from random import Random
from typing import Any

from o365_exporter.clock import Clock
from o365_exporter.errors import (
    ConfigurationError,
    ExporterError,
    NoData,
    PollError,
    PollTimeoutError,
)
from o365_exporter.graph.answers import decoded_in_turns, fault_of
from o365_exporter.graph.asking import Asking, Call
from o365_exporter.graph.budget import Budget, Closed, Use
from o365_exporter.graph.download import (
    Download,
    checked_address,
    checked_etag,
    checked_stream,
    is_object,
    may_be_file,
    secret_part,
    start_of_file,
)
from o365_exporter.graph.endpoints import Endpoint
from o365_exporter.graph.meanings import NotFoundError, PageSizeError, PageTokenError
from o365_exporter.graph.paging import all_pages, objects_of, unexpected
from o365_exporter.graph.refusals import error_in_place_of_file
from o365_exporter.graph.roles import KNOWN
from o365_exporter.http.addresses import host_of, is_loopback, origin_of, target_of
from o365_exporter.http.client import BodyTooLargeError, Http, Request, Response, Stream
from o365_exporter.http.patience import waiting
from o365_exporter.http.quoting import hidden, repeats
from o365_exporter.http.retry import Retries
from o365_exporter.http.sender import Sender
from o365_exporter.http.traffic import Observe, Traffic
from o365_exporter.login.clouds import Cloud
from o365_exporter.login.credentials import SOMEWHERE, Place
from o365_exporter.login.identity import Identity
from o365_exporter.login.options import CredentialOptions
from o365_exporter.login.signin import token_provider
from o365_exporter.logs import get_logger

_log = get_logger("graph")

_DIGITS = 15  # of a count; more is no number of objects

_FILES = 16  # addresses of files whose secret parts are kept out of sentences; each is good for minutes
_ASKING = 50.0  # seconds for the address of a file, waits and retries included


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a client knows that the next process needs.

    Args:
        login: see ``TokenProvider.state``.
        login_message: its sentence.
        skew: least and most seconds by which this machine's clock is ahead of Microsoft's; None where not known.
        uses: of Microsoft's limits.
        closed: what Microsoft has asked to be left alone.
        roles: permissions that the token states, as far as they are known by name; None where it cannot be read.
    """

    login: str = "pending"
    login_message: str = ""
    skew: tuple[float, float] | None = None
    uses: tuple[Use, ...] = ()
    closed: tuple[Closed, ...] = ()
    roles: tuple[str, ...] | None = None


class GraphClient:
    """Graph v1.0 as one app sees one tenant: tokens, budget, retries and paging are its own affair.

    Each method waits as long as it takes within ``clock.time_left()``, and raises a ``PollError`` for whatever goes
    wrong; only the poll's own deadline passes through as a cancellation.

    Args:
        tenant_name: for sentences and logs.
        tenant_id: directory ID or domain.
        cloud: in which the tenant lives.
        credential: of the app.
        secret_place: where its client secret was written, if it has one.
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
        secret_place: Place = SOMEWHERE,
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
        retries = Retries(clock=clock, traffic=self.traffic, chance=chance)
        self._sender = Sender(http=http, traffic=self.traffic, clock=clock)
        self.auth = token_provider(
            who=self._who,
            credential=credential,
            secret_place=secret_place,
            login_url=_address(login_url or cloud.login, "login_url"),
            sender=self._sender,
            traffic=self.traffic,
            retries=retries,
            clock=clock,
            chance=chance,
        )
        self._budget = Budget(clock=clock, traffic=self.traffic, tenant=tenant_name)
        self._asking = Asking(
            who=self._who,
            auth=self.auth,
            budget=self._budget,
            retries=retries,
            sender=self._sender,
            clock=clock,
        )
        self._page_size: dict[str, int] = {}
        self._files = deque[str](maxlen=_FILES)

    @property
    def identity(self) -> Identity:
        """Who asks, with the hint of the secret in use."""
        return replace(self._who, secret_hint=self.auth.secret_hint)

    @property
    def clock_skew(self) -> float | None:
        """Seconds by which this machine's clock is ahead of Microsoft's; None before the first answer with a date."""
        return self._sender.skew.seconds

    def remembered(self) -> Remembered:
        """What the next process must know to go on as this one would: no token, and nothing else that is secret."""
        skew, roles = self._sender.skew.bounds, self.auth.roles
        known = None if roles is None else tuple(sorted(roles & KNOWN))
        return Remembered(self.auth.state, self.auth.message, skew, self._budget.uses(), self._budget.closed(), known)

    def recall(self, known: Remembered) -> None:
        """Go on where a former process ended."""
        self.auth.recall(known.login, known.login_message, None if known.roles is None else frozenset(known.roles))
        self._budget.recall(known.uses, known.closed)
        if known.skew is not None:
            self._sender.skew.recall(known.skew)

    def follow_on(self, before: GraphClient, *, same_app: bool) -> None:
        """Take the place of another client of this tenant: counters go on, and what the same app has used counts."""
        self.traffic.follow_on(before.traffic)
        if same_app:
            known = before.remembered()
            self._budget.recall(known.uses, known.closed)

    def without_secrets(self, text: str) -> str:
        """A sentence that may quote Microsoft, without what this tenant signs in and asks with."""
        return hidden(text, (*self.auth.secrets, *self._files))

    @property
    def common(self) -> dict[str, Any]:
        """What holds for all tenants of this Graph alike, whoever has learnt it: facts of Microsoft's, by their name.

        Nothing that is a tenant's own has a place here.
        """
        return self._http.common.setdefault(self._root, {})

    @property
    def waiting(self) -> str:
        """What the calling task is waiting for in this client, or was when it was cancelled; empty for nothing."""
        return waiting()

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
        """One object, or None when Graph says by its own code that there is none: a 404 alone may be an outage."""
        try:
            return await self.get(endpoint, **path)
        except (NotFoundError, NoData):
            return None

    async def page(self, endpoint: Endpoint, size: int, *, filter: str = "", **path: str) -> list[dict[str, Any]]:  # noqa: A002 - OData's own name
        """The objects of the first page of at most ``size``, of a list that begins with what is wanted."""
        url = endpoint.url(self._root, path, filter=filter, page_size=size)
        return objects_of(await self._object(endpoint, url, size), self._named(Call(endpoint, url)))

    async def _whole_list(self, endpoint: Endpoint, filter: str, path: dict[str, str]) -> list[dict[str, Any]]:  # noqa: A002 - OData's own name
        forgotten = False
        while True:
            size = self._page_size.get(endpoint.route, max(endpoint.page_sizes, default=0))
            first = endpoint.url(self._root, path, filter=filter, page_size=size)
            fetch = partial(self._read, endpoint, size=size)
            what = self._named(Call(endpoint, first))
            try:
                return await all_pages(fetch, first, self._root, what, endpoint.largest)
            except (BodyTooLargeError, PageSizeError) as error:
                self._page_size[endpoint.route] = self._smaller(endpoint, size, error)
            except PageTokenError:
                if forgotten:
                    raise
                forgotten = True

    async def list(self, endpoint: Endpoint, *, filter: str = "", **path: str) -> list[dict[str, Any]]:  # noqa: A002 - OData's own name
        """All objects of all pages; whole, or an error. A list whose next page is forgotten begins anew, once."""
        if endpoint.within == inf:
            return await self._whole_list(endpoint, filter, path)
        seconds = min(endpoint.within, self._clock.time_left() / 2)
        try:
            with self._clock.deadline(seconds):
                return await self._whole_list(endpoint, filter, path)
        except TimeoutError:
            late = f"Graph had not listed {endpoint.route} for tenant {self._who.tenant} whole after {seconds:.0f} s."
            raise PollTimeoutError(late) from None

    async def count(self, endpoint: Endpoint, *, filter: str = "", **path: str) -> int:  # noqa: A002 - OData's own name
        """How many objects a list has, without reading them."""
        counted = endpoint.counted()
        call = Call(counted, counted.url(self._root, path, filter=filter))
        body = (await self._asking.whole(call)).body.decode("utf-8-sig", "replace").strip()
        if not (body.isascii() and body.isdigit() and len(body) <= _DIGITS):
            raise unexpected(self._named(call), "is no number")
        return int(body)

    def _smaller(self, endpoint: Endpoint, size: int, error: PollError) -> int:
        """The page size to go on with, also at the next poll; 0 leaves it to Graph, which knows what it can take."""
        smaller = max((each for each in endpoint.page_sizes if each < size), default=0)
        if not size or (not smaller and not isinstance(error, PageSizeError)):
            raise error
        _log.info("smaller pages", tenant=self._who.tenant, api=endpoint.route, page_size=smaller, why=error.message)
        return smaller

    @asynccontextmanager
    async def download(self, endpoint: Endpoint, *, etag: str = "", **path: str) -> AsyncIterator[Download]:
        """The file that a report consists of; its bytes are read inside.

        Args:
            endpoint: of the report.
            etag: validator of the file that is known; empty where none is.
            path: values of the route.

        Raises:
            PollError, Nothing: also for what goes wrong while the file is read.
        """
        call = Call(endpoint, endpoint.url(self._root, path), etag=etag)
        async with AsyncExitStack() as stack:
            stream = await self._file(call, stack)
            judge = partial(self._in_place_of_file, call, stream)
            if stream.status == HTTPStatus.NOT_MODIFIED and not checked_etag(etag):
                raise unexpected(self._named(call), f"is that it has not changed (304 of {stream.host}), unasked")
            if stream.status == HTTPStatus.NOT_MODIFIED:
                yield Download(checked_etag(etag), None, self._sender, judge)
            else:
                found = checked_etag(stream.headers.get("etag", ""))
                yield Download(found, checked_stream(stream), self._sender, judge)

    async def _file(self, call: Call, stack: AsyncExitStack) -> Stream:
        """A report's file, or that it has not changed: most reports are a redirect to it, some are the file itself."""
        first = await self._asked_soon(call, stack)
        if first.status == HTTPStatus.NOT_MODIFIED or may_be_file(first):
            return first
        if "location" not in first.headers:
            start = await start_of_file(self._sender.pieces(first))
            if is_object(start):
                raise self._in_place_of_file(call, first, start)
            raise unexpected(self._named(call), "is no address of a file")
        target = target_of(first.headers["location"], call.url)
        address = checked_address(target, self._root, self._report_hosts)
        validator = {"If-None-Match": etag} if (etag := checked_etag(call.etag)) else {}
        secret = secret_part(address)
        request = Request("GET", address, validator, secrets=(secret,))  # no token: the address is enough
        self._files.append(secret)
        return await self._asking.file(request, stack)

    def _in_place_of_file(self, call: Call, stream: Stream, body: bytes) -> ExporterError:
        """What an object is that came where a file should: Microsoft's error, as the table has it, or nothing known."""
        response = Response(stream.request, stream.status, stream.headers, body)
        error = error_in_place_of_file(response, call.route, self._who, call.endpoint.permissions, self._clock.now())
        return error or unexpected(self._named(call), "is an object in place of a file")

    async def _asked_soon(self, call: Call, stack: AsyncExitStack) -> Stream:
        """Only the download of a file may take long: a report that Graph has no address for fails soon and says so."""
        try:
            with self._clock.deadline(_ASKING):
                return await self._asking.begun(call, stack)
        except TimeoutError:
            raise PollTimeoutError(f"Graph gave no file for {self._named(call)} in {_ASKING:g} s.") from None

    def _named(self, call: Call) -> str:
        return f"{call.route} for tenant {self._who.tenant}"

    async def _object(self, endpoint: Endpoint, url: str, size: int = 0) -> dict[str, Any]:
        return (await self._read(endpoint, url, size))[0]

    async def _read(self, endpoint: Endpoint, url: str, size: int = 0) -> tuple[dict[str, Any], int]:
        """An object, and how many bytes of JSON it came as."""
        call = Call(endpoint, url, size)
        response = await self._asking.whole(call)
        content = await decoded_in_turns(response)
        if not isinstance(content, dict):
            raise unexpected(self._named(call), "is no object")
        if any(repeats(response.body, secret) for secret in response.request.secrets):
            raise unexpected(self._named(call), "repeats the token by which it was asked")
        if "value" not in content and isinstance(content.get("error"), dict):
            said = fault_of(response)
            raise unexpected(self._named(call), f"is an error under the status of a success ({response.status} {said})")
        return content, len(response.body)


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
