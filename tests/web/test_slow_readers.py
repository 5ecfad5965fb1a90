"""A large page is held once, however many clients read it slowly."""

from __future__ import annotations

import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest

from o365_exporter import web
from o365_exporter.web import feed, scrape
from tests.fakes import PATIENCE
from tests.web.site import Site
from tests.web.test_server import connect, large, refusals, settled

READERS = 20


@asynccontextmanager
async def reading(address: web.Address, path: str, coding: str, number: int) -> AsyncIterator[list[socket.socket]]:
    """Clients that have asked, read the beginning and wait."""
    readers = [connect(address, slow=True) for _ in range(number)]
    for reader in readers:
        reader.sendall(f"GET {path} HTTP/1.1\r\nHost: exporter\r\nAccept-Encoding: {coding}\r\n\r\n".encode())
        await anyio.wait_readable(reader)
        reader.recv(100)
    yield readers
    for reader in readers:
        reader.close()


def noise(site: Site, tenant: str = "contoso") -> int:
    """Give a tenant a page that does not become small by compression; its size."""
    large(site)
    site.put(tenant, *(f"{(number * 2654435761 + 1) ** 20:0200d}"[-200:] for number in range(40_000)))
    return sum(map(len, site.store[next(iter(site.store))].rendered.values()))


@pytest.mark.parametrize("coding", ["identity", "gzip"])
@pytest.mark.parametrize("path", ["/metrics", "/metrics?tenant=contoso"])
async def test_a_page_is_held_once(site: Site, path: str, coding: str) -> None:
    """Twenty slow readers cost less than one further page."""
    size = noise(site)
    async with site.served() as (address,), httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
        await client.get(address.url + path, headers={"accept-encoding": coding})
        async with reading(address, path, coding, 1):
            tracemalloc.start()
            async with reading(address, path, coding, READERS):
                await settled(site, READERS + 2)
                held, _ = tracemalloc.get_traced_memory()
                tracemalloc.stop()
    assert held < size


async def test_what_has_not_changed_is_shared_with_older_pages(site: Site) -> None:
    """Polls between slow readers cost what they have rendered anew, and not a page for each reader."""
    size = noise(site)
    async with site.served() as (address,), reading(address, "/metrics", "identity", 1):
        tracemalloc.start()
        for number in range(READERS):
            site.put("fabrikam & söhne", f"E{number}")
            async with reading(address, "/metrics", "identity", 1) as (reader,):
                held, _ = tracemalloc.get_traced_memory()
                assert reader.fileno() > 0
        tracemalloc.stop()
    assert held < size


async def test_a_file_that_is_made_anew_and_is_the_same_is_held_once(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow readers of a feed who come after each other share it, as long as nothing has changed."""
    size = 4 * 2**20
    monkeypatch.setattr(feed, "feed_of", lambda *_: bytes(bytearray(size)))
    async with site.served() as (address,), reading(address, "/feed.atom", "identity", 1):
        tracemalloc.start()
        async with reading(address, "/feed.atom", "identity", READERS):
            await settled(site, READERS + 1)
            held, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
    assert held < 2 * size


async def test_too_many_scrapes_at_once(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who would wait too long for his page is told to come again; probes are answered, and pages that are there."""
    monkeypatch.setattr(scrape, "_MOST_WAITING", 2)
    noise(site)
    answers: list[httpx.Response] = []

    async def ask(client: httpx.AsyncClient, url: str) -> None:
        answers.append(await client.get(url, headers={"accept-encoding": "gzip"}))

    async with (
        site.served() as (address,),
        httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(8):
            tasks.start_soon(ask, client, f"{address.url}/metrics")
    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.status_code for answer in answers} == {200, 503}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    assert refusals(site) == {"busy": len(refused)}
