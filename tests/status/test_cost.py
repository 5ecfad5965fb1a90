"""What people's pages and programs' files cost where there are many tenants: in turns of the loop, and in memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import anyio
import anyio.lowlevel
import httpx
import pytest

from o365_exporter.collectors.service_health import IssuesSource
from tests.app.rig import Rig, polling, rig, small
from tests.counting import Work, counted
from tests.web.test_api import application

FEW, MANY = 100, 800

PER_TENANT = 8 * 1024
"""Bytes that one tenant more may take: a copy of where its polls are."""

PATHS = (
    "/",
    "/?q=nobody",
    "/wall",
    "/tenant?name=t1",
    "/api/v1/overview",
    "/api/v1/tenant?tenant=t1",
    "/feed.atom",
    "/feed/t1.atom",
    "/calendar.ics",
    "/calendar/t1.ics",
)


@asynccontextmanager
async def crowd(number: int) -> AsyncIterator[Rig]:
    """So many tenants of which all the same is known."""
    async with rig(small("contoso")) as made:
        (contoso,) = made.app.settings.tenants
        async with polling(made):
            known = dict(made.app.store.of("contoso"))
        names = [f"t{index}" for index in range(number)]
        await made.app.fleet.assemble([replace(contoso, name=name, key=name) for name in names])
        for name in names:
            for key, poll in known.items():
                made.app.store.put(key._replace(tenant=name), poll)
        yield made


async def costs(number: int) -> dict[str, Work]:
    """What each answer takes of the loop, when it has been given before."""
    found = {}
    async with (
        crowd(number) as made,
        httpx.AsyncClient(transport=httpx.ASGITransport(application(made)), base_url="http://exporter") as client,
    ):
        for path in PATHS:
            await client.get(path)
            with counted() as found[path]:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(others, found[path])
                    assert (await client.get(path)).status_code == 200
                    tasks.cancel_scope.cancel()
    return found


async def others(work: Work) -> None:
    """Somebody who wants a turn all the time."""
    while True:
        work.turn()
        await anyio.lowlevel.checkpoint()


async def test_others_have_their_turn_while_many_tenants_are_looked_at() -> None:
    """The work is in proportion to the tenants, of one tenant the same, and nobody waits longer for a turn."""
    few, many = await costs(FEW), await costs(MANY)
    growth = MANY / FEW
    assert [path for path in PATHS if many[path].done > 1.1 * growth * few[path].done] == []
    assert [path for path in PATHS if many[path].longest > 1.5 * few[path].longest] == []
    assert [path for path in PATHS if "t1" in path and many[path].done > 1.1 * few[path].done] == []


async def peak(path: str, number: int) -> int:
    """Bytes that making an answer takes at most, which has been made before."""
    async with (
        crowd(number) as made,
        httpx.AsyncClient(transport=httpx.ASGITransport(application(made)), base_url="http://exporter") as client,
    ):
        await client.get(path.replace(".", "/t1.") if path != "/" else "/tenant?name=t1")
        tracemalloc.start()
        try:
            await client.get(path)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("path", ["/feed.atom", "/calendar.ics"])
async def test_a_file_of_all_tenants_takes_the_memory_of_what_is_in_it(path: str) -> None:
    """Its entries are so many at most; what they are chosen from is not held for all tenants at once."""
    assert await peak(path, 360) - await peak(path, 60) < 300 * PER_TENANT


async def test_a_view_looks_for_issues_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many parts of it tell of them."""
    looks = []
    served = IssuesSource.served

    def noted(source: IssuesSource, *args: object) -> object:
        looks.append(args)
        return served(source, *args)  # type: ignore[arg-type]

    async with rig(small("contoso")) as made, polling(made):
        monkeypatch.setattr(IssuesSource, "served", noted)
        assert await made.app.board.tenant("contoso")
    assert len(looks) == 1
