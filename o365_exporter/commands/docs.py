"""``o365-exporter docs``: the pages that the package carries, as text."""

from __future__ import annotations

from html.parser import HTMLParser

from o365_exporter.errors import ConfigurationError
from o365_exporter.web.shelf import DOCS, RUNBOOKS, Shelf

_MARKS = {"h1": "# ", "h2": "## ", "h3": "### ", "li": "- ", "code": "`", "strong": "**", "em": "*", "tr": "| "}
"""What stands before the text of an element; blocks of code are printed as they are."""

_ENDS = {"code": "`", "strong": "**", "em": "*", "td": " | ", "th": " | ", "tr": "\n"}
_BLOCKS = frozenset(("h1", "h2", "h3", "p", "ul", "ol", "table", "pre"))


def docs(name: str | None) -> int:
    """Print a page, or the names of all of them.

    Args:
        name: of a page of the documentation or of a runbook; None lists them.

    Raises:
        ConfigurationError: no page has this name.
    """
    shelves = _shelves()
    if name is None:
        print("\n".join(pages()))
    elif (page := name.removesuffix(".md").rpartition("/")[2]) in shelves:
        print(_Text(shelves[page].read(page)))
    else:
        raise ConfigurationError([f"There is no page {name!r}: o365-exporter docs lists them."])
    return 0


def pages() -> list[str]:
    """The names of all pages."""
    return sorted(_shelves())


def _shelves() -> dict[str, Shelf]:
    return {page: shelf for shelf in (RUNBOOKS, DOCS) for page in shelf.names()}


class _Text(HTMLParser):
    """Our own HTML as text for a terminal, much like the Markdown that it is made of."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self._parts: list[str] = []
        self._verbatim = False
        self.feed(page)

    def __str__(self) -> str:
        lines = "".join(self._parts).strip().split("\n")
        return "\n".join(line.rstrip() for line, before in zip(lines, ["x", *lines], strict=False) if line or before)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        self._verbatim = self._verbatim or tag == "pre"
        self._parts.append("\n" if tag in _BLOCKS or tag == "li" else "")
        self._parts.append("" if self._verbatim else _MARKS.get(tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._parts.append("" if self._verbatim else _ENDS.get(tag, ""))
        self._parts.append("\n" if tag in _BLOCKS else "")
        self._verbatim = self._verbatim and tag != "pre"

    def handle_data(self, data: str) -> None:
        self._parts.append(data if self._verbatim or data.strip() else "")
