"""What every test may use, and the rule that nothing is skipped in CI."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.order import long_ones_first

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"

settings.register_profile("project", deadline=None)  # a busy machine is no fault of the code
settings.register_profile("same", settings.get_profile("project"), derandomize=True)
# CI judges a change by the same examples each time; new ones are tried wherever people run the suite
settings.load_profile("same" if os.environ.get("CI") == "true" else "project")

os.environ["TZ"] = "NST3:30NDT,M3.2.0,M11.1.0"  # as in St. John's: whoever takes local time for UTC is wrong all year
time.tzset()


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the project."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Facts and samples that lie beside the project and are not part of it."""
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is missing: this test compares the project with facts and samples from there")
    return SHARED


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a file in the folder ``golden`` beside the test.

    ``WRITE_GOLDEN=1 make test TESTS=tests/e2e/test_golden_page.py`` writes the file anew; read the difference.
    """
    folder = request.path.parent / "golden"

    def compare(name: str, text: str) -> None:
        if os.environ.get("WRITE_GOLDEN") == "1":
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(text.encode())
        written = (folder / name).read_bytes().decode()
        assert text.split("\n") == written.split("\n")  # labels may hold any other line end

    return compare


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than cores: many tests wait for real programs."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes long comes first, or the last of it would run alone when everything else is done."""
    workers = getattr(config, "workerinput", {}).get("workercount", 1)
    items[:] = long_ones_first(items, workers)


def _skipped(config: pytest.Config) -> list[pytest.TestReport]:
    """What was skipped; nothing in a worker of xdist, which has no reporter: the controller counts for all."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return list(reporter.stats.get("skipped", ())) if reporter else []


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: what CI does not run, nobody runs."""
    if os.environ.get("CI") == "true" and _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say why the run failed although no test did."""
    skipped = _skipped(config)
    if os.environ.get("CI") == "true" and skipped:
        terminalreporter.section("skipped in CI, which is a failure", red=True)
        for report in skipped:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            terminalreporter.line(f"{report.nodeid}: {reason}")
