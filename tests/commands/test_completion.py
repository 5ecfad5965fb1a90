"""What shells complete, asked of the shells themselves."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
from pathlib import Path

import pytest

from o365_exporter.cli import COMMANDS, main
from o365_exporter.commands import SHELLS
from tests.fakes import PATIENCE

CASES: list[tuple[str, set[str]]] = [
    ("o365-exporter check-c", {"check-config"}),
    ("o365-exporter once --col", {"--collector"}),
    ("o365-exporter once --collector su", {"subscriptions"}),
    ("o365-exporter once --format t", {"table"}),
    ("o365-exporter run --config sett", {"settings.toml"}),
    ("o365-exporter completion z", {"zsh"}),
    ("o365-exporter docs troub", {"troubleshooting"}),
    ("o365-exporter demo --scenario exch", {"exchange-outage"}),
    ("o365-exporter simulate --scenario report", {"report-stuck"}),
    ("o365-exporter probe list-su", {"list-subscriptions"}),
    ("o365-exporter probe app-credentials --warning-password-e", {"--warning-password-expires"}),
    ("o365-exporter probe email-activity --units c", {"count"}),
    ("o365-exporter probe service-status --ca-file sett", {"settings.toml"}),
]
"""What is typed before the tabulator, and what can follow."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where there is one file whose name begins with sett."""
    (tmp_path / "settings.toml").touch()
    return tmp_path


def installed(shell: str) -> str:
    """Where a shell is, or a skip that says how to get it."""
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is missing: apt-get install {shell}")
    return path


def script(shell: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The script of a shell, as somebody would install it."""
    with pytest.raises(SystemExit) as ended:
        main(["completion", shell])
    assert ended.value.code == 0
    file = folder / {"bash": "o365-exporter", "zsh": "_o365-exporter", "fish": "o365-exporter.fish"}[shell]
    file.write_text(capsys.readouterr().out, "utf-8")
    return file


def said(folder: Path, *command: str) -> str:
    """What a program prints that begins there, in an environment of its own."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(("typed", "expected"), CASES)
def test_bash(folder: Path, capsys: pytest.CaptureFixture[str], typed: str, expected: set[str]) -> None:
    """A real bash calls the function that the script has registered."""
    bash, file = installed("bash"), script("bash", folder, capsys)
    program = f"""
        source {file}
        words=({typed})
        COMP_WORDS=("${{words[@]}}") COMP_CWORD=$(({len(typed.split())} - 1))
        COMP_LINE="{typed}" COMP_POINT={len(typed)}
        function=$(complete -p o365-exporter | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        $function o365-exporter "${{words[-1]}}" "${{words[-2]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    assert {line.strip() for line in said(folder, bash, "--norc", "-c", program).splitlines()} == expected


@pytest.mark.parametrize(("typed", "expected"), CASES)
def test_fish(folder: Path, capsys: pytest.CaptureFixture[str], typed: str, expected: set[str]) -> None:
    """A real fish says what it would offer."""
    fish, file = installed("fish"), script("fish", folder, capsys)
    offered = said(folder, fish, "--no-config", "-c", f"source {file}; complete -C '{typed}'")
    assert {line.partition("\t")[0] for line in offered.splitlines()} == expected


@pytest.mark.parametrize(("typed", "expected"), CASES)
def test_zsh(folder: Path, capsys: pytest.CaptureFixture[str], typed: str, expected: set[str]) -> None:
    """A real zsh completes on a terminal what is typed; the script is found by its name in a folder of functions."""
    zsh = installed("zsh")
    script("zsh", folder, capsys)
    (completed,) = expected
    terminal, its_end = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", "ZDOTDIR": str(folder)}
    (folder / ".zshrc").write_text(
        f"PS1='ready> '\nfpath=({folder} $fpath)\nautoload -U compinit\ncompinit -u -D\nunsetopt prompt_cr prompt_sp\n"
    )
    shell = subprocess.Popen(
        [zsh, "-i"], cwd=folder, env=environment, stdin=its_end, stdout=its_end, stderr=its_end, start_new_session=True
    )
    os.close(its_end)
    try:
        assert until(terminal, "ready> ")
        os.write(terminal, f"{typed}\t".encode())
        assert until(terminal, " ".join([*typed.split()[:-1], completed]))
    finally:
        shell.kill()
        shell.wait()
        os.close(terminal)


def until(terminal: int, text: str) -> bool:
    """Whether this is seen on a terminal before nothing more comes."""
    seen = ""
    while text not in seen:
        ready, _, _ = select.select([terminal], [], [], PATIENCE)
        assert ready, f"{text!r} is not in {seen!r}"
        seen += os.read(terminal, 4096).decode()
    return True


@pytest.mark.parametrize("shell", SHELLS)
def test_every_option_of_once_is_in_the_script(shell: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The script is made of the parser: what that knows, it knows."""
    text = script(shell, tmp_path, capsys).read_text("utf-8")
    assert [command.name for command in COMMANDS if command.name not in text] == []
    options = {"config", "collector", "format", "output"}
    assert {option for option in options if option in text} == options


def test_the_folder_of_bash_is_that_of_the_documentation(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where bash looks by itself."""
    head = script("bash", tmp_path, capsys).read_text("utf-8").splitlines()[2]
    assert head == "# 1) Copy this to somewhere (e.g. ~/.local/share/bash-completion/completions/o365-exporter)."


def test_a_shell_that_is_not_known(capsys: pytest.CaptureFixture[str]) -> None:
    """It is exit code 2, and those that are known are named."""
    with pytest.raises(SystemExit) as ended:
        main(["completion", "tcsh"])
    assert ended.value.code == 2
    assert "'tcsh' is not known (choose from bash, zsh, fish)" in capsys.readouterr().err
