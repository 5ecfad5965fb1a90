"""``backfill`` on the command line: what cannot be meant is refused before anybody is asked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from o365_exporter.backfill import Size
from o365_exporter.cli import main
from o365_exporter.commands import backfill as command
from o365_exporter.commands.simulate import environment_of
from o365_exporter.simulator import Simulator
from tests.fakes import FakeClock
from tests.test_cli import untouched_logs


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two tenants at a Microsoft where nobody answers."""
    for name in list(os.environ):
        if name.startswith("O365_"):
            monkeypatch.delenv(name)
    simulated = SimpleNamespace(tenants=Simulator(FakeClock()).tenants)
    for name, value in environment_of(simulated, "http://127.0.0.1:9").items():  # type: ignore[arg-type]
        monkeypatch.setenv(name, value)
    with untouched_logs():
        yield


def ended(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    """Exit code of the command, and what it said."""
    with pytest.raises(SystemExit) as end:
        main(["backfill", *arguments])
    said = capsys.readouterr()
    assert said.out == ""
    return end.value.code, said.err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--days", "0"], "'0' is not a number of days from 1 to 180, which is all that Microsoft keeps"),
        (["--days=-1"], "'-1' is not a number of days from 1 to 180"),
        (["--days", "10000"], "'10000' is not a number of days"),
        (["--days", "9" * 5000], "is not a number of days"),
        (["--days", "٣"], "is not a number of days"),
        (["--days", "1.5"], "is not a number of days"),
        (["--until", "yesterday"], "'yesterday' is not a time: write one such as 2026-03-01T12:00Z"),
        (["--until", "9999-12-31T23:59-14:00"], "'9999-12-31T23:59-14:00' is not a time"),
        (["--until", "0001-01-02"], "'0001-01-02' is before 2011, of which Microsoft knows nothing"),
        (["--label", "job"], "'job' is not NAME=VALUE"),
        (["--label", "=x"], "is not NAME=VALUE"),
        (["--label", "job="], "is not NAME=VALUE"),
        (["--label", "__name__=x"], "is not NAME=VALUE"),
        (["--label", "9a=x"], "is not NAME=VALUE"),
        (["--label", "tenant=x"], "--label tenant=x: the series have a label tenant of their own"),
        (["--label", "job=a", "--label", "job=b"], "--label job: is given twice; keep one."),
        (["--tenant", "contos"], "--tenant contos: the settings have no such tenant; did you mean contoso?"),
        (["--tenant", "xyz"], "--tenant xyz: the settings have no such tenant; they have contoso"),
        (["--until", "2099-01-01T00:00Z"], "--until 2099-01-01T00:00Z: is later than three hours before now"),
    ],
)
def test_what_cannot_be_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    """Exit code 2, the key with its value and a remedy, and nothing is left in the folder."""
    code, said = ended(capsys, "-o", str(tmp_path / "x"), *options)
    assert (code, told in " ".join(said.split())) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No folder, a folder in place of the file, a file that is there."""
    there = tmp_path / "there"
    there.write_text("mine", "utf-8")
    for output, told in (
        (tmp_path / "none" / "x", f"there is no folder {tmp_path / 'none'}; make it, or choose another."),
        (tmp_path, "is no plain file; choose another name."),
        (there, "is there already; remove it, choose another name, or give --overwrite."),
    ):
        assert ended(capsys, "-o", str(output)) == (2, f"o365-exporter: --output {output}: {told}\n")
    assert (there.read_text("utf-8"), [path.name for path in tmp_path.iterdir()]) == ("mine", ["there"])


def test_an_end_long_ago_moves_the_beginning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--days count back from --until, which is UTC without a zone; that nobody answers is told once for a tenant."""
    until = ("--days", "1", "--until", "2026-01-02T12:00")
    code, said = ended(capsys, "-o", str(tmp_path / "x"), *until, "--tenant", "contoso")
    assert code == 1
    assert "from 2026-01-01T12:00Z to 2026-01-02T12:00Z: 5 reports and lists to read." in said
    assert said.count("could not be had") == 1
    assert "x is not written, because it would lack that." in said


def test_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is too small is told before anything is written."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    said: list[str] = []
    monkeypatch.setattr(command, "_say", said.append)
    size = Size(series=1, samples=2, bytes=11)
    assert not command.fits(size, tmp_path / "x")
    assert said == [
        f"{tmp_path / 'x'} is not written: there are 10 bytes free. Choose another folder, fewer --days, or a part of "
        "the tenants at a time."
    ]
