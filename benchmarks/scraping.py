"""How many scrapes a second there are while polls come in, and how long one takes while reports are folded.

100 000 series of 200 tenants in 60 families. While a client asks as fast as it can, four polls a second replace lines;
the constant is the very body that the first scrape had, compressed or not, by a route beside ``/metrics``. The time is
that of the wall, for the client is another process. Then 1 000 series of one tenant, while three reports are streamed
over loopback from another process again and again and folded by the same loop.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from multiprocessing import get_context

import anyio
import anyio.to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from benchmarks.folding import MAILBOX_HEADER, MAILBOXES, folded, mailbox, recipe_of, served, written
from benchmarks.ratios import Ratio
from benchmarks.rendering import SERIES, Polls, metrics_of, polls_of
from o365_exporter import web
from o365_exporter.clock import SystemClock
from o365_exporter.exposition import render
from o365_exporter.metrics import Metric
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.status import Board
from o365_exporter.store import Key, Poll, Store

FAMILIES, TENANTS = 60, 200
BETWEEN_POLLS = 0.25
"""Seconds."""

CONSTANT = "/constant"


def lines(quick: bool) -> Iterator[Ratio]:
    """Compressed, as Prometheus asks for it, and plain."""
    rounds, seconds = (3, 2.0) if quick else (9, 4.0)
    for coding in ("gzip", "identity"):
        found = anyio.run(_compared, coding, rounds, seconds)
        yield Ratio(
            f"scrapes a second of {SERIES:,} series, {1 / BETWEEN_POLLS:g} polls a second, {coding}",
            "the same bytes as a constant of the same server",
            0.8,
            found,
            at_least=True,
        )

    yield from _while_folding(4 if quick else 9, 1.0 if quick else 3.0)


def _while_folding(rounds: int, seconds: float) -> Iterator[Ratio]:
    """The slowest of a hundred scrapes while three reports stream."""
    with served(written(MAILBOX_HEADER, mailbox, 100_000, 5)) as port:
        idle, busy = anyio.run(_beside_reports, port, rounds, seconds)
    what = "p99 of a scrape of 1,000 series while three reports are folded"
    yield Ratio(what, "p99 while nothing is", 3.0, [one / other for one, other in zip(busy, idle, strict=True)])
    yield Ratio(what, "clock", 5.0, [one * 1000 for one in busy], unit="ms")


async def _beside_reports(reports: int, rounds: int, seconds: float) -> tuple[list[float], list[float]]:
    async def keep_folding() -> None:
        while True:
            await folded(reports, recipe_of(MAILBOXES))

    idle: list[float] = []
    busy: list[float] = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as clients:
        async with _serving(_app(metrics_of(5), polls_of(1_000, metrics_of(5), 1))[0], "identity") as port:
            for _ in range(rounds):
                for found, reading in ((idle, 0), (busy, 3)):
                    async with anyio.create_task_group() as tasks:
                        for _ in range(reading):
                            tasks.start_soon(keep_folding)
                        answers = clients.submit(slowest, port, seconds)
                        found.append(await anyio.to_thread.run_sync(answers.result))
                        tasks.cancel_scope.cancel()
    return idle, busy


async def _compared(coding: str, rounds: int, seconds: float) -> list[float]:
    polls = polls_of(SERIES, metrics_of(FAMILIES), TENANTS)
    app, store = _app(metrics_of(FAMILIES), polls)
    found = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as clients:
        async with _serving(app, coding) as port, anyio.create_task_group() as tasks:
            tasks.start_soon(_keep_polling, store, polls)
            for _ in range(rounds):
                rates = []
                for path in ("/metrics", CONSTANT):
                    answers = clients.submit(asked, port, path, coding, seconds)
                    rates.append(await anyio.to_thread.run_sync(answers.result))
                found.append(rates[0] / rates[1])
            tasks.cancel_scope.cancel()
    return found


def _app(metrics: list[Metric], polls: Polls) -> tuple[web.App, Store]:
    """What serves these polls, and where they are."""
    clock, store = SystemClock(), Store()
    for tenant, samples in polls.items():
        store.put(_key(tenant), Poll(60, 3600, state="ok", rendered=render(samples, tenant), taken_at=clock.now()))
        store.put_about(tenant, {})
    app = web.create_app(
        store=store,
        board=Board(store, clock, dict),
        clock=clock,
        metrics=metrics,
        selfmetrics=SelfMetrics("benchmark"),
        version="benchmark",
        ready=lambda: (True, ""),
    )
    return app, store


@asynccontextmanager
async def _serving(app: web.App, coding: str) -> AsyncIterator[int]:
    """The port; the constant is what was served first."""
    body, headers = b"", {} if coding == "identity" else {"content-encoding": coding}

    async def beside(scope: Scope, receive: Receive, send: Send) -> None:
        answer = Response(body, headers=headers) if scope["path"] == CONSTANT else app
        await answer(scope, receive, send)

    async with (
        web.listening(web.WebOptions(listen="127.0.0.1:0")) as sockets,
        anyio.create_task_group() as tasks,
    ):
        door = await web.open_door(web.WebOptions(), SystemClock(), SelfMetrics("benchmark"))
        await tasks.start(web.serve, beside, sockets, door)
        port = web.addresses(sockets)[0].port
        body = await anyio.to_thread.run_sync(_one, http.client.HTTPConnection("127.0.0.1", port), "/metrics", coding)
        yield port
        tasks.cancel_scope.cancel()


async def _keep_polling(store: Store, polls: Polls) -> None:
    """One tenant after the other has other values, and is rendered anew."""
    while True:
        for tenant, samples in polls.items():
            await anyio.sleep(BETWEEN_POLLS)
            changed = [sample._replace(value=sample.value + 1) for sample in samples]
            key = _key(tenant)
            store.put(key, replace(store[key], rendered=render(changed, tenant)))


def _key(tenant: str) -> Key:
    return Key(tenant, "collector", "source")


def asked(port: int, path: str, coding: str, seconds: float) -> float:
    """Answers a second over one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    _one(connection, path, coding)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        _one(connection, path, coding)
        count += 1
    return count / (time.perf_counter() - start)


def slowest(port: int, seconds: float) -> float:
    """Seconds that the slowest of a hundred scrapes takes, one each 10 ms."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    _one(connection, "/metrics", "identity")
    took: list[float] = []
    while sum(took) + 0.01 * len(took) < seconds:
        time.sleep(0.01)
        start = time.perf_counter()
        _one(connection, "/metrics", "identity")
        took.append(time.perf_counter() - start)
    return sorted(took)[int(len(took) * 0.99)]


def _one(connection: http.client.HTTPConnection, path: str, coding: str) -> bytes:
    connection.request("GET", path, headers={"accept-encoding": coding})
    return connection.getresponse().read()
