"""What Prometheus gets of many tenants in an outage that they share.

The page is one that the exporter itself has made of a simulated tenant: Exchange is interrupted, and six issues are
open; credentials and licences are well. Each further tenant is a copy with a name and GUIDs of its own; SKUs have
the same everywhere, as at Microsoft.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product

from o365_exporter.app import assemble
from o365_exporter.clock import SystemClock
from o365_exporter.commands.simulate import environment_of
from o365_exporter.settings import load
from o365_exporter.simulator import Simulator, SimulatorOptions, Tenant, TenantOptions

TENANT = "contoso"
APPLICATIONS = 20
SKUS = 8
POSTS = 8
ISSUES = (
    ("Exchange", "serviceInterruption", "incident"),
    ("microsoftteams", "serviceDegradation", "incident"),
    ("Intune", "serviceDegradation", "incident"),
    ("SharePoint", "serviceDegradation", "advisory"),
    ("PowerBIcom", "serviceDegradation", "advisory"),
    ("Planner", "serviceDegradation", "advisory"),
)
"""Service, status and classification of what is open."""
WEEK = 7 * 86_400
COLLAPSE = 4
"""How many times as many people used Exchange a week before."""

WEEKS = {
    "exchange": ("o365_exchange_email_active_users", "getEmailActivityUserDetail"),
    "teams": ("o365_teams_active_users", "getTeamsUserActivityUserDetail"),
    "skype": ("o365_skype_active_users", "getSkypeForBusinessActivityUserDetail"),
}
"""By product, what usage.yaml compares with a week before, and the report whose day it speaks of."""

_OWN_GUID = re.compile(r'\b((?:tenant|app|credential|subscription)_id=")[0-9a-f]{8}(?=-)')
"""Beginnings of GUIDs that no other tenant has; SKUs have the same everywhere."""
_SUCCESS = re.compile(r"^(o365_exporter_source_last_success_timestamp_seconds\{.*\}) \S+$", re.MULTILINE)


class Tenants:
    """So many tenants in an outage that they share, each a copy of one that the exporter has polled.

    Args:
        page: what the exporter serves of one.
        count: how many.
    """

    def __init__(self, page: str, count: int) -> None:
        self._page = page
        self._copies = [(f"tenant-{number:04}", f"{number:08x}") for number in range(count)]
        made = _SUCCESS.sub(r"\1 @now@", _OWN_GUID.sub(r"\1@guid@", page))
        self._families = re.split(
            r"^(?=# HELP )", made.replace(f'tenant="{TENANT}"', 'tenant="@tenant@"'), flags=re.MULTILINE
        )

    def page(self, now: float) -> Iterator[bytes]:
        """What is scraped, family by family: every source has just succeeded, however old the copied page is."""
        for family in self._families:
            lines = family.splitlines(keepends=True)
            each = "".join(line for line in lines if "@tenant@" in line).replace("@now@", f"{now:.3f}")
            yield "".join(line for line in lines if "@tenant@" not in line).encode()
            yield "".join(
                each.replace("@tenant@", name).replace("@guid@", guid) for name, guid in self._copies
            ).encode()

    def week_before(self, start: int, end: int) -> Iterator[str]:
        """OpenMetrics of what usage.yaml recorded a week before a span of time, a sample each minute."""
        for record, values in self._recorded().items():
            yield f"# TYPE {record} gauge\n"
            for (name, _), (of, value) in product(self._copies, values.items()):
                series = f'{record}{{product="{of}",tenant="{name}"}}'
                yield from (f"{series} {value} {at}\n" for at in range(start - WEEK, end - WEEK, 60))
        yield "# EOF\n"

    def _recorded(self) -> Mapping[str, Mapping[str, float]]:
        users = {of: self._value(metric) for of, (metric, _) in WEEKS.items()}
        days = {
            of: self._value("o365_report_refresh_timestamp_seconds", f'report="{report}"', 'period="day"')
            for of, (_, report) in WEEKS.items()
        }
        return {
            "tenant_product:o365_active_users:max": users | {"exchange": COLLAPSE * users["exchange"]},
            "tenant_product:o365_active_users_day:max": {of: day - WEEK for of, day in days.items()},
        }

    def _value(self, name: str, *matchers: str) -> float:
        lines = [line for line in self._page.splitlines() if line.startswith(f"{name}{{")]
        (line,) = (line for line in lines if all(matcher in line for matcher in matchers))
        return float(line.rpartition(" ")[2])


async def page_of_one() -> str:
    """What the exporter serves of a simulated tenant in the outage, after one poll of everything."""
    options = TenantOptions(key=TENANT, applications=APPLICATIONS, calm=True)
    simulator = Simulator(SystemClock(), SimulatorOptions(tenants=(options,)))
    interrupt(simulator.tenants[TENANT])
    async with simulator.serve() as url, assemble(load(None, environment_of(simulator, url))) as app:
        await app.scheduler.run_once(app.fleet.tenants)
        return app.page().decode()


def interrupt(tenant: Tenant) -> None:
    """Exchange is interrupted, and other services are ill too; advisories are open meanwhile.

    As many SKUs as a tenant has, an app whose credential rotates itself, and a message whose date is far ahead.
    """
    for part_number in list(tenant.skus)[SKUS:]:
        tenant.remove_sku(part_number)
    for subscription_id, subscription in list(tenant.subscriptions.items()):
        if subscription["skuPartNumber"] not in tenant.skus:
            tenant.remove_subscription(subscription_id)
    tenant.add_connect_sync(copies=0)
    tenant.add_message("Retirement of a setting", action_in_days=200)
    for service, status, classification in ISSUES:
        issue = tenant.open_issue(service, "Nobody has mail", status=status, classification=classification)
        for _ in range(POSTS - 1):  # it has one from the start
            tenant.add_post(issue, "<p>We're restarting a part of the infrastructure.</p>")
