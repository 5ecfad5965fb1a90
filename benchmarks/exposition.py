"""What a poll and a scrape cost, beside prometheus_client's ``generate_latest`` for the same series.

Run: ``PYTHONPATH=. .venv/bin/python benchmarks/exposition.py``; it takes half a minute. Other work on the machine shows
in the figures more than in the ratios.

- client: prometheus_client renders families that are already built, as it would for each scrape.
- render: our lines, once per poll.
- assemble: our page out of finished lines, for each scrape; 60 families, one poll per tenant.
- gzip: the same page compressed, off the event loop.
- served: a whole scrape over loopback, uncompressed, by a client in a thread.

Measured with CPython 3.11.7 on 2 cores that others kept busy (load 2.4), milliseconds, best of 5::

     series     MB   client   render  ratio assemble  ratio   gzip  served
       1000    0.1     21.6     17.5    1.2x     0.15    146x    0.9     5.7
      10000    1.3    132.3    126.8    1.0x     1.26    105x    9.3    16.2
     100000   13.2   1659.9    641.6    2.6x     1.10   1515x   98.9    23.4

The first two rows have one line for each tenant and family, where rendering is mostly the start of a family; it
happens once per poll and not, as in the column "client", once per scrape.
"""

from __future__ import annotations

import gzip
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import anyio.to_thread
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from o365_exporter import web
from o365_exporter.clock import SystemClock
from o365_exporter.exposition import Assembler, Format, render, shown
from o365_exporter.metrics import Metric, Sample
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.store import Key, Poll, Store

FAMILIES = 60
TENANTS = 200
RUNS = 5
METRICS = [Metric(f"o365_metric_{n}", "A metric.", ("app_id", "app_name", "kind")) for n in range(FAMILIES)]


class Built(Collector):
    """prometheus_client's side: families built once."""

    def __init__(self, polls: dict[str, list[Sample]]) -> None:
        self._families = [GaugeMetricFamily(m.name, m.help, labels=("tenant", *m.labels)) for m in METRICS]
        for tenant, samples in polls.items():
            for sample in samples:
                self._families[METRICS.index(sample.metric)].add_metric((tenant, *sample.labels), sample.value)

    def collect(self) -> Iterator[Any]:
        return iter(self._families)


def polls_of(series: int) -> dict[str, list[Sample]]:
    """So many series, spread over tenants and families."""
    polls: dict[str, list[Sample]] = {}
    tenants = min(TENANTS, max(1, series // FAMILIES))
    for number in range(series):
        metric = METRICS[number // tenants % FAMILIES]
        app = f"{number:08x}-5f3a-4c1e-9d77-2b8e1a6c0f42"
        sample = metric.at(float(number), app_id=app, app_name=f"Application {number}", kind="secret")
        polls.setdefault(f"tenant-{number % tenants}", []).append(sample)
    return polls


def milliseconds(work: Callable[[], object]) -> float:
    """The best of some runs."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def filled(polls: dict[str, list[Sample]], clock: SystemClock) -> Store:
    """A store that has just polled."""
    store = Store()
    for tenant, samples in polls.items():
        poll = Poll(interval=60, stale_after=3600, rendered=render(samples, tenant), taken_at=clock.now())
        store.put(Key(tenant, "collector", "source"), poll)
    return store


def app_of(store: Store, clock: SystemClock) -> web.App:
    """The web side of an exporter."""
    return web.create_app(
        store=store,
        clock=clock,
        metrics=METRICS,
        selfmetrics=SelfMetrics("benchmark"),
        version="benchmark",
        ready=lambda: (True, ""),
    )


async def served(store: Store, clock: SystemClock) -> float:
    """Milliseconds of a scrape."""
    async with (
        web.listening(web.WebOptions(listen="127.0.0.1:0")) as sockets,
        anyio.create_task_group() as tasks,
    ):
        await tasks.start(web.serve, app_of(store, clock), sockets)
        url = web.addresses(sockets)[0].url + "/metrics"
        result = await anyio.to_thread.run_sync(milliseconds, lambda: urllib.request.urlopen(url).read())  # noqa: S310
        tasks.cancel_scope.cancel()
    return result


def measure(series: int) -> None:
    """One row of the table."""
    clock = SystemClock()
    polls = polls_of(series)
    store = filled(polls, clock)
    assembler = Assembler(METRICS)
    registry = CollectorRegistry()
    registry.register(Built(polls))

    def page() -> list[bytes]:
        return assembler.page(Format.TEXT, shown(store, clock.now())).pieces

    body = b"".join(page())
    assert sorted(body.splitlines()) == sorted(generate_latest(registry).splitlines())
    client = milliseconds(lambda: generate_latest(registry))
    rendering = milliseconds(lambda: [render(samples, tenant) for tenant, samples in polls.items()])
    assembling = milliseconds(page)
    packing = milliseconds(lambda: gzip.compress(body, 4))
    serving = anyio.run(served, store, clock)
    print(
        f"{series:>7} {len(body) / 1e6:>6.1f} {client:>8.1f} {rendering:>8.1f} {client / rendering:>6.1f}x"
        f" {assembling:>8.2f} {client / assembling:>6.0f}x {packing:>6.1f} {serving:>7.1f}"
    )


if __name__ == "__main__":
    print(" series     MB   client   render  ratio assemble  ratio   gzip  served")
    for count in (1_000, 10_000, 100_000):
        measure(count)
