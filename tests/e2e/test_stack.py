"""The stack of ``make demo-stack``: what it needs, what it shows, and that nothing of it stays behind."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import yaml

from tests.e2e.programs import ROOT, eventually
from tools import demo_stack, stack
from tools.receiver import Receiver
from tools.scaled_rules import Scale

MESSAGE = {
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "O365Odd", "tenant": "contoso"},
            "annotations": {"summary": "<b>odd</b>"},
            "startsAt": "2026-03-10T12:00:00Z",
        }
    ]
}

ORPHANS = """
import sys, time
from tools import stack
with stack.child([sys.executable, "-c", "import time; print('up', flush=True); time.sleep(600)"]) as child:
    print(child.pid, flush=True)
    time.sleep(600)
"""


def test_a_missing_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence with the command that installs it, and nothing is started."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("sys.argv", ["demo_stack"])
    assert demo_stack.main() == 1
    assert capsys.readouterr() == ("", "prometheus is missing: apt-get install prometheus\n")


def test_an_unknown_scenario(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The scenarios are listed."""
    monkeypatch.setattr("sys.argv", ["demo_stack", "--scenario", "x"])
    assert demo_stack.main() == 1
    assert "exchange-outage  " in capsys.readouterr().err


HANGS_UP = """
import signal, sys
from tools import demo_stack, stack
def run(*_):
    try:
        signal.raise_signal(signal.SIGHUP)
    finally:
        signal.raise_signal(signal.SIGHUP)
demo_stack._run, stack.Programs = run, lambda: None
sys.exit(demo_stack.main())
"""


def test_a_closed_terminal(tmp_path: Path) -> None:
    """The folder goes, be the signal sent twice."""
    command = [sys.executable, "-c", HANGS_UP]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, check=False, timeout=60)
    assert ended.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_a_space_in_its_name() -> None:
    """It reaches the program as one argument."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is missing: apt-get install make")
    command = [make, "--dry-run", "demo-stack", "SCENARIO=my own.toml"]
    lines = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "-m tools.demo_stack --scenario 'my own.toml'\n" in lines


def test_a_program_that_ends_at_once(tmp_path: Path) -> None:
    """Nobody waits for it; the text has its exit code and the last line of its log."""
    log = tmp_path / "prometheus.log"
    command = [sys.executable, "-c", "import sys; print('first'); sys.exit('wrong flag')"]
    with stack.child(command, log) as process, pytest.raises(stack.ProgramEndedError) as ended:
        stack.until_up(f"http://127.0.0.1:{stack.free_port()}", log, process)
    assert str(ended.value) == "prometheus has ended with exit code 1: wrong flag"


def test_a_program_that_dies_while_the_demo_runs(tmp_path: Path) -> None:
    """The demo ends with a sentence that names it."""
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    log = tmp_path / "prometheus.log"
    with stack.child(sleep) as demo, stack.child(sleep, log) as prometheus, httpx.Client() as http:
        running = stack.Stack("", "", Receiver(), http, {log: prometheus})
        running.ensure_running()
        prometheus.kill()
        prometheus.wait()
        with pytest.raises(stack.ProgramEndedError, match=r"^prometheus has ended with SIGKILL$"):
            demo_stack._watch(demo, running)
        demo.kill()
        demo.wait()
        with pytest.raises(stack.ProgramEndedError, match=r"^o365-exporter demo has ended with SIGKILL$"):
            demo_stack._watch(demo, running)


def test_notifications_are_kept_and_shown() -> None:
    """In the order of their arrival, with their receiver; the page shows texts as texts."""
    receiver = Receiver()
    with receiver.listening(), httpx.Client(base_url=receiver.url, trust_env=False) as client:
        assert "Nothing yet." in client.get("/").text
        client.post("/pager", json=MESSAGE).raise_for_status()
        page = client.get("/").text
    (one,) = receiver.all()
    assert (one.receiver, one.status, one.name) == ("pager", "firing", "O365Odd")
    assert "O365Odd<td>&lt;b&gt;odd&lt;/b&gt;" in page


def test_an_alert_without_a_name() -> None:
    """It is shown as one, and the page goes on working."""
    nameless = {"alerts": [MESSAGE["alerts"][0] | {"labels": {"tenant": "contoso"}}]}
    receiver = Receiver()
    with receiver.listening(), httpx.Client(base_url=receiver.url, trust_env=False) as client:
        client.post("/pager", json=nameless).raise_for_status()
        assert "(no alertname)" in client.get("/").text


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (b"{", "the whole: Invalid JSON"),
        (b"{}", "alerts: Field required"),
        (b'{"alerts": [{"status": "firing", "labels": []}]}', "alerts.0.labels: Input should be"),
    ],
)
def test_what_is_no_notification(message: bytes, sentence: str) -> None:
    """It is a bad request, with what is wrong in it, and nothing is kept."""
    receiver = Receiver()
    with receiver.listening():
        answer = httpx.post(f"{receiver.url}/pager", content=message, trust_env=False)
    assert (answer.status_code, receiver.all()) == (400, [])
    assert sentence in answer.text


def test_alertmanager_is_as_shipped_but_for_addresses_and_waits() -> None:
    """Routes and inhibitions are those of the example; waits are shorter, repetition is not."""
    shipped = yaml.safe_load(stack.ALERTMANAGER_EXAMPLE.read_text("utf-8"))
    fast = stack.alertmanager_settings("http://127.0.0.1:1", Scale(1 / 60))
    assert fast["inhibit_rules"] == shipped["inhibit_rules"]
    assert fast["route"] | {"group_wait": "30s", "group_interval": "5m", "routes": 0} == shipped["route"] | {
        "routes": 0
    }
    assert fast["route"]["group_wait"] == "500ms"
    assert [one["receiver"] for one in fast["route"]["routes"]] == [
        one["receiver"] for one in shipped["route"]["routes"]
    ]
    urls = [one["webhook_configs"][0]["url"] for one in fast["receivers"]]
    assert urls == [f"http://127.0.0.1:1/{one['name']}" for one in shipped["receivers"]]


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return False


def test_no_child_outlives_its_parent() -> None:
    """Not even where the parent is killed without a chance to clean up."""
    parent = subprocess.Popen([sys.executable, "-c", ORPHANS], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent, parent.stdout:
        first, second = sorted((parent.stdout.readline().strip(), parent.stdout.readline().strip()))
        assert second == "up"
        assert alive(int(first))
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
    eventually(lambda: not alive(int(first)))


def test_the_demo_from_start_to_stop(tmp_path: Path) -> None:
    """Every address that it prints leads somewhere; when it is stopped, nothing of it is left."""
    try:
        stack.Programs()
    except stack.MissingProgramError as error:
        pytest.skip(str(error))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "tools.demo_stack", "--scenario", "exporter-killed"]
    variables = os.environ | {"TMPDIR": str(tmp_path)}
    with out.open("wb") as file:
        demo = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=file, stderr=file)
    try:
        stack.until_up(eventually_printed(out, r"what was sent +(\S+)"))
        for what in ("what fires", "Alertmanager", "metrics"):
            assert httpx.get(eventually_printed(out, rf"{what} +(\S+)"), trust_env=False).status_code == 200
        children = [int(pid) for pid in Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()]
        assert len(children) == 3
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(30) == 0
    finally:
        demo.kill()
        demo.wait()
    assert [pid for pid in children if alive(pid)] == []
    assert list(tmp_path.iterdir()) == [out]


def eventually_printed(out: Path, pattern: str) -> str:
    """What a pattern's group finds in a file, as soon as it is there; two minutes for a busy machine."""
    for _ in range(4):
        try:
            return str(eventually(lambda: re.search(pattern, out.read_text("utf-8")))[1])
        except TimeoutError:
            continue
    pytest.fail(out.read_text("utf-8"))
