"""The whole check: every way once, and so many tenants at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection

import anyio

from o365_exporter.checking.report import Report, TenantCheck, WayCheck
from o365_exporter.checking.steps import ALONE, Registration
from o365_exporter.checking.tenant import TenantChecker
from o365_exporter.checking.ways import Ways, urls
from o365_exporter.clock import Clock
from o365_exporter.http import open_http
from o365_exporter.http.way import Prober
from o365_exporter.settings import Settings, TenantSettings

AT_ONCE = 50
"""Tenants that are checked at a time."""


async def check(
    settings: Settings,
    collectors: Collection[str] | None,
    clock: Clock,
    report: Report,
    *,
    on_way: Callable[[WayCheck], None],
    on_tenant: Callable[[TenantCheck], None],
    registration_of: Callable[[TenantSettings], Registration] = lambda _: ALONE,
) -> None:
    """Check all tenants of the settings.

    Args:
        settings: whose tenants are checked.
        collectors: that are asked; None for all that are enabled.
        clock: bounds every wait.
        report: takes what is found, as it is found.
        on_way: is told of each way once it is known.
        on_tenant: is told of each tenant once it is known.
        registration_of: a tenant's app.

    Raises:
        ConfigurationError: a file of certificate authorities cannot be used.
    """
    async with (
        open_http(settings.connection, settings.surroundings) as http,
        anyio.create_task_group() as tasks,
    ):
        ways = Ways(Prober(http, clock), report, on_way)
        at_once = anyio.CapacityLimiter(AT_ONCE)

        async def one(tenant: TenantSettings) -> None:
            async with at_once:
                checker = TenantChecker(
                    tenant,
                    collectors,
                    http=http,
                    clock=clock,
                    problems=report.problems,
                    ways=ways,
                    registration=registration_of(tenant),
                )
                found = await checker.check()
            report.tenants.append(found)
            on_tenant(found)

        for tenant in settings.tenants:
            for url in filter(None, urls(tenant)):
                ways.begin(url, tasks)
            tasks.start_soon(one, tenant)
