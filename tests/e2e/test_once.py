"""``once``: one poll of everything, as a check or to see what there is."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import termios
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from o365_exporter.catalogue import all_collectors
from tests.e2e.programs import PROGRAM, Microsoft, environment, eventually, finished, running
from tests.fakes import PATIENCE
from tools.stack import free_port


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


def test_one_tenant_alone(cloud: Microsoft) -> None:
    """It is polled and none else; one that there is not is exit code 2, with those that there are."""
    variables = cloud.three_variables(O365_TENANT_NAME="contoso")
    done = finished("once", "--tenant", "contoso", "--collector", "subscriptions", **variables)
    assert done.returncode == 0
    assert sources(done.stdout) == {("skus", "ok"), ("subscriptions", "ok")}
    done = finished("once", "--tenant", "fabrikam", **variables)
    assert (done.returncode, done.stdout) == (2, "")
    assert "--tenant 'fabrikam': there is no tenant of that name: there is contoso." in done.stderr


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
    with suppress(OSError):  # EIO: nobody holds its other end any more
        while piece := os.read(terminal, 4096):
            seen += piece
    os.close(terminal)
    text = " ".join(seen.decode().split())
    assert (process.returncode, out) == (130, b"")
    assert "0 of 2 sources brought an answer in " in text
    assert "were not polled to the end: nothing is printed." in text


def on_a_terminal(variables: dict[str, str], *arguments: str, columns: int = 100) -> tuple[int, str]:
    """Exit code and everything that is written to a terminal of that width."""
    terminal, its_end = pty.openpty()
    fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen(
        [*PROGRAM, "once", *arguments], env=environment(variables), stdin=its_end, stdout=its_end, stderr=its_end
    )
    os.close(its_end)
    seen = b""
    with suppress(OSError):  # EIO: nobody holds its other end any more
        while piece := os.read(terminal, 65536):
            seen += piece
    os.close(terminal)
    return process.wait(PATIENCE), seen.decode().replace("\r\n", "\n")


def stays(seen: str) -> str:
    """What still stands on a terminal at the end, without colours and the spaces at the ends of lines."""
    _, _, last = seen.rpartition("\x1b[2K")
    return "\n".join(line.rstrip() for line in re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", last).splitlines())


def test_a_terminal_sees_a_table(cloud: Microsoft) -> None:
    """What failed stands first, its cause once with the remedy, and the sum; no line of the log says it again."""
    cloud.call(lambda: cloud.tenant.withdraw(["Application.Read.All"]))
    code, seen = on_a_terminal(cloud.three_variables(TERM="xterm"))
    assert code == 1
    header, _, first, *rows = stays(seen).strip("\n").splitlines()
    assert header.split() == ["Source", "Outcome", "Series", "Age", "Took"]
    assert first.split()[:3] == ["credential_expiry/applications", "permission", "–"]
    well = sum(row.split()[1:2] == ["ok"] for row in rows)
    last = " ".join(rows[-2:])
    assert last.startswith(f"{well} of {well + 1} sources brought an answer in ")
    assert last.endswith(" s, 1 failed. For the next step: o365-exporter check, with the same settings.")
    assert seen.count("lacks the application permission Application.Read.All") == 1
    assert "o365_sku" not in seen


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}], ids=str)
def test_colours_are_not_for_everybody(cloud: Microsoft, variables: dict[str, str]) -> None:
    """NO_COLOR and TERM=dumb are obeyed by table, progress and log; a terminal that can do nothing is not redrawn."""
    cloud.break_(path="/v1.0/subscribedSkus", status=403)
    code, seen = on_a_terminal(cloud.three_variables(**variables))
    assert code == 1
    assert re.findall(r"\x1b\[[\d;]*[349]\d[\d;]*m", seen) == []
    is_dumb = variables["TERM"] == "dumb"
    assert ("\x1b" in seen) != is_dumb
    assert (re.match(r"Polling \d+ sources …\n", seen) is not None) == is_dumb


def test_colours_are_for_terminals(cloud: Microsoft) -> None:
    """On a terminal outcomes are coloured; elsewhere nothing is, whatever is asked to be printed."""
    variables = cloud.three_variables(TERM="xterm")
    _, seen = on_a_terminal(variables, "--collector", "subscriptions")
    done = finished("once", "--collector", "subscriptions", "--format", "table", **variables)
    assert "\x1b[32mok" in seen
    assert "subscriptions/skus" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_forty_columns_are_enough(cloud: Microsoft) -> None:
    """Nothing that stays is wider than a narrow terminal."""
    cloud.call(lambda: cloud.tenant.withdraw(["Application.Read.All"]))
    _, seen = on_a_terminal(cloud.three_variables(TERM="xterm"), columns=40)
    shown = stays(seen)
    assert "permission" in shown
    assert max(map(len, shown.splitlines())) <= 40


def test_json_is_for_machines(cloud: Microsoft) -> None:
    """Each source with its state, each cause with its sources, and nothing else on standard output."""
    cloud.call(lambda: cloud.tenant.withdraw(["Application.Read.All"]))
    name = "a\u2028b\x9b31m\N{RIGHT-TO-LEFT OVERRIDE}"
    done = finished("once", "--format", "json", **cloud.three_variables(O365_TENANT_NAME=name))
    found = json.loads(done.stdout)
    assert all(line.isprintable() for line in done.stdout.split("\n"))
    assert {source["tenant"] for source in found["sources"]} == {name}
    states = {source["source"]: source["state"] for source in found["sources"]}
    (failure,) = found["failures"]
    assert done.returncode == 1
    assert (states["applications"], states["skus"]) == ("permission", "ok")
    assert failure["reason"] == "permission"
    assert [source["source"] for source in failure["sources"]] == ["applications"]
    assert (found["answered"], found["failed"]) == (len(found["sources"]) - 1, 1)


def test_a_table_is_printed_into_a_file_too(cloud: Microsoft) -> None:
    """Asked for, it is there whatever standard output is, and the log says on standard error what failed."""
    cloud.call(lambda: cloud.tenant.withdraw(["Application.Read.All"]))
    done = finished("once", "--format", "table", **cloud.three_variables())
    assert "lacks the application permission Application.Read.All" in " ".join(done.stdout.split())
    assert "lacks the application permission Application.Read.All" in done.stderr


def test_node_exporter_serves_the_file(cloud: Microsoft, tmp_path: Path) -> None:
    """A real node_exporter reads it beside its own series, without an error; with what failed it is written too."""
    program = shutil.which("prometheus-node-exporter")
    if program is None:
        pytest.skip("prometheus-node-exporter is missing: apt-get install prometheus-node-exporter")
    cloud.call(lambda: cloud.tenant.withdraw(["Application.Read.All"]))
    done = finished("once", "--output", str(tmp_path / "o365.prom"), **cloud.three_variables())
    assert (done.returncode, done.stdout) == (1, "")
    address = f"127.0.0.1:{free_port()}"
    only = ["--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={tmp_path}"]
    node = subprocess.Popen([program, *only, f"--web.listen-address={address}"], stderr=subprocess.DEVNULL)
    try:
        page = eventually(lambda: httpx.get(f"http://{address}/metrics").text)
    finally:
        node.kill()
        node.wait()
    assert "\nnode_textfile_scrape_error 0\n" in page
    assert 'node_textfile_mtime_seconds{file="' in page
    assert "\nprocess_start_time_seconds " in page  # its own
    written = (tmp_path / "o365.prom").read_text("utf-8")
    assert "process_" not in written
    assert sources(page) == sources(written)
    assert ("applications", "permission") in sources(page)


def test_a_signal_leaves_the_file_of_before(cloud: Microsoft, tmp_path: Path) -> None:
    """What was polled in part is no news: the file keeps its age, by which it is seen."""
    file = tmp_path / "o365.prom"
    file.write_text("old 1\n", "utf-8")
    cloud.break_(path="/v1.0/subscribedSkus", hang=True)
    with running(tmp_path, "once", "--output", str(file), **cloud.three_variables()) as program:
        eventually(lambda: cloud.asked("/v1.0/subscribedSkus"))
        assert program.stop(signal.SIGINT) == 130
    assert file.read_text("utf-8") == "old 1\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o365.prom", "stderr", "stdout"]


def test_a_file_that_cannot_be_written_is_a_sentence(cloud: Microsoft, tmp_path: Path) -> None:
    """A full disk is exit code 1 with the file, the reason and the remedy; what was there still is."""
    file = tmp_path / "o365.prom"
    file.write_text("old 1\n", "utf-8")
    done = subprocess.run(
        [*PROGRAM, "once", "--output", str(file)],
        env=environment(cloud.three_variables()),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000)),
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    fault = f"o365-exporter: --output {file}: cannot be written (File too large), and what was there still is"
    assert (done.returncode, done.stdout) == (1, "")
    assert said == [f"{fault}: make room, or name another file."]
    assert file.read_text("utf-8") == "old 1\n"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("form", ["table", "json", "prom"])
def test_a_reader_that_has_gone_is_no_traceback(cloud: Microsoft, form: str) -> None:
    """Where standard output is a pipe that nobody reads any more, it ends with exit code 1 and says nothing of that."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*PROGRAM, "once", "--format", form],
        env=environment(cloud.three_variables()),
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert done.returncode == 1
    assert [line for line in done.stderr.splitlines() if not line.startswith("{")] == []
