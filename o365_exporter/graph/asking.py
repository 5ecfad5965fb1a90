"""One question to Graph, on its way: by a token, tried again, within the budget, sent, and its answer judged."""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from o365_exporter.clock import Clock
from o365_exporter.errors import PermissionMissingError, PollError, ThrottledError, UnavailableError
from o365_exporter.graph.budget import Budget
from o365_exporter.graph.download import DOWNLOAD_ROUTE, checked_etag
from o365_exporter.graph.endpoints import Endpoint
from o365_exporter.graph.paging import unexpected
from o365_exporter.graph.refusals import download_error, graph_error, nothing_granted, route_of
from o365_exporter.http.client import Request, Response, Stream
from o365_exporter.http.patience import begin_waiting
from o365_exporter.http.quoting import printable
from o365_exporter.http.retry import Retries
from o365_exporter.http.sender import Sender
from o365_exporter.login.auth import TokenProvider
from o365_exporter.login.identity import Identity
from o365_exporter.login.standing import PolicyRefusedError, TokenRefusedError

T = TypeVar("T")

_ACCEPT = {"json": "application/json", "file": "*/*", "number": "text/plain"}
"""A count that is asked for as JSON is 415 (graph2otel M2)."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked of Graph, by whatever token.

    Args:
        endpoint: that is asked.
        url: of it, with path values and query.
        page_size: see ``Endpoint.prefer``; 0 leaves it to Graph.
        etag: validator of what is known; empty where nothing is.
    """

    endpoint: Endpoint
    url: str
    page_size: int = 0
    etag: str = ""

    @property
    def route(self) -> str:
        """What is asked for, with the values that were filled in, for sentences."""
        return printable(route_of(self.url), limit=120)

    def headers(self, token: str) -> dict[str, str]:
        """For one attempt: each has an id of its own, by which Microsoft's support finds it."""
        validator = checked_etag(self.etag)
        return {
            "Authorization": f"Bearer {token}",
            "Accept": _ACCEPT[self.endpoint.answers],
            "Prefer": self.endpoint.prefer(self.page_size),
            "client-request-id": str(uuid.uuid4()),
            **({"If-None-Match": validator} if validator else {}),
            **({"ConsistencyLevel": "eventual"} if self.endpoint.answers == "number" else {}),
        }


class Asking:
    """Asks Graph, and the hosts of report files, for one tenant."""

    def __init__(
        self, *, who: Identity, auth: TokenProvider, budget: Budget, retries: Retries, sender: Sender, clock: Clock
    ) -> None:
        self._who = who
        self._auth = auth
        self._budget = budget
        self._retries = retries
        self._sender = sender
        self._clock = clock

    async def whole(self, call: Call) -> Response:
        """A success, read at once.

        Raises:
            PollError, Nothing: there is none.
        """
        return await self._by_token(call, partial(self._whole, call))

    async def begun(self, call: Call, stack: AsyncExitStack) -> Stream:
        """A report's file, its address (302) or that it has not changed (304); read until ``stack`` is closed.

        Raises:
            PollError, Nothing: there is none.
        """
        return await self._by_token(call, partial(self._begun, call, stack))

    async def file(self, request: Request, stack: AsyncExitStack) -> Stream:
        """A file at the host that Graph has named; until it begins, a broken connection is worth another attempt."""
        return await self._retries.run(partial(self._file, request, stack))

    async def _by_token(self, call: Call, attempt: Callable[[str], Awaitable[T]]) -> T:
        """What an attempt by a token brings; a token that Graph refuses is replaced, as seldom as is of use."""
        begin_waiting()
        token = await self._auth.token()
        try:
            return await self._tried(call, attempt, token)
        except TokenRefusedError as error:
            newer = await self._auth.after_unauthorized(token, call.endpoint.route)
            if newer is None:
                raise self._refused(call, error) from None
        except PermissionMissingError as error:
            newer = await self._auth.after_forbidden(token, call.endpoint.route)
            if newer is None:
                raise self._refused(call, error) from None
        try:
            return await self._tried(call, attempt, newer)
        except (TokenRefusedError, PermissionMissingError) as error:
            raise self._refused(call, error) from None

    def _refused(self, call: Call, error: TokenRefusedError | PermissionMissingError) -> PollError:
        """What it means that the newest token there is to be had is refused, by 401 or 403: Graph knows both."""
        if self._auth.roles == frozenset() and not isinstance(error, PolicyRefusedError):
            return nothing_granted(self._who, error)
        if isinstance(error, PermissionMissingError):
            return error
        return self._auth.standing.refused(call.endpoint.route, error)

    async def _tried(self, call: Call, attempt: Callable[[str], Awaitable[T]], token: str) -> T:
        try:
            found = await self._retries.run(partial(attempt, token))
        except PermissionMissingError:
            self._auth.standing.known()
            raise
        self._auth.standing.taken(call.endpoint.route)
        return found

    async def _whole(self, call: Call, token: str) -> Response:
        """One attempt at an answer that is read at once."""
        async with self._budget.admitted(call.endpoint):
            request = Request("GET", call.url, call.headers(token), secrets=(token,))
            response = await self._sender.send(request, call.endpoint.route)
        self._check(call, response)
        return response

    async def _begun(self, call: Call, stack: AsyncExitStack, token: str) -> Stream:
        """One attempt at the file of a report, or at its address."""
        async with AsyncExitStack() as attempt:
            async with self._budget.admitted(call.endpoint):
                request = Request("GET", call.url, call.headers(token), secrets=(token,))
                stream = await self._sender.opened(request, call.endpoint.route, attempt)
            if stream.status not in (HTTPStatus.OK, HTTPStatus.FOUND, HTTPStatus.NOT_MODIFIED):
                self._check(call, await self._sender.whole(request, stream))
            stack.push_async_exit(attempt.pop_all())
        return stream

    async def _file(self, request: Request, stack: AsyncExitStack) -> Stream:
        """One attempt at a file; it needs no token."""
        async with AsyncExitStack() as attempt:
            stream = await self._sender.opened(request, DOWNLOAD_ROUTE, attempt)
            if stream.status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
                response = await self._sender.whole(request, stream)
                raise download_error(response, self._who, self._clock.now()) or unexpected(stream.host, "is no file")
            stack.push_async_exit(attempt.pop_all())
        return stream

    def _check(self, call: Call, response: Response) -> None:
        """Raise what an answer is that is no success; what asks for patience closes the budget for others, too."""
        error = graph_error(response, self._who, call.endpoint.permissions, self._clock.now())
        if isinstance(error, (ThrottledError, UnavailableError)) and error.retry_after:
            self._budget.close(call.endpoint, error)
        if error is not None:
            raise error
