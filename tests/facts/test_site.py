"""The documentation site: everything on it is there, and nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown import Markdown

from tests.facts.pages import PAGES, ROOT, page
from tools.make_served_pages import html
from tools.site_pages import OUTSIDE, LinksOfTheRepository, as_python_markdown

NAMES = sorted({*(path.relative_to(ROOT).as_posix() for path in PAGES), *OUTSIDE})
"""Every page, by its path from the root."""

WITHOUT_A_NETWORK = """
import runpy, sys
def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        sys.exit(f"{event} {arguments}")
sys.addaudithook(refuse)
sys.argv = ["mkdocs", "build", "--strict", "--site-dir", sys.argv[1]]
runpy.run_module("mkdocs", run_name="__main__")
"""


def build(tree: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Build as `make site` does, and end where anything is asked of a network."""
    return subprocess.run(
        [sys.executable, "-c", WITHOUT_A_NETWORK, target],
        cwd=tree,
        env={"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the site of this tree."""
    target = tmp_path_factory.mktemp("site")
    done = build(root, target)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return target


class Reader(HTMLParser):
    """What a browser meets on a page of the site: elements of the article, and addresses that it loads by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.ids: list[str] = []
        self.loaded: list[str] = []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self._within = tag if tag == "article" else self._within
        if self._within == "article":
            self.elements.append(tag)
            self.ids += filter(None, [found.get("id")])
        if tag != "a" and found.get("rel") != "canonical":
            self.loaded += filter(None, [found.get("src"), found.get("href"), found.get("srcset")])

    def handle_endtag(self, tag: str) -> None:
        self._within = "" if tag == "article" else self._within


def built(site: Path, name: str) -> str:
    """A page of the site by the path of its Markdown from the root."""
    uri = OUTSIDE.get(name) or name.removeprefix("docs/").replace("README", "index")
    return (site / uri).with_suffix(".html").read_text("utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_what_a_git_host_shows(site: Path, name: str) -> None:
    """Python-Markdown finds the tables, lists, code and headings that CommonMark finds, with the same anchors."""
    theirs, ours = Reader(built(site, name)), Reader(f"<article>{html(page(name), name, 'docs')}</article>")
    for element in ("h1", "h2", "h3", "h4", "ol", "ul", "li", "th"):
        assert theirs.elements.count(element) == ours.elements.count(element), element
    assert theirs.elements.count("img") == page(name).count("![")
    assert set(ours.ids) <= set(theirs.ids)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_loaded_from_elsewhere(site: Path, name: str) -> None:
    """No script, style, font or picture has a host."""
    loaded = Reader(built(site, name)).loaded
    assert loaded
    assert [address for address in loaded if "//" in address] == []


def test_whoever_searches_for_an_error_finds_its_page_first(site: Path) -> None:
    """The search weighs pages that quote errors above the others, and decisions and the changelog below."""
    entries = json.loads((site / "search" / "search_index.json").read_text("utf-8"))["docs"]
    weights = {entry["location"].partition("#")[0]: entry.get("boost", 1) for entry in entries}
    assert weights["troubleshooting.html"] == weights["errors.html"] == max(weights.values())
    assert weights["configuration.html"] == 1
    lightest = {location for location, weight in weights.items() if weight < 1}
    assert {"changelog.html", "adr/index.html"} <= lightest


def test_styles_load_nothing_from_elsewhere(site: Path) -> None:
    """Style sheets name no host either."""
    sheets = list(site.rglob("*.css"))
    assert sheets
    assert [
        sheet.name for sheet in sheets if re.search(r"(url\(|@import)[\s\"']*(https?:)?//", sheet.read_text())
    ] == []


@pytest.mark.parametrize(
    ("changed", "added", "said"),
    [
        ("docs/state.md", "[a](nowhere.md)", "nowhere.md"),
        ("docs/state.md", "[a](../README.md#nowhere)", "nowhere"),
        ("docs/state.md", "[a](../nowhere.toml)", "nowhere.toml"),
        ("CHANGELOG.md", "[a](docs/state.md#nowhere)", "nowhere"),
        ("docs/alone.md", "# Alone", "alone.md"),
    ],
)
def test_what_leads_nowhere_ends_the_build(root: Path, tmp_path: Path, changed: str, added: str, said: str) -> None:
    """A link to no file, a link to no heading, and a page that is in no menu."""
    for name in {
        path.relative_to(root).parts[0] for path in (*PAGES, root / "mkdocs.yml", *map(root.joinpath, OUTSIDE))
    }:
        copy = shutil.copytree if (root / name).is_dir() else shutil.copy
        copy(root / name, tmp_path / name)
    with (tmp_path / changed).open("a") as file:
        file.write(f"\n\n{added}\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode == 1
    assert said in done.stderr


@pytest.mark.parametrize(
    ("source", "link", "made"),
    [
        ("docs/state.md", "[a](security.md#b)", '<a href="security.md#b">a</a>'),
        ("docs/state.md", "[a](../README.md#b)", '<a href="index.md#b">a</a>'),
        ("docs/runbooks/usage.md", "[a](../../grafana/README.md)", '<a href="../grafana.md">a</a>'),
        ("README.md", "[`a`](docs/runbooks/README.md)", '<a href="runbooks/README.md"><code>a</code></a>'),
        ("grafana/README.md", "![a](../docs/pictures/b.webp)", '<img alt="a" src="pictures/b.webp">'),
        ("docs/state.md", "[a](../pyproject.toml) b", "<span>a</span> (pyproject.toml) b"),
        ("docs/state.md", "[a](#b) [c](https://d.example/)", '<a href="#b">a</a> <a href="https://d.example/">c</a>'),
    ],
)
def test_links_of_the_repository_lead_to_pages(source: str, link: str, made: str) -> None:
    """From file to file becomes from page to page; a file that is no page stays as its text and path."""
    extension = LinksOfTheRepository(source)
    assert Markdown(extensions=[extension], output_format="html").convert(link) == f"<p>{made}</p>"


def test_bars_in_tables_are_shown_as_written() -> None:
    """An expression can be copied out of a table; blocks of code and text stay as they are."""
    text = "| `a \\| b` |\n\n```text\n| `a \\| b` |\n```\n`a \\| b`\n"
    assert as_python_markdown(text) == text.replace("| `a \\| b` |", "| `a | b` |", 1)


def test_diagrams_that_a_script_would_draw_are_left_out() -> None:
    """No script draws them; the page says the same in words."""
    assert as_python_markdown("a\n\n```mermaid\nbar [1]\n```\nb\n") == "a\n\nb\n"
