"""``once``: one poll of everything, as a check or to see what there is."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from o365_exporter.catalogue import all_collectors
from tests.e2e.programs import PROGRAM, Microsoft, environment, eventually, finished, running


def sources(page: str) -> set[tuple[str, str]]:
    """Each source with its state."""
    families = {family.name: family for family in text_string_to_metric_families(page)}
    found = families["o365_exporter_source_state"].samples
    return {(sample.labels["source"], sample.labels["state"]) for sample in found}


def test_everything_succeeds(cloud: Microsoft, promtool: str) -> None:
    """Exit code 0, the exposition on standard output, no complaint by promtool, nothing but log lines elsewhere."""
    done = finished("once", **cloud.three_variables())
    assert done.returncode == 0
    assert sources(done.stdout) == {
        (source.name, "ok")
        for collector in all_collectors().values()
        for source in collector.sources(collector.options())
    }
    assert all(line.startswith("{") for line in done.stderr.splitlines())
    check = subprocess.run(
        [promtool, "check", "metrics"], input=done.stdout, capture_output=True, text=True, check=False
    )
    assert (check.returncode, check.stdout, check.stderr) == (0, "", "")


def test_a_missing_permission_is_exit_code_1(cloud: Microsoft) -> None:
    """What could be had is printed all the same, and the log says which permission is missing."""
    cloud.call(lambda: cloud.tenant.withdraw(["Application.Read.All"]))
    done = finished("once", **cloud.three_variables())
    assert done.returncode == 1
    assert ("applications", "permission") in sources(done.stdout)
    assert ("skus", "ok") in sources(done.stdout)
    assert "lacks the application permission Application.Read.All" in done.stderr


def test_one_collector_alone(cloud: Microsoft) -> None:
    """Only its endpoints are asked, and what is wrong elsewhere does not matter."""
    cloud.call(lambda: cloud.tenant.withdraw(["Application.Read.All"]))
    done = finished("once", "--collector", "subscriptions", **cloud.three_variables())
    assert done.returncode == 0
    assert sources(done.stdout) == {("skus", "ok"), ("subscriptions", "ok")}
    assert cloud.asked("/v1.0/*") == cloud.asked("/v1.0/subscribedSkus") + cloud.asked("/v1.0/directory/subscriptions")


def test_a_collector_that_is_switched_off(cloud: Microsoft) -> None:
    """To ask for it is exit code 2 and a sentence, never an empty success."""
    off = {"O365_COLLECTORS__SUBSCRIPTIONS__ENABLED": "false"}
    done = finished("once", "--collector", "subscriptions", **cloud.three_variables(**off))
    assert (done.returncode, done.stdout) == (2, "")
    assert "collectors.subscriptions.enabled = false for tenant" in done.stderr


def logged(text: str) -> list[dict[str, Any]]:
    """The log lines on standard error."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


ONE_CAUSE: dict[str, dict[str, object]] = {
    "a wrong secret": {"path": "*/token", "aadsts": 7000215},
    "login is down": {"path": "*/token", "status": 503, "retry_after": 3000},
    "Graph is down": {"path": "/v1.0/*", "status": 503, "retry_after": 3000},
}


@pytest.mark.parametrize("fault", ONE_CAUSE.values(), ids=ONE_CAUSE)
def test_one_cause_is_told_once(cloud: Microsoft, fault: dict[str, object]) -> None:
    """One line names the cause and the number of sources that it stops, and the sum at the end agrees."""
    cloud.break_(**fault)
    done = finished("once", "--collector", "subscriptions", "--collector", "exchange_usage", **cloud.three_variables())
    (told,) = (line for line in logged(done.stderr) if line["level"] in ("warning", "error"))
    (summed_up,) = (line for line in logged(done.stderr) if line["event"] == "polled once")
    states = [state for _, state in sources(done.stdout)]
    assert done.returncode == 1
    assert "ok" not in states
    assert (summed_up["answered"], summed_up["failed"], summed_up["stopped"]) == (0, told["sources"], 0)
    assert len(told["names"]) == told["sources"] == done.stdout.count("\no365_exporter_source_state{")


@contextmanager
def firewall() -> Iterator[str]:
    """A place of loopback that drops packets: nobody accepts, and its queue is full."""
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(listener.getsockname())
        yield "{}:{}".format(*listener.getsockname())


@pytest.mark.parametrize("stands_before", [("LOGIN_URL", "GRAPH_URL"), ("GRAPH_URL",)], ids=lambda them: them[0])
def test_a_firewall_that_drops_packets_is_told_once(cloud: Microsoft, stands_before: tuple[str, ...]) -> None:
    """It is found out once for all sources, and one line names host, port and way and all that it stops."""
    with firewall() as place:
        way = {f"O365_{name}": f"http://{place}" for name in stands_before}
        done = finished("once", **cloud.three_variables(O365_REQUEST_TIMEOUT="1", **way))
    (told,) = (line for line in logged(done.stderr) if line["level"] in ("warning", "error"))
    assert told["message"].startswith(f"No TCP connection to {place} (directly) within 1 s.")
    assert told["sources"] == done.stdout.count("\no365_exporter_source_state{")
    assert {state for _, state in sources(done.stdout)} == {"timeout"}


def test_nothing_to_poll_is_no_success(cloud: Microsoft) -> None:
    """Where every collector is switched off it ends with exit code 2 and a sentence with key and remedy."""
    off = {
        f"O365_COLLECTORS__{name}__ENABLED": "false" for name in (collector.upper() for collector in all_collectors())
    }
    done = finished("once", **cloud.three_variables(**off))
    assert (done.returncode, done.stdout) == (2, "")
    assert "every collector of every tenant is switched off" in done.stderr
    assert "set enabled = true" in done.stderr


@pytest.mark.parametrize("command", ["once", "check-config", "--help", "--version"])
def test_a_full_disk_is_a_sentence(cloud: Microsoft, command: str) -> None:
    """What cannot be written is exit code 1 and said in one line, with no traceback."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, command],
            env=environment(cloud.three_variables()),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    said = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert said == ["o365-exporter: cannot write to standard output: No space left on device"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_nothing_half_is_printed(
    cloud: Microsoft, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    """The exit code is that of the signal, and how far it came is said on standard error."""
    cloud.break_(path="/v1.0/subscribedSkus", hang=True)
    with running(tmp_path, "once", **cloud.three_variables()) as program:
        eventually(lambda: cloud.asked("/v1.0/subscribedSkus") and cloud.asked("/v1.0/applications"))
        assert program.stop(number) == code
        (summed_up,) = program.logged("polled once")
        assert program.out == ""
        assert "Traceback" not in program.err
    assert summed_up["stopped"] >= 1
    assert summed_up["answered"] + summed_up["failed"] + summed_up["stopped"] == summed_up["sources"]


def test_a_terminal_sees_how_far_it_is(cloud: Microsoft) -> None:
    """While polls are under way it says how many and what is waited for, and at the end what came of it."""
    cloud.break_(path="*/token", hang=True)
    terminal, its_end = pty.openpty()
    process = subprocess.Popen(
        [*PROGRAM, "once", "--collector", "subscriptions"],
        env=environment(cloud.three_variables()),
        stdout=subprocess.PIPE,
        stderr=its_end,
    )
    os.close(its_end)
    seen = b""
    while b"0 of 2 sources polled" not in seen:
        seen += os.read(terminal, 4096)
    assert b"waiting for subscriptions/" in seen
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate()
    while b"were not polled to the end: nothing is printed." not in seen:
        seen += os.read(terminal, 4096)
    os.close(terminal)
    assert (process.returncode, out) == (130, b"")
    assert b"0 of 2 sources brought an answer in " in seen
