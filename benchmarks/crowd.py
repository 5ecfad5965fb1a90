"""What a crowd at the door costs those who come for a probe, and what slow readers of a large page cost in memory.

The server is a process of its own. Ten thousand connections from 350 addresses of this machine each send half a request
and wait; a probe is asked for beside them, on a connection of its own, and beside nobody. Then fifty clients ask for a
page of 100 MB, read its beginning and wait, while a twentieth of it is rendered anew each 0.2 s.
"""

from __future__ import annotations

import re
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import anyio

from benchmarks.ratios import Ratio
from o365_exporter import web
from o365_exporter.clock import SystemClock
from o365_exporter.exposition import render
from o365_exporter.logs import LogOptions, configure
from o365_exporter.metrics import Metric
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.status import Board
from o365_exporter.store import Key, Poll, Store

CROWD, READERS, TENANTS = 10_000, 50, 20
UNITS = Metric("o365_sku_units", "Units.", ("sku",))
PROBE = b"GET /-/ready HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n\r\n"


def lines(quick: bool) -> Iterator[Ratio]:
    """Probes beside a crowd, and memory beside slow readers."""
    rounds = 1 if quick else 3
    latencies, unserved, memory = [], [], []
    for _ in range(rounds):
        with _served(1) as (port, _):
            quiet, _ = _probes(port, 0)
            crowded, failed = _probes(port, CROWD // 5 if quick else CROWD)
            latencies.append(crowded / quiet)
            unserved.append(failed)
        with _served(20 if quick else 100) as (port, process):
            memory.append(_held(port, process))
    yield Ratio("median time of a probe while a crowd comes", "the same while nobody does", 5, latencies)
    yield Ratio("probes that were not served meanwhile", "all of them", 0, unserved)
    yield Ratio(f"memory of {READERS} slow readers of one page", "the page", 1.5, memory)


def _probes(port: int, crowd: int) -> tuple[float, float]:
    """Median seconds of a probe while the crowd comes, and the share that was not served."""
    done, times, failed = threading.Event(), list[float](), list[bool]()

    def ask() -> None:
        while not done.is_set() or len(times) < READERS:
            start = time.perf_counter()
            failed.append(not _is_served(port))
            times.append(time.perf_counter() - start)
            time.sleep(0.02)

    asking = threading.Thread(target=ask)
    asking.start()
    with ExitStack() as held:
        for number in range(crowd):
            client = held.enter_context(socket.socket())
            client.bind((f"127.{number % 50}.{number % 7}.1", 0))
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /me")
        done.set()
        asking.join()
    return statistics.median(times), sum(failed) / len(failed)


def _is_served(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(PROBE)
            return client.recv(4096).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _held(port: int, process: int) -> float:
    """What slow readers add to the server's memory, in pages."""
    page = _read(port)
    before = _resident(process)
    with ExitStack() as held:
        for _ in range(READERS):
            client = held.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: exporter\r\n\r\n")
            client.recv(100)
            time.sleep(0.1)
        return (_resident(process) - before) / page


def _read(port: int) -> int:
    size = 0
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: exporter\r\nConnection: close\r\n\r\n")
        while received := client.recv(1 << 20):
            size += len(received)
    return size


def _resident(process: int) -> int:
    """Bytes, by Linux."""
    match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text("utf-8"))
    assert match
    return int(match[1]) * 1024


@contextmanager
def _served(megabytes: int) -> Iterator[tuple[int, int]]:
    """Port and process of a server with a page of that size."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=_serve, args=(megabytes, theirs), daemon=True)
    server.start()
    try:
        yield ours.recv(), server.pid or 0
    finally:
        server.terminate()
        server.join()


def _serve(megabytes: int, told: Connection) -> None:
    configure(LogOptions(level="error"))  # or that some are turned away would stand in the table
    anyio.run(_serving, megabytes, told)


async def _serving(megabytes: int, told: Connection) -> None:
    clock, store, own = SystemClock(), Store(), SelfMetrics("benchmark")
    app = web.create_app(
        store=store,
        board=Board(store, clock, dict),
        clock=clock,
        metrics=(UNITS,),
        selfmetrics=own,
        version="benchmark",
        ready=lambda: (True, ""),
    )
    for tenant in range(TENANTS):
        _poll(store, clock, tenant, megabytes, 1)
    async with web.listening(web.WebOptions(listen="127.0.0.1:0")) as sockets, anyio.create_task_group() as tasks:
        await tasks.start(web.serve, app, sockets, await web.open_door(web.WebOptions(), clock, own))
        told.send(web.addresses(sockets)[0].port)
        value = 1
        while True:
            await clock.sleep(0.2)
            value += 1
            _poll(store, clock, value % TENANTS, megabytes, value)


def _poll(store: Store, clock: SystemClock, tenant: int, megabytes: int, value: float) -> None:
    name, series = f"tenant-{tenant}", megabytes * 4_000 // TENANTS
    rendered = render([UNITS.at(value, sku=f"{number:0200d}") for number in range(series)], name)
    store.put_about(name, {})
    store.put(Key(name, "c", "s"), Poll(60, 3600, state="ok", rendered=rendered, taken_at=clock.now()))
