"""The simulator on a real socket, with real clients."""

from __future__ import annotations

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import msal
import pytest

from o365_exporter.clock import SystemClock
from o365_exporter.simulator import Simulator, ThrowawayAuthority
from tests.fakes import PATIENCE
from tests.simulator.support import GRAPH, HEALTH, GraphUser

OVERVIEWS = f"{HEALTH}/healthOverviews"
REPORT = "/v1.0/reports/getEmailActivityUserDetail(period='D7')"


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
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=PATIENCE) as http:
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
    """Leaving the context ends requests that would hang for ever or for long, and frees the port."""
    async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        async with asyncio.timeout(PATIENCE), real.serve() as url:
            real.add_fault(path="/v1.0/hang", hang=True)
            real.add_fault(path="/v1.0/late", delay=1_000)
            waiting = [asyncio.create_task(http.get(f"{url}/v1.0/{name}")) for name in ("hang", "late")]
            while len(real.requests) < 2:  # noqa: ASYNC110 - the log is all there is to watch
                await asyncio.sleep(0)
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


# HTTPS ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> ThrowawayAuthority:
    """Whom clients trust."""
    return ThrowawayAuthority(SystemClock().now())


@pytest.fixture
async def https(real: Simulator, authority: ThrowawayAuthority) -> AsyncIterator[str]:
    """The simulator's address by HTTPS."""
    async with real.serve(tls=authority.server()) as url:
        yield url


@pytest.fixture
def ca_file(authority: ThrowawayAuthority, tmp_path: Path) -> Path:
    """The certificate that clients must trust."""
    file = tmp_path / "ca.pem"
    file.write_bytes(authority.pem)
    return file


async def test_everything_is_there_by_https(real: Simulator, https: str, ca_file: Path) -> None:
    """Login, pages and files, by host name and address; every address that is handed out begins with https."""
    trusted = ssl.create_default_context(cafile=ca_file)
    trusted.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python 3.13 does
    for base_url in (https, https.replace("127.0.0.1", "localhost")):
        async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=PATIENCE, verify=trusted) as http:
            user = GraphUser(http, real.tenants["contoso"])
            first = await user.json(f"{HEALTH}/issues")
            file = await user.get(REPORT)
            assert first["@odata.nextLink"].startswith(f"{base_url}/v1.0/")
            assert file.headers["location"].startswith(f"{base_url.rpartition(':')[0]}:")
            assert (await http.get(file.headers["location"])).status_code == 200


async def test_nobody_else_is_trusted_for_it(https: str) -> None:
    """The authority is of this one run: another one's certificate is none for this server."""
    other = ssl.create_default_context(cadata=ThrowawayAuthority(SystemClock().now()).pem.decode())
    async with httpx.AsyncClient(trust_env=False, verify=other) as http:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await http.get(https)


async def test_a_client_behind_a_proxy_is_led_on_by_the_proxys_address(visitor: GraphUser) -> None:
    """Pages, discovery and files name what X-Forwarded-Proto and -Host say, and the files are there."""
    tenant = visitor.tenant
    forwarded = {"x_forwarded_proto": "https, http", "x_forwarded_host": "graph.test"}
    page = await visitor.json(f"{HEALTH}/issues", **forwarded)
    document = (await visitor.get(f"/{tenant.tenant_id}/v2.0/.well-known/openid-configuration", **forwarded)).json()
    location = (await visitor.get(REPORT, **forwarded)).headers["location"]
    assert page["@odata.nextLink"] == f"https://graph.test{HEALTH}/issues?$skip=100"
    assert document["token_endpoint"] == f"https://graph.test/{tenant.tenant_id}/oauth2/v2.0/token"
    assert location.startswith("https://graph.test/data/v1.0/download/getEmailActivityUserDetail/D7?token=")
    assert (await visitor.get(location.removeprefix("https://graph.test"), **forwarded)).status_code == 200


@pytest.mark.parametrize("path", ["/v1.0//admin/serviceAnnouncement/healthOverviews", "//v1.0/applications"])
async def test_several_slashes_are_one(visitor: GraphUser, base_url: str, path: str) -> None:
    """Microsoft's SDKs join addresses so that two slashes meet, which Graph forgives."""
    answer = await visitor.get(f"{base_url}{path}")
    assert answer.status_code == 200


async def test_msal_signs_in(real: Simulator, https: str, ca_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real MSAL finds the token endpoint by discovery, by GUID and by domain, and understands a refusal."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # to requests they count more than what it is told
        monkeypatch.delenv(name, raising=False)
    tenant = real.tenants["contoso"]

    def acquire(name: str, secret: str) -> dict[str, Any]:
        app = msal.ConfidentialClientApplication(
            tenant.client_id,
            authority=f"{https}/{name}",
            client_credential=secret,
            instance_discovery=False,
            verify=str(ca_file),
        )
        token: dict[str, Any] = app.acquire_token_for_client([f"{GRAPH}/.default"])
        return token

    for name in (tenant.tenant_id, tenant.domain):
        token = await asyncio.to_thread(acquire, name, tenant.client_secret)
        assert 3_500 < token["expires_in"] < 5_400
    refused = await asyncio.to_thread(acquire, tenant.tenant_id, "wrong")
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [7000215])
    assert {one.headers["host"] for one in real.requests} == {urlsplit(https).netloc}
