"""Which tenants of many a page shows: those that are looked for, in the state that is wanted, fifty at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from o365_exporter.status.models import TENANT_STATES, TenantSummary

SIZE = 50
"""Tenants on a page."""

_LONGEST = 100
"""Characters of what is looked for."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a reader wants to see; whatever cannot be meant is as if it had not been said.

    Args:
        query: part of a tenant's name or of what is told about it, in any case.
        state: a state of tenants; empty for all.
        page: counted from 1.
    """

    query: str = ""
    state: str = ""
    page: int = 1

    @classmethod
    def of(cls, parameters: Mapping[str, str]) -> Chosen:
        """As the address says."""
        state, page = parameters.get("state", ""), parameters.get("page", "")
        return cls(
            query=parameters.get("q", "").strip()[:_LONGEST],
            state=state if state in TENANT_STATES else "",
            page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 and int(page) else 1,  # noqa: PLR2004 - pages have few digits
        )

    def link(self, state: str | None = None, page: int | None = None) -> str:
        """The query of an address at which something else is wanted."""
        wanted = replace(self, state=self.state if state is None else state, page=page or self.page)
        said = {"q": wanted.query, "state": wanted.state, "page": "" if wanted.page == 1 else str(wanted.page)}
        query = urlencode({name: value for name, value in said.items() if value})
        return f"?{query}" if query else ""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the tenants.

    Args:
        tenants: those to show.
        found: how many there are on all pages.
        number: of this page, counted from 1.
        last: number of the last page.
    """

    tenants: Sequence[TenantSummary]
    found: int
    number: int
    last: int

    @property
    def first_place(self) -> int:
        """The place of the first among all that were found, counted from 1."""
        return (self.number - 1) * SIZE + 1

    @property
    def last_place(self) -> int:
        """The place of the last."""
        return self.first_place + len(self.tenants) - 1


def page_of(tenants: Sequence[TenantSummary], chosen: Chosen) -> Page:
    """What is to be shown; behind the last page the last one."""
    found = [tenant for tenant in tenants if _is_wanted(tenant, chosen)]
    last = max(1, -(-len(found) // SIZE))
    number = min(chosen.page, last)
    return Page(found[(number - 1) * SIZE : number * SIZE], len(found), number, last)


def _is_wanted(tenant: TenantSummary, chosen: Chosen) -> bool:
    if chosen.state and tenant.state != chosen.state:
        return False
    wanted = chosen.query.casefold()
    return not wanted or any(wanted in text.casefold() for text in (tenant.name, tenant.sentence, *tenant.unhealthy))
