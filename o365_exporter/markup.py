"""HTML that Microsoft writes, as what may be shown: the tags of a text and no others, or the text alone.

Foreign HTML reaches a page in no other way. What the library lets pass is a closed list: nothing that runs, loads,
styles, submits or names an element of the page around it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from html import unescape

_TAGS = {
    *("p", "br", "b", "strong", "i", "em", "u", "s", "sub", "sup", "blockquote", "code", "pre", "a"),
    *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
_GONE = {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math"}
_REL = "noopener noreferrer nofollow"

_ABSOLUTE = re.compile(r"https?://|mailto:", re.IGNORECASE)
_HEADING = re.compile(r"<(/?)h[1-6]\b[^<>]{0,1000}>", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/li|/tr|/h[1-6]|/div|/blockquote|/dt|/dd)\b[^<>]{0,1000}>", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\xa0]+")

_KEPT = 512
"""Texts of which the outcome is kept: a page is drawn again and again, and tenants share most of them."""


@lru_cache(maxsize=_KEPT)
def sanitised(html: str) -> str:
    """HTML that may stand in a page; headings become bold paragraphs, since a page has headings of its own."""
    import nh3  # noqa: PLC0415 - 1.5 MiB that nobody needs before there is something to show

    return nh3.clean(
        _HEADING.sub(lambda tag: "</b></p>" if tag[1] else "<p><b>", html),
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=_ATTRIBUTES,
        attribute_filter=_absolute,
        link_rel=_REL,
    )


def _absolute(_: str, name: str, value: str) -> str | None:
    """Only links that lead away: a relative one would lead into the exporter."""
    return None if name == "href" and not _ABSOLUTE.match(value.strip()) else value


@lru_cache(maxsize=_KEPT)
def plain(html: str) -> str:
    """The text alone, a line for each paragraph."""
    import nh3  # noqa: PLC0415 - as above

    bare = nh3.clean(_BREAK.sub("\n", html), tags=set(), clean_content_tags=_GONE)
    lines = (line.strip() for line in _BLANKS.sub(" ", unescape(bare)).split("\n"))
    return "\n".join(filter(None, lines))
