"""What was asked of the simulator, for tests to look at afterwards."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from o365_exporter.simulator.http import Request

_OF_INTEREST = (
    "accept",
    "accept-encoding",
    "client-request-id",
    "consistencylevel",
    "host",
    "if-none-match",
    "prefer",
    "user-agent",
    "x-ms-throttle-priority",
)
_TICKET = re.compile(r"(^token=)[^&]*")


@dataclass
class Received:
    """A request. ``at`` is in seconds since 1970; ``status`` is None while it has no answer.

    ``headers`` holds those of interest only; of a credential no more than its scheme, of a download address no ticket.
    """

    at: float
    method: str
    path: str
    query: str
    tenant: str | None
    headers: Mapping[str, str]
    status: int | None = None


class RequestLog:
    """The newest requests, oldest first."""

    def __init__(self, size: int) -> None:
        self._kept: deque[Received] = deque(maxlen=size)

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[Received]:
        return iter(self._kept)

    def __getitem__(self, index: int) -> Received:
        return self._kept[index]

    def record(self, request: Request, tenant: str | None, now: float) -> Received:
        """Note a request that has just come in."""
        headers = {name: request.headers[name] for name in _OF_INTEREST if name in request.headers}
        query = _TICKET.sub(r"\1…", request.query)
        scheme = request.headers.get("authorization", "").partition(" ")[0]
        received = Received(now, request.method, request.path, query, tenant, headers | {"authorization": scheme})
        self._kept.append(received)
        return received

    def find(self, path: str = "*", *, tenant: str | None = None, method: str | None = None) -> list[Received]:
        """Requests whose path matches a glob, of one tenant (by key) or all."""
        return [
            one
            for one in self._kept
            if fnmatchcase(one.path, path) and tenant in (None, one.tenant) and method in (None, one.method)
        ]

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()
