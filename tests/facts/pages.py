"""Reading Markdown as far as the tests of this folder need it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def page(name: str) -> str:
    """The text of a page by its path from the root."""
    return (ROOT / name).read_text("utf-8")


def blocks(text: str, *languages: str) -> list[str]:
    """What stands in the fenced blocks of these languages; of all where none is given."""
    return [block for language, block in _BLOCK.findall(text) if not languages or language in languages]


def code(text: str) -> list[str]:
    """Everything that is set as code: fenced blocks, and spans in the text between them."""
    return [*blocks(text), *spans(text)]


def spans(text: str) -> list[str]:
    """What is set as code in the text between the blocks; a table's escaped bars are bars."""
    return [span.replace("\\|", "|") for span in _SPAN.findall(_BLOCK.sub("", text))]


def commands(text: str) -> Iterator[str]:
    """The command lines of the shell blocks, continued lines joined, without comments."""
    for block in blocks(text, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.split("#")[0].strip():
                yield line.strip()


def headings(text: str) -> list[str]:
    """Headings of all levels."""
    return _HEADING.findall(_BLOCK.sub("", text))


def links(text: str) -> list[str]:
    """Targets of links."""
    return _LINK.findall(_BLOCK.sub("", text))


def anchor(heading: str) -> str:
    """The fragment by which a heading is linked."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def rows(text: str) -> list[list[str]]:
    """The cells of all table rows, headers and rulers too."""
    lines = (line for line in text.splitlines() if line.startswith("| "))
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))] for line in lines
    ]


def table(text: str, *header: str) -> list[list[str]]:
    """The rows of the table that begins with these headers."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {' | '.join(header)} |"))
    end = next((number for number, line in enumerate(lines) if number > start and not line.startswith("|")), None)
    return rows("\n".join(lines[start + 2 : end]))
