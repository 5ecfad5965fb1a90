"""The command line: options, and what comes out as exit code."""

from __future__ import annotations

import json
import logging
import re
import shlex
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import structlog

from o365_exporter import __version__, cli
from o365_exporter.catalogue import all_collectors
from o365_exporter.cli import COMMANDS, main
from o365_exporter.cli.command import Example
from o365_exporter.cli.parser import PROGRAM
from o365_exporter.commands import GRANTS
from o365_exporter.commands.once import Wanted
from o365_exporter.commands.simulate import Front
from o365_exporter.errors import ConfigurationError
from o365_exporter.probing.discovery import LISTINGS, Listing
from o365_exporter.probing.finding import Mode
from o365_exporter.probing.modes import MODES

CHECKS: list[Mode | Listing] = [*MODES, *LISTINGS]

OPTIONS = {
    "completion": ["SHELL", "bash, zsh, fish"],
    "run": ["--config", "--listen", "--shard"],
    "once": ["--config", "--collector", *all_collectors(), "--tenant", "--format", "--output", "table,json,prom"],
    "check-config": ["--config"],
    "permissions": [
        "--config",
        "--new-app",
        "--tenant",
        "--collector",
        *all_collectors(),
        "--cloud",
        "--format",
        *GRANTS,
    ],
    "backfill": [
        *("--config", "--output", "--days", "--until", "--tenant", "--label", "--overwrite", "--partial"),
        *("from 1 to 180", "job and instance"),
    ],
    "docs": ["PAGE"],
    "demo": ["--tenants", "--users", "--scenario", "--listen", "127.0.0.1:10365"],
    "simulate": ["--tenants", "--users", "--scenario", "--listen", "127.0.0.1:10366", "--tls", "--base-url"],
    "probe": ["O365_PROBE_URL", "O365_PROBE_PASSWORD", *(mode.name for mode in CHECKS)],
}


@contextmanager
def untouched_logs() -> Iterator[None]:
    """Logging as it is before a command sets it up, and afterwards as it was before."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def code_of(*arguments: str) -> int | str | None:
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


@pytest.mark.parametrize("command", OPTIONS)
def test_help_names_every_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command says in a sentence what it does, and shows its options with their defaults."""
    assert code_of(command, "--help") == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: o365-exporter {command} ")
    assert [option for option in OPTIONS[command] if option not in " ".join(text.split())] == []


@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_help_of_a_check_writes_conditions_as_they_are_typed(mode: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A percent sign stands once, so that what is copied is understood."""
    assert code_of("probe", mode.name, "--help") == 0
    text = capsys.readouterr().out
    assert "%{status} =~ /expired/i" in text
    assert "%%" not in text


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The overview has all commands and documents the exit codes."""
    assert code_of("--help") == 0
    text = capsys.readouterr().out
    assert [command for command in OPTIONS if command not in text] == []
    assert "\n  2  wrong settings or options; every fault is named on standard error\n" in text


@pytest.mark.parametrize("command", OPTIONS)
def test_help_ends_with_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command shows at the end what it is good for, in lines that can be copied."""
    assert code_of(command, "--help") == 0
    _, _, shown = capsys.readouterr().out.partition("\nexamples:\n")
    assert shown.startswith("  # ")
    assert f"\n  o365-exporter {command}" in shown


@pytest.mark.parametrize("mode", CHECKS, ids=lambda mode: mode.name)
def test_help_of_a_check_ends_with_examples(mode: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """In lines that can be copied, with what each is good for."""
    assert code_of("probe", mode.name, "--help") == 0
    _, _, shown = capsys.readouterr().out.partition("\nexamples:\n")
    lines = [line for line in shown.splitlines() if line.startswith("  o365-exporter ")]
    assert lines == [f"  o365-exporter probe {mode.name} {options}" for _, options in mode.examples]


OF_MODES = [
    Example(purpose, f"{PROGRAM} probe {mode.name} {options}") for mode in CHECKS for purpose, options in mode.examples
]


@pytest.mark.parametrize(
    "example",
    [*(example for command in COMMANDS for example in command.examples), *OF_MODES],
    ids=lambda example: example.line,
)
def test_examples_are_understood(example: Example) -> None:
    """Each line that help shows has options that exist."""
    if example in OF_MODES:
        cli.parser().parse_args(shlex.split(example.line)[1:])
        return
    for line in re.split(r"&&|\|", example.line):
        program, *arguments = shlex.split(line.partition(">")[0])
        if program == PROGRAM:
            cli.parser().parse_args(arguments)


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("command", ["", *OPTIONS])
def test_help_fits_the_terminal(
    command: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No line is wider than the terminal but those that are copied, and a wide one is used (usage is argparse's)."""
    monkeypatch.setenv("COLUMNS", str(columns))
    assert code_of(*filter(None, [command, "--help"])) == 0
    _, _, text = capsys.readouterr().out.partition("\n\n")
    widths = [len(line) for line in text.splitlines() if not line.startswith("  o365-exporter ")]
    assert max(widths) <= columns
    assert columns > 80 or max(widths) > columns - 15


@pytest.mark.parametrize(
    ("command", "called", "expected"),
    [
        (["run"], "run.run", [None, None, None]),
        (["run", "--config", "x.toml", "--listen", ":1"], "run.run", [Path("x.toml"), ":1", None]),
        (["run", "--shard", "1/3"], "run.run", [None, None, "1/3"]),
        (["run", "-c", "x.toml"], "run.run", [Path("x.toml"), None, None]),
        (["once"], "once.once", [None, Wanted()]),
        (
            ["once", "--format", "json", "--output", "o365.prom"],
            "once.once",
            [None, Wanted(form="json", output=Path("o365.prom"))],
        ),
        (
            ["once", "--collector", "subscriptions", "--collector", "service_health"],
            "once.once",
            [None, Wanted(["subscriptions", "service_health"])],
        ),
        (["once", "--tenant", "a", "--tenant", "b"], "once.once", [None, Wanted(tenants=["a", "b"])]),
        (["check-config", "--config", "x.toml"], "check_config.check_config", [Path("x.toml")]),
        (["demo"], "demo.demo", [None, None, "127.0.0.1:10365", None]),
        (["demo", "--tenants", "5", "--users", "9", "--listen", ":1"], "demo.demo", [5, 9, ":1", None]),
        (["demo", "--scenario", "x"], "demo.demo", [None, None, "127.0.0.1:10365", "x"]),
        (["simulate"], "simulate.simulate", [None, None, Front("127.0.0.1:10366"), None]),
        (["simulate", "--scenario"], "simulate.simulate", [None, None, Front("127.0.0.1:10366"), ""]),
        (["simulate", "--tls"], "simulate.simulate", [None, None, Front("127.0.0.1:10366", "simulator-ca.pem"), None]),
        (
            ["simulate", "--tls", "ca.pem", "--base-url", "https://graph.test"],
            "simulate.simulate",
            [None, None, Front("127.0.0.1:10366", "ca.pem", "https://graph.test"), None],
        ),
    ],
)
def test_options_reach_their_command(
    monkeypatch: pytest.MonkeyPatch, command: list[str], called: str, expected: list[Any]
) -> None:
    """Each command gets what was typed, and its exit code is the program's."""
    given: list[Any] = []

    def stand_in(*arguments: Any) -> int:
        given.extend(argument for argument in arguments if not hasattr(argument, "keys"))  # but the environment
        return 7

    monkeypatch.setattr(f"o365_exporter.commands.{called}", stand_in)
    assert code_of(*command) == 7
    assert given == expected


def _raising(error: BaseException) -> Any:
    def command(_: Namespace) -> int:
        raise error

    return type("Parser", (), {"understood": lambda *_: Namespace(command=command)})


def test_wrong_settings_are_exit_code_2(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every fault is a line on standard error, and nothing is on standard output."""
    monkeypatch.setattr(cli, "parser", _raising(ConfigurationError(["a is wrong", "b is wrong"])))
    assert code_of() == 2
    assert capsys.readouterr() == ("", "o365-exporter: a is wrong\no365-exporter: b is wrong\n")


@pytest.mark.parametrize(
    "error",
    [
        ExceptionGroup("canary", [BrokenPipeError(), ValueError("canary")]),
        ValueError("canary"),
        RuntimeError("canary"),
        OSError(5, "canary", "canary"),
    ],
)
def test_no_traceback_reaches_anybody(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    """A fault of the program is exit code 1 and one line of the log: kinds and places, and no foreign text."""
    monkeypatch.setattr(cli, "parser", _raising(error))
    with untouched_logs():
        assert code_of() == 1
    out, err = capsys.readouterr()
    assert (out, "canary" in err, err.count("\n")) == ("", False, 1)
    line = json.loads(err)
    assert (line["event"], line["level"]) == ("fault of the exporter", "critical")
    assert line["exception"][0]["type"] == type(error).__qualname__
    assert any(place.startswith("o365_exporter/cli/__init__.py:") for place in line["exception"][0]["frames"])
    if isinstance(error, ExceptionGroup):
        assert [one["type"] for one in line["exception"][1:]] == ["BrokenPipeError", "ValueError"]


def test_an_early_interrupt_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C before the signal handlers stand ends the program like one that comes later."""
    monkeypatch.setattr(cli, "parser", _raising(KeyboardInterrupt()))
    assert code_of() == 0


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["start"],
        ["run", "--verbose"],
        ["demo", "--tenants", "0"],
        ["demo", "--users", "many"],
        ["once", "--collector", "x"],
    ],
)
def test_wrong_options_are_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is said on standard error, with the usage."""
    assert code_of(*arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: o365-exporter")


@pytest.mark.parametrize(
    ("arguments", "guess"),
    [
        (["run", "--lisen", ":1"], "--lisen: did you mean --listen?"),
        (["run", "--config.file=x"], "--config.file: did you mean --config?"),
        (["once", "--colector", "subscriptions"], "--colector: did you mean --collector?"),
        (["simulat"], "'simulat' is not known: did you mean simulate?"),
        (["check_config"], "'check_config' is not known: did you mean check-config?"),
        (["once", "--collector", "service-health"], "'service-health' is not known: did you mean service_health?"),
    ],
)
def test_what_was_meant_is_guessed(arguments: list[str], guess: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An option, a command or a collector that does not exist is told with the nearest that does."""
    assert code_of(*arguments) == 2
    assert guess in capsys.readouterr().err


def test_an_option_of_another_command_is_no_guess(capsys: pytest.CaptureFixture[str]) -> None:
    """What is meant is one of the command at hand, whose usage is shown."""
    assert code_of("check-config", "--tenant", "contoso") == 2
    assert capsys.readouterr().err == (
        "usage: o365-exporter check-config [-h] [-c FILE]\n"
        "o365-exporter check-config: error: unrecognized arguments: --tenant\n"
    )


def test_values_of_unknown_options_are_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """Somebody may try to hand a secret over."""
    assert code_of("run", "--client-secret", "canary", "--x=canary") == 2
    assert "canary" not in capsys.readouterr().err


_LATER = [
    "msal",
    "cryptography",
    "httpx",
    "pydantic",
    "structlog",
    "anyio",
    "asyncio",
    "starlette",
    "uvicorn",
    "prometheus_client",
    "rich",
    "shtab",
]

_LOADED_BY = """
import sys
sys.argv[1:] = {arguments}
from o365_exporter.cli import COMMANDS, main
from o365_exporter.cli.command import Example
from o365_exporter.cli.parser import PROGRAM
try:
    main()
except SystemExit as end:
    assert end.code == {code}, end.code
print(*sorted({{name.partition(".")[0] for name in sys.modules}}), file=sys.stderr)
"""


def _loaded_by(*arguments: str, code: int) -> set[str]:
    """The roots of all modules that a fresh process has imported when it ends with that code."""
    program = _LOADED_BY.format(arguments=list(arguments), code=code)
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--help"], 0), (["--version"], 0), *(([command, "--help"], 0) for command in OPTIONS), (["run", "--lisen"], 2)],
)
def test_help_needs_no_library(arguments: list[str], code: int) -> None:
    """Help, the version and what is wrong with options are told before anything that takes long to import."""
    loaded = _loaded_by(*arguments, code=code)
    assert "o365_exporter" in loaded
    assert loaded.isdisjoint(_LATER)


def test_the_daemon_needs_neither_simulator_nor_what_signs() -> None:
    """What signs by certificates is loaded for who has one, and the simulator for who simulates."""
    program = "import sys, o365_exporter.commands.run; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "o365_exporter.graph.client" in loaded
    assert loaded.isdisjoint({"msal", "requests", "jwt", "cryptography", "o365_exporter.simulator"})
    assert loaded.isdisjoint({"click", "icalendar", "nh3", "pygments", "rich", "yaml"}), (
        "7 MiB for who never needs them"
    )


def test_an_interrupted_start_of_once_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while libraries are imported is 130: nothing was polled."""
    interrupted = type("Interrupted", (), {"__getattr__": lambda *_: _interrupt()})()
    monkeypatch.setitem(sys.modules, "o365_exporter.commands.once", interrupted)
    assert code_of("once") == 130


def _interrupt() -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("option", ["--version", "-v", "-V"])
def test_the_version(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever people try, they get the version."""
    assert code_of(option) == 0
    assert capsys.readouterr().out == f"o365-exporter {__version__}\n"
