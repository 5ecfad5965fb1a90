"""Everything but ``/metrics``."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

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
    assert answer.text == "Nothing is here. The metrics are at /metrics, an overview is at /.\n"


@pytest.mark.parametrize("path", ["/", "/-/healthy", "/-/ready", "/nowhere"])
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
    assert '<a href="/metrics">' in page
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


async def test_the_browser_may_run_nothing(site: Site) -> None:
    """The policy forbids everything but the style sheet in the page, by its hash."""
    async with site.client() as client:
        answer = await client.get("/")
    style = re.search(r"<style>(.*)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = answer.headers["content-security-policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'; ")
    assert "style=" not in answer.text
