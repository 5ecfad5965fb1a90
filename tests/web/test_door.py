"""TLS, client certificates, passwords and headers over real sockets, and their change while the server runs."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from cryptography import x509
from structlog.testing import capture_logs

from o365_exporter import web
from o365_exporter.errors import ConfigurationError
from o365_exporter.web.door import FOLLOW_INTERVAL
from o365_exporter.web.guard import PROBES
from o365_exporter.web.server import HANDSHAKE
from tests.fakes import settle
from tests.web.behind import HASH, PASSWORD, issued, served_by, trusting, written
from tests.web.site import Site
from tests.web.test_server import connect, read_all, refusals, settled

PAGES = ("/", "/metrics", "/metrics/process", "/sd", "/runbooks/", "/elsewhere", "/-/healthy/", "//-/healthy")
MUTUAL = {"client_auth_type": "RequireAndVerifyClientCert", "client_ca_file": "ca.pem"}
RELOADED = "o365_exporter_web_config_last_reload_successful"


def behind(site: Site, folder: Path, **parts: Any) -> None:
    """Let the site be served by a web configuration file of these parts."""
    site.web_config_file = written(folder, **parts)


def client(context: ssl.SSLContext | bool = True, **others: Any) -> httpx.AsyncClient:
    """One that takes nothing from the environment."""
    return httpx.AsyncClient(trust_env=False, verify=context, **others)


def url(address: web.Address) -> str:
    """By TLS."""
    return f"https://127.0.0.1:{address.port}"


def value(site: Site, series: str) -> float:
    """Of a series of the process."""
    lines = site.selfmetrics.render(openmetrics=False).decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"{series} "))


def failures(site: Site, reason: str) -> float:
    """Requests that were not let in."""
    return value(site, f'o365_exporter_web_authentication_failures_total{{reason="{reason}"}}')


async def test_tls(site: Site, tmp_path: Path) -> None:
    """Pages come by TLS and HTTP/1.1, also to a client that would rather have HTTP/2; without TLS nothing comes."""
    behind(site, tmp_path, tls_server_config=served_by(tmp_path))
    async with site.served() as (address,), client(trusting(tmp_path)) as secure, client() as plain:
        assert site.door.scheme == "https"
        answer = await secure.get(f"{url(address)}/metrics")
        with pytest.raises(httpx.RemoteProtocolError):
            await plain.get(f"{address.url}/metrics")
    assert (answer.status_code, answer.http_version) == (200, "HTTP/1.1")
    assert value(site, 'o365_exporter_web_refused_total{reason="tls"}') == 1


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01"])
async def test_a_handshake_has_its_time(site: Site, tmp_path: Path, sent: bytes) -> None:
    """A client that connects and does not finish it is cut, and nobody waits for it."""
    behind(site, tmp_path, tls_server_config=served_by(tmp_path))
    async with site.served() as (address,), client(trusting(tmp_path)) as other:
        with connect(address) as silent:
            silent.sendall(sent)
            await settled(site, 1)
            assert (await other.get(f"{url(address)}/-/ready")).status_code == 200
            await site.clock.advance(HANDSHAKE)
            assert await anyio.to_thread.run_sync(read_all, silent) == b""
    assert refusals(site) == {"slow": 1.0}


@pytest.mark.parametrize(
    ("wanted", "version", "cipher"),
    [
        ({"max_version": "TLS12", "cipher_suites": ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"]}, "TLSv1.2", "AES256-GCM"),
        ({"min_version": "TLS13", "curve_preferences": ["CurveP384"]}, "TLSv1.3", "AES"),
    ],
)
async def test_versions_and_ciphers(
    site: Site, tmp_path: Path, wanted: dict[str, Any], version: str, cipher: str
) -> None:
    """Are those that the file names."""
    behind(site, tmp_path, tls_server_config=served_by(tmp_path, **wanted))
    async with site.served() as (address,), client(trusting(tmp_path)) as secure:
        answer = await secure.get(url(address))
        stream = answer.extensions["network_stream"].get_extra_info("ssl_object")
        assert (stream.version(), cipher in stream.cipher()[0]) == (version, True)


async def test_client_certificates(site: Site, tmp_path: Path) -> None:
    """Every page but the probes wants one, and with one it comes; that of a foreign authority ends the handshake."""
    behind(site, tmp_path, tls_server_config=served_by(tmp_path, **MUTUAL))
    issued(tmp_path, "prometheus")
    issued(tmp_path, "stranger", authority="foreign")
    async with (
        site.served() as (address,),
        client(trusting(tmp_path, "prometheus")) as known,
        client(trusting(tmp_path)) as unknown,
        client(trusting(tmp_path, "stranger")) as stranger,
    ):
        for path in PROBES:
            assert (await unknown.get(url(address) + path)).status_code == 200
        for path in PAGES:
            answer = await unknown.get(url(address) + path)
            assert (answer.status_code, answer.text) == (403, "A client certificate is required here.\n")
        assert (await known.get(f"{url(address)}/metrics")).status_code == 200
        with pytest.raises(httpx.TransportError):
            await stranger.get(f"{url(address)}/metrics")
    assert failures(site, "certificate") == len(PAGES)


NAMES = {
    "dns": x509.DNSName("prometheus.example"),
    "ip": x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
    "mail": x509.RFC822Name("prometheus@example.org"),
    "uri": x509.UniformResourceIdentifier("spiffe://example.org/prometheus"),
}


@pytest.mark.parametrize(
    ("shown", "allowed", "status"),
    [
        ("dns", "prometheus.example", 200),
        ("ip", "2001:db8::1", 200),
        ("mail", "prometheus@example.org", 200),
        ("uri", "spiffe://example.org/prometheus", 200),
        ("dns", "prometheus", 403),
        ("dns", "*.example", 403),
    ],
)
async def test_allowed_names(site: Site, tmp_path: Path, shown: str, allowed: str, status: int) -> None:
    """One name of the certificate must be exactly one that is allowed, whatever its kind."""
    mutual = {**MUTUAL, "client_allowed_sans": ["other", allowed]}
    behind(site, tmp_path, tls_server_config=served_by(tmp_path, **mutual))
    issued(tmp_path, "prometheus", (NAMES[shown],))
    async with site.served() as (address,), client(trusting(tmp_path, "prometheus")) as known:
        assert (await known.get(f"{url(address)}/metrics")).status_code == status
        assert (await known.get(f"{url(address)}/-/healthy")).status_code == 200


async def test_passwords(site: Site, tmp_path: Path) -> None:
    """Every page but the probes wants one, also those that are not there; HEAD and POST as well as GET."""
    behind(site, tmp_path, basic_auth_users={"alice": HASH})
    async with site.served() as (address,), client() as asking:
        for path in PROBES:
            assert (await asking.get(address.url + path)).status_code == 200
        for path in PAGES:
            for method in ("GET", "HEAD", "POST"):
                answer = await asking.request(method, address.url + path)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"] == 'Basic realm="o365_exporter", charset="UTF-8"'
        wrong = await asking.get(f"{address.url}/metrics", auth=("alice", "wrong"))
        right = await asking.get(f"{address.url}/metrics", auth=("alice", PASSWORD))
    assert (wrong.status_code, wrong.text, right.status_code) == (401, "Unauthorized\n", 200)
    assert failures(site, "missing") == 3 * len(PAGES)
    assert failures(site, "password") == 1


async def test_a_rate(site: Site, tmp_path: Path) -> None:
    """``burst`` requests at once, then one in each interval; probes are not counted."""
    behind(site, tmp_path, rate_limit={"interval": "10s", "burst": 2})
    async with site.served() as (address,), client() as asking:
        seen = [(await asking.get(f"{address.url}/sd")).status_code for _ in range(3)]
        assert (await asking.get(f"{address.url}/-/ready")).status_code == 200
        await site.clock.advance(10)
        seen += [(await asking.get(f"{address.url}/sd")).status_code for _ in range(2)]
    assert seen == [200, 200, 429, 200, 429]


async def test_headers_of_every_answer(site: Site) -> None:
    """Nothing may be run, framed, guessed, passed on or kept, whichever page and whoever refuses it."""
    async with site.served() as (address,), client() as asking:
        for path in (*PROBES, *PAGES):
            headers = (await asking.get(address.url + path)).headers
            assert headers["content-security-policy"].startswith("default-src 'none'")
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
            assert "unsafe" not in headers["content-security-policy"]
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "deny"
            assert headers["cross-origin-resource-policy"] == "same-origin"
            assert "server" not in headers


async def test_headers_of_the_file(site: Site, tmp_path: Path) -> None:
    """Take the place of ours, each once."""
    wanted = {"X-Frame-Options": "sameorigin", "Strict-Transport-Security": "max-age=1", "Content-Security-Policy": "x"}
    behind(site, tmp_path, http_server_config={"headers": wanted})
    async with site.served() as (address,), client() as asking:
        headers = (await asking.get(address.url)).headers
    assert {name: headers.get_list(name) for name in wanted} == {name: [text] for name, text in wanted.items()}
    assert headers["referrer-policy"] == "no-referrer"


async def looked(site: Site) -> None:
    """Two looks: what has just changed may be half written."""
    for _ in range(2):
        await site.clock.advance(FOLLOW_INTERVAL)
        await thread_done(site)


async def thread_done(site: Site) -> None:
    """Until no look is under way."""
    async with site.door._thread:
        pass
    await settle()


async def serial(folder: Path, address: web.Address) -> int:
    """Of the certificate that a new connection is shown."""
    async with client(trusting(folder)) as secure:
        answer = await secure.get(f"{url(address)}/-/healthy")
        shown = answer.extensions["network_stream"].get_extra_info("ssl_object").getpeercert(binary_form=True)
    return x509.load_der_x509_certificate(shown).serial_number


async def test_a_certificate_is_renewed_without_a_restart(site: Site, tmp_path: Path) -> None:
    """New connections are shown the new one, and those that are open go on."""
    behind(site, tmp_path, tls_server_config=served_by(tmp_path))
    async with site.served() as (address,), client(trusting(tmp_path)) as open_:
        await open_.get(f"{url(address)}/-/healthy")
        before = await serial(tmp_path, address)
        issued(tmp_path, "server")
        await looked(site)
        assert await serial(tmp_path, address) != before
        assert (await open_.get(f"{url(address)}/-/healthy")).status_code == 200
    assert value(site, RELOADED) == 1


async def test_a_renewal_that_does_not_work(site: Site, tmp_path: Path) -> None:
    """The old certificate is kept, one line and the series say so until it is mended."""
    behind(site, tmp_path, tls_server_config=served_by(tmp_path))
    right = (tmp_path / "server.pem").read_bytes()
    async with site.served() as (address,):
        before = await serial(tmp_path, address)
        (tmp_path / "server.pem").write_bytes(right[:200])
        with capture_logs() as logs:
            for _ in range(5):
                await looked(site)
        assert await serial(tmp_path, address) == before
        assert value(site, RELOADED) == 0
        (line,) = logs
        assert (line["event"], line["message"]) == (
            "web configuration not read again",
            "The one before stays in effect.",
        )
        assert line["faults"][0].startswith("tls_server_config.cert_file in ")
        (tmp_path / "server.pem").write_bytes(right)
        await looked(site)
        assert value(site, RELOADED) == 1


async def test_half_of_a_renewal(site: Site, tmp_path: Path) -> None:
    """A certificate whose key comes a moment later is no fault: what has just changed is looked at once more."""
    behind(site, tmp_path, tls_server_config=served_by(tmp_path))
    key = (tmp_path / "server.key").read_bytes()
    async with site.served():
        with capture_logs() as logs:
            (tmp_path / "server.key").write_bytes(b"")
            await site.clock.advance(FOLLOW_INTERVAL)
            await thread_done(site)
            (tmp_path / "server.key").write_bytes(key)
            await looked(site)
    assert logs == []


def volume(folder: Path) -> Iterator[Path]:
    """A volume as Kubernetes mounts a secret: links to ``..data``, which is a link to a folder with a time."""
    for number in (1, 2):
        made = folder / f"..{number}"
        made.mkdir()
        issued(made, "server")
        (folder / "..new").symlink_to(made.name)
        (folder / "..new").replace(folder / "..data")
        if number == 1:
            for name in ("server.pem", "server.key", "ca.pem"):
                (folder / name).symlink_to(f"..data/{name}")
        yield folder


async def test_a_secret_of_kubernetes(site: Site, tmp_path: Path) -> None:
    """The swap of ``..data`` changes no file's name and no link's time, and is seen."""
    swaps = volume(tmp_path)
    behind(site, next(swaps), tls_server_config={"cert_file": "server.pem", "key_file": "server.key"})
    async with site.served() as (address,):
        before = await serial(tmp_path, address)
        next(swaps)
        await looked(site)
        assert await serial(tmp_path, address) != before


async def test_a_password_that_is_withdrawn(site: Site, tmp_path: Path) -> None:
    """Counts no more, also for whoever was let in with it before."""
    behind(site, tmp_path, basic_auth_users={"alice": HASH, "bob": HASH})
    async with site.served() as (address,), client(auth=("alice", PASSWORD)) as alice:
        assert (await alice.get(f"{address.url}/metrics")).status_code == 200
        behind(site, tmp_path, basic_auth_users={"bob": HASH})
        await looked(site)
        assert (await alice.get(f"{address.url}/metrics")).status_code == 401


async def test_a_file_that_loses_its_content(site: Site, tmp_path: Path) -> None:
    """Opens the door, as it says, and not in silence."""
    behind(site, tmp_path, basic_auth_users={"alice": HASH})
    async with site.served():
        (tmp_path / "web.yml").write_text("")
        with capture_logs() as logs:
            await looked(site)
    assert [line["message"] for line in logs if line["log_level"] == "warning"] == [
        "web_config_file says nothing, as where it is half written: everything is served to everybody. Fill it."
    ]


async def test_a_file_that_cannot_be_used_at_the_start(site: Site, tmp_path: Path) -> None:
    """Nothing is served: an exporter that forgot its door would be open."""
    behind(site, tmp_path, basic_auth_users={"alice": "x"})
    options = web.WebOptions(web_config_file=site.web_config_file)
    with pytest.raises(ConfigurationError):
        await web.open_door(options, site.clock, site.selfmetrics)
