"""The server on real sockets."""

from __future__ import annotations

import logging
import signal
import socket
from typing import Any

import anyio
import anyio.to_thread
import httpx
import pytest

from o365_exporter import web
from o365_exporter.web import server
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


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[server._Connection]:
    """Every connection that the server accepts."""
    made: list[server._Connection] = []

    class Observed(server._Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.lost, self.paused, self.told_more = anyio.Event(), anyio.Event(), anyio.Event()
            made.append(self)

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            self.lost.set()

        def pause_writing(self) -> None:
            super().pause_writing()
            self.paused.set()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.paused.is_set():
                self.told_more.set()

    monkeypatch.setattr(server, "_Connection", Observed)
    return made


@pytest.mark.parametrize("asked", [b"", b"GET /metrics HT", REQUEST])
async def test_a_client_that_neither_asks_nor_reads_is_cut(
    site: Site, monkeypatch: pytest.MonkeyPatch, connections: list[Any], asked: bytes
) -> None:
    """Otherwise such clients would collect, each with its page in memory."""
    monkeypatch.setattr(server, "_PATIENCE", 0.5)  # time enough for the other client
    large(site)
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as other:
        with connect(address, slow=True) as client, anyio.fail_after(PATIENCE):
            client.sendall(asked)
            await other.get(address.url + "/-/healthy")
            await connections[0].lost.wait()


@pytest.mark.parametrize("more", [REQUEST, b"GET /metrics HT", b"x"])
async def test_a_client_that_sends_and_never_reads_is_cut(
    site: Site, monkeypatch: pytest.MonkeyPatch, connections: list[Any], more: bytes
) -> None:
    """Its limit goes on whatever it sends while its page waits to be read: asking again is not reading."""
    monkeypatch.setattr(server, "_PATIENCE", 0.5)
    large(site)
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as other:
        with connect(address, slow=True) as client, anyio.fail_after(30):
            client.sendall(REQUEST)
            await other.get(address.url + "/-/healthy")
            connection = connections[0]
            await connection.paused.wait()
            limit = connection._limit
            client.sendall(more)
            await connection.told_more.wait()
            assert connection._limit is limit
            assert not limit.cancelled()
            await connection.lost.wait()


@pytest.mark.parametrize("skus", [1, 40_000])
async def test_a_client_that_asks_and_reads_is_kept(site: Site, connections: list[Any], skus: int) -> None:
    """Once the first request is there and the answer is taken in, no limit runs any more."""
    site.put("contoso", *(f"{number:0200d}" for number in range(skus)))
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
        await client.get(address.url + "/metrics", headers={"accept-encoding": "identity"})
        assert [connection._limit.cancelled() for connection in connections] == [True]


async def test_a_fault_of_ours(site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """An exception is logged and answered 500 without detail, and the next request is served."""

    def fail(**_: object) -> bytes:
        raise RuntimeError("canary")

    monkeypatch.setattr(site.selfmetrics, "render", fail)
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(address.url + "/metrics")
        after = await client.get(address.url + "/metrics?tenant=contoso")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert after.status_code == 200
    assert "canary" in caplog.text


async def test_quiet_in_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """Starting, serving and stopping leave no line of the server."""
    caplog.set_level(logging.DEBUG, "uvicorn")
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False) as client:
        await client.get(address.url + "/metrics")
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []
