"""The dashboards keep the rules of ``lint``, and each rule finds a fault that is planted."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import promql_parser as promql
import pytest

from tests.grafana import lint
from tests.grafana.kit import Json, annotation_queries, dashboards, filled, panel_queries, panels

Rule = Callable[[Json], Iterator[str]]
RULES: dict[str, Rule] = {
    "sources": lint.sources,
    "texts": lint.texts,
    "kinds": lint.kinds,
    "measures": lint.measures,
    "legends": lint.legends,
    "choices": lint.choices,
    "language": lint.language,
    "rates": lint.rates,
    "scopes": lint.scopes,
    "replicas": lint.replicas,
    "identities": lint.identities,
    "places": lint.places,
    "gaps": lint.gaps,
    "addresses": lint.addresses(set(dashboards())),
    "silence": lint.silence,
}


@pytest.mark.parametrize("uid", dashboards())
@pytest.mark.parametrize("rule", RULES)
def test_dashboards_keep_the_rules(rule: str, uid: str) -> None:
    """Each rule says in its docstring what holds."""
    assert list(RULES[rule](dashboards()[uid])) == []


def _asks(expr: str, *, over_time: bool = True) -> Callable[[Json], None]:
    def plant(page: Json) -> None:
        panel = next(panel for panel in panels(page) if "recorded by" not in panel["description"])
        panel["targets"][0] |= {"expr": expr, "range": over_time}

    return plant


def _link(url: str) -> Callable[[Json], None]:
    return lambda page: panels(page)[0]["links"].append({"title": "there", "url": url})


def _of(page: Json, kind: str) -> Json:
    return next(panel for panel in panels(page) if panel["type"] == kind)


def _table(page: Json) -> Json:
    return _of(page, "table")


def _rename_trust(page: Json) -> None:
    for panel in panels(page):
        panel["title"] = panel["title"].replace("Failing sources", "Sources")


TENANT = "tenant=~`${tenant:regex}`"
FAULTS: list[tuple[str, Callable[[Json], object], str]] = [
    (
        "sources",
        lambda page: panels(page)[0].update(datasource={"type": "prometheus", "uid": "abc"}),
        "its data source",
    ),
    ("sources", lambda page: panels(page)[0]["targets"][0].pop("datasource"), "its data source is None"),
    ("sources", lambda page: page["templating"]["list"][1].pop("datasource"), "$tenant: its data source is None"),
    ("texts", lambda page: panels(page)[0].update(description=""), "has no description"),
    ("texts", lambda page: panels(page)[0].update(title=panels(page)[1]["title"]), "panels are called"),
    ("kinds", lambda page: panels(page)[0].update(type="piechart"), "piechart is no panel of ours"),
    ("measures", lambda page: panels(page)[0]["fieldConfig"]["defaults"].update(unit="seconds"), "seconds is no unit"),
    ("measures", lambda page: panels(page)[0]["fieldConfig"]["defaults"].pop("unit"), "None is no unit"),
    ("measures", lambda page: _table(page)["fieldConfig"].update(overrides=[]), "None is no unit"),
    ("legends", lambda page: _of(page, "timeseries")["targets"][0].update(legendFormat=""), "have no names"),
    ("choices", _asks("o365_x{a=~'$nobody'}"), "$nobody is used and not defined"),
    ("choices", lambda page: page["templating"]["list"].append({"name": "idle", "type": "x"}), "$idle is defined"),
    ("language", _asks("sum(by) ("), "unclosed left parenthesis"),
    ("rates", _asks(f"sum(rate(o365_exchange_emails{{{TENANT}}}[$__rate_interval]))"), "which is no counter"),
    ("rates", _asks(f"sum(increase(o365_teams_calls{{{TENANT}}}[1h]))", over_time=False), "which is no counter"),
    ("rates", _asks(f"sum(rate(o365_exporter_graph_requests_total{{{TENANT}}}[5m]))"), "over 0:05:00"),
    ("rates", _asks(f"sum(o365_exporter_graph_requests_total{{{TENANT}}})"), "is shown as it is"),
    ("scopes", _asks("max by (tenant) (o365_service_healthy)"), "o365_service_healthy is not limited"),
    ("scopes", _asks('max(tenant_sku:o365_sku_seats:sum{total="usable"})'), "o365_sku_seats:sum is not limited"),
    ("replicas", _asks(f"sum by (tenant) (o365_teams_calls{{{TENANT}}})"), "would count twice"),
    ("replicas", _asks(f"1 - o365_service_healthy{{{TENANT}}}"), "would count twice"),
    ("identities", lambda page: panels(page)[0].update(id=panels(page)[1]["id"]), "2 panels have the id"),
    ("identities", lambda page: _table(page)["targets"][0].update(refId="B"), "two queries have one letter"),
    ("places", lambda page: panels(page)[0]["gridPos"].update(x=1), "covers"),
    ("places", lambda page: panels(page)[0]["gridPos"].update(x=23), "hangs over the edge"),
    ("gaps", lambda page: panels(page)[0]["gridPos"].update(w=3), "a hole in line 1"),
    ("gaps", lambda page: panels(page)[0]["gridPos"].update(h=2), "a hole in line 1"),
    ("addresses", _link("/d/o365-nothing?${datasource:queryparam}"), "there is no such dashboard"),
    ("addresses", _link("/d/o365-tenants"), "it loses time"),
    ("addresses", _link("${runbooks:raw}usage.md#o365nothing"), "no such heading"),
    ("addresses", _link("https://git.example/docs/runbooks/usage.md#o365reportstuck"), "no such heading"),
    ("addresses", _link("javascript:alert(1)"), "where does it lead?"),
    ("silence", lambda page: panels(page)[0]["fieldConfig"]["defaults"].update(noValue=""), "is silent"),
    ("silence", _asks("max(tenant_sku:o365_sku_seats:sum)"), "does not say that it needs the rules"),
    ("silence", _rename_trust, "can be believed"),
]


@pytest.mark.parametrize(("rule", "plant", "fault"), FAULTS, ids=[f"{rule}: {fault}" for rule, _, fault in FAULTS])
def test_the_rules_find_faults(rule: str, plant: Callable[[Json], object], fault: str) -> None:
    """Proof that a rule looks."""
    page = copy.deepcopy(dashboards()["o365-tenants"])
    plant(page)
    assert fault in "\n".join(RULES[rule](page))


@pytest.mark.parametrize("uid", dashboards())
def test_a_name_with_a_quote_can_be_chosen(uid: str) -> None:
    """Grafana puts it into the query as it is."""
    chosen = dict.fromkeys(("tenant", "service", "sku", "collector"), 'the "new" one')
    page = dashboards()[uid]
    for query in [*panel_queries(page), *annotation_queries(page)]:
        promql.parse(filled(query.expr, chosen))  # raises ValueError


def test_every_rule_has_a_planted_fault() -> None:
    """A rule that was never seen to find anything proves nothing."""
    assert {rule for rule, _, _ in FAULTS} == RULES.keys()
