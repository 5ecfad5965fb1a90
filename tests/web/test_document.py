"""What a feed or a calendar of all tenants costs: it is made at a pace, and nobody waits behind it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

import anyio
import anyio.to_thread
import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from o365_exporter.status import Seen
from o365_exporter.web.document import MOST_ROOTS, REST, Document, Make
from tests.app.rig import Rig, only, polling, rig, small
from tests.fakes import PATIENCE, FakeClock
from tests.faults.rig import BriskClock
from tests.web.test_feed import client_of

TOOK = 2.0
"""Seconds that a document takes."""


@asynccontextmanager
async def readers_of(made: Rig, make: Make, clock: FakeClock | None = None) -> AsyncIterator[httpx.AsyncClient]:
    """Who reads a document of all tenants at ``/all`` and of one at ``/of/NAME``."""
    document = Document(made.app.board, clock or made.clock, make, "text/plain", "All are at /all.")
    app = Starlette(routes=[Route("/all", document.answer), Route("/of/{tenant}", document.answer)])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://exporter.example") as client:
        yield client


async def test_what_is_costly_of_all_tenants_is_made_again_at_a_pace() -> None:
    """Whoever comes meanwhile, also at once, is given the last one; the share of time is bounded by that."""
    begun: list[str] = []

    async with rig(small("contoso"), only("service_health")) as made, polling(made):

        def make(_seen: Sequence[Seen], root: str, tenant: str) -> bytes:
            begun.append(root + tenant)
            made.clock.sleep_through(TOOK)
            return f"{len(begun)}".encode()

        async with readers_of(made, make) as client:
            answers: list[str] = []

            async def read() -> None:
                answers.append((await client.get("/all")).text)

            async with anyio.create_task_group() as tasks:
                for _ in range(3):
                    tasks.start_soon(read)
            made.clock.sleep_through(REST * TOOK - 1)
            await read()
            made.clock.sleep_through(1)
            await read()
            assert answers == ["1", "1", "1", "1", "2"]
            assert (await client.get("/of/contoso")).text == "3"
            assert (await client.get("/of/contoso")).text == "4"
            assert (await client.get("/of/nobody")).text == "No tenant is called so. All are at /all.\n"


async def test_addresses_that_somebody_invents_cost_no_more() -> None:
    """Each waits until a document may be made again, those of the last few are kept, and each has its own address."""
    clock, begun = BriskClock(), list[float]()

    def make(_seen: Sequence[Seen], root: str, _tenant: str) -> bytes:
        begun.append(clock.monotonic())
        clock.pass_time(TOOK)
        return f"{root} {len(begun)}".encode()

    async with (
        rig(small("contoso"), only("service_health")) as made,
        polling(made),
        readers_of(made, make, clock) as client,
    ):
        hosts = [f"host{number}" for number in range(MOST_ROOTS + 1)]
        answers = [(await client.get("/all", headers={"host": host})).text for host in (*hosts, hosts[1], hosts[0])]
    assert answers == [
        *(f"http://{host}/ {number}" for number, host in enumerate(hosts, 1)),
        "http://host1/ 2",
        f"http://host0/ {len(hosts) + 1}",
    ]
    assert {later - earlier for earlier, later in pairwise(begun)} == {TOOK + REST * TOOK}


async def test_no_page_waits_for_a_document() -> None:
    """While one of all tenants is being made, an overview is answered."""
    begun, may_end = threading.Event(), threading.Event()

    def make(_seen: Sequence[Seen], _root: str, _tenant: str) -> bytes:
        begun.set()
        assert may_end.wait(PATIENCE)
        return b"made"

    async with (
        rig(small("contoso"), only("service_health")) as made,
        polling(made),
        readers_of(made, make) as client,
        client_of(made) as visitor,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(client.get, "/all")
        assert await anyio.to_thread.run_sync(begun.wait, PATIENCE)
        assert [
            (await visitor.get(path)).status_code for path in ("/", "/api/v1/overview", "/tenant?name=contoso")
        ] == [
            200,
            200,
            200,
        ]
        may_end.set()
