"""The real program with a real folder."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import httpx

from tests.e2e.programs import microsoft, running
from tests.state.kills import REPORTS, SUCCESS


def lasting(page: str) -> set[str]:
    """The samples about tenants that a restart must not change."""
    changing = ("process_", "python_", "o365_exporter_graph_", "o365_exporter_config_", "o365_exporter_state_last", "#")
    return {line for line in page.split("\n") if not line.startswith(changing)}


def test_a_restart_by_sigterm_loses_nothing_and_asks_for_nothing(tmp_path: Path) -> None:
    """It ends with 0 and all is written, for its user alone; the next one has the same page when it first listens."""
    state = tmp_path / "state"
    with microsoft() as cloud:
        variables = cloud.three_variables(
            O365_STATE_DIR=str(state),
            O365_COLLECTORS__SERVICE_HEALTH__INTERVAL="20m",
            O365_COLLECTORS__SERVICE_HEALTH__ISSUES_INTERVAL="20m",
        )
        with running(tmp_path, "run", **variables) as program:
            before = httpx.get(f"{program.ready()}/metrics").text
            assert before.count(SUCCESS) > len(REPORTS)
            assert program.stop() == 0
        modes = {path.suffix: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}
        assert modes == {"": 0o600, ".state": 0o600}
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert {path.stat().st_uid for path in state.iterdir()} == {os.geteuid()}
        asked = cloud.asked("*")
        with running(tmp_path, "run", **variables) as program:
            after = httpx.get(f"{program.url()}/metrics").text
            assert httpx.get(f"{program.url()}/-/ready").is_success
            assert cloud.asked("*") == asked
            assert program.stop() == 0
    assert lasting(after) == lasting(before)


def test_a_process_beside_another_ends_with_a_sentence(tmp_path: Path) -> None:
    """Exit code 2 and what to do; the first one goes on."""
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    with microsoft() as cloud:
        variables = cloud.three_variables(O365_STATE_DIR=str(tmp_path / "state"))
        with running(first, "run", **variables) as one:
            url = one.url()
            with running(second, "run", **variables) as other:
                assert other.end() == 2
            assert httpx.get(f"{url}/-/healthy").is_success
            assert other.err == (
                f"o365-exporter: state_dir = '{tmp_path}/state' is in use: another process keeps its state there. Stop "
                "it, or give each process a state_dir of its own.\n"
            )
