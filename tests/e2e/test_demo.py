"""``demo`` and ``simulate``: what a stranger types first."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from o365_exporter.simulator import scenarios
from tests.e2e.programs import PROGRAM, Running, environment, eventually, running
from tests.fakes import PATIENCE
from tools.stack import free_port


def printed(program: Running, pattern: str) -> str:
    """The part of the output that a pattern's group finds, as soon as it is there."""
    found = eventually(lambda: re.search(pattern, program.out))
    return str(found[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_from_start_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    """It prints where to look, gets ready, serves its tenants, and stops cleanly."""
    with running(tmp_path, "demo", "--tenants", "2", "--listen", "127.0.0.1:0") as program:
        metrics = printed(program, r"(?m)^  metrics    (http://127\.0\.0\.1:\d+/metrics)$")
        overview = printed(program, r"(?m)^  overview   (http://127\.0\.0\.1:\d+/)$")
        control = printed(program, r"(?m)^  simulator  (http://127\.0\.0\.1:\d+/control/)")
        eventually(lambda: httpx.get(f"{overview}-/ready").is_success)
        page = httpx.get(metrics).text
        assert 'o365_exporter_tenant_up{tenant="contoso"} 1.0' in page
        assert 'o365_exporter_tenant_up{tenant="fabrikam"} 1.0' in page
        assert "fabrikam" in httpx.get(overview).text
        assert "contoso" in httpx.get(f"{control}tenants").json()
        assert program.stop(number) == 0
        assert program.out.startswith("Watching 2 simulated tenants: contoso, fabrikam\n")
        assert program.out.endswith("Stop with Ctrl-C.\n")
        assert "Traceback" not in program.err


def test_the_simulator_and_the_exporter_apart(tmp_path: Path) -> None:
    """What ``simulate`` prints are the settings with which ``run`` watches it."""
    here, there = tmp_path / "simulate", tmp_path / "run"
    here.mkdir()
    there.mkdir()
    listen = f"127.0.0.1:{free_port()}"
    with running(here, "simulate", "--tenants", "1", "--listen", listen) as simulate:
        assert (
            printed(simulate, r"^Simulated Microsoft 365: (http://127\.0\.0\.1:\d+) \(control: ") == f"http://{listen}"
        )
        eventually(lambda: simulate.out.endswith("Stop with Ctrl-C.\n"))
        settings = dict(re.findall(r"(?m)^  (O365_\w+)=(.*)$", simulate.out))
        with running(there, "run", O365_LISTEN="127.0.0.1:0", **settings) as exporter:
            page = httpx.get(f"{exporter.ready()}/metrics").text
        assert simulate.stop() == 0
    assert 'o365_exporter_tenant_up{tenant="contoso"} 1.0' in page


def test_the_simulator_by_https(tmp_path: Path) -> None:
    """With ``--tls`` the printed settings name the file to trust, the exporter watches by them, and no key is shown."""
    file = tmp_path / "ca.pem"
    arguments = ("--tenants", "1", "--listen", "127.0.0.1:0", "--tls", str(file))
    with running(tmp_path, "simulate", *arguments) as simulate:
        assert printed(simulate, r"(https://127\.0\.0\.1:\d+) \(control: ")
        eventually(lambda: simulate.out.endswith("Stop with Ctrl-C.\n"))
        settings = dict(re.findall(r"(?m)^  (O365_\w+)=(.*)$", simulate.out))
        assert settings["O365_CA_FILE"] == str(file)
        with running(tmp_path, "run", O365_LISTEN="127.0.0.1:0", **settings) as exporter:
            assert 'o365_exporter_tenant_up{tenant="contoso"} 1.0' in httpx.get(f"{exporter.ready()}/metrics").text
    assert "PRIVATE KEY" not in simulate.out + simulate.err + file.read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--tls", "nowhere/ca.pem"), "--tls: cannot write nowhere/ca.pem (No such file or directory): name a file in"),
        (("--base-url", "graph.test"), "--base-url 'graph.test' is no address of a server: write it as https://"),
        (("--base-url", "https://graph.test/v1.0"), "--base-url 'https://graph.test/v1.0' is no address of a server"),
    ],
)
def test_a_front_that_cannot_be(tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    """Exit code 2 and one sentence with option, value and remedy."""
    with running(tmp_path, "simulate", "--listen", "127.0.0.1:0", *arguments) as program:
        assert program.process.wait(30) == 2
    assert program.err.startswith(f"o365-exporter: {sentence}")


@pytest.mark.parametrize("command", ["demo", "simulate"])
def test_an_address_that_is_taken(tmp_path: Path, command: str) -> None:
    """Exit code 2 and one sentence with the address."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with running(tmp_path, command, "--listen", listen) as program:
            assert program.process.wait(PATIENCE) == 2
    (sentence,) = program.err.splitlines()
    assert sentence.startswith("o365-exporter: ")
    assert "cannot listen on" in sentence
    assert listen in sentence


def test_a_scenario_in_the_demo(tmp_path: Path) -> None:
    """It says what it is about, and each step as it happens; the exporter sees it, stops and comes back."""
    file = tmp_path / "mine.toml"
    file.write_text(SCENARIO)
    with running(tmp_path, "demo", "--scenario", str(file), "--listen", "127.0.0.1:0") as program:
        metrics = printed(program, r"(?m)^  metrics    (http://127\.0\.0\.1:\d+/metrics)$")
        printed(program, r"(?m)^(Scenario mine: Mail is late\.)$")
        printed(
            program, r"(?m)^\d\d:\d\d:\d\d     0 s  (An incident\.)\n {18}POST /control/tenants/contoso/open_issue {"
        )
        degraded = (
            'service_id="Exchange",service_name="Exchange Online",status="serviceDegradation",tenant="contoso"} 1.0'
        )
        eventually(lambda: degraded in httpx.get(metrics).text)
        printed(program, r"(?m)^\d\d:\d\d:\d\d    12 s  (It dies\.)\n {18}stop the exporter$")
        eventually(lambda: refuses(metrics))
        eventually(lambda: httpx.get(metrics).is_success)
        printed(program, r"(?m)^(The scenario is over; .*)$")
        assert program.stop() == 0
        assert "Traceback" not in program.err


SCENARIO = """
title = "Mail is late"
description = "Exchange is degraded, and the exporter dies for a second."
tenants = ["contoso"]

[[steps]]
at = 0
text = "An incident."
post = "tenants/contoso/open_issue"
body = { service = "Exchange" }

[[steps]]
at = 12
text = "It dies."
exporter = "stop"

[[steps]]
at = 13
text = "It is back."
exporter = "start"
"""


def refuses(url: str) -> bool:
    """Whether nobody listens at an address."""
    try:
        httpx.get(url)
    except httpx.ConnectError:
        return True
    return False


def test_a_scenario_in_the_simulator(tmp_path: Path) -> None:
    """It gives the settings with which an exporter sees it in time, and asks whoever runs one to stop it."""
    file = tmp_path / "mine.toml"
    file.write_text(SCENARIO.replace("at = 12", "at = 0.1"))
    with running(tmp_path, "simulate", "--scenario", str(file), "--listen", f"127.0.0.1:{free_port()}") as program:
        printed(program, r"(?m)^  (O365_COLLECTORS__SERVICE_HEALTH__INTERVAL=10s)$")
        printed(program, r"(?m)^                  (\(yours: stop it now\))$")
        assert program.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--scenario", "x"), "o365-exporter: --scenario: there is no scenario 'x': choose one of these"),
        (("--scenario", "exchange-outage", "--users", "3"), "o365-exporter: --scenario has tenants of its own"),
    ],
)
@pytest.mark.parametrize("command", ["demo", "simulate"])
def test_a_scenario_that_cannot_be_had(tmp_path: Path, command: str, arguments: tuple[str, ...], sentence: str) -> None:
    """Exit code 2, and what there is or what to leave out."""
    with running(tmp_path, command, *arguments) as program:
        assert program.process.wait(30) == 2
    assert program.err.startswith(sentence)
    assert ("  exchange-outage  " in program.err) == ("one of these" in sentence)


@pytest.mark.parametrize("command", ["demo", "simulate"])
def test_scenarios_are_listed(tmp_path: Path, command: str) -> None:
    """Who names none gets them on standard output, and that is no failure."""
    with running(tmp_path, command, "--scenario") as program:
        assert program.process.wait(30) == 0
    assert program.err == ""
    first, *rest = program.out.splitlines()
    assert first == "Name one of these, or write one and name the file, which ends in .toml:"
    assert {line.split()[0] for line in rest} == scenarios().keys()


@pytest.mark.parametrize("command", ["demo", "simulate"])
def test_nobody_reads_the_output(command: str) -> None:
    """Exit code 1 and no word, although it is a task that writes."""
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            [*PROGRAM, command, "--scenario", "exchange-outage", "--listen", f"127.0.0.1:{free_port()}"],
            env=environment({}),
            stdout=write,
            stderr=subprocess.PIPE,
            check=False,
            timeout=PATIENCE,
        )
    finally:
        os.close(write)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_scenario_at_an_address_that_is_taken(tmp_path: Path) -> None:
    """Exit code 2 and one sentence with the address."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with running(tmp_path, "demo", "--scenario", "exchange-outage", "--listen", listen) as program:
            assert program.process.wait(30) == 2
    (sentence,) = program.err.splitlines()
    assert listen in sentence
