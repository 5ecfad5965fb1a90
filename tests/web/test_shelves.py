"""``/runbooks/``, what the links in alerts lead to, and ``/docs/``."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from pydantic import ValidationError

from o365_exporter.web import WebOptions
from o365_exporter.web.shelf import DOCS, Shelf
from o365_exporter.web.shelf import RUNBOOKS as RUNBOOKS_SHELF
from tests.rules.kit import RUNBOOKS, alerts
from tests.web.site import Site
from tools import make_served_pages

SERVED = {
    f"/{shelf}/{'' if name == 'index' else name}": source
    for shelf, sources in make_served_pages.SHELVES.items()
    for name, source in sources.items()
}
"""Each address, and the Markdown of which its page is made."""


class Reader(HTMLParser):
    """What a browser finds on a page: anchors, where links lead, and elements that were not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"meta", "link", "br", "hr"}:
            self.open.append(tag)
        found = dict(attrs)
        self.ids += filter(None, [found.get("id")])
        self.links += filter(None, [found.get("href")])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


async def get(site: Site, path: str) -> httpx.Response:
    """One answer."""
    async with site.client() as client:
        answer: httpx.Response = await client.get(path)
        return answer


@pytest.fixture
def site() -> Site:
    """An exporter that has polled nothing and knows no tenant yet."""
    return Site(state=(False, "Not tried yet."))


@pytest.mark.parametrize("name", alerts())
async def test_each_alert_has_its_anchor(name: str, site: Site) -> None:
    """Under the name of the page and that of its file, before anything was polled; and so its own link says."""
    rule = alerts()[name]
    link = re.search(r"([\w-]+(?:\.md)?)#([\w-]+)\s*$", rule.body["annotations"]["runbook_url"])
    assert link is not None
    assert (link[1].removesuffix(".md"), link[2]) == (rule.subject, name.lower())
    for page in (rule.subject, f"{rule.subject}.md"):
        answer = await get(site, f"/runbooks/{page}")
        assert answer.status_code == 200
        assert Reader(answer.text).ids.count(name.lower()) == 1


@pytest.mark.parametrize("path", [*SERVED, "/docs/"])
async def test_links_lead_to_what_is_served(path: str, site: Site) -> None:
    """To a page here with that anchor, or elsewhere; every element is closed and no anchor is there twice."""
    read = Reader((await get(site, path)).text)
    assert read.open == []
    assert len(read.ids) == len(set(read.ids))
    anchors: dict[str, list[str]] = {}
    for link in read.links:
        target = urlsplit(urljoin(f"http://exporter{path}", link))
        if target.scheme == "data":
            continue  # the icon
        if target.hostname == "exporter":
            if target.path not in anchors:
                there = await get(site, target.path)
                assert there.status_code == 200
                anchors[target.path] = (
                    ["", *Reader(there.text).ids] if "html" in there.headers["content-type"] else [""]
                )
            assert target.fragment in anchors[target.path]
        else:
            assert target.scheme == "https" or target.hostname == "localhost"


@pytest.mark.parametrize("path", SERVED)
async def test_nothing_of_the_text_is_lost(path: str, site: Site) -> None:
    """Every word of the Markdown is on the page, in its order."""
    served = unescape(re.sub(r"<[^>]+>", "", (await get(site, path)).text))
    at = 0
    for word in words_of(make_served_pages.ROOT / SERVED[path]):
        at = served.index(word, at) + len(word)


def words_of(path: Path) -> list[str]:
    """The words of a Markdown file, without diagrams, comments, numbers of lists, targets of links and languages."""
    text = make_served_pages.DIAGRAM.sub("", path.read_text("utf-8"))
    text = re.sub(r"^<!-- .* -->$|^\d+\. |\]\([^)]*\)|^```\w*$", " ", text, flags=re.MULTILINE)
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("shelf", [RUNBOOKS_SHELF, DOCS], ids=lambda shelf: shelf.folder)
async def test_every_page_is_served_and_listed(shelf: Shelf, site: Site) -> None:
    """A new page needs no other change than its place in the menu, and no page outlives its text."""
    assert shelf.names() == sorted(make_served_pages.SHELVES[shelf.folder].keys() - {"index"})
    listed = {urljoin(f"/{shelf.folder}/", link) for link in Reader((await get(site, f"/{shelf.folder}/")).text).links}
    assert {f"/{shelf.folder}/{name}" for name in shelf.names()} <= listed


def test_what_operators_read_is_served() -> None:
    """All that stands in docs/ itself but what is for developers of the exporter, and every runbook."""
    everything = {path.stem for path in make_served_pages.ROOT.glob("docs/*.md")}
    assert everything - set(DOCS.names()) == {"architecture", "dependencies", "faults"}
    assert {path.stem for path in RUNBOOKS.glob("[a-z]*.md")} <= set(RUNBOOKS_SHELF.names())


@pytest.mark.parametrize("prefix", ["http://exporter", "http://proxy/m365"])
async def test_without_the_slash_it_leads_into_the_folder(prefix: str, site: Site) -> None:
    """Also where a proxy in front serves the exporter below a path of its own."""
    for folder in ("runbooks", "docs"):
        answer = await get(site, f"/{folder}")
        assert answer.status_code == 308
        assert urljoin(f"{prefix}/{folder}", answer.headers["location"]) == f"{prefix}/{folder}/"


@pytest.mark.parametrize("name", ["nothing", "..%2Fapp.py", "__init__.py", "index.html", "<b>", "%00", "é"])
async def test_another_page_is_not_there(name: str, site: Site) -> None:
    """404 in plain text; nothing but the pages can be reached."""
    for folder in ("runbooks", "docs"):
        answer = await get(site, f"/{folder}/{name}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"


def test_html_in_a_runbook_is_text() -> None:
    """What stands in angle brackets is shown, and a link that runs something is none."""
    page = make_served_pages.html("# A\n\n<script>a</script> [b](javascript:c) `<i>`\n", "docs/a.md", "docs")
    assert page == (
        '<h1 id="a">A</h1>\n<p>&lt;script&gt;a&lt;/script&gt; [b](javascript:c) <code>&lt;i&gt;</code></p>\n'
    )


@pytest.mark.parametrize(
    ("link", "made"),
    [
        ("[a](usage.md#b)", '<a href="usage#b">a</a>'),
        ("[a](README.md)", '<a href="./">a</a>'),
        ("[a](../troubleshooting.md#auth)", '<a href="../docs/troubleshooting#auth">a</a>'),
        ("[a](../configuration.md#proxies)", '<a href="../docs/configuration#proxies">a</a>'),
        ("![a picture](../pictures/b.webp)", "[a picture]"),
        ("[a](#b)", '<a href="#b">a</a>'),
        ("[a](https://status.example)", '<a href="https://status.example">a</a>'),
        ("[the `b`](../../README.md#c) d", "the <code>b</code> (README.md) d"),
    ],
)
def test_links_of_the_repository_become_links_of_the_site(link: str, made: str) -> None:
    """One to a file that is not served stays as its text and where it is."""
    assert make_served_pages.html(link, "docs/runbooks/exporter.md", "runbooks") == f"<p>{made}</p>\n"


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("", ""),
        ("https://wiki.example/o365", "https://wiki.example/o365/"),
        ("http://[::1]:8080//", "http://[::1]:8080/"),
        ("https://git.example/a/blob/main/docs/runbooks/", "https://git.example/a/blob/main/docs/runbooks/"),
    ],
)
async def test_another_address_is_told_to_the_alerts(written: str, url: str) -> None:
    """It stands in a series, as the folder to which alerts add page and heading; empty means this exporter."""
    site = Site(runbooks_url=WebOptions(runbooks_url=written).runbooks_url)
    page = (await get(site, "/metrics?tenant=")).text
    assert f'o365_exporter_runbooks_info{{url="{url}"}} 1.0\n' in page


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("wiki.example/o365", "is no address"),
        ("ftp://wiki.example/", "is no address"),
        ("https:///o365", "is no address"),
        ("https://wiki.example/a b", "is no address"),
        ("https://[wiki", "is no address"),
        ("javascript:alert(1)", "is no address"),
        ("https://wiki.example/?page=", "ends in a query or a fragment"),
        ("https://wiki.example/#a", "ends in a query or a fragment"),
    ],
)
def test_what_is_no_folder(written: str, fault: str) -> None:
    """A wrong value is named together with what to write."""
    with pytest.raises(ValidationError, match=re.escape(f"Value error, {fault}")) as raised:
        WebOptions(runbooks_url=written)
    assert 'such as "https://wiki.example.org/runbooks/", or nothing' in str(raised.value)


def test_a_password_in_it_is_refused_and_not_repeated() -> None:
    """The series and the alerts would show it to everybody."""
    with pytest.raises(ValidationError, match="leave them out") as raised:
        WebOptions(runbooks_url="https://ann:canary@wiki.example/")
    assert "canary" not in str(raised.value)


async def test_a_runbook_asked_for_while_the_exporter_stops_is_sent() -> None:
    """Whoever reads at the very moment gets the whole page."""
    site = Site()
    async with site.served() as (address,):
        reader: Any = httpx.AsyncClient(trust_env=False)
        async with reader as client, client.stream("GET", f"{address.url}/runbooks/exporter") as answer:
            site.stop()
            body = b"".join([chunk async for chunk in answer.aiter_raw()])
    assert len(body) == int(answer.headers["content-length"])
