"""Blocks of pages that are made, between markers, in text that people write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"(<!-- (\w+): made by make docs -->\n).*?(<!-- /\2 -->)", re.DOTALL)


def filled(page: str, blocks: Mapping[str, str]) -> str:
    """The text of a page with its blocks as they should be.

    Args:
        page: its path from the root.
        blocks: by the name in the markers.

    Raises:
        ValueError: the page has other blocks.
    """
    text = (ROOT / page).read_text("utf-8")
    found = {match[2] for match in _BLOCK.finditer(text)}
    if found != blocks.keys():
        raise ValueError(f"{page} has the blocks {sorted(found)}, and {sorted(blocks)} are made for it")
    return _BLOCK.sub(lambda match: f"{match[1]}{blocks[match[2]]}{match[3]}", text)
