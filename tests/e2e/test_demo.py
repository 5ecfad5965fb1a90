"""``demo`` and ``simulate``: what a stranger types first."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import httpx
import pytest

from tests.e2e.programs import Running, eventually, free_port, running


def printed(program: Running, pattern: str) -> str:
    """The part of the output that a pattern's group finds, as soon as it is there."""
    found = eventually(lambda: re.search(pattern, program.out))
    return str(found[1])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_demo_from_start_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    """It prints where to look, is ready in seconds, serves its tenants, and stops cleanly."""
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
        code, seconds = program.stop(number)
        assert (code, seconds < 5) == (0, True)
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
        code, seconds = simulate.stop()
        assert (code, seconds < 5) == (0, True)
    assert 'o365_exporter_tenant_up{tenant="contoso"} 1.0' in page


@pytest.mark.parametrize("command", ["demo", "simulate"])
def test_an_address_that_is_taken(tmp_path: Path, command: str) -> None:
    """Exit code 2 and one sentence with the address."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with running(tmp_path, command, "--listen", listen) as program:
            assert program.process.wait(10) == 2
    (sentence,) = program.err.splitlines()
    assert sentence.startswith("o365-exporter: ")
    assert "cannot listen on" in sentence
    assert listen in sentence
