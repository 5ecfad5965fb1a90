"""The server on real sockets."""

from __future__ import annotations

import logging
import re
import signal
import socket

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx
import pytest
from structlog.testing import capture_logs

from o365_exporter import web
from o365_exporter.web import conversation, server
from tests.fakes import PATIENCE
from tests.web.site import Site

REQUEST = b"GET /metrics?tenant=contoso HTTP/1.1\r\nHost: exporter\r\n\r\n"


def connect(address: web.Address, *, slow: bool = False) -> socket.socket:
    """A bare connection; a slow one takes a few kilobytes and no more."""
    client = socket.socket()
    if slow:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(5)
    client.connect(address)
    return client


def large(site: Site) -> None:
    """Give contoso a page of several megabytes."""
    site.put("contoso", *(f"{number:0200d}" for number in range(40_000)))


async def test_it_serves(site: Site) -> None:
    """What a request gets over a socket is what the application answers, with headers fit for every answer."""
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(address.url + "/metrics?tenant=contoso")
        elsewhere = await client.get(address.url + "/elsewhere")
    assert answer.status_code == 200
    assert answer.text.count("\n") == 7
    for headers in (answer.headers, elsewhere.headers):
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "server" not in headers


async def test_head_has_no_body(site: Site) -> None:
    """After HEAD the connection is ready for the next answer, so no byte of a body was sent."""
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
        for path in ("/metrics", "/", "/-/ready", "/elsewhere"):
            head = await client.head(address.url + path)
            assert int(head.headers["content-length"]) > 0
            assert head.content == b""
            assert (await client.get(address.url + "/-/healthy")).text == "The exporter runs.\n"


async def test_many_scrapes_at_once(site: Site) -> None:
    """Twenty Prometheus servers at once all get the whole page, compressed or not."""
    large(site)
    bodies = []

    async def scrape(client: httpx.AsyncClient, url: str, coding: str) -> None:
        answer = await client.get(url, headers={"accept-encoding": coding})
        bodies.append(answer.content)

    async with (
        site.served() as (address,),
        httpx.AsyncClient(trust_env=False, timeout=30) as client,
        anyio.create_task_group() as tasks,
    ):
        for number in range(20):
            coding = "gzip" if number % 2 else "identity"
            tasks.start_soon(scrape, client, address.url + "/metrics?tenant=contoso", coding)
    assert len(bodies) == 20
    assert len(set(bodies)) == 1
    assert bodies[0].count(b"\n") == 40_005


async def test_it_stops_at_once(site: Site) -> None:
    """Neither a connection kept alive, nor one that never asked, nor a client that does not read holds up the stop."""
    large(site)
    async with (
        site.served() as (address,),
        httpx.AsyncClient(trust_env=False) as idle,
    ):
        with connect(address), connect(address, slow=True) as slow:
            slow.sendall(REQUEST)
            await anyio.wait_readable(slow)
            await idle.get(address.url + "/-/healthy")
            leaving = anyio.current_time()
            site.stop()
            await site.stopped.wait()
            assert anyio.current_time() - leaving < 1
            answer = await anyio.to_thread.run_sync(read_all, slow)
    assert len(answer) < 40_000 * 200


async def test_an_answer_under_way_is_finished(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that reads gets the whole page although the server stops."""
    monkeypatch.setattr(server, "_GRACE", 5)
    large(site)
    async with site.served() as (address,):
        client = connect(address, slow=True)
        client.sendall(REQUEST)
        await anyio.wait_readable(client)
        site.stop()
        answer = await anyio.to_thread.run_sync(read_all, client)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head


def read_all(client: socket.socket) -> bytes:
    """Everything until the end of the connection."""
    with client, client.makefile("rb") as answer:
        return answer.read()


async def test_signals_are_left_alone(site: Site) -> None:
    """Who stops on a signal is decided elsewhere."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    async with site.served():
        assert {number: signal.getsignal(number) for number in before} == before


@pytest.mark.parametrize("asked", [b"", b"GET /metrics HT"])
async def test_a_client_that_does_not_ask_is_cut(site: Site, asked: bytes) -> None:
    """Total time counts: what it sends in between, a byte now and then, gives it no more of it."""
    async with site.served() as (address,):
        with connect(address) as client:
            client.sendall(asked)
            await settled(site, 1)
            for _ in range(4):
                await site.clock.advance(2)
                client.sendall(b"x" if asked else b"")
                await settled(site, 1)
            await site.clock.advance(2)
            answer = await anyio.to_thread.run_sync(read_all, client)
    assert answer.partition(b"\r\n")[0] == (b"HTTP/1.1 408 Request Timeout" if asked else b"")
    assert refusals(site) == {"slow": 1.0}


async def test_a_byte_after_a_whole_request_holds_nothing_for_good(site: Site) -> None:
    """The second request has its total time like the first."""
    async with site.served() as (address,):
        with connect(address) as client:
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n")
            await anyio.wait_readable(client)
            client.recv(65536)
            client.sendall(b"G")
            await settled(site, 1)
            await site.clock.advance(conversation.WHOLE)
            answer = await anyio.to_thread.run_sync(read_all, client)
    assert answer.startswith(b"HTTP/1.1 408 ")


async def test_a_client_that_has_nothing_more_to_ask_is_let_go(site: Site) -> None:
    """Its connection is kept longer than the usual scrape interval, and its end is no refusal."""
    async with site.served() as (address,):
        with connect(address) as client:
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n")
            await anyio.wait_readable(client)
            client.recv(65536)
            await settled(site, 1)
            await site.clock.advance(61)
            client.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: exporter\r\n\r\n")
            await anyio.wait_readable(client)
            assert client.recv(65536).startswith(b"HTTP/1.1 200 ")
            await settled(site, 1)
            await site.clock.advance(conversation.KEEP_ALIVE)
            assert await anyio.to_thread.run_sync(read_all, client) == b""
    assert refusals(site) == {}


@pytest.mark.parametrize("more", [b"", REQUEST, b"GET /metrics HT", b"x"])
async def test_a_client_that_does_not_read_is_cut(site: Site, more: bytes) -> None:
    """Its limit goes on whatever it sends while a piece of its page waits to be read: asking again is not reading."""
    large(site)
    async with site.served() as (address,):
        with connect(address, slow=True) as client:
            client.sendall(REQUEST)
            await anyio.wait_readable(client)
            await settled(site, 1)
            await site.clock.advance(conversation.PATIENCE - 1)
            client.sendall(more)
            await settled(site, 1)
            await site.clock.advance(1)
            await settled(site, 0)
    assert refusals(site) == {"slow": 1.0}


async def test_a_client_that_reads_slowly_is_cut_in_the_end(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each piece in time is not enough: the whole answer has its time, too."""
    monkeypatch.setattr(conversation, "LONGEST", 30.0)
    large(site)
    async with site.served() as (address,):
        with connect(address, slow=True) as client:
            client.sendall(REQUEST)
            for _ in range(3):
                await anyio.wait_readable(client)
                for _ in range(100):
                    client.recv(4096)
                    await anyio.lowlevel.checkpoint()
                await site.clock.advance(10)
            await settled(site, 0)
    assert refusals(site) == {"slow": 1.0}


async def settled(site: Site, connections: int) -> None:
    """Until so many connections are held, and each waits for its client."""
    with anyio.fail_after(PATIENCE):
        while not is_settled(site, connections):  # noqa: ASYNC110 - the sockets are real, and tell nobody
            await anyio.sleep(0.001)
    await anyio.sleep(0.005)  # what has been sent by then has been read


def is_settled(site: Site, connections: int) -> bool:
    """Whether that is so."""
    taken = site.places()
    return len(taken) == connections and all(place.waiting for place in taken)


def refusals(site: Site) -> dict[str, float]:
    """How often somebody was refused, by the reason."""
    lines = site.selfmetrics.render(openmetrics=False).decode().splitlines()
    found = (re.fullmatch(r'o365_exporter_web_refused_total{reason="(\w+)"} (\S+)', line) for line in lines)
    return {match[1]: float(match[2]) for match in found if match and float(match[2])}


async def test_a_fault_of_ours(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception is logged and answered 500 without detail, and the next request is served."""

    def fail(**_: object) -> bytes:
        raise RuntimeError("canary")

    monkeypatch.setattr(site.selfmetrics, "render", fail)
    with capture_logs() as logs:
        async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(address.url + "/metrics")
            after = await client.get(address.url + "/metrics?tenant=contoso")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert after.status_code == 200
    assert [(line["event"], str(line["exc_info"])) for line in logs] == [("fault of the exporter", "canary")]


async def test_a_fault_in_a_connection(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends that connection and nothing else; however often it comes, a minute has one traceback."""

    async def fail(*_: object) -> None:
        raise RuntimeError

    with capture_logs() as logs:
        async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
            with monkeypatch.context() as patch:
                patch.setattr(conversation.Conversation, "hold", fail)
                for _ in range(3):
                    with pytest.raises(httpx.TransportError):
                        await client.get(address.url)
            assert (await client.get(f"{address.url}/-/ready")).status_code == 200
    assert [line["event"] for line in logs] == ["fault of the exporter"]


async def test_quiet_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Starting, serving and stopping leave no line of the server."""
    caplog.set_level(logging.INFO)
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
        await client.get(address.url + "/metrics")
    assert [record for record in caplog.records if record.name != "httpx"] == []
