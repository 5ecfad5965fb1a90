"""Behaviour that only real connections show: hanging, cut bodies, TLS, proxies."""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from pathlib import Path

import anyio
import httpx
import pytest
from pydantic import SecretStr

from o365_exporter.clock import SystemClock
from o365_exporter.errors import ConfigurationError, NetworkError, PollTimeoutError, TlsError, TruncatedError
from o365_exporter.http import ConnectionOptions, Surroundings, open_http
from o365_exporter.http.client import Request
from o365_exporter.http.failures import failure_of
from o365_exporter.http.progress import Stage
from o365_exporter.http.proxies import Proxies, parse_bypasses, parse_proxy
from tests.certificates import key_pem
from tests.fakes import PATIENCE
from tests.graph.world import APPS, ImpatientClock, client
from tests.http.loopback import Proxy, answer, certificates, hanging, listening, microsoft


def _by(url: str, bypasses: str = "") -> Surroundings:
    """An environment with that ``HTTPS_PROXY`` and ``NO_PROXY``."""
    return Surroundings(Proxies(https=parse_proxy(url, "HTTPS_PROXY"), bypasses=parse_bypasses(bypasses)))


async def test_cancelling_a_poll_ends_a_hanging_login_at_once() -> None:
    """When the login hangs, the poll's deadline ends the request; no thread has a part in it."""
    threads, asked = threading.active_count(), anyio.Event()

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await hanging(request, writer)

    async with listening(serve) as port, client(SystemClock(), login_url=f"http://127.0.0.1:{port}") as graph:
        with anyio.move_on_after(PATIENCE / 2) as scope:  # the request itself would give up after 30 s
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(graph.list, APPS)
                await asked.wait()
                assert threading.active_count() == threads
                tasks.cancel_scope.cancel()
        assert not scope.cancelled_caught
        assert (graph.auth.state, graph.auth.message) == (
            "timeout",
            "The login of tenant contoso gave no token in time.",
        )
        assert graph.traffic.requests == {("/{tenant}/v2.0/.well-known/openid-configuration", "timeout"): 1}


async def test_a_hanging_renewal_holds_nobody_up() -> None:
    """While the old token lives, other polls go on with it, and the one that renews gives up after a while."""
    login_hangs, asked = False, anyio.Event()

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        hangs = login_hangs and b"oauth2" in request
        if hangs:
            asked.set()
        await (hanging if hangs else microsoft)(request, writer)

    clock = ImpatientClock()
    async with listening(serve) as port:
        url = f"http://127.0.0.1:{port}"
        async with client(clock, login_url=url, graph_url=url) as graph:
            await graph.list(APPS)
            clock.pass_time(3500)
            login_hangs = True
            answers = list[int]()

            async def poll() -> None:
                answers.append(len(await graph.list(APPS)))

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(poll)
                await asked.wait()
                with anyio.fail_after(PATIENCE):
                    await poll()
                assert answers == [1]
                await clock.advance(10)
            assert answers == [1, 1]
            assert graph.auth.state == "ok"


@pytest.mark.parametrize("stands", [False, True], ids=["no tunnel", "a tunnel"])
async def test_a_proxy_has_as_long_for_its_connection_as_ours_have(tmp_path: Path, *, stands: bool) -> None:
    """A proxy that keeps its answer to CONNECT is named soon; what comes through it may take as long as ever."""
    authority, context = certificates(tmp_path)
    async with (
        listening(hanging, context) as target,
        Proxy(target).open() as passing,
        listening(hanging) as silent,
    ):
        port = passing if stands else silent
        connection = ConnectionOptions(
            proxy=SecretStr(f"http://127.0.0.1:{port}"), ca_file=authority, request_timeout=1.2
        )
        async with open_http(connection, connect_seconds=1.0 if stands else 0.2) as http:
            with pytest.raises(PollTimeoutError) as told:
                await http.send(Request("GET", f"https://127.0.0.1:{target}/", {}))
    proxy = f"proxy http://127.0.0.1:{port} (setting proxy)"
    assert told.value.message == (
        f"127.0.0.1:{target} (through the {proxy}) gave no answer within 1.2 seconds."
        if stands
        else f"The {proxy} took the connection, and did not say within 0.2 s whether it has one to 127.0.0.1:{target}."
    )


async def test_many_hanging_requests_starve_nobody() -> None:
    """The shared client opens as many connections as are needed."""

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        await (hanging if b"/hang" in request else microsoft)(request, writer)

    async with listening(serve) as port, open_http(ConnectionOptions()) as http, anyio.create_task_group() as tasks:
        url = f"http://127.0.0.1:{port}"
        for _ in range(120):
            tasks.start_soon(http.send, Request("GET", f"{url}/hang", {}))
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(PATIENCE):
            assert (await http.send(Request("GET", f"{url}/x", {}))).status == 200
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    "cut",
    [
        b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"value": [',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"val',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{"value": [\r\n',
    ],
)
async def test_a_cut_body_is_retried_and_then_truncated(cut: bytes) -> None:
    """A body shorter than announced, or chunks without an end, are never read as a whole answer."""
    times = 2

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal times
        if b"/v1.0/" not in request or not times:
            return await microsoft(request, writer)
        times -= 1
        writer.write(cut)
        writer.close()
        return None

    async with listening(serve) as port:
        url = f"http://127.0.0.1:{port}"
        async with client(login_url=url, graph_url=url) as graph:
            assert await graph.list(APPS) == [{"id": "1"}]
            assert graph.traffic.requests["/applications", "truncated"] == 2
            times = 99
            with pytest.raises(
                TruncatedError, match=rf"^The answer of 127\.0\.0\.1:{port} broke off before its end\.$"
            ):
                await graph.list(APPS)


async def test_a_body_cut_under_tls_is_truncated_too(tmp_path: Path) -> None:
    """A TLS connection that breaks within a body is no failed handshake."""
    ca, context = certificates(tmp_path)

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        if b"/v1.0/" not in request:
            return await microsoft(request, writer)
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"value": [')
        await writer.drain()
        writer.transport.abort()
        return None

    async with listening(serve, context) as port:
        url = f"https://127.0.0.1:{port}"
        async with client(login_url=url, graph_url=url, connection=ConnectionOptions(ca_file=ca)) as graph:
            with pytest.raises(TruncatedError):
                await graph.list(APPS)


async def test_no_answer_in_time_is_a_timeout() -> None:
    """A request that gets no answer within request_timeout is tried again, and then reported as timeout."""

    async def serve(request: bytes, writer: asyncio.StreamWriter) -> None:
        await (hanging if b"/v1.0/" in request else microsoft)(request, writer)

    async with listening(serve) as port:
        url = f"http://127.0.0.1:{port}"
        async with client(login_url=url, graph_url=url, connection=ConnectionOptions(request_timeout=0.2)) as graph:
            with pytest.raises(PollTimeoutError, match=r"gave no answer within 0\.2 seconds"):
                await graph.list(APPS)
            assert graph.traffic.requests["/applications", "timeout"] == 5


async def test_nobody_listens_is_a_network_error(unused_tcp_port: int) -> None:
    """A refused connection names the host and where to look."""
    async with client(login_url=f"http://127.0.0.1:{unused_tcp_port}") as graph:
        with pytest.raises(NetworkError) as failure:
            await graph.list(APPS)
        assert graph.auth.state == "network"
    assert failure.value.message == (
        f"127.0.0.1:{unused_tcp_port} (directly) cannot be reached: the connection is refused, as where nothing "
        "listens."
    )
    assert "firewall and proxy settings" in failure.value.remedy


def test_a_connection_that_a_proxy_breaks_is_no_proxy_out_of_reach() -> None:
    """A tunnel that ends in its handshake had come about."""
    broken = httpx.ConnectError("reset")
    broken.__cause__ = ConnectionResetError(104, "reset")
    path = "h:443 through the proxy http://p:1 (proxy)"
    error = failure_of(broken, host="h", path=path, seconds=1, stage=Stage.HANDSHAKE, begun=False)
    assert error.message == "h:443 (through the proxy http://p:1 (proxy)) cannot be reached: reset."


async def test_a_certificate_of_an_unknown_authority_is_a_tls_error(tmp_path: Path) -> None:
    """An untrusted certificate is not tried again, and the remedy is ca_file."""
    _, context = certificates(tmp_path)
    async with listening(microsoft, context) as port:
        url = f"https://127.0.0.1:{port}"
        async with client(login_url=url, graph_url=url) as graph:
            with pytest.raises(TlsError) as failure:
                await graph.list(APPS)
            assert graph.auth.state == "tls"
    assert failure.value.message == (
        f"The certificate of 127.0.0.1:{port} (directly) is not trusted: unable to get local issuer certificate."
    )
    assert "ca_file" in failure.value.remedy
    assert graph.traffic.requests == {("/{tenant}/v2.0/.well-known/openid-configuration", "tls"): 1}


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
async def test_a_broken_handshake_is_a_tls_error(reply: bytes) -> None:
    """Something that speaks no TLS where TLS should be, or hangs up, is told apart from an unreachable host."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(reply)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with client(login_url=f"https://127.0.0.1:{port}") as graph:
            with pytest.raises(
                TlsError, match=rf"^The TLS handshake with 127\.0\.0\.1:{port} \(directly\) failed \(.+\)\."
            ):
                await graph.list(APPS)


async def test_a_ca_file_is_trusted(tmp_path: Path) -> None:
    """With ca_file the same certificate is good, for login and Graph alike."""
    ca, context = certificates(tmp_path)
    async with (
        listening(microsoft, context) as port,
        client(
            login_url=f"https://127.0.0.1:{port}",
            graph_url=f"https://127.0.0.1:{port}",
            connection=ConnectionOptions(ca_file=ca),
        ) as graph,
    ):
        assert await graph.list(APPS) == [{"id": "1"}]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "does not exist: write the file, or mend the path that names it"),
        (b"", "holds no certificate: give a PEM file of certificates"),
        (b"no certificate", "holds no certificate: give a PEM file of certificates"),
        (key_pem(), "holds a private key and no certificate: give a PEM file of certificates"),
        (
            b"0\x82\x01\x00DER that is none",
            "holds something binary that is no certificate, such as a PFX or P7B: give a PEM file of certificates, "
            "such as openssl pkcs7 -print_certs or openssl pkcs12 -cacerts -nokeys makes of it",
        ),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "holds a certificate that is damaged: give a PEM file of certificates",
        ),
    ],
)
async def test_a_ca_file_that_cannot_be_used_is_told(tmp_path: Path, content: bytes | None, why: str) -> None:
    """The fault names key, path and remedy."""
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"^{re.escape(f'ca_file: {path} {why}.')}$"):
        async with open_http(ConnectionOptions(ca_file=path)):
            pass


class Site:
    """Microsoft's own host names, answered on loopback behind a proxy."""

    def __init__(self, folder: Path) -> None:
        self.ca, self.context = certificates(folder)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Certificates in this test's folder."""
    return Site(tmp_path)


def _targets(proxy: Proxy) -> list[bytes]:
    return sorted({request.split(b"\r\n")[0] for request in proxy.requests})


TUNNELS = [b"CONNECT graph.microsoft.com:443 HTTP/1.1", b"CONNECT login.microsoftonline.com:443 HTTP/1.1"]


async def test_a_configured_proxy_serves_login_and_graph(site: Site) -> None:
    """Both go through the proxy, with the credentials that its address holds."""
    async with listening(microsoft, site.context) as port:
        proxy = Proxy(port)
        async with proxy.open() as door:
            options = ConnectionOptions(proxy=SecretStr(f"http://someone:pr%40xy@127.0.0.1:{door}"), ca_file=site.ca)
            async with client(connection=options) as graph:
                assert await graph.list(APPS) == [{"id": "1"}]
    assert _targets(proxy) == TUNNELS
    wanted = b"Proxy-Authorization: Basic " + base64.b64encode(b"someone:pr@xy")
    assert all(wanted in request for request in proxy.requests)


async def test_the_systems_proxy_serves_login_and_graph(site: Site) -> None:
    """``HTTPS_PROXY`` holds for both."""
    async with listening(microsoft, site.context) as port:
        proxy = Proxy(port)
        async with proxy.open() as door:
            surroundings = _by(f"http://127.0.0.1:{door}")
            async with client(connection=ConnectionOptions(ca_file=site.ca), surroundings=surroundings) as graph:
                assert await graph.list(APPS) == [{"id": "1"}]
    assert _targets(proxy) == TUNNELS


async def test_a_proxy_that_is_asked_by_tls(site: Site) -> None:
    """An https proxy is checked by the same authorities as Microsoft's hosts, those of ca_file among them."""
    async with listening(microsoft) as port:
        proxy = Proxy(port)
        async with proxy.open(site.context) as door:
            around = Surroundings(Proxies(http=parse_proxy(f"https://u:p%40w@127.0.0.1:{door}", "HTTP_PROXY")))
            url = f"http://127.0.0.1:{port}"
            options = ConnectionOptions(ca_file=site.ca)
            async with client(login_url=url, graph_url=url, connection=options, surroundings=around) as graph:
                assert await graph.list(APPS) == [{"id": "1"}]
    wanted = b"Proxy-Authorization: Basic " + base64.b64encode(b"u:p@w")
    assert proxy.requests
    assert all(wanted in request for request in proxy.requests)


async def test_no_proxy_is_honoured(site: Site, unused_tcp_port: int) -> None:
    """Hosts in ``NO_PROXY`` are reached directly."""
    surroundings = _by(f"http://127.0.0.1:{unused_tcp_port}", "example.com,127.0.0.1")
    options = ConnectionOptions(ca_file=site.ca)
    async with listening(microsoft, site.context) as port:
        url = f"https://127.0.0.1:{port}"
        async with client(login_url=url, graph_url=url, connection=options, surroundings=surroundings) as graph:
            assert await graph.list(APPS) == [{"id": "1"}]


async def test_nothing_is_read_behind_our_back(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, unused_tcp_port: int
) -> None:
    """What the process's own environment says is read by the settings alone: here it would lead nowhere."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_tcp_port}")
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        monkeypatch.setenv(name, str(tmp_path / "missing" / "x"))
    async with listening(microsoft, site.context) as port:
        url = f"https://127.0.0.1:{port}"
        async with client(login_url=url, graph_url=url, connection=ConnectionOptions(ca_file=site.ca)) as graph:
            assert await graph.list(APPS) == [{"id": "1"}]


async def test_a_configured_proxy_wins_over_the_systems(site: Site) -> None:
    """The proxy of the configuration is used even for what NO_PROXY names."""
    surroundings = _by("http://127.0.0.1:9", "*")
    async with listening(microsoft, site.context) as port:
        proxy = Proxy(port)
        async with proxy.open() as door:
            options = ConnectionOptions(proxy=SecretStr(f"http://127.0.0.1:{door}"), ca_file=site.ca)
            async with client(connection=options, surroundings=surroundings) as graph:
                assert await graph.list(APPS) == [{"id": "1"}]
    assert _targets(proxy) == TUNNELS


async def test_a_proxy_that_opens_tls_is_told_by_its_certificate(site: Site) -> None:
    """Without its authority in ca_file the sentence names host, proxy and remedy."""
    async with listening(microsoft, site.context) as port:
        proxy = Proxy(port)
        async with proxy.open() as door:
            options = ConnectionOptions(proxy=SecretStr(f"http://u:pw-canary@127.0.0.1:{door}"))
            async with client(connection=options) as graph:
                with pytest.raises(TlsError) as failure:
                    await graph.list(APPS)
    assert failure.value.message == (
        f"The certificate of login.microsoftonline.com:443 (through the proxy http://127.0.0.1:{door} (setting proxy)) "
        "is not trusted: unable to get local issuer certificate."
    )
    assert "canary" not in str(failure.value)


@pytest.mark.parametrize(
    ("login", "refusal", "said", "remedy", "times"),
    [
        (
            "",
            answer(b"", "407 Proxy Authentication Required"),
            "The proxy http://127.0.0.1:{door} (setting proxy) asks for a user and a password (407).",
            "Put them into the proxy's address, as http://user:password@host:port.",
            1,
        ),
        (
            "u:pw-canary@",
            answer(b"", "407 Proxy Authentication Required"),
            "The proxy http://127.0.0.1:{door} (setting proxy) refuses the user and the password in its address (407).",
            "Correct them where that address is set; special characters are written percent-encoded.",
            1,
        ),
        (
            "u:pw-canary@",
            answer(b"", "403 Forbidden"),
            "The proxy http://127.0.0.1:{door} (setting proxy) does not connect to login.microsoftonline.com "
            "(403 Forbidden).",
            "Allow login.microsoftonline.com on the proxy.",
            1,
        ),
        (
            "u:pw-canary@",
            answer(b"", "502 Bad Gateway"),
            "The proxy http://127.0.0.1:{door} (setting proxy) does not connect to login.microsoftonline.com "
            "(502 Bad Gateway).",
            "",
            5,
        ),
    ],
)
async def test_a_proxy_that_refuses_is_named(login: str, refusal: bytes, said: str, remedy: str, times: int) -> None:
    """A refusal by the proxy is a network error about the proxy; only what may pass is tried again."""
    proxy = Proxy(0, refusal)
    async with proxy.open() as door:
        options = ConnectionOptions(proxy=SecretStr(f"http://{login}127.0.0.1:{door}"))
        async with client(connection=options) as graph:
            with pytest.raises(NetworkError) as failure:
                await graph.list(APPS)
    assert (failure.value.message, failure.value.remedy) == (said.format(door=door), remedy)
    assert len(proxy.requests) == times


async def test_a_407_to_a_plain_request_is_the_proxys(unused_tcp_port: int) -> None:
    """Over plain http (a simulator on loopback) the proxy's answer comes as one of the host's."""
    proxy = Proxy(0, answer(b"", "407 Proxy Authentication Required"))
    async with proxy.open() as door:
        options = ConnectionOptions(proxy=SecretStr(f"http://127.0.0.1:{door}"))
        async with client(connection=options, login_url=f"http://127.0.0.1:{unused_tcp_port}") as graph:
            with pytest.raises(NetworkError, match="asks for a user and a password"):
                await graph.list(APPS)


async def test_a_proxy_that_is_not_there_is_named(unused_tcp_port: int) -> None:
    """A connection that fails because of the proxy puts the blame on it, and not on Microsoft's host."""
    async with client(surroundings=_by(f"http://u:pw-canary@127.0.0.1:{unused_tcp_port}")) as graph:
        with pytest.raises(NetworkError) as failure:
            await graph.list(APPS)
    assert failure.value.message.startswith(
        f"The proxy http://127.0.0.1:{unused_tcp_port} (HTTPS_PROXY) on the way to login.microsoftonline.com cannot be "
        "reached: "
    )
    assert failure.value.remedy.startswith("Check the proxy's address, ")
    assert "canary" not in str(failure.value)
