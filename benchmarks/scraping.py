"""How many scrapes a second there are while polls come in, beside the same bytes as a constant of the same server.

100 000 series of 200 tenants in 60 families. While a client asks as fast as it can, four polls a second replace lines;
the constant is the very body that the first scrape had, compressed or not, by a route beside ``/metrics``. The time is
that of the wall, for the client is another process.
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

from benchmarks.ratios import Ratio
from benchmarks.rendering import SERIES, Polls, metrics_of, polls_of
from o365_exporter import web
from o365_exporter.clock import SystemClock
from o365_exporter.exposition import render
from o365_exporter.selfmetrics import SelfMetrics
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


async def _compared(coding: str, rounds: int, seconds: float) -> list[float]:
    metrics = metrics_of(FAMILIES)
    polls = polls_of(SERIES, metrics, TENANTS)
    clock, store = SystemClock(), Store()
    for tenant, samples in polls.items():
        store.put(_key(tenant), Poll(60, 3600, state="ok", rendered=render(samples, tenant), taken_at=clock.now()))
        store.put_about(tenant, {})
    app = web.create_app(
        store=store,
        clock=clock,
        metrics=metrics,
        selfmetrics=SelfMetrics("benchmark"),
        version="benchmark",
        ready=lambda: (True, ""),
    )
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
        await tasks.start(web.serve, beside, sockets)
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


def _one(connection: http.client.HTTPConnection, path: str, coding: str) -> bytes:
    connection.request("GET", path, headers={"accept-encoding": coding})
    return connection.getresponse().read()
