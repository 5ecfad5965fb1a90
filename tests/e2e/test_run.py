"""``run``: three environment variables and nothing else."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from o365_exporter.catalogue import all_metrics
from tests.e2e.programs import Microsoft, Running, environment, eventually, microsoft, running
from tests.fakes import PATIENCE

NOT_IN_ORDER = {
    "o365_exporter_source_failures_total": "a poll failed",
    "o365_exporter_graph_wait_seconds_total": "a request had to wait",
    "o365_service_issue_end_timestamp_seconds": "an issue was resolved while the exporter watched",
    "o365_exporter_credential_start_timestamp_seconds": "the tenant uses a certificate",
    "o365_application_rotates_itself": "an app is of those that change their own credentials",
    "o365_exporter_tenants_reload_success": "the file with the tenants was read again",
    "o365_exporter_state_write_success": "state is kept",
    "o365_exporter_state_last_write_timestamp_seconds": "state is kept",
    **{
        name: "series for single persons are switched on"
        for name in all_metrics()
        if "user" in all_metrics()[name].labels
    },
}
"""Metrics that are absent as long as nothing happens, or nobody asks for them."""


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an exporter that has polled everything of a tenant that is well."""
    with microsoft() as cloud, running(tmp_path_factory.mktemp("run"), "run", **cloud.three_variables()) as program:
        yield program.ready()


def test_three_variables_serve_every_metric(watched: str) -> None:
    """Everything that the catalogue declares is served, but what needs something to happen first."""
    page = httpx.get(f"{watched}/metrics").text
    served = {sample.name for family in text_string_to_metric_families(page) for sample in family.samples}
    expected = {f"{name}_count" if metric.type == "histogram" else name for name, metric in all_metrics().items()}
    assert expected - served <= set(NOT_IN_ORDER)


def test_the_contract_is_kept(watched: str, shared: Path) -> None:
    """The acceptance check finds every series of the contract, and has no complaint."""
    command = [sys.executable, str(shared / "acceptance" / "check-contract"), f"{watched}/metrics"]
    check = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (check.returncode, check.stderr) == (0, ""), check.stdout


def idle(_: Microsoft, program: Running) -> None:
    """Every source has been polled, and the next polls are a while away."""
    program.ready()


def waiting_for_login(cloud: Microsoft, _: Running) -> None:
    """A request for a token is under way."""
    eventually(lambda: cloud.asked("*/token"))


def waiting_for_graph(cloud: Microsoft, _: Running) -> None:
    """Polls are under way."""
    eventually(lambda: cloud.asked("/v1.0/*"))


def sending_to_a_client_that_does_not_read(_: Microsoft, program: Running) -> None:
    """A scrape is under way and does not end."""
    host, port = program.ready().removeprefix("http://").split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    client.connect((host, int(port)))
    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n" * 200)  # more than all buffers hold
    seen: list[int] = []

    def stuck() -> bool:
        seen.append(unsent(int(port)))
        return seen[-1] > 0 and seen[-10:] == seen[-1:] * 10

    eventually(stuck)
    client.detach()  # stays open, and unread, until this process ends


def unsent(port: int) -> int:
    """Bytes that the system holds back at a port of loopback because the other side does not take them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]]
    return sum(int(row[4].partition(":")[0], 16) for row in rows if row[1] == f"0100007F:{port:04X}")


Situation = Callable[[Microsoft, Running], None]
LOGIN_HANGS = {"path": "*/token", "hang": True}
GRAPH_HANGS = {"path": "/v1.0/*", "hang": True}
GRAPH_ASKS_FOR_PATIENCE = {"path": "/v1.0/*", "status": 429, "retry_after": 40}


@pytest.mark.parametrize(
    ("fault", "situation", "number"),
    [
        ({}, idle, signal.SIGTERM),
        ({}, idle, signal.SIGINT),
        (LOGIN_HANGS, waiting_for_login, signal.SIGTERM),
        (GRAPH_HANGS, waiting_for_graph, signal.SIGINT),
        (GRAPH_ASKS_FOR_PATIENCE, waiting_for_graph, signal.SIGTERM),
        ({}, sending_to_a_client_that_does_not_read, signal.SIGTERM),
    ],
)
def test_a_signal_stops_it(
    cloud: Microsoft, tmp_path: Path, fault: dict[str, object], situation: Situation, number: signal.Signals
) -> None:
    """Whatever is in flight, it ends at once and does not wait for that, with exit code 0 and without a complaint."""
    if fault:
        cloud.break_(**fault)
    with running(tmp_path, "run", **cloud.three_variables()) as program:
        program.url()
        situation(cloud, program)
        assert program.stop(number) == 0
        assert [line["signal"] for line in program.logged("stopping")] == [number.name]
        assert "Traceback" not in program.err


def test_wrong_credentials_do_not_end_it(cloud: Microsoft, tmp_path: Path) -> None:
    """It serves that no token can be had, and why, to people as well as to Prometheus."""
    variables = cloud.three_variables(O365_CLIENT_SECRET="wrong-secret", O365_TENANT_NAME="Contoso GmbH")
    with running(tmp_path, "run", **variables) as program:
        url = program.ready()
        page = httpx.get(f"{url}/metrics").text
        overview = httpx.get(f"{url}/").text
        assert httpx.get(f"{url}/-/healthy").is_success
    assert 'o365_exporter_tenant_up{tenant="Contoso GmbH"} 0.0' in page
    assert 'o365_exporter_tenant_state{state="auth",tenant="Contoso GmbH"} 1.0' in page
    assert "The client secret of tenant Contoso GmbH is wrong (AADSTS7000215)" in overview


def test_a_port_that_is_taken(cloud: Microsoft, tmp_path: Path) -> None:
    """It ends at once with exit code 2 and a sentence with key, value and remedy."""
    listen = cloud.url.removeprefix("http://")
    with running(tmp_path, "run", **cloud.three_variables(O365_LISTEN=listen)) as program:
        assert program.process.wait(10) == 2
        assert program.err == (
            f"o365-exporter: listen (O365_LISTEN): cannot listen on {listen!r}, another program listens there: "
            "stop it, or choose another port\n"
        )


def test_wrong_settings(tmp_path: Path) -> None:
    """It ends with exit code 2, and every fault stands on standard error with its remedy."""
    file = tmp_path / "config.toml"
    file.write_text(
        'listn = ":1"\n\n[tenants.contoso]\ntenant_id = "nowhere"\n\n[collectors.service_health]\ninterval = "1s"\n'
    )
    with running(tmp_path, "run", "--config", str(file)) as program:
        assert program.process.wait(10) == 2
        *faults, end = program.err.split("\n")
    assert end == ""
    assert all(fault.startswith("o365-exporter: ") for fault in faults)
    for key, remedy in (("listn", "listen"), ("nowhere", "write the tenant id"), ("1s", "10s"), ("client_id", "set")):
        assert any(key in fault and remedy in fault for fault in faults), (key, faults)


STUBBORN = """
import time, anyio
from o365_exporter.app import until_signal

async def work():
    with anyio.CancelScope(shield=True):
        print("at work", flush=True)
        {}

anyio.run(until_signal, work, 0.1)
"""


@pytest.mark.parametrize("stubborn", ["await anyio.sleep_forever()", "time.sleep(3600)"], ids=["request", "loop"])
def test_what_is_in_flight_does_not_hold_it_up(stubborn: str) -> None:
    """To cancel a thousand requests, or to come to it, may take longer than anybody waits: it ends all the same."""
    command = [sys.executable, "-c", STUBBORN.format(stubborn)]
    with subprocess.Popen(command, env=environment({}), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"at work\n"
        program.send_signal(signal.SIGTERM)
        assert program.wait(PATIENCE) == 0
