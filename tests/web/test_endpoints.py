"""Everything but ``/metrics``."""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape

import pytest

from o365_exporter.collectors.service_health import HEALTHY
from o365_exporter.exposition import render
from o365_exporter.store import STATES, Key, Poll, Store
from tests.fakes import NOON
from tests.web.site import Site


async def test_healthy(site: Site) -> None:
    """That it answers is the proof."""
    async with site.client() as client:
        answer = await client.get("/-/healthy")
    assert (answer.status_code, answer.text) == (200, "The exporter runs.\n")


@pytest.mark.parametrize(
    ("state", "status"),
    [((True, "Every source has been tried."), 200), ((False, "Not tried yet: contoso subscriptions skus."), 503)],
)
async def test_ready(site: Site, state: tuple[bool, str], status: int) -> None:
    """Ready or not, the answer is the sentence that says why."""
    site.state = state
    async with site.client() as client:
        answer = await client.get("/-/ready")
    assert (answer.status_code, answer.text) == (status, state[1] + "\n")


@pytest.mark.parametrize("path", ["/metric", "/metrics/", "/-/reload", "/favicon.ico", "//"])
async def test_elsewhere(site: Site, path: str) -> None:
    """Another path is 404 and says where the metrics are."""
    async with site.client() as client:
        answer = await client.get("http://exporter" + path)
    assert answer.status_code == 404
    assert (
        answer.text
        == "Nothing is here. The metrics are at /metrics, an overview is at /, runbooks are at /runbooks/.\n"
    )


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/-/ready", "/nowhere", "/runbooks", "/runbooks/"])
async def test_head_everywhere(site: Site, path: str) -> None:
    """HEAD is answered as GET; the server leaves the body out."""
    async with site.client() as client:
        assert (await client.head(path)).headers == (await client.get(path)).headers


async def landing(site: Site) -> str:
    """The overview."""
    async with site.client() as client:
        answer = await client.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


async def test_landing_page(site: Site) -> None:
    """It names the version, leads to the metrics, and says of every source: state, age, next poll and reason."""
    site.put("contoso", state="auth", message="The secret has expired: create a new one.", next_run=NOON + 150)
    await site.clock.advance(125)
    page = await landing(site)
    assert "<h1>o365_exporter 1.2.3</h1>" in page
    assert '<a href="metrics">' in page
    assert "<caption>fabrikam &amp; söhne</caption>" in page
    assert (
        '<tr><td>subscriptions</td><td>skus</td><td class="failing">auth</td><td>2 min</td><td>in 25 s</td>'
        "<td>The secret has expired: create a new one.</td></tr>" in page
    )


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (3599, "59 min"),
        (7200, "2 h, withdrawn"),
        (172800, "2 d, withdrawn"),
    ],
)
async def test_ages(site: Site, seconds: int, age: str) -> None:
    """Ages are told in a unit that people read; what is too old to be served while polls fail is called withdrawn."""
    site.fail()
    await site.clock.advance(seconds)
    assert f"<td>{age}</td>" in await landing(site)


async def test_before_the_first_poll(site: Site) -> None:
    """Nothing known is said as such."""
    key = next(iter(site.store))
    site.store.put(key, type(site.store[key])(interval=60, stale_after=60))
    assert "<td>pending</td><td>none yet</td><td>not planned</td><td></td>" in await landing(site)


async def test_an_overdue_poll(site: Site) -> None:
    """A poll whose time has come is due now, not in the past."""
    site.put("contoso", next_run=NOON - 1)
    assert "<td>now</td>" in await landing(site)


async def test_foreign_text_stays_text(site: Site) -> None:
    """Whatever a tenant's name or Microsoft's message holds, it is shown and neither run nor able to break the page."""
    site.put("<script>alert(1)</script>", state="network", message='"><img src=x onerror=alert(1)> half \ud83d')
    page = await landing(site)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "half ?" in page


TOLD = "Microsoft calls every service healthy, of 1 of 2 tenants; what is open besides is on the dashboards."
UNTOLD = "Nothing is known about the health of Microsoft's services."


def services(site: Site, tenant: str, **healthy: bool) -> None:
    """What the overviews of a tenant say."""
    key = Key(tenant, "service_health", "overviews")
    samples = [HEALTHY.at(value, service_id=name, service_name=name) for name, value in healthy.items()]
    poll = Poll(60, 3600, state="ok", rendered=render(samples, tenant), taken_at=NOON, attempted_at=NOON)
    site.store.put(key, poll)


async def test_it_begins_with_how_it_stands(site: Site) -> None:
    """Whether the sources answered, and what Microsoft says of its services: all ok is not all well."""
    services(site, "contoso", **{"Exchange": True, 'Microsoft \\ "Teams"': False, "Planner": False})
    page = await landing(site)
    assert "<p>3 of 3 sources have answered.</p>" in page
    assert (
        "<p>Microsoft calls 2 services not healthy, of 1 of 2 tenants: "
        "contoso: Microsoft \\ &quot;Teams&quot;, contoso: Planner.</p>" in page
    )
    services(site, "contoso", Exchange=True)
    assert TOLD in await landing(site)


async def test_a_global_outage_is_still_a_sentence(site: Site) -> None:
    """Of very many names the first ones are told, and how many there are."""
    services(site, "contoso", **{f"service {number:02}": False for number in range(30)})
    page = await landing(site)
    assert "Microsoft calls 30 services not healthy" in page
    assert "contoso: service 19 and 10 more." in page


async def test_what_nobody_knows_is_not_well(site: Site) -> None:
    """Without overviews, with withdrawn ones and without any source the page says that it does not know."""
    assert escape(UNTOLD) in await landing(site)
    services(site, "contoso", Teams=True)
    site.fail()
    assert TOLD in await landing(site)
    await site.clock.advance(3601)
    assert escape(UNTOLD) in await landing(site)
    site.store = Store()
    page = await landing(site)
    assert escape(UNTOLD) in page
    assert "No source is watched: no tenant is set up, or every collector is switched off." in page


async def test_one_cause_is_told_once_with_its_remedy(site: Site) -> None:
    """What ends the polls of many sources is one line, with the sentence that says who should do what."""
    services(site, "contoso", Teams=True)
    site.fail()
    site.put("fabrikam & söhne", state="ok")
    page = await landing(site)
    assert "<p>2 of 3 sources are in trouble: what they would say is old or missing.</p>" in page
    assert (
        '<li><b>contoso</b>: <span class="failing">'
        '<a href="runbooks/troubleshooting#unavailable">unavailable</a></span>: '
        "Graph is down. (service_health overviews, subscriptions skus)</li>\n" in page
    )
    assert page.count("Graph is down.") == 1 + 2


async def test_a_source_that_is_polled_no_more_is_in_trouble(site: Site) -> None:
    """Its last answer was a good one, and three intervals have gone by."""
    services(site, "contoso", Teams=True)
    await site.clock.advance(3 * 60 + 301)
    page = await landing(site)
    assert "1 of 3 sources are in trouble" in page
    assert "has not been polled for three intervals (service_health overviews)" in page


async def test_what_was_not_tried_yet_has_not_answered(site: Site) -> None:
    """At the start nothing is known, and the page does not call that well."""
    for key in list(site.store):
        site.store.put(key, Poll(interval=60, stale_after=60))
    page = await landing(site)
    assert "<p>0 of 2 sources have answered. 2 have not been tried yet.</p>" in page


@pytest.mark.parametrize("state", [state for state in STATES if state != "ok"])
async def test_states_lead_to_their_heading(site: Site, state: str) -> None:
    """The page about troubles, served beside, has a heading for each state."""
    async with site.client() as client:
        answer = await client.get("/runbooks/troubleshooting")
    assert f'<h2 id="{state}">' in answer.text


@pytest.mark.parametrize("path", ["/", "/runbooks/", "/runbooks/exporter"])
async def test_the_browser_may_run_nothing(site: Site, path: str) -> None:
    """The policy forbids everything but the style sheet in the page, by its hash."""
    async with site.client() as client:
        answer = await client.get(path)
    style = re.search(r"<style>(.*)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert not re.search(r"\sstyle=|<script|<link|<img|\son\w+=", answer.text)
