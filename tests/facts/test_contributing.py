"""The collector that CONTRIBUTING builds is a real one: its code is run as it stands on the page."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from o365_exporter.catalogue import all_collectors, all_metrics
from o365_exporter.graph import LIMITS
from o365_exporter.reports import METRICS
from o365_exporter.simulator import Simulator
from o365_exporter.source import Collector
from tests.facts.pages import blocks, page
from tests.fakes import FakeClock
from tests.graph.simulated import client_of
from tests.reports.files import ReportGraph, polled
from tests.stubs import text_of

NAME = "o365_exporter.collectors.secure_score"
MODULE, TEST, REPORT_MODULE, REPORT_TEST = blocks(page("CONTRIBUTING.md"), "python")
REPORT_NAME = "o365_exporter.collectors.onedrive_usage"


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example, where it would be if it were saved under its name."""
    made = ModuleType(NAME)
    monkeypatch.setitem(sys.modules, NAME, made)
    exec(compile(MODULE, "secure_score.py", "exec"), made.__dict__)  # noqa: S102 - our own page
    return made


@pytest.fixture
def report_module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The example of a usage report, likewise."""
    made = ModuleType(REPORT_NAME)
    monkeypatch.setitem(sys.modules, REPORT_NAME, made)
    exec(compile(REPORT_MODULE, "onedrive_usage.py", "exec"), made.__dict__)  # noqa: S102 - our own page
    return made


@pytest.fixture
def collector(module: ModuleType) -> Collector:
    """What the catalogue would find."""
    found = module.COLLECTOR
    assert isinstance(found, Collector)
    return found


def test_the_example_obeys_the_rules(module: ModuleType, report_module: ModuleType) -> None:
    """Each is new, bears the name of its file, and its endpoints are charged to a published limit."""
    for made in (module, report_module):
        obeys_the_rules(made.COLLECTOR, made.__name__)


def obeys_the_rules(collector: Collector, name: str) -> None:
    """What a collector of that module must be like."""
    assert collector.name == name.rpartition(".")[2]
    if collector.name not in all_collectors():  # until somebody saves it
        assert not {metric.name for metric in collector.metrics if metric not in METRICS} & all_metrics().keys()
    for source in collector.sources(collector.options()):
        assert all(endpoint.limits in LIMITS for endpoint in source.endpoints)


@pytest.mark.usefixtures("module", "report_module")
@pytest.mark.parametrize(("code", "count"), [(TEST, 1), (REPORT_TEST, 1)], ids=["collector", "report"])
async def test_the_tests_of_the_example_pass(code: str, count: int) -> None:
    """Each test function of the second block."""
    scope: dict[str, object] = {"__name__": "test_example"}
    exec(compile(code, "test_example.py", "exec"), scope)  # noqa: S102 - our own page
    tests = [thing for name, thing in scope.items() if name.startswith("test_") and inspect.iscoroutinefunction(thing)]
    assert len(tests) == count
    for test in tests:
        await test()


async def test_the_example_reads_microsofts_sample(report_module: ModuleType, shared: Path) -> None:
    """The row's columns are those of Microsoft's own file."""
    file = (shared / "graph" / "samples" / "getonedriveactivityuserdetail.csv").read_bytes()
    (source,) = report_module.COLLECTOR.sources(report_module.COLLECTOR.options())
    (row,) = report_module.REPORTS
    graph = ReportGraph({f"{row.function} D7": file, f"{row.function} 2017-09-01": file})
    records = await polled(source, graph)
    assert (records.week.missing, records.day.missing, records.day.rows) == ((), (), 1)


async def test_the_example_reads_a_simulated_tenant(collector: Collector) -> None:
    """Through the real client, with one request: the newest score of 90."""
    clock = FakeClock()
    simulator = Simulator(clock)
    tenant = simulator.tenants["contoso"]
    (source,) = collector.sources(collector.options())
    async with client_of(simulator, clock) as graph:
        records = await source.fetch(graph, None, clock.now())
        assert graph.traffic.requests["/security/secureScores", "200"] == 1
    newest = tenant.secure_scores[0]["currentScore"]
    assert f'o365_secure_score_points{{tenant="contoso"}} {newest}\n' in text_of(source, records)


@pytest.mark.parametrize(
    ("code", "path"),
    [
        (MODULE, "o365_exporter/collectors/secure_score.py"),
        (TEST, "tests/collectors/test_secure_score.py"),
        (REPORT_MODULE, "o365_exporter/collectors/onedrive_usage.py"),
        (REPORT_TEST, "tests/collectors/test_onedrive_usage.py"),
    ],
    ids=["module", "test", "report", "test of the report"],
)
def test_the_example_is_in_our_style(code: str, path: str) -> None:
    """ruff has nothing to say about it, neither to its form nor to its content."""
    check = ["check", "--quiet", "--ignore=I001"]  # a module that is not saved counts as somebody else's
    for task in (check, ["format", "--quiet", "--diff"]):
        command = [sys.executable, "-m", "ruff", *task, "--no-cache", "--stdin-filename", path, "-"]
        done = subprocess.run(command, input=code, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
