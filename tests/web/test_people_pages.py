"""The pages for people, as a client without a browser has them."""

from __future__ import annotations

import pytest

from o365_exporter.store import Store
from tests.app.rig import polling
from tests.browser.shown import calm, shown
from tests.web.site import Site


async def get(site: Site, path: str) -> str:
    """A page that is there."""
    async with site.client() as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return str(answer.text)


async def test_without_tenants() -> None:
    """Nothing that is known does not sound well."""
    page = await get(Site(store=Store()), "/")
    assert "<h1>No tenant is watched: none is set up, or none belongs to this shard.</h1>" in page
    assert "No tenant is set up here." in page


@pytest.mark.parametrize("query", ["?page=0", "?page=99999", "?page=x", "?state=none", "?page=٣", "?q=%00%ff", "?x=1"])
async def test_addresses_that_mean_nothing(site: Site, query: str) -> None:
    """Are as if nothing had been said."""
    assert "No tenant is watched" in await get(site, f"/{query}")


@pytest.mark.parametrize(
    "path", ["/tenant", "/tenant?name=<b>", "/issue?tenant=a&id=<b>", "/issue", "/tenant?name=%ed%a0%80"]
)
async def test_what_is_not_there(site: Site, path: str) -> None:
    """404, with the way back; what was asked for is text."""
    async with site.client() as client:
        answer = await client.get(path)
    assert answer.status_code == 404
    assert "<b>" not in answer.text
    assert '<a href="./">All tenants</a>' in answer.text


async def test_what_could_not_be_read_is_not_none() -> None:
    """Neither no open issue nor no seat in trouble, where Microsoft tells of neither."""
    async with shown(calm("contoso"), polls=False) as made:
        made.simulator.add_fault(path="*/issues", status=403)
        async with polling(made):
            overview, tenant = (await made.get("")).text, (await made.get("tenant?name=contoso")).text
    assert 'data-label="Open issues" class="none">not known</td>' in overview
    assert 'data-label="Seats in trouble" class="none">not known</td>' in overview
    assert '<h2 id="issues">Open issues</h2>\n<p class="quiet">Not known.</p>' in tenant


async def test_what_could_not_be_read_again_is_told_as_old() -> None:
    """An issue is served from memory while Microsoft does not answer: its page says since when, and why."""
    async with shown(calm("contoso")) as made:
        made.simulator.tenants["contoso"].open_issue("Exchange", "Mail is late", issue_id="EX1")
        await made.minutes(6)
        fresh = (await made.get("issue?tenant=contoso&id=EX1")).text
        made.simulator.add_fault(path="*/issues", status=403)
        await made.minutes(10)
        old = (await made.get("issue?tenant=contoso&id=EX1")).text
    assert 'class="note' not in fresh.replace('id="silent" class="note', "")
    assert "<dt>Read here</dt>" in fresh
    assert '<p class="note blind"><strong>This is from ' in old


OWN, OTHER = "http://127.0.0.1", "http://evil.example"
POLL = "poll?tenant=contoso&collector=service_health&source=issues"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"sec-fetch-site": "same-origin"}, 303),
        ({"sec-fetch-site": "none"}, 303),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": OWN}, 403),
        ({"origin": OWN}, 303),
        ({"origin": OTHER}, 403),
        ({"origin": "null"}, 403),
    ],
)
async def test_forms_of_other_sites(headers: dict[str, str], status: int) -> None:
    """A page of another site cannot have something polled in the name of who reads it; a program may."""
    async with shown(calm("contoso"), poll_now=True) as made:
        await made.clock.advance(90)
        answer = await made.post(POLL, {**headers, "host": "127.0.0.1"})
        assert answer.status_code == status
        if status == 303:
            assert answer.headers["location"] == "tenant?name=contoso&poll=asked"


async def test_polls_on_demand() -> None:
    """Once a minute; not while Microsoft has asked to wait; nothing but a source that is there; by POST alone."""
    async with shown(calm("contoso"), poll_now=True) as made:
        assert 50 < int((await made.post(POLL)).headers["location"].partition("poll=")[2]) <= 60
        made.simulator.add_fault(path="*/issues", status=429, retry_after=900)
        await made.minutes(6)
        waiting = (await made.post(POLL)).headers["location"]
        assert int(waiting.partition("poll=")[2]) > 300
        assert (await made.post(f"{POLL}x")).status_code == 404
        assert (await made.post("poll?tenant=nobody")).status_code == 404
        assert (await made.get(POLL)).status_code == 405


async def test_what_is_under_way_is_not_asked_for_again() -> None:
    """Who asks is told that it is being polled."""
    async with shown(calm("contoso"), poll_now=True) as made:
        await made.clock.advance(90)
        made.app.fleet.tenants[0].jobs[1].woken = True
        assert (await made.post(POLL)).headers["location"].endswith("poll=busy")
        assert "It is being polled already." in (await made.get("tenant?name=contoso&poll=busy")).text


@pytest.mark.parametrize("outcome", ["<b>", "x", "-1", "999999", ""])
async def test_an_address_says_nothing_of_its_own(outcome: str) -> None:
    """What came of a form is one of our sentences, whoever has made the link."""
    async with shown(calm("contoso"), poll_now=True) as made:
        page = (await made.get(f"tenant?name=contoso&poll={outcome}")).text
    assert 'class="note advice"' not in page


async def test_nobody_polls_where_that_is_not_wanted() -> None:
    """As it is without the setting: no button, no endpoint."""
    async with shown(calm("contoso")) as made:
        assert (await made.post(POLL)).status_code == 404
        page = await made.get("tenant?name=contoso")
        assert "Poll now" not in page.text
        assert page.headers["referrer-policy"] == "no-referrer"


async def test_a_wrong_clock_is_told_on_the_first_page() -> None:
    """By how much, and the command that keeps it right; where it is right, not a word."""
    async with shown(calm("contoso"), polls=False) as made:
        assert "timedatectl" not in (await made.get("")).text
        made.simulator.switch(date_skew=3600)
        async with polling(made):
            page = (await made.get("")).text
    assert "<strong>The clock of this machine is 60 minutes behind Microsoft&#39;s.</strong>" in page
    assert "<code>timedatectl set-ntp true</code>" in page
