"""What strangers send, as one list: each is answered properly or cut, costs nobody else anything, and is counted."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest
from structlog.testing import capture_logs

from o365_exporter import web
from tests.fakes import PATIENCE
from tests.web.site import Site
from tests.web.test_server import connect, refusals, settled

HOST = b"Host: exporter\r\n"
HEALTHY = b"GET /-/healthy HTTP/1.1\r\n" + HOST + b"\r\n"
LAST = b"GET /-/healthy HTTP/1.1\r\nConnection: close\r\n" + HOST + b"\r\n"


@dataclass(frozen=True)
class Attack:
    """What is sent, and what comes back.

    Args:
        sent: at once.
        statuses: of the answers.
        reason: under which one refusal is counted; empty for none.
    """

    sent: bytes
    statuses: tuple[int, ...]
    reason: str = ""


def asked(head: bytes, body: bytes = b"", method: bytes = b"GET") -> bytes:
    """A request with further headers."""
    return method + b" /-/healthy HTTP/1.1\r\n" + HOST + head + b"\r\n" + body


ATTACKS = {
    "another protocol": Attack(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", (400,), "invalid"),
    "TLS to a plain port": Attack(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64, (400,), "invalid"),
    "HTTP/2": Attack(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (505,), "invalid"),
    "HTTP/0.9": Attack(b"GET /\r\n\r\n", (400,), "invalid"),
    "NUL bytes": Attack(b"\0" * 20_000, (400,), "invalid"),
    "nothing but blank lines": Attack(b"\r\n" * 9_000 + HEALTHY, (400,), "invalid"),
    "no host": Attack(b"GET / HTTP/1.1\r\n\r\n", (400,), "invalid"),
    "two hosts": Attack(asked(HOST), (400,), "invalid"),
    "a NUL in a header": Attack(asked(b"A: \0\r\n"), (400,), "invalid"),
    "a header without a colon": Attack(asked(b"canary\r\n"), (400,), "invalid"),
    "a blank before the colon": Attack(asked(b"A : b\r\n"), (400,), "invalid"),
    "a path of 9 KB": Attack(b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", (414,), "too_large"),
    "a path of 10 MB": Attack(b"GET /" + b"a" * 10_000_000, (414,), "too_large"),
    "a header of 20 KB": Attack(asked(b"A: " + b"b" * 20_000 + b"\r\n"), (431,), "too_large"),
    "a header of 10 MB": Attack(asked(b"A: " + b"b" * 10_000_000), (431,), "too_large"),
    "a thousand headers": Attack(asked(b"A: b\r\n" * 1_000), (200,)),
    "ten thousand headers": Attack(asked(b"A: b\r\n" * 10_000), (431,), "too_large"),
    "a path that is not UTF-8": Attack(b"GET /%ff%00%c3 HTTP/1.1\r\n" + HOST + b"\r\n", (404,)),
    "a raw byte in the path": Attack(b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", (400,), "invalid"),
    "a path upwards": Attack(b"GET /runbooks/..%2f..%2f/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", (404,)),
    "an address in full": Attack(b"GET http://other/-/healthy?a=b HTTP/1.1\r\n" + HOST + b"\r\n", (200,)),
    "an address that is none": Attack(b"GET http://[ HTTP/1.1\r\n" + HOST + b"\r\n", (200,)),
    "an asterisk": Attack(b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", (404,)),
    "a tunnel": Attack(b"CONNECT other:443 HTTP/1.1\r\n" + HOST + b"\r\n", (404,)),
    "another method": Attack(asked(b"", method=b"DELETE"), (405,)),
    "a method of one's own": Attack(asked(b"", method=b"BREW"), (405,)),
    "a trace": Attack(asked(b"Cookie: canary\r\n", method=b"TRACE"), (405,)),
    "a body": Attack(asked(b"Content-Length: 5\r\n", b"abcde", b"POST"), (405,)),
    "a body that is announced as too large": Attack(asked(b"Content-Length: 65537\r\n"), (413,), "too_large"),
    "a body of any number of digits": Attack(asked(b"Content-Length: " + b"9" * 5_000 + b"\r\n"), (400,), "invalid"),
    "a body of negative length": Attack(asked(b"Content-Length: -1\r\n"), (400,), "invalid"),
    "two lengths": Attack(asked(b"Content-Length: 1\r\nContent-Length: 2\r\n", b"ab"), (400,), "invalid"),
    "a body that waits to be asked for": Attack(
        asked(b"Expect: 100-continue\r\nContent-Length: 5\r\n", b"abcde", b"POST"), (100, 405)
    ),
    "chunks": Attack(asked(b"Transfer-Encoding: chunked\r\n", b"1\r\na\r\n0\r\n\r\n"), (411,), "invalid"),
    "chunks that are none": Attack(asked(b"Transfer-Encoding: chunked\r\n", b"zz\r\n"), (411,), "invalid"),
    "chunks without an end": Attack(asked(b"Transfer-Encoding: chunked\r\n", b"1\r\na\r\n" * 9_999), (411,), "invalid"),
    "a length and chunks": Attack(
        asked(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"0\r\n\r\n"), (411,), "invalid"
    ),
    "another coding": Attack(asked(b"Transfer-Encoding: gzip\r\n"), (501,), "invalid"),
    "an upgrade": Attack(asked(b"Connection: upgrade\r\nUpgrade: websocket\r\n"), (200,)),
    "a hundred requests at once": Attack(HEALTHY * 100, (200,) * 100),
    "a request and rubbish": Attack(HEALTHY + b"canary\r\n\r\n", (200, 400), "invalid"),
    "a smuggled request": Attack(asked(b"Content-Length: 3\r\n", b"GET" + HEALTHY), (200, 200)),
    "a parameter of 7 KB": Attack(b"GET /metrics?tenant=" + b"a" * 7_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", (404,)),
    "a password of 15 KB": Attack(asked(b"Authorization: Basic " + b"YTph" * 3_800 + b"\r\n"), (200,)),
}


async def answered(address: web.Address, sent: bytes) -> bytes:
    """All that comes back; the request that asks for the end stands behind what is sent."""
    return await anyio.to_thread.run_sync(partial(_answered, address, sent))


def _answered(address: web.Address, sent: bytes) -> bytes:
    with connect(address) as client:
        client.settimeout(PATIENCE)
        with suppress(OSError):  # who has been refused is not listened to for ever
            client.sendall(sent + LAST)
        with client.makefile("rb") as answer:
            try:
                return answer.read()
            except ConnectionResetError:
                return b""


def statuses(answers: bytes) -> list[int]:
    """Of several answers, one behind the other."""
    return [int(part.split()[0]) for part in answers.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("name", ATTACKS)
async def test_it_is_answered_properly(site: Site, name: str) -> None:
    """With its status and no more, the next one is served, nothing is written about but that somebody was refused."""
    attack = ATTACKS[name]
    with capture_logs() as logs:
        async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as other:
            answers = await answered(address, attack.sent)
            assert (await other.get(f"{address.url}/-/ready")).status_code == 200
    last = () if attack.reason else (200,)
    assert statuses(answers) == [*attack.statuses, *last]
    assert refusals(site) == ({attack.reason: 1.0} if attack.reason else {})
    assert [line["event"] for line in logs] == (["clients refused"] if attack.reason else [])
    assert "canary" not in f"{answers!r}{logs}"


async def test_a_refusal_has_the_headers_of_every_answer(site: Site) -> None:
    """And ends the connection."""
    async with site.served() as (address,):
        head = (await answered(address, b"canary\r\n\r\n")).partition(b"\r\n\r\n")[0].lower()
    for header in (b"connection: close", b"content-security-policy: ", b"x-content-type-options: nosniff"):
        assert header in head


@pytest.mark.parametrize(
    "sent",
    [asked(b"Content-Length: 65537\r\n", method=b"HEAD"), asked(b"Transfer-Encoding: chunked\r\n", method=b"HEAD")],
    ids=["too large", "chunked"],
)
async def test_a_head_that_is_refused_is_told_so_without_a_body(site: Site, sent: bytes) -> None:
    """And it is no fault of ours; what was asked before by another method changes nothing."""
    with capture_logs() as logs:
        async with site.served() as (address,):
            answers = await answered(address, sent)
            after_another = await answered(address, asked(b"", method=b"HEAD") + b"canary\r\n\r\n")
    assert statuses(answers)[0] in {411, 413}
    assert answers.endswith(b"\r\n\r\n")
    assert after_another.endswith(b"This is not a request of HTTP/1.1.")
    assert {line["event"] for line in logs} == {"clients refused"}


async def test_405_says_what_is_allowed(site: Site) -> None:
    """As it must."""
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
        answer = await client.delete(f"{address.url}/-/healthy")
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


@pytest.fixture
async def crowd() -> list[socket.socket]:
    """Connections that do nothing; closed at the end."""
    return []


def idle(address: web.Address, source: str, sent: bytes) -> socket.socket:
    """A connection from an address of this machine that sends this and then nothing."""
    client = socket.socket()
    client.settimeout(PATIENCE)
    client.bind((source, 0))
    client.connect(address)
    client.sendall(sent)
    return client


@pytest.mark.parametrize("sent", [b"", b"G", HEALTHY, HEALTHY + b"G"], ids=["silent", "begun", "served", "begun anew"])
async def test_idle_connections_shut_nobody_out(site: Site, crowd: list[socket.socket], sent: bytes) -> None:
    """However many there are, of one address or of many, scrapes and probes are served, and the log has one line."""
    with capture_logs() as logs:
        async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
            sources = [f"127.0.{number % 7}.{number % 3 + 1}" for number in range(700)]
            crowd += [await anyio.to_thread.run_sync(idle, address, source, sent) for source in sources]
            for path in ("/metrics", "/-/ready", "/-/healthy"):
                assert (await client.get(address.url + path)).status_code == 200
            assert len(site.places()) == 512
    for one in crowd:
        one.close()
    assert refusals(site) == {"replaced": 189.0}
    assert [line["event"] for line in logs] == ["clients refused"]


async def test_one_address_is_bounded(site: Site, crowd: list[socket.socket]) -> None:
    """A quarter of the places, and it loses its own longest idle ones; another address' idle one stays."""
    async with site.served() as (address,):
        crowd.append(await anyio.to_thread.run_sync(idle, address, "127.0.0.9", HEALTHY))
        await settled(site, 1)
        (other,) = site.places()
        crowd += [await anyio.to_thread.run_sync(idle, address, "127.0.0.1", b"") for _ in range(140)]
        await settled(site, 129)
        assert other in site.places()
    for one in crowd:
        one.close()


async def test_connections_that_are_gone_take_no_place(site: Site) -> None:
    """Whoever leaves before, in or after a request leaves nothing behind, and no line."""
    with capture_logs() as logs:
        async with site.served() as (address,):
            for sent in (b"", b"GET", HEALTHY, asked(b"Content-Length: 9\r\n")):
                (await anyio.to_thread.run_sync(idle, address, "127.0.0.1", sent)).close()
            await settled(site, 0)
    assert (refusals(site), logs) == ({}, [])


async def test_no_file_is_left(site: Site, monkeypatch: pytest.MonkeyPatch, crowd: list[socket.socket]) -> None:
    """The longest idle connection gives up its own, and the newcomer is taken a moment later."""
    async with site.served() as (address,):
        crowd.append(await anyio.to_thread.run_sync(idle, address, "127.0.0.1", HEALTHY))
        await settled(site, 1)
        real, exhausted = asyncio.get_running_loop().sock_accept, iter([True])

        async def accept(listening: socket.socket) -> Any:
            await anyio.wait_readable(listening)
            if next(exhausted, False):
                raise OSError(errno.EMFILE, "Too many open files")
            return await real(listening)

        monkeypatch.setattr(asyncio.get_running_loop(), "sock_accept", accept)
        for _ in range(3):  # the first is taken by the call that waits already
            crowd.append(await anyio.to_thread.run_sync(idle, address, "127.0.0.1", HEALTHY))
            await settled(site, len(site.places()))
        await site.clock.advance(1)
        await settled(site, 3)
    for one in crowd:
        one.close()
    assert refusals(site) == {"files": 1.0}
