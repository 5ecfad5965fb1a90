"""What a collector says about a Graph endpoint it reads, and how that becomes a request."""

from __future__ import annotations

import string
from dataclasses import dataclass, replace
from math import inf
from typing import Literal
from urllib.parse import quote

from o365_exporter.errors import UnexpectedAnswerError
from o365_exporter.http.quoting import printable

LARGEST_LIST = 128 * 1024**2
"""Bytes of JSON: a hundred times what most tenants have, and no more than a machine can hold."""

_LONGEST_VALUE = 500


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address of Graph, and how it wants to be asked.

    Args:
        route: below the version, with ``{name}`` for path values; the value of the label ``api``.
        permissions: application permissions, any of which is enough, the least first.
        select: properties to ask for by ``$select``; empty asks for all.
        page_sizes: from the largest; a page above 4 MiB is asked for again with the next. Empty leaves it to Graph.
        paging: how a page size is asked for: ``$top``, or ``Prefer: odata.maxpagesize``.
        limits: the published limit its requests are charged to, a key of ``budget.LIMITS``; empty: none.
        cost: resource units of one request, for limits that count units.
        counted_as: what its requests are counted apart by within that limit, such as a report's function.
        answers: what a success is: JSON; a ``file``, its address (302), or that it has not changed (304); or the
            ``number`` of ``/$count``, which comes as text and to ``ConsistencyLevel: eventual``.
        version: of Graph.
        urgent: may use the part of each budget that is kept for service health, and goes first.
        vital: may use the part that is kept even from what is urgent, such as the issues beside the overviews.
        largest: bytes of JSON of all pages of a list together; more is a list without end, and takes several times that
            in memory.
        within: seconds in which a list must be whole, waits and retries included, for one that its poll can do without;
            at most half of the time that its poll has left.
    """

    route: str
    permissions: tuple[str, ...]
    select: tuple[str, ...] = ()
    page_sizes: tuple[int, ...] = ()
    paging: Literal["top", "maxpagesize"] = "top"
    limits: str = ""
    cost: int = 1
    counted_as: str = ""
    answers: Literal["json", "file", "number"] = "json"
    version: Literal["v1.0", "beta"] = "v1.0"
    urgent: bool = False
    vital: bool = False
    largest: int = LARGEST_LIST
    within: float = inf

    def url(self, root: str, path: dict[str, str], *, filter: str = "", page_size: int = 0) -> str:  # noqa: A002 - OData's own name
        """The address below ``root``; path values and the query are percent-encoded (spaces as ``%20``).

        Raises:
            UnexpectedAnswerError: a path value, which may be an id that Graph gave, would make another address.
        """
        names = {name for _, name, _, _ in string.Formatter().parse(self.route) if name}
        if names != path.keys():
            raise TypeError(f"{self.route} takes the path values {sorted(names)}, not {sorted(path)}")
        filled = self.route.format(**{name: quote(checked(name, value), safe="") for name, value in path.items()})
        query = {
            "$select": quote(",".join(self.select), safe=","),
            "$filter": quote(filter, safe="(),:"),
            "$top": str(page_size) if page_size and self.paging == "top" else "",
        }
        asked = "&".join(f"{name}={value}" for name, value in query.items() if value)
        return f"{root}/{self.version}{filled}" + (f"?{asked}" if asked else "")

    def counted(self) -> Endpoint:
        """The address that says how many there are."""
        return replace(self, route=f"{self.route}/$count", select=(), answers="number")

    def prefer(self, page_size: int = 0) -> str:
        """The ``Prefer`` header: new enum members by their names, and the page size where it belongs there."""
        wishes = ["include-unknown-enum-members"]
        if page_size and self.paging == "maxpagesize":
            wishes.insert(0, f"odata.maxpagesize={page_size}")
        return ", ".join(wishes)


def checked(name: str, value: str) -> str:
    """A path value, if it can stand in an address: ids come from answers, and an odd one must not reach elsewhere."""
    if value in ("", ".", "..") or len(value) > _LONGEST_VALUE or not value.isprintable():
        shown = printable(value, limit=40)
        raise UnexpectedAnswerError(f"Graph gave the {name} {shown!r}, which cannot be asked for.")
    return value
