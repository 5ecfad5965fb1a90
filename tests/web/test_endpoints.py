"""Everything but ``/metrics``."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from o365_exporter.store import STATES
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
        == "Nothing is here. The metrics are at /metrics, an overview is at /, runbooks are at /runbooks/, other pages "
        "at /docs/.\n"
    )


@pytest.mark.parametrize(
    "path", ["/", "/wall", "/tenant", "/issue", "/-/healthy", "/-/ready", "/nowhere", "/runbooks", "/runbooks/"]
)
async def test_head_everywhere(site: Site, path: str) -> None:
    """HEAD is answered as GET; the server leaves the body out."""
    async with site.client() as client:
        assert (await client.head(path)).headers == (await client.get(path)).headers


@pytest.mark.parametrize("state", [state for state in STATES if state != "ok"])
async def test_states_lead_to_their_heading(site: Site, state: str) -> None:
    """The page about troubles, served beside, has a heading for each state."""
    async with site.client() as client:
        answer = await client.get("/docs/troubleshooting")
    assert f'<h2 id="{state}">' in answer.text


@pytest.mark.parametrize("path", ["/", "/wall", "/tenant?name=nobody", "/runbooks/", "/runbooks/exporter"])
async def test_the_browser_may_run_nothing_foreign(site: Site, path: str) -> None:
    """The policy forbids everything but the style sheet and the script in the page, by their hashes."""
    async with site.client() as client:
        answer = await client.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        for text in re.findall(f"<{kind}>(.*?)</{kind}>", answer.text, re.DOTALL):
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}';" in policy
    assert not re.search(r"\sstyle=|<script [^>]|<link rel=.stylesheet|<img|\son\w+=", answer.text)
