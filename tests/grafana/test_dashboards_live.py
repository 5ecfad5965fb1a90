"""Every question of the dashboards, put to a real Prometheus, has an answer."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.grafana.kit import Json, Query, annotation_queries, dashboards, panel_queries, panels, variable_queries
from tests.grafana.live import Prometheus, exporter_watching, prometheus_watching
from tests.rules.kit import installed
from tools.stack import free_port

pytestmark = pytest.mark.long("dashboards", 90)

PER_EXPORTER = re.compile(
    r"_total\b|graph_request_duration|\bup\{|process_|build_info|runbooks_info|config_last_reload"
)
"""What two exporters rightly have twice: requests, and themselves."""

RIGHTLY_ZERO = {
    "Unwatched": "an exporter would have to end first; test_tenants_of_a_dead_exporter_are_counted has that",
}
"""Numbers that are 0 in the demo, each with the reason."""

MOVING = re.compile(r"time\(\)|:seconds|_duration_seconds|clock_skew|\[\$__range\]")
"""What is not the same a moment later."""


def faults(prometheus: Prometheus, page: Json) -> Iterator[str]:
    """Questions that Prometheus refuses or has no answer to, and labels that a panel shows and no answer has."""
    for panel in panels(page):
        answers = []
        for target in panel["targets"]:
            query = Query(f"{page['uid']}: {panel['title']} {target['refId']}", target["expr"], target["range"])
            try:
                answers.append(prometheus.asked(query))
            except ValueError as error:
                yield f"{query.where}: {error}"
                continue
            if not answers[-1]:
                yield f"{query.where}: no data"
        yield from (f"{page['uid']}: {panel['title']}: {fault}" for fault in _unfilled(panel, answers))
    for query in annotation_queries(page):
        if not prometheus.asked(query):
            yield f"{query.where}: no data"
    for query in variable_queries(page):
        if not prometheus.choices(query):
            yield f"{query.where}: nothing to choose from"


def _unfilled(panel: Json, answers: list[list[Json]]) -> Iterator[str]:
    have = {label for answer in answers for series in answer for label in series["metric"]}
    shown = {label for target in panel["targets"] for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])}
    for transformation in panel.get("transformations", ()):
        shown |= {name for name in transformation["options"].get("indexByName", ()) if not name.startswith("Value")}
    if any(answers):
        yield from (f"no series has the label {label}" for label in sorted(shown - have))


def vanished(prometheus: Prometheus, page: Json) -> Iterator[str]:
    """Lines that are not shown where the shown time ends without data: beyond now, as if nothing came any more."""
    for query in panel_queries(page):
        longer = query._replace(expr=query.expr.replace("$__range", "660s"))
        if query.is_range and prometheus.asked(query) and not prometheus.asked(longer, seconds=60, ahead=600):
            yield query.where


def zeros(prometheus: Prometheus, page: Json) -> Iterator[str]:
    """Numbers that are 0 although something of their kind is the matter."""
    for panel in panels(page):
        if panel["type"] == "stat":
            where, target = f"{page['uid']}: {panel['title']}", panel["targets"][0]
            values = [
                float(series["value"][1]) for series in prometheus.asked(Query(where, target["expr"], is_range=False))
            ]
            if not all(values) and panel["title"] not in RIGHTLY_ZERO:
                yield where


def at_last(found: Callable[[], Iterable[str]]) -> list[str]:
    """What is still wrong after a few looks: on a busy machine a scrape may come too late, and its data with it."""
    for _ in range(4):
        if not (wrong := list(found())):
            return wrong
    return list(found())


def everywhere(check: Callable[[Prometheus, Json], Iterator[str]], prometheus: Prometheus) -> list[str]:
    """What is wrong on any dashboard; one on which something is wrong is looked at again."""
    looks = (partial(check, prometheus, page) for page in dashboards().values())
    return [fault for look in looks for fault in at_last(look)]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an exporter that watches a few tenants, each in some trouble."""
    installed("prometheus")
    with exporter_watching(tmp_path_factory.mktemp("exporter"), 4) as address:
        yield address


@pytest.fixture(scope="module")
def one(target: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A Prometheus that scrapes it, and has a second target at which nobody answers."""
    program, nobody = installed("prometheus"), f"127.0.0.1:{free_port()}"
    with prometheus_watching(program, tmp_path_factory.mktemp("one") / "data", [target, nobody]) as prometheus:
        yield prometheus


def test_every_question_has_an_answer(one: Prometheus) -> None:
    """No error, and data there: of panels, variables and marks, with every column and every name of a series."""
    assert everywhere(faults, one) == []


def test_what_is_wrong_is_counted(one: Prometheus) -> None:
    """Numbers that count what is wrong are not 0 where something is."""
    assert everywhere(zeros, one) == []


def test_lines_stay_while_the_exporter_is_down(one: Prometheus) -> None:
    """What was before is what one wants to see then."""
    assert everywhere(vanished, one) == []


def test_a_line_that_vanishes_is_found(one: Prometheus) -> None:
    """Proof that the time beyond now is looked at."""
    page = copy.deepcopy(dashboards()["o365-tenants"])
    line = next(panel for panel in panels(page) if panel["title"].startswith("Active in Teams"))
    share = "max by (tenant) (tenant_product:o365_active_users:ratio)"
    line["targets"][0]["expr"] = f"{share} and on (tenant) topk(20, {share[:-1]} @ end()))"
    assert list(vanished(one, page)) == ["o365-tenants: Active in Teams, 2 to 3 days ago A"]


def test_two_exporters_count_once(one: Prometheus, target: str, tmp_path: Path) -> None:
    """Scraped under two addresses, as by two replicas, everything about tenants has the same rows and values."""
    both = [target, target.replace("127.0.0.1", "localhost")]
    with prometheus_watching(installed("prometheus"), tmp_path / "data", both) as two:
        up = two.asked(Query("", "up == 1", is_range=False))
        assert len(up) == len(both)
        assert everywhere(partial(doubled, one), two) == []


def doubled(one: Prometheus, two: Prometheus, page: Json) -> Iterator[str]:
    """Questions to which two exporters give another answer than one."""
    for query in panel_queries(page):
        if query.is_range or PER_EXPORTER.search(query.expr):
            continue
        single, double = _values(one.asked(query)), _values(two.asked(query))
        if single.keys() != double.keys():
            yield f"{query.where}: other series"
        elif not MOVING.search(query.expr) and not all(math.isclose(single[key], double[key]) for key in single):
            yield f"{query.where}: other values"


def _values(answer: list[Json]) -> dict[frozenset[tuple[str, str]], float]:
    return {frozenset(series["metric"].items()): float(series["value"][1]) for series in answer}


@pytest.mark.parametrize(
    ("expr", "fault"),
    [
        ("max by (tenant) (o365_service_helthy)", "no data"),
        ("sum by (tenant (up)", "parse error"),
        ("max(o365_service_healthy) by (service_id) * on (tenant) o365_tenant_info", "no data"),
        ("o365_service_healthy * on (tenant) o365_service_healthy", "many-to-many matching not allowed"),
    ],
)
def test_a_question_without_answer_is_found(one: Prometheus, expr: str, fault: str) -> None:
    """Proof that the answers are looked at."""
    page = copy.deepcopy(dashboards()["o365-tenants"])
    panels(page)[0]["targets"][0]["expr"] = expr
    found = at_last(partial(faults, one, page))
    assert [fault in each for each in found] == [True]


def test_a_column_without_values_and_a_number_that_doubles_are_found(one: Prometheus) -> None:
    """Proof that labels are looked at."""
    page = copy.deepcopy(dashboards()["o365-tenants"])
    panels(page)[0]["targets"][0]["legendFormat"] = "{{colour}}"
    assert list(faults(one, page)) == ["o365-tenants: Critical alerts: no series has the label colour"]
