"""OData query options of one request, and the page they ask for."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, unquote_plus

from o365_exporter.simulator.domains.resource import Resource
from o365_exporter.simulator.graph.errors import GraphError, bad_request
from o365_exporter.simulator.graph.filters import parse_filter
from o365_exporter.simulator.http import Request
from o365_exporter.simulator.options import Switches

Json = dict[str, Any]

_OPTIONS = frozenset({"$select", "$filter", "$top", "$skip", "$skiptoken", "$count", "$expand", "$orderby", "$format"})


@dataclass(frozen=True)
class Query:
    """What a request asks of a collection. ``top`` and ``offset`` count rows; ``preferred`` is a page size."""

    select: tuple[str, ...]
    filter: str | None
    expand: tuple[str, ...]
    orderby: str | None
    top: int | None
    preferred: int | None
    offset: int
    count: bool
    is_later_page: bool

    @classmethod
    def parse(cls, request: Request, resource: Resource, preferences: set[str]) -> Self:
        """Read the options.

        Raises:
            GraphError: 400 where an option is unknown, unsupported here or malformed.
        """
        given = {name.lower(): value for name, value in request.parameters.items() if name.startswith("$")}
        for name in given.keys() - _OPTIONS:
            raise bad_request(f"The query parameter '{name}' is not supported.")
        if "'" in _raw(request.query, "$filter"):
            raise bad_request("Invalid filter clause: quotes in an address must be percent-encoded.")
        query = cls(
            select=_listed(given.get("$select", "")),
            filter=given.get("$filter"),
            expand=_listed(given.get("$expand", "")),
            orderby=given.get("$orderby"),
            top=_number("$top", given.get("$top")),
            preferred=_page_size(preferences),
            offset=_offset(given),
            count=given.get("$count", "").lower() == "true",
            is_later_page="$skiptoken" in given,
        )
        _check(query, resource)
        eventual = request.headers.get("consistencylevel", "").lower() == "eventual"
        if resource.service == "identity" and query.orderby and query.filter is not None and not eventual:
            raise bad_request("Sorting not supported for current query.", "Request_UnsupportedQuery")
        return query

    @property
    def view_select(self) -> frozenset[str]:
        """The selected properties as a set."""
        return frozenset(self.select)

    def page_size(self, resource: Resource) -> int | None:
        """Rows of a page; None for all of them."""
        if resource.page is None:
            return None
        asked = self.top if self.top is not None else self.preferred
        return min(asked, resource.most) if asked else resource.page

    def rows(self, resource: Resource, rows: Iterable[Json], switches: Switches) -> list[Json]:
        """The rows that pass ``$filter``, in the order of ``$orderby``."""
        if self.filter is not None:
            rows = self._filtered(resource, rows, switches)
        if self.orderby is None:
            return list(rows)
        name, _, direction = self.orderby.partition(" ")
        if name not in resource.properties:
            raise bad_request(f"Could not find a property named '{name}' on type '{_full(resource)}'.")
        return sorted(rows, key=lambda row: str(row.get(name) or ""), reverse=direction.strip().lower() == "desc")

    def _filtered(self, resource: Resource, rows: Iterable[Json], switches: Switches) -> Iterable[Json]:
        if not resource.filterable or switches.filter_mode == "refused":
            raise bad_request("Filter on this resource is not supported.", "Request_UnsupportedQuery")
        names = resource.properties - {"details", "posts"}  # documented: details cannot be filtered
        passes = parse_filter(self.filter or "", names)
        return rows if switches.filter_mode == "ignored" else filter(passes, rows)


def next_link(request: Request, resource: Resource, offset: int) -> str:
    """Where the next page is: the same query with another place in it, as raw as it came."""
    kept = [part for part in request.query.split("&") if part and not _is_place(part)]
    if resource.service == "service_communications":
        place = f"$skip={offset}"
    else:
        place = f"$skiptoken={base64.urlsafe_b64encode(f'RFNwdAIAAQ/{offset}'.encode()).decode().rstrip('=')}"
    path = quote(request.path, safe="/()'$")
    return f"{request.origin}{path}?{'&'.join([*kept, place])}"


def _raw(query: str, option: str) -> str:
    """An option as it stands in the address."""
    parts = (part.partition("=") for part in query.split("&"))
    return next((value for name, _, value in parts if unquote_plus(name).lower() == option), "")


def _is_place(part: str) -> bool:
    return unquote_plus(part.partition("=")[0]).lower() in ("$skip", "$skiptoken")


def _full(resource: Resource) -> str:
    return f"microsoft.graph.{resource.type}"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _check(query: Query, resource: Resource) -> None:
    for name in query.select:
        if name not in resource.properties | resource.expandable:
            raise bad_request(
                "Parsing OData Select and Expand failed: "
                f"Could not find a property named '{name}' on type '{_full(resource)}'."
            )
    if resource.page is None and (query.top is not None or query.orderby is not None):
        raise bad_request("This operation supports $select only.", "Request_UnsupportedQuery")
    if query.expand and query.filter is not None:
        raise bad_request("$expand and $filter cannot be used together here.", "Request_UnsupportedQuery")
    for name in query.expand:
        if name not in resource.expandable:
            raise bad_request(
                "Parsing OData Select and Expand failed: "
                f"Property '{name}' on type '{_full(resource)}' is not a navigation property."
            )
    if resource.top_ends_paging and query.top is not None and query.is_later_page:  # msgraph-sdk-dotnet#2566
        raise bad_request("Query option 'SkipToken' is not allowed.")
    if query.top is not None and resource.page is not None and not 1 <= query.top <= resource.most:
        raise _wrong_top(query.top, resource)


def _wrong_top(top: int, resource: Resource) -> GraphError:
    if resource.service == "identity":
        return bad_request(
            f"Invalid page size specified: '{top}'. Must be between 1 and {resource.most} inclusive.",
            "Request_UnsupportedQuery",
        )
    return bad_request(
        f"The limit of '{resource.most}' for Top query has been exceeded. "
        f"The value from the incoming request is '{top}'."
    )


def _number(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal():
        raise bad_request(f"Invalid value '{text}' for {name} query option found.")
    return int(text)


def _page_size(preferences: set[str]) -> int | None:
    sizes = [one.partition("=")[2] for one in preferences if one.lower().startswith("odata.maxpagesize=")]
    return int(sizes[0]) if sizes and sizes[0].isdecimal() else None


def _offset(given: dict[str, str]) -> int:
    token = given.get("$skiptoken")
    if token is None:
        return _number("$skip", given.get("$skip")) or 0
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    mark, _, offset = text.rpartition("/")
    if mark != "RFNwdAIAAQ" or not offset.isdecimal():
        raise bad_request(
            "The specified page token value has expired and can no longer be included in your request.",
            "Directory_ExpiredPageToken",
        )
    return int(offset)
