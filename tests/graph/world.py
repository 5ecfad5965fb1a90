"""What the tests of the Graph client share: a tenant, a fake Microsoft over respx, a clock that does not wait."""

from __future__ import annotations

import io
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from unittest import mock

import httpx
import respx
import structlog

from o365_exporter import logs
from o365_exporter.clock import Clock
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.http import ConnectionOptions, Surroundings, open_http
from o365_exporter.http.client import CONNECT_SECONDS
from o365_exporter.login import CLOUDS, CredentialOptions
from tests.fakes import FakeClock

TENANT_ID = "11111111-2222-3333-4444-555555555555"
APP = "66666666-7777-8888-9999-aaaaaaaaaaaa"
SECRET = "c4n~Canary+Secret/&=Value"
TOKEN = "canary-token-1"
GRAPH = "https://graph.microsoft.com/v1.0"
LOGIN = f"https://login.microsoftonline.com/{TENANT_ID}"
TOKEN_URL = f"{LOGIN}/oauth2/v2.0/token"
DISCOVERY_URL = f"{LOGIN}/v2.0/.well-known/openid-configuration"

ISSUES = Endpoint(
    "/admin/serviceAnnouncement/issues",
    ("ServiceHealth.Read.All",),
    page_sizes=(100, 10),
    paging="maxpagesize",
    limits="service_communications",
)
ISSUE = Endpoint("/admin/serviceAnnouncement/issues/{id}", ("ServiceHealth.Read.All",))
APPS = Endpoint("/applications", ("Application.Read.All",), ("id", "appId"), (999, 50), limits="identity")
SKUS = Endpoint("/subscribedSkus", ("LicenseAssignment.Read.All", "Organization.Read.All"))


class ImpatientClock(FakeClock):
    """A fake clock whose sleepers do not wait: time moves on by what they ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += max(0.0, seconds)

    def pass_time(self, seconds: float) -> None:
        """Let time go by while nobody sleeps."""
        self._now += seconds


class Microsoft:
    """Login and Graph over respx; each token is ``canary-token-N``."""

    def __init__(self, router: respx.MockRouter) -> None:
        self.router = router
        self.tokens = 0
        self.lifetime = 3600
        self.discovery = router.get(DISCOVERY_URL).mock(
            return_value=httpx.Response(200, json=discovery("https://login.microsoftonline.com"))
        )
        self.login = router.post(TOKEN_URL).mock(side_effect=self.give)

    def give(self, _: httpx.Request) -> httpx.Response:
        """A new token."""
        self.tokens += 1
        return httpx.Response(200, json=grant(f"canary-token-{self.tokens}", self.lifetime))

    def refuse(self, body: dict[str, Any], status: int = 401) -> None:
        """No token any more."""
        self.login.mock(return_value=httpx.Response(status, json=body))

    def relent(self) -> None:
        """Tokens again."""
        self.login.mock(side_effect=self.give)

    def graph(self, route: str) -> respx.Route:
        """What Graph answers to a route, whatever the query."""
        return self.router.get(url__startswith=GRAPH + route)


def discovery(login: str) -> dict[str, str]:
    """An OpenID configuration."""
    return {
        "issuer": f"https://login.microsoftonline.com/{TENANT_ID}/v2.0",
        "authorization_endpoint": f"{login}/{TENANT_ID}/oauth2/v2.0/authorize",
        "token_endpoint": f"{login}/{TENANT_ID}/oauth2/v2.0/token",
    }


def grant(token: str, lifetime: int = 3600) -> dict[str, Any]:
    """A token answer."""
    return {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}


def entra_error(number: int, text: str, error: str = "invalid_client") -> dict[str, Any]:
    """An error in Entra ID's shape."""
    trace = "Trace ID: aaaa0000-trace Correlation ID: bbbb1111-correlation Timestamp: 2026-03-10 12:00:00Z"
    return {"error": error, "error_description": f"AADSTS{number}: {text} {trace}", "error_codes": [number]}


def graph_error(code: str = "", message: str = "", **inner: Any) -> dict[str, Any]:
    """An error in Graph's shape."""
    return {"error": {"code": code, "message": message, "innerError": inner}}


@contextmanager
def microsoft() -> Iterator[Microsoft]:
    """A fake Microsoft; whatever it does not know fails the test. No TLS happens, so none is prepared (0.1 s each)."""
    no_tls = mock.patch("o365_exporter.http.client.tls_context", return_value=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    with no_tls, respx.mock(assert_all_called=False) as router:
        yield Microsoft(router)


@asynccontextmanager
async def client(
    clock: Clock | None = None,
    *,
    credential: CredentialOptions | None = None,
    connection: ConnectionOptions | None = None,
    surroundings: Surroundings | None = None,
    login_url: str | None = None,
    graph_url: str | None = None,
    observe: Callable[[str, float], None] = lambda _api, _seconds: None,
    connect_seconds: float = CONNECT_SECONDS,
) -> AsyncIterator[GraphClient]:
    """A client of the tenant contoso."""
    async with open_http(connection or ConnectionOptions(), surroundings, connect_seconds) as http:
        yield GraphClient(
            tenant_name="contoso",
            tenant_id=TENANT_ID,
            cloud=CLOUDS["global"],
            credential=credential or CredentialOptions(client_id=APP, client_secret=SECRET),
            http=http,
            clock=clock or ImpatientClock(),
            login_url=login_url,
            graph_url=graph_url,
            observe=observe,
        )


@contextmanager
def every_line() -> Iterator[io.StringIO]:
    """What is logged meanwhile, by every logger at its chattiest, httpx, httpcore and msal among them."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    logs.configure(logs.LogOptions(level="debug", format="json"), stream)
    chatty = [logging.getLogger(name) for name in ("httpx", "httpcore", "msal", "asyncio")]
    levels = [logger.level for logger in chatty]
    for logger in chatty:
        logger.setLevel(logging.DEBUG)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger, before in zip(chatty, levels, strict=True):
        logger.setLevel(before)
    structlog.reset_defaults()
