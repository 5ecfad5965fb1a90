"""Following a list from page to page, to its end or to an error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from o365_exporter.errors import RefusedRedirectError, UnexpectedAnswerError
from o365_exporter.graph.meanings import PageSizeError, PageTokenError
from o365_exporter.http.addresses import host_of, origin_of
from o365_exporter.http.quoting import printable

MAX_PAGES = 1000
"""Pages of one list; more is taken for a loop."""

Fetch = Callable[[str], Awaitable[tuple[dict[str, Any], int]]]
"""Reads one page; gives it with the bytes that it came as."""

_NOT_KNOWN = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)


async def all_pages(fetch: Fetch, first: str, root: str, what: str, most: int) -> list[dict[str, Any]]:
    """The objects of every page; an entry that is none comes as an empty one, which each reader leaves out and counts.

    Args:
        fetch: reads one page.
        first: its address.
        root: Graph's own address; no page is read from another origin.
        what: names the list in sentences.
        most: bytes of JSON of all pages together.

    Raises:
        RefusedRedirectError: a page is said to be elsewhere than at ``root``.
        UnexpectedAnswerError: something is no page, the pages do not end, or are too large together.
    """
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    url, total = first, 0
    while url:
        if url in seen or len(seen) == MAX_PAGES:
            raise unexpected(what, "comes back to a page" if url in seen else f"has more than {MAX_PAGES} pages")
        seen.add(url)
        page, size = await _page(fetch, url, first)
        total += size
        if total > most:
            raise unexpected(what, f"has more than {most // 1024**2} MiB in {len(seen)} pages")
        found += objects_of(page, what)
        url = _next(page, root, what)
    return found


async def _page(fetch: Fetch, url: str, first: str) -> tuple[dict[str, Any], int]:
    """One page. Where the first came and a later one is not known, it is the token that is not, by whatever code."""
    try:
        return await fetch(url)
    except UnexpectedAnswerError as error:
        if url == first or error.status not in _NOT_KNOWN or isinstance(error, PageSizeError | PageTokenError):
            raise
        raise PageTokenError(
            error.message, remedy=error.remedy, status=error.status, code=error.code, subject=error.subject
        ) from None


def unexpected(what: str, why: str) -> UnexpectedAnswerError:
    """An answer of Graph that is JSON and yet no answer."""
    return UnexpectedAnswerError(
        f"Graph's answer to {what} {why}.",
        remedy="This is a fault of Graph, or of what stands between here and it. If it stays, give Microsoft's support "
        "the time and the address.",
    )


def objects_of(page: dict[str, Any], what: str) -> list[dict[str, Any]]:
    """The objects of one page, whatever lies behind it.

    Raises:
        UnexpectedAnswerError: it is no page.
    """
    items = page.get("value")
    if not isinstance(items, list) or (items and not any(isinstance(item, dict) for item in items)):
        raise unexpected(what, "has no list of objects in 'value'")
    return [item if isinstance(item, dict) else {} for item in items]


def _next(page: dict[str, Any], root: str, what: str) -> str:
    """The next page's address as Graph gives it, never rebuilt; the token may go nowhere but to Graph."""
    link = page.get("@odata.nextLink") or ""
    if not isinstance(link, str):
        raise unexpected(what, "has a next link that is no text")
    if link and origin_of(link) != origin_of(root):
        there = printable(host_of(link), limit=80)
        raise RefusedRedirectError(
            f"Graph's answer to {what} goes on at {there}, not at {host_of(root)}: the token stays here.",
            remedy="Check cloud and graph_url in the settings, and whether a proxy rewrites answers.",
        )
    return link
