"""The simulator on a real socket, with real clients."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
import msal
import pytest

from o365_exporter.clock import SystemClock
from o365_exporter.simulator import Simulator
from tests.simulator.support import GRAPH, HEALTH, LOGIN, GraphUser

OVERVIEWS = f"{HEALTH}/healthOverviews"


@pytest.fixture
def real() -> Simulator:
    """A simulator in real time."""
    return Simulator(SystemClock())


@pytest.fixture
async def base_url(real: Simulator) -> AsyncIterator[str]:
    """Its address on a real socket."""
    async with real.serve() as url:
        yield url


@pytest.fixture
async def visitor(real: Simulator, base_url: str) -> AsyncIterator[GraphUser]:
    """A client that has signed in over that socket."""
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=5) as http:
        user = GraphUser(http, real.tenants["contoso"])
        await user.json(OVERVIEWS)
        yield user


async def test_a_client_reads_everything_over_a_socket(visitor: GraphUser, base_url: str) -> None:
    """Token, overviews and all pages of issues, by next links on the same origin."""
    pages = await visitor.all_pages(f"{HEALTH}/issues")
    assert [len(page) for page in pages] == [100, 100, 30]
    first = await visitor.json(f"{HEALTH}/issues")
    assert first["@odata.nextLink"].startswith(f"{base_url}{HEALTH}/issues")
    answer = await visitor.get(OVERVIEWS)
    assert answer.headers["transfer-encoding"] == "chunked"
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("wire", "error"),
    [
        ("cut_length", httpx.RemoteProtocolError),
        ("cut_chunked", httpx.RemoteProtocolError),
        ("broken_connection", (httpx.ReadError, httpx.RemoteProtocolError)),
        ("wrong_gzip", httpx.DecodingError),
    ],
)
async def test_the_wire_breaks(real: Simulator, visitor: GraphUser, wire: str, error: Any) -> None:
    """Cut bodies and connections are met as a client meets them in the wild; the next request is well."""
    real.add_fault(path=OVERVIEWS, wire=wire, count=1)
    with pytest.raises(error):
        await visitor.get(OVERVIEWS)
    assert (await visitor.get(OVERVIEWS)).status_code == 200


async def test_a_client_that_gives_up_ends_a_hang(real: Simulator, visitor: GraphUser) -> None:
    """A time-out at the client frees the simulator's side too."""
    real.add_fault(path=OVERVIEWS, hang=True, count=1)
    with pytest.raises(httpx.ReadTimeout):
        await visitor.http.get(OVERVIEWS, timeout=0.05)
    assert real.requests[-1].status is None
    assert (await visitor.get(OVERVIEWS)).status_code == 200


async def test_it_stops_at_once_even_while_requests_hang(real: Simulator) -> None:
    """Leaving the context ends hanging and delayed requests, within half a second, and frees the port."""
    async with httpx.AsyncClient(trust_env=False, timeout=5) as http:
        async with real.serve() as url:
            real.add_fault(path="/v1.0/hang", hang=True)
            real.add_fault(path="/v1.0/late", delay=1_000)
            waiting = [asyncio.create_task(http.get(f"{url}/v1.0/{name}")) for name in ("hang", "late")]
            while len(real.requests) < 2:  # noqa: ASYNC110 - the log is all there is to watch
                await asyncio.sleep(0)
            begun = time.monotonic()
        assert time.monotonic() - begun < 0.5
        ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(one, httpx.TransportError) for one in ended)
    async with real.serve(port=int(url.rsplit(":", 1)[1])) as again:
        assert again == url


async def test_no_signal_handler_is_installed(real: Simulator) -> None:
    """Signals stay the business of the program that serves."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    async with real.serve():
        assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


async def test_a_port_in_use_is_an_os_error(real: Simulator, base_url: str) -> None:
    """The caller is told, and the process lives on."""
    with pytest.raises(OSError, match="in use"):
        async with real.serve(port=int(base_url.rsplit(":", 1)[1])):
            pass


class Redirected:
    """What MSAL wants of an HTTP client; Microsoft's login host is sought at the simulator's address."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._http = httpx.Client(trust_env=False, timeout=5)

    def get(self, url: str, params: Mapping[str, str] | None = None, **options: Any) -> httpx.Response:
        return self._http.get(self._moved(url), params=params, headers=options.get("headers"))

    def post(
        self, url: str, data: dict[str, Any] | None = None, params: Mapping[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        return self._http.post(self._moved(url), data=data, params=params, headers=options.get("headers"))

    def close(self) -> None:
        self._http.close()

    def _moved(self, url: str) -> str:
        assert url.startswith(LOGIN)
        return self._base_url + url.removeprefix(LOGIN)


@contextmanager
def redirected(base_url: str) -> Iterator[Redirected]:
    """Such a client, closed at the end."""
    client = Redirected(base_url)
    try:
        yield client
    finally:
        client.close()


async def test_msal_signs_in(real: Simulator, base_url: str) -> None:
    """The real MSAL gets a token that Graph accepts, by GUID and by domain, and understands a refusal."""
    tenant = real.tenants["contoso"]

    def acquire(authority: str, secret: str) -> dict[str, Any]:
        with redirected(base_url) as http_client:
            app = msal.ConfidentialClientApplication(
                tenant.client_id,
                authority=f"{LOGIN}/{authority}",
                client_credential=secret,
                http_client=http_client,
            )
            token: dict[str, Any] = app.acquire_token_for_client([f"{GRAPH}/.default"])
            return token

    for authority in (tenant.tenant_id, tenant.domain):
        token = await asyncio.to_thread(acquire, authority, tenant.client_secret)
        assert 3_500 < token["expires_in"] < 5_400
        async with httpx.AsyncClient(base_url=base_url, trust_env=False) as http:
            answer = await GraphUser(http, tenant).get(OVERVIEWS, token["access_token"])
        assert answer.status_code == 200
    refused = await asyncio.to_thread(acquire, tenant.tenant_id, "wrong")
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [7000215])
