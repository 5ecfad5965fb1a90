"""The ways to the hosts that tenants share: each is gone once, and whoever needs it waits for that."""

from __future__ import annotations

from collections.abc import Callable

import anyio
from anyio.abc import TaskGroup

from o365_exporter.checking.report import Report, WayCheck
from o365_exporter.checking.steps import in_words
from o365_exporter.http.addresses import place_of
from o365_exporter.http.way import Prober
from o365_exporter.settings import TenantSettings

_LOGIN, _GRAPH = "/common/v2.0/.well-known/openid-configuration", "/v1.0/"
"""What anybody may ask for, at a login and at Graph."""


def urls(tenant: TenantSettings) -> tuple[str | None, str]:
    """What to ask for on the ways to a tenant's login and Graph; a managed identity is had from the machine itself."""
    login, graph = (tenant.login_url or tenant.cloud.login), (tenant.graph_url or tenant.cloud.graph)
    managed = tenant.credential.managed_identity is not None
    return None if managed else f"{login.rstrip('/')}{_LOGIN}", f"{graph.rstrip('/')}{_GRAPH}"


class Ways:
    """All ways of a check.

    Args:
        prober: goes them.
        report: takes what was found.
        on_way: is told of each once it is known.
    """

    def __init__(self, prober: Prober, report: Report, on_way: Callable[[WayCheck], None]) -> None:
        self._prober = prober
        self._report = report
        self._on_way = on_way
        self._known: dict[str, WayCheck] = {}
        self._over: dict[str, anyio.Event] = {}

    def begin(self, url: str, tasks: TaskGroup) -> None:
        """Go this way, unless somebody has begun already."""
        if place_of(url) not in self._over:
            self._over[place_of(url)] = anyio.Event()
            tasks.start_soon(self._go, url)

    async def known(self, url: str) -> WayCheck:
        """What was found on a way that was begun."""
        await self._over[place_of(url)].wait()
        return self._known[place_of(url)]

    async def _go(self, url: str) -> None:
        way = await self._prober.way_to(url)
        problem = None
        if way.error is not None:
            cause = way.error.cause(way.path)
            if way.culprit:
                cause = cause._replace(subject=way.culprit)
            problem = self._report.problems.add(cause, way.error.message, (in_words(way.error),))
        check = self._known[place_of(url)] = WayCheck(way, problem)
        self._report.ways.append(check)
        self._on_way(check)
        self._over[place_of(url)].set()
