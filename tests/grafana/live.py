"""Simulated tenants in trouble, the exporter that watches them, and a real Prometheus with the shipped rules.

It is what ``o365-exporter demo`` starts, but in two processes: so tenants can get into trouble before they are polled.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from o365_exporter.simulator import SimulatorOptions
from o365_exporter.simulator.tenant import Tenant
from tests.e2e.programs import Microsoft, eventually, microsoft, prometheus_running, running
from tests.e2e.test_prometheus import many_variables
from tests.grafana.kit import ROOT, Json, Query, filled

RULES = ROOT / "deploy" / "prometheus" / "rules"
CHOSEN = {"tenant": ".*", "service": ".*", "sku": ".*", "collector": ".*"}
CONFIGURATION = """\
global:
  scrape_interval: {seconds}s
  scrape_timeout: {seconds}s
  evaluation_interval: {seconds}s
rule_files: ["{rules}/*.yaml"]
scrape_configs:
  - job_name: o365-exporter
    static_configs:
      - targets: [{targets}]
"""
AT_ONCE = ((r"\n +for: \w+", ""), (r"offset 1w", "offset 2s"), (r"== 7 \* 86400", "== 0"))
"""What the copy of the rules has otherwise: alerts fire at once, and a week before was a second ago."""

RESOLVED = re.compile(r"^o365_service_issue_open\{.*\} 0\.0$", re.MULTILINE)
"""On the exporter's page, once it knows that the issue is over."""

SETTLED = Query(
    "", "min(count_over_time(tenant_product:o365_active_users:ratio_to_week_before[1m])) >= 3", is_range=False
)
"""The slowest of the rules has been evaluated a few times."""

SETTINGS = {
    "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL": "10s",
    "O365_TENANTS__CONTOSO__COLLECTORS__EXCHANGE_USAGE__PER_USER__ENABLED": "true",
    "O365_TENANTS__CONTOSO__COLLECTORS__SKYPE_USAGE__PER_USER__ENABLED": "true",
    "O365_TENANTS__CONTOSO__COLLECTORS__TEAMS_USAGE__PER_USER__ENABLED": "true",
    "O365_COLLECTORS__TEAMS_USAGE__MAX_SERIES": "60",
}
"""Series for single persons of the first tenant, and fewer series than there would be."""

T = TypeVar("T")


@dataclass(frozen=True)
class Prometheus:
    """What Grafana asks of it."""

    client: httpx.Client

    def asked(self, query: Query, seconds: float = 20, ahead: float = 0) -> list[Json]:
        """The series that a panel or an annotation gets; a range ends so many seconds ``ahead`` of now.

        Raises:
            ValueError: Prometheus refuses the query, with its words.
        """
        expr, now = filled(query.expr, CHOSEN), time.time()
        if not query.is_range:
            return self._data("query", {"query": expr, "time": now})
        return self._data("query_range", {"query": expr, "start": now - seconds, "end": now + ahead, "step": 2})

    def choices(self, query: Query) -> list[str]:
        """What a variable offers."""
        return [value for series in self.asked(query) for value in series["metric"].values()]

    def _data(self, kind: str, parameters: Mapping[str, str | float]) -> list[Json]:
        response = self.client.post(kind, data=dict(parameters))
        if response.is_server_error:
            response.raise_for_status()  # it is still starting
        answer: dict[str, Any] = response.json()
        if answer["status"] != "success":
            raise ValueError(answer["error"])
        return list(answer["data"]["result"])


@contextmanager
def exporter_watching(folder: Path, tenants: int) -> Iterator[str]:
    """The address of an exporter that has polled everything once, of tenants of which the first ones are in trouble."""
    with microsoft(_many(tenants)) as cloud:
        _break(cloud)
        issue = cloud.call(lambda: cloud.tenant.open_issue("microsoftteams", "Calls fail"))
        state = {"O365_STATE_DIR": str(folder / "state")}
        with running(folder, "run", **many_variables(cloud), **SETTINGS, **state) as exporter:
            url = patiently(exporter.ready)
            cloud.call(lambda: cloud.tenant.resolve_issue(issue))
            patiently(
                lambda: RESOLVED.search(httpx.get(f"{url}/metrics").text)
            )  # or its alert is seen by the first alone
            yield url.removeprefix("http://")


def patiently(what: Callable[[], T | None]) -> T:
    """``eventually`` for what takes long where fifty tenants share a busy machine with other tests."""
    for _ in range(3):
        with suppress(TimeoutError):
            return eventually(what)
    return eventually(what)


def _many(tenants: int) -> SimulatorOptions:
    """The first one is large enough for a comparison of weeks; the others are small, so that fifty are soon polled."""
    first, *others = SimulatorOptions.many(tenants, users=250).tenants
    small = {"users": 20, "issues": 6, "applications": 20}
    *others, last = (other.model_copy(update=small) for other in others)
    listed = last.model_copy(update={"issues": 230, "applications": 100})  # of which a single odd entry is a small part
    return SimulatorOptions(tenants=(first, *others, listed))


def _break(cloud: Microsoft) -> None:
    """What is seldom at Microsoft, so that every panel has something to show."""
    tenants = list(cloud.simulator.tenants.values())
    cloud.call(lambda: _trouble(tenants[0]))
    cloud.break_(path="/v1.0/subscribedSkus", tenant=tenants[0].key, status=429, retry_after=0.01, count=2)
    cloud.break_(path="/v1.0/admin/reportSettings", tenant=tenants[0].key, status=400)
    cloud.call(lambda: cloud.simulator.begin("bad_entry", tenant=tenants[-1].key))
    if len(tenants) > 2:
        cloud.call(tenants[1].disable_app)
        cloud.call(lambda: tenants[2].withdraw(["Organization.Read.All"]))


def _trouble(tenant: Tenant) -> None:
    tenant.conceal_names()
    tenant.add_application("Time sheets", secrets=[3])
    tenant.add_application("Rotated", secrets=[10, 400])
    tenant.add_application("Forgotten", secrets=[-3])
    tenant.add_application("ConnectSyncProvisioning_SYNC01", secrets=[20])
    first, second, third, *_ = tenant.skus
    tenant.change_sku(first, consumed=130)
    tenant.change_sku(second, enabled=100, consumed=97)
    tenant.change_sku(third, status="Suspended")
    tenant.change_subscription(next(iter(tenant.subscriptions)), next_lifecycle_days=5)


@contextmanager
def prometheus_watching(program: str, folder: Path, targets: Sequence[str], seconds: int = 2) -> Iterator[Prometheus]:
    """A Prometheus that has evaluated the rules on a few scrapes, so many seconds apart."""
    folder.mkdir()
    _quick_rules(folder / "rules")
    names = ", ".join(f'"{target}"' for target in targets)
    configuration = CONFIGURATION.format(rules=folder / "rules", targets=names, seconds=seconds)
    with (
        prometheus_running(program, folder, configuration) as address,
        httpx.Client(base_url=f"{address}/api/v1/", timeout=30) as client,
    ):
        prometheus = Prometheus(client)
        patiently(lambda: prometheus.asked(SETTLED))
        yield prometheus


def _quick_rules(folder: Path) -> None:
    folder.mkdir()
    for path in RULES.glob("*.yaml"):
        text = path.read_text("utf-8")
        for pattern, instead in AT_ONCE:
            text = re.sub(pattern, instead, text)
        (folder / path.name).write_text(text, "utf-8")
