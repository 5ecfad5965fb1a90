"""What a tenant's polling says about itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from o365_exporter.exposition import render
from o365_exporter.login import CLOUDS
from o365_exporter.store import Key, Poll
from o365_exporter.telemetry import TenantFacts, samples
from tests.stubs import StubGraph

FACTS = TenantFacts("contoso", "1234", CLOUDS["china"], {"region": "emea"})
OVERVIEWS, ISSUES = (Key("contoso", "service_health", source) for source in ("overviews", "issues"))
PENDING = Poll(interval=60, stale_after=600)
OK = Poll(interval=60, stale_after=600, state="ok", taken_at=90.0, attempted_at=100.0, duration=1.5)
FAILED = Poll(interval=60, stale_after=600, attempted_at=100.0, duration=2.0).failed("auth", "no")


def lines(polls: Mapping[Key, Poll], *families: str, graph: StubGraph | None = None) -> list[str]:
    """The series of these families, without the tenant that all of them have."""
    rendered = render(samples(FACTS, (graph or StubGraph()).client(), polls, ()), "contoso")
    text = b"".join(rendered.get(f"o365_{family}", b"") for family in families).decode()
    return [line.replace(',tenant="contoso"', "").removeprefix("o365_") for line in text.splitlines()]


def test_the_settings_labels_land_on_tenant_info_alone() -> None:
    """Facts of the settings are one series; no other carries the tenant's own labels."""
    assert lines({}, "tenant_info") == [
        'tenant_info{admin_center="https://portal.partner.microsoftonline.cn",cloud="china",region="emea",'
        'tenant_id="1234"} 1.0'
    ]
    rendered = render(samples(FACTS, StubGraph().client(), {OVERVIEWS: OK}, ()), "contoso")
    assert [name for name, block in rendered.items() if b"emea" in block] == ["o365_tenant_info"]


def test_a_poll_makes_no_family() -> None:
    """The family with the settings' labels is the same at each poll: caches are kept by family."""
    first, second = (next(iter(samples(FACTS, StubGraph().client(), {}, ()))) for _ in range(2))
    assert first.metric is second.metric


@pytest.mark.parametrize(("state", "up"), [("ok", 1.0), ("pending", 0.0), ("auth", 0.0), ("network", 0.0)])
def test_a_tenant_is_up_while_it_has_a_token(state: str, up: float) -> None:
    """Up is 1 for the state ok alone; the state itself is one series."""
    graph = StubGraph()
    graph.auth.state = state
    assert lines({}, "exporter_tenant_up", "exporter_tenant_state", graph=graph) == [
        f'exporter_tenant_up{{tenant="contoso"}} {up}',
        f'exporter_tenant_state{{state="{state}"}} 1.0',
    ]


@pytest.mark.parametrize(
    ("overviews", "issues", "success"),
    [(OK, OK, ["1.0"]), (OK, FAILED, ["0.0"]), (FAILED, PENDING, ["0.0"]), (OK, PENDING, []), (PENDING, PENDING, [])],
)
def test_a_collector_is_as_good_as_its_sources(overviews: Poll, issues: Poll, success: list[str]) -> None:
    """One failure is enough for 0; 1 needs all; nothing is said while one that could fail has not been tried."""
    found = lines({OVERVIEWS: overviews, ISSUES: issues}, "exporter_collector_success")
    assert [line.split()[-1] for line in found] == success


def test_a_collectors_duration_and_cuts_are_sums() -> None:
    """What its sources took together, those that were tried; what was cut from them together."""
    cut = Poll(interval=60, stale_after=600, state="ok", attempted_at=1.0, duration=0.5, dropped=3)
    polls = {OVERVIEWS: OK, ISSUES: cut}
    assert lines(polls, "exporter_collector_duration_seconds", "exporter_series_dropped") == [
        'exporter_collector_duration_seconds{collector="service_health"} 2.0',
        'exporter_series_dropped{collector="service_health"} 3.0',
    ]
    assert lines({OVERVIEWS: PENDING}, "exporter_collector_duration_seconds") == []


def test_a_source_that_failed_says_why_how_often_and_since_when() -> None:
    """State, success, the time of the last success (0: never) and the failures by reason."""
    families = ("source_state", "source_success", "source_last_success_timestamp_seconds", "source_failures_total")
    assert lines({ISSUES: FAILED}, *(f"exporter_{family}" for family in families)) == [
        'exporter_source_state{collector="service_health",source="issues",state="auth"} 1.0',
        'exporter_source_success{collector="service_health",source="issues"} 0.0',
        'exporter_source_last_success_timestamp_seconds{collector="service_health",source="issues"} 0.0',
        'exporter_source_failures_total{collector="service_health",reason="auth",source="issues"} 1.0',
    ]


def test_requests_and_waits_are_counted() -> None:
    """By route and status, and by what they waited for."""
    graph = StubGraph()
    graph.traffic.requests = {("/applications", "200"): 2, ("/applications", "timeout"): 1}
    graph.traffic.waits = {"budget": 0.25}
    assert lines({}, "exporter_graph_requests_total", "exporter_graph_wait_seconds_total", graph=graph) == [
        'exporter_graph_requests_total{api="/applications",code="200"} 2.0',
        'exporter_graph_requests_total{api="/applications",code="timeout"} 1.0',
        'exporter_graph_wait_seconds_total{cause="budget"} 0.25',
    ]


@pytest.mark.parametrize("cloud", sorted({cloud.name for cloud in CLOUDS.values()}))
def test_each_cloud_has_an_admin_center_of_its_own(cloud: str) -> None:
    """An address to which the path of an issue can be added: https, a host, and nothing behind it."""
    address = CLOUDS[cloud].admin_center
    assert address.startswith("https://")
    assert not address.removeprefix("https://").strip("abcdefghijklmnopqrstuvwxyz0123456789.")
    assert [other.name for other in set(CLOUDS.values()) if other.admin_center == address] == [cloud]


@pytest.mark.parametrize(("skew", "told"), [(None, []), (0.0, ["0.0"]), (-320.5, ["-320.5"]), (12.0, ["12.0"])])
def test_the_clocks_skew_is_served_once_an_answer_tells_it(skew: float | None, told: list[str]) -> None:
    """Ahead is above 0, behind below, exact is 0, and before an answer there is nothing to say."""
    graph = StubGraph()
    graph.clock_skew = skew
    assert [line.split()[-1] for line in lines({}, "exporter_clock_skew_seconds", graph=graph)] == told
