"""Hooks of MkDocs: pages that stand outside docs/, and Markdown that a Git host reads differently from Python-Markdown.

The files stay as they are, for people who read them on a Git host: links lead from file to file. Here one to a page
leads to that page of the site, and one to another file of the repository becomes its text and path.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Extension, Markdown
from markdown.treeprocessors import Treeprocessor
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from tools.make_served_pages import DIAGRAM, anchor

ROOT = Path(__file__).resolve().parent.parent
OUTSIDE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security-policy.md",
    "benchmarks/README.md": "benchmarks.md",
    "deploy/mixin/README.md": "mixin.md",
    "deploy/prometheus/README.md": "alert-rules.md",
    "grafana/README.md": "grafana.md",
    "tools/pictures/README.md": "drawing-pictures.md",
}
"""Pages by their path from the root, and what they are called on the site."""

FOUND_FIRST = ("troubleshooting.md", "errors.md")
"""Pages that quote what goes wrong: whoever searches for the words of an error wants these."""

FOUND_LAST = ("adr/", "changelog.md", "contributing.md", "faults.md", "benchmarks.md")
"""Pages for developers and of the past."""

_INSIDE = {name: source for source, name in OUTSIDE.items()}
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]+`")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Headings get the anchors of Git hosts, and pages of a kind their places in the menu, under their own headings."""
    config.mdx_configs["toc"]["slugify"] = lambda heading, _: anchor(heading)
    for index, entries in _indexes(config.nav):
        folder = posixpath.dirname(index)
        entries.extend(f"{folder}/{path.name}" for path in sorted(ROOT.glob(f"docs/{folder}/[a-z0-9]*.md")))
    return config


def _indexes(entries: Any) -> Iterator[tuple[str, list[Any]]]:
    """Every README of a folder that begins a part of the menu, and that part."""
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, str) and entry == entries[0]:
            yield entry, entries
        for part in entry.values() if isinstance(entry, dict) else ():
            yield from _indexes(part)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The pages from outside docs/ are pages like any other."""
    for source, name in OUTSIDE.items():
        files.append(File.generated(config, name, abs_src_path=str(ROOT / source)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Read a page as one whose links go from its own file, and without what only a script could draw."""
    del files
    LinksOfTheRepository.read_from(page, config)
    if page.file.src_uri.startswith((*FOUND_FIRST, *FOUND_LAST)):
        page.meta["search"] = {"boost": 8 if page.file.src_uri in FOUND_FIRST else 0.2}
    return as_python_markdown(markdown)


def as_python_markdown(text: str) -> str:
    """The text as Python-Markdown must have it, to be read as on a Git host."""
    parts = _FENCED.split(DIAGRAM.sub("", text))
    return "".join(part if part.startswith("```") else _unescaped(part) for part in parts)


def _unescaped(text: str) -> str:
    """Git hosts split a row at each bare bar, Python-Markdown at none that is in code, where it shows the backslash."""
    rows = text.splitlines(keepends=True)
    return "".join(
        _CODE.sub(lambda code: code[0].replace("\\|", "|"), row) if row.startswith("|") else row for row in rows
    )


class LinksOfTheRepository(Extension, Treeprocessor):
    """Turns links between files of the repository into links between pages of the site, before MkDocs checks them.

    Args:
        source: path from the root of the file that is read.
    """

    def __init__(self, source: str) -> None:
        Extension.__init__(self)
        self._source = source

    @classmethod
    def read_from(cls, page: Page, config: MkDocsConfig) -> None:
        """Read the next page as one whose links go from its own file."""
        uri = page.file.src_uri
        others = [extension for extension in config.markdown_extensions if not isinstance(extension, cls)]
        config.markdown_extensions = [*others, cls(_INSIDE.get(uri, f"docs/{uri}"))]

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - Python-Markdown's name
        md.treeprocessors.register(self, "links of the repository", 10)  # after links are made, before MkDocs' own at 0

    def run(self, root: Element) -> None:
        for element in root.iter():
            name = {"a": "href", "img": "src"}.get(element.tag, "")
            target = element.get(name, "")
            if target and "://" not in target and not target.startswith(("#", "mailto:")):
                self._lead(element, name, target)

    def _lead(self, element: Element, name: str, target: str) -> None:
        path, mark, fragment = target.partition("#")
        file = posixpath.normpath(posixpath.join(posixpath.dirname(self._source), path))
        if page := OUTSIDE.get(file) or (file.startswith("docs/") and file.removeprefix("docs/")):
            here = posixpath.dirname(OUTSIDE.get(self._source) or self._source.removeprefix("docs/"))
            element.set(name, posixpath.relpath(page, here or ".") + mark + fragment)
        elif (ROOT / file).exists():
            element.tag = "span"
            del element.attrib[name]
            element.tail = f" ({file}){element.tail or ''}"
