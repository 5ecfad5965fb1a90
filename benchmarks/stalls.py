"""How long the event loop is held up at most, and what memory a report takes: figures, for want of a reference.

A task that wants a turn all the time notes the longest that it had to wait for one, while something large happens.
What the machine does meanwhile is in the figures of the clock; the idle loop stands beside them for that, and what the
loop's own thread used of the processor, in which no waiting for another thread is. CPython is set up as
``run`` does it, before there is anything that a benchmark makes; a first round warms up.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from typing import Any

from benchmarks.folding import MAILBOX_HEADER, MAILBOXES, mailbox, recipe_of
from benchmarks.ratios import Ratio
from benchmarks.rendering import SERIES, SINCE_1970, metrics_of, polls_of
from o365_exporter.errors import TruncatedError, UnexpectedAnswerError
from o365_exporter.exposition import Assembler, Compressor, Format, Segment, render, render_in_steps
from o365_exporter.graph import largejson
from o365_exporter.http.client import MAX_BODY
from o365_exporter.interpreter import spare_the_loop
from o365_exporter.reports.folding import fold
from o365_exporter.reports.tables import PIECE
from o365_exporter.status import TENANT_STATES, Ending, Overview, TenantSummary
from o365_exporter.web.pages import Drawing
from o365_exporter.web.pages.choosing import Chosen, page_of

MOST_MS, MOST_MIB = 10.0, 2.0

Work = Callable[[], Awaitable[object]]


async def waited(work: Work) -> tuple[float, float]:
    """Milliseconds that another task waited for a turn at most, and those of the processor that the loop then used."""
    longest = used = 0.0

    async def other() -> None:
        nonlocal longest, used
        before, before_used = time.perf_counter(), time.thread_time()
        while True:
            await asyncio.sleep(0)
            now, now_used = time.perf_counter(), time.thread_time()
            longest, used = max(longest, now - before), max(used, now_used - before_used)
            before, before_used = now, now_used

    task = asyncio.create_task(other())
    await asyncio.sleep(0)
    await work()
    await asyncio.sleep(0)
    task.cancel()
    return longest * 1000, used * 1000


async def made(rows: int) -> AsyncGenerator[bytes, None]:
    """A report that is made while it is read, 300 rows at a time."""
    yield f"\ufeff{MAILBOX_HEADER}\r\n".encode()
    for start in range(0, rows, 300):
        yield "".join(mailbox(n, f'"Doe, {n}"') for n in range(start, min(start + 300, rows))).encode()


def pack(segments: list[Segment]) -> None:
    """Compress, in a thread as for a scrape."""
    for segment in segments:
        segment.pack()


def idle(_: int) -> Work:
    """Half a second of nothing."""
    return lambda: asyncio.sleep(0.5)


def report(rows: int) -> Work:
    """A report is folded."""
    return lambda: fold(made(rows), recipe_of(MAILBOXES))


def hostile(rows: int) -> Work:
    """What is no report comes in place of one, in each of the ways that once held up the loop."""
    size = rows * 10
    bodies = {
        "a stray quote": '"' + "Ann,1\n" * (size // 6),
        "a cell of newlines": '"' + "\n" * size,
        "empty lines": "\n" * size,
        "short lines": "a\n" * (size // 2),
        "lines of commas": ",,,,\n" * (size // 5),
        "CR alone": "\r" * size,
        "one line": "x" * size,
        "quotes": '""\n' * (size // 3),
    }

    async def pieces(body: bytes) -> AsyncGenerator[bytes, None]:
        for start in range(0, len(body), PIECE):
            yield body[start : start + PIECE]

    async def work() -> None:
        for body in bodies.values():
            with suppress(UnexpectedAnswerError, TruncatedError):
                await fold(pieces(f"{MAILBOX_HEADER}\r\n{body}".encode()), recipe_of(MAILBOXES))

    return work


def rendering(_: int) -> Work:
    """The series of one poll are rendered."""
    ((tenant, samples),) = polls_of(SERIES, metrics_of(5), 1).items()

    async def work() -> None:
        for _ in render_in_steps(SERIES, iter(samples), tenant):
            await asyncio.sleep(0)

    return work


def compression(_: int) -> Work:
    """A page of as many is compressed."""
    metrics = metrics_of(5)
    ((tenant, samples),) = polls_of(SERIES, metrics, 1).items()
    page = Assembler(metrics).page(Format.TEXT, [render(samples, tenant)])
    return lambda: asyncio.to_thread(pack, Compressor().segments(page))


def page_of_json(_: int) -> Work:
    """The largest answer of Graph is read."""
    entry = {"id": "0" * 36, "displayName": "An application", "passwordCredentials": []}
    body = json.dumps({"value": [entry] * (MAX_BODY // len(json.dumps(entry)) - 1)}).encode()
    return lambda: largejson.loads(body)


def overview() -> Overview:
    """Of a thousand tenants."""
    ending = Ending(kind="secret", id="1", name="Payroll", at=SINCE_1970, is_over=False, note="")
    row = TenantSummary(
        name="", state="trouble", sentence="Exchange Online not healthy.", services=30, unhealthy=("Exchange Online",),
        incidents=1, advisories=2, next_ending=ending, seats_in_trouble=1, sources=15, sources_in_trouble=0,
        sources_pending=0, issues_known=True, seats_known=True, health_as_of=SINCE_1970,
    )  # fmt: skip
    return Overview(
        sentence="Trouble.", state="trouble", as_of=SINCE_1970, health_as_of=SINCE_1970, version="", shard="",
        faults=(), clock="", counts=dict.fromkeys(TENANT_STATES, 200),
        tenants=tuple(row.model_copy(update={"name": f"tenant {number}"}) for number in range(1000)),
    )  # fmt: skip


def status_page(_: int) -> Work:
    """The overview of a thousand tenants is drawn, by somebody who looks for what they all have."""
    seen = overview()

    async def work() -> None:
        drawing, chosen = Drawing(""), Chosen("exchange")  # a new one, which reads its templates
        page = page_of(seen.tenants, chosen)
        told: dict[str, Any] = {
            "tone": "trouble",
            "verdict": "Trouble",
            "freshness": "",
            "chosen": chosen,
            "page": page,
        }
        await drawing.draw("overview.html", now=SINCE_1970, overview=seen, **told)

    return work


def json_of_overview(_: int) -> Work:
    """The same is written as JSON, in a thread as for a reader."""
    seen = overview()
    return lambda: asyncio.to_thread(seen.model_dump_json)


CASES: dict[str, Callable[[int], Work]] = {
    "nothing": idle,
    "fold a report": report,
    "fold what is no report": hostile,
    f"render {SERIES:,} series of one poll": rendering,
    f"compress a page of {SERIES:,} series": compression,
    "read 4 MiB of JSON": page_of_json,
    "draw the overview of 1,000 tenants": status_page,
    "write the overview of 1,000 tenants as JSON": json_of_overview,
}


def memory(rows: int) -> float:
    """MiB by which the peak of a process grows with a report; a small one before warms up."""
    asyncio.run(_fold(500))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    asyncio.run(_fold(rows))
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


async def _fold(rows: int) -> None:
    found = await fold(made(rows), recipe_of(MAILBOXES))
    assert found is not None
    assert found.rows == rows


def lines(quick: bool) -> Iterator[Ratio]:
    """Stalls of the loop, then memory, each time in a process of its own."""
    rounds, rows = (3, 50_000) if quick else (7, 500_000)
    spare_the_loop()
    for what, case in CASES.items():
        work = case(rows)
        gc.collect()
        found = [asyncio.run(waited(work)) for _ in range(rounds + 1)][1:]
        for clock, figures in zip(("clock", "processor time of the loop"), zip(*found, strict=True), strict=True):
            yield Ratio(f"longest stall of the loop: {what}", clock, MOST_MS, list(figures), unit="ms")
    for many in (rows,) if quick else (rows, 4 * rows):
        grown = []
        for _ in range(3):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
                grown.append(fresh.submit(memory, many).result())
        yield Ratio(f"memory for a report of {many:,} rows", "peak after one of 500 rows", MOST_MIB, grown, unit="MiB")
