"""The way to a host, step by step, on real sockets and by a clock that is moved."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path

import anyio
import pytest
from pydantic import SecretStr

from o365_exporter.clock import SystemClock
from o365_exporter.http import ConnectionOptions, Surroundings, open_http
from o365_exporter.http.client import CONNECT_SECONDS
from o365_exporter.http.proxies import Proxies, parse_proxy
from o365_exporter.http.way import ANSWER_SECONDS, NAME_SECONDS, Prober, Way
from tests.fakes import FakeClock
from tests.http.loopback import Proxy, answer, certificates, listening

URL = "https://graph.microsoft.com/v1.0/"


def test_every_step_ends_within_ten_seconds() -> None:
    """What is in the way is known before whoever waits has given up, whichever step it stops."""
    assert NAME_SECONDS + CONNECT_SECONDS < 10
    assert NAME_SECONDS < ANSWER_SECONDS < 10


async def dated(_request: bytes, writer: asyncio.StreamWriter) -> None:
    """An answer of Microsoft's, of whenever."""
    writer.write(answer(b"{}", "200 OK", "Date: Tue, 10 Mar 2026 11:00:00 GMT"))
    await writer.drain()


async def test_a_way_that_leads_to_its_host(tmp_path: Path) -> None:
    """The proxy, the name, each step's time, the certificate and the clock are known of it; the token is not sent."""
    authority, context = certificates(tmp_path)
    async with listening(dated, context) as target:
        proxy = Proxy(target)
        async with proxy.open() as door:
            options = ConnectionOptions(ca_file=authority)
            surroundings = Surroundings(Proxies(https=parse_proxy(f"http://localhost:{door}", "HTTPS_PROXY")))
            async with open_http(options, surroundings) as http:
                way = await Prober(http, FakeClock(), lambda _host, _port: ["127.0.0.1"]).way_to(URL)
    assert way == Way(
        path=f"graph.microsoft.com:443 through the proxy http://localhost:{door} (HTTPS_PROXY)",
        addresses=("127.0.0.1",),
        seconds=dict.fromkeys(("name", "connect_tcp", "start_tls", "answer"), 0.0),
        tls="TLSv1.3",
        certificate=way.certificate,
        skew=3599.5,
        advice="The clock of the machine that runs the exporter is 60 minutes ahead of Microsoft's: set it, and let it "
        "be kept (NTP).",
    )
    assert way.certificate is not None
    assert (way.certificate.issuer, round(way.certificate.ends)) == ("Test authority", 1577836800 + 36500 * 86400)
    assert b"Authorization" not in proxy.requests[0]


async def test_names_that_are_not_resolved_are_given_up() -> None:
    """After four seconds the host is named whose name is awaited, and all ways have that in common."""
    release, clock, found = threading.Event(), FakeClock(), list[Way]()

    def hangs(_host: str, _port: int) -> list[str]:
        release.wait()
        return []

    async with open_http(ConnectionOptions()) as http, anyio.create_task_group() as tasks:
        prober = Prober(http, clock, hangs)

        async def probe() -> None:
            found.append(await prober.way_to(URL))

        tasks.start_soon(probe)
        await clock.advance(NAME_SECONDS)
        release.set()
    (way,) = found
    assert way.error is not None
    assert str(way.error) == (
        "The name of graph.microsoft.com:443 was not resolved within 4 s. Check the name servers of the machine that "
        "runs the exporter, and the way to them."
    )
    assert way.culprit == "name resolution"


@pytest.mark.parametrize(
    ("number", "why"),
    [
        (socket.EAI_NONAME, "there is no such name"),
        (socket.EAI_AGAIN, "its name servers do not answer"),
    ],
)
async def test_a_name_that_has_no_address(number: int, why: str) -> None:
    """It is told as that, with the command that shows it and where it is mended."""

    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(number, "words of the system")

    async with open_http(ConnectionOptions()) as http:
        way = await Prober(http, SystemClock(), unknown).way_to(URL)
    assert way.error is not None
    assert str(way.error) == (
        f"This machine cannot resolve graph.microsoft.com: {why}. See it by: getent hosts graph.microsoft.com. Where a "
        "proxy alone knows names, set proxy (O365_PROXY or HTTPS_PROXY); else mend that in /etc/resolv.conf (of a "
        "container: its DNS setting)."
    )


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("https", "No TLS handshake with {place} (directly) within 7.2 s."),
        ("http", "{place} (directly) gave no answer within 7.2 seconds."),
    ],
)
async def test_a_host_that_says_nothing_is_given_up(scheme: str, said: str) -> None:
    """Whoever takes the connection and holds back what it carries is told as that."""
    connected, clock, found = anyio.Event(), FakeClock(), list[Way]()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        connected.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with open_http(ConnectionOptions()) as http, anyio.create_task_group() as tasks:

        async def probe() -> None:
            found.append(await Prober(http, clock).way_to(f"{scheme}://{place}/"))

        tasks.start_soon(probe)
        await connected.wait()
        await clock.advance(ANSWER_SECONDS)
    server.close()
    assert found[0].error is not None
    assert found[0].error.message == said.format(place=place)


async def test_who_opens_tls_is_named_and_is_sent_nothing(tmp_path: Path) -> None:
    """The issuer of a certificate that is not trusted is told; nothing goes over the connection that shows it."""
    _, context = certificates(tmp_path)
    heard: list[bytes] = []

    async def hear(request: bytes, _writer: asyncio.StreamWriter) -> None:
        heard.append(request)

    async with listening(hear, context) as target, Proxy(target).open() as door:
        options = ConnectionOptions(proxy=SecretStr(f"http://127.0.0.1:{door}"))
        async with open_http(options) as http:
            way = await Prober(http, SystemClock()).way_to(URL)
    assert way.error is not None
    assert way.error.message.endswith("unable to get local issuer certificate. It was issued by 'Test authority'.")
    assert way.error.reason == "tls"
    assert way.culprit == "certificates by Test authority"
    assert heard == []


@pytest.mark.parametrize(("status", "shared"), [("407 Proxy Authentication Required", True), ("403 Forbidden", False)])
async def test_what_a_proxy_refuses(status: str, shared: bool) -> None:
    """What it refuses whatever host it is asked for is the proxy's own; another host may well be allowed."""
    async with Proxy(0, answer(b"", status)).open() as door:
        options = ConnectionOptions(proxy=SecretStr(f"http://127.0.0.1:{door}"))
        async with open_http(options) as http:
            way = await Prober(http, SystemClock()).way_to(URL)
    assert way.error is not None
    assert way.culprit == (f"the proxy http://127.0.0.1:{door} (setting proxy)" if shared else "")
