"""What stands at an address of Graph: its rows, permissions, limits and quirks; each domain has some of these.

Permissions: Microsoft's permissions reference of 2026-08; page sizes: the documentation's pages on each method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from o365_exporter.simulator.domains.enums import EnumView

if TYPE_CHECKING:
    from o365_exporter.simulator.tenant import Tenant

Json = dict[str, Any]

DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})
"""Permissions that read every object of the directory."""

BROAD = DIRECTORY | {"User.Read.All"}
"""Permissions that open addresses as a side effect: nobody grants them for these."""

Service = Literal["identity", "service_communications", "security"]


@dataclass(frozen=True)
class View:
    """How a request sees a row."""

    enums: EnumView
    selected: frozenset[str] = frozenset()
    expanded: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Resource:
    """A collection of Graph.

    Args:
        path: address below the version; ``{parent}`` stands for an id.
        type: name of the entity type, without its namespace.
        rows: the rows of a tenant, below the parent where there is one; None where the parent is not there.
        show: a row as a request sees it.
        properties: what ``$select``, ``$filter`` and ``$orderby`` may name.
        roles: application permissions of which one is needed.
        service: whose limits, errors and paging it has.
        page, most: rows of a page without being asked, and at most; None where there are no pages.
        cost: resource units of the identity service.
        expandable: navigation properties that ``$expand`` may name.
        filterable: False where ``$filter`` is refused.
        countable: whether ``/$count`` exists.
        top_ends_paging: whether the next page of a list that was asked for with ``$top`` is refused.
    """

    path: str
    type: str
    rows: Callable[[Tenant, str], Iterable[Json] | None]
    show: Callable[[Json, View], Json]
    properties: frozenset[str]
    roles: frozenset[str]
    service: Service
    page: int | None = 100
    most: int = 999
    cost: int = 1
    expandable: frozenset[str] = frozenset()
    filterable: bool = True
    countable: bool = False
    top_ends_paging: bool = False

    @property
    def pattern(self) -> re.Pattern[str]:
        """Matches the collection's address and that of a member."""
        base = re.escape(self.path).replace(r"\{parent\}", "(?P<parent>[^/]+)")
        return re.compile(rf"{base}(?:/(?P<id>[^/]+)|\(appId='(?P<app_id>[^']+)'\))?")


def show_as_is(row: Json, _view: View) -> Json:
    """What has no enum and no secret."""
    return row


def names(text: str) -> frozenset[str]:
    """Names that stand in a text, with blanks between them."""
    return frozenset(text.split())
