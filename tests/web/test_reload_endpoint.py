"""``POST /-/reload``, where it is enabled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest

from tests.fakes import settle
from tests.web.site import Site


@asynccontextmanager
async def asking(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the site."""
    async with site.client() as client:
        yield client


@pytest.mark.parametrize(
    ("outcome", "answer"),
    [
        ((True, "New: contoso.\nNothing else."), (200, "New: contoso.\nNothing else.\n")),
        ((False, "o365.toml is not TOML."), (500, "o365.toml is not TOML.\n")),
    ],
)
async def test_it_says_what_came_of_it(site: Site, outcome: tuple[bool, str], answer: tuple[int, str]) -> None:
    """200 with what changed, or 500 with what is wrong, as text."""

    async def reload() -> tuple[bool, str]:
        return outcome

    site.reload = reload
    async with asking(site) as client:
        found = await client.post("/-/reload", content=b"whatever")
    assert (found.status_code, found.text) == answer
    assert found.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_other_methods_reload_nothing(site: Site, method: str) -> None:
    """A link, a crawler or a probe is 405, and told what is allowed."""
    asked: list[None] = []

    async def reload() -> tuple[bool, str]:
        asked.append(None)
        return True, ""

    site.reload = reload
    async with asking(site) as client:
        answer = await client.request(method, "/-/reload")
    assert (answer.status_code, answer.headers["allow"], asked) == (405, "POST", [])


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"origin": "http://evil.example"}])
async def test_pages_of_other_sites_reload_nothing(site: Site, headers: dict[str, str]) -> None:
    """A form of theirs is 403, whoever sends it."""
    asked: list[None] = []

    async def reload() -> tuple[bool, str]:
        asked.append(None)
        return True, ""

    site.reload = reload
    async with asking(site) as client:
        answer = await client.post("/-/reload", headers=headers)
    assert (answer.status_code, answer.text, asked) == (403, "Forms of other sites are not taken here.\n", [])


async def test_where_it_is_not_enabled_nothing_is_there(site: Site) -> None:
    """It is off unless a setting says otherwise."""
    async with asking(site) as client:
        assert (await client.post("/-/reload")).status_code == 404


async def test_a_flood_of_requests_is_turned_away(site: Site) -> None:
    """Four may wait; the fifth is 503, and once they are done there is room again."""
    go = anyio.Event()

    async def reload() -> tuple[bool, str]:
        await go.wait()
        return True, "Nothing has changed."

    site.reload = reload
    statuses: list[int] = []
    async with asking(site) as client, anyio.create_task_group() as tasks:

        async def post() -> None:
            statuses.append((await client.post("/-/reload")).status_code)

        for _ in range(5):
            tasks.start_soon(post)
        await settle()
        assert statuses == [503], "the others wait"
        go.set()
        await settle()
        await post()
    assert statuses == [503, *[200] * 5]


async def test_the_page_says_what_is_not_in_effect(site: Site) -> None:
    """Each fault, escaped; where there is none, not a word."""
    async with asking(site) as client:
        assert "from before" not in (await client.get("/")).text
    site.faults = ("The settings were not read again: <b> in o365.toml is not a setting.",)
    async with asking(site) as client:
        page = (await client.get("/")).text
    assert "Settings from before are in effect." in page
    assert "<li>The settings were not read again: &lt;b&gt; in o365.toml is not a setting.</li>" in page
