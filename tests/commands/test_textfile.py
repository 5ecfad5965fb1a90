"""The file that node_exporter reads."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from o365_exporter.commands import textfile
from o365_exporter.errors import ConfigurationError


def test_the_file_is_replaced_and_readable_for_others(tmp_path: Path) -> None:
    """Whatever the umask, node_exporter may read it; nothing else is left in the folder."""
    file = tmp_path / "o365.prom"
    file.write_bytes(b"old")
    before = os.umask(0o077)
    try:
        textfile.write(file, b"new 1\n")
    finally:
        os.umask(before)
    assert file.read_bytes() == b"new 1\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert list(tmp_path.iterdir()) == [file]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there still is, and nothing half stands beside it."""
    file = tmp_path / "o365.prom"
    file.write_bytes(b"old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        textfile.write(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_what_is_written_beside_it_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the new file is written its name does not end in .prom, so that no half of it is served."""
    seen: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.extend(path.suffix for path in tmp_path.iterdir()))
    textfile.write(tmp_path / "o365.prom", b"new")
    assert len(seen) == 1
    assert seen[0] != ".prom"


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("o365.txt", "node_exporter reads only files whose names end in .prom: name it o365.prom."),
        ("o365", "node_exporter reads only files whose names end in .prom: name it o365.prom."),
        ("folder.prom", "that is a folder: name a file in it, such as {folder}/folder.prom/o365.prom."),
        (
            "nowhere/o365.prom",
            "there is no folder {folder}/nowhere: make it, or name the one of --collector.textfile.directory.",
        ),
    ],
)
def test_what_node_exporter_would_not_read_is_refused(tmp_path: Path, name: str, fault: str) -> None:
    """Before anything is polled, with what to write instead."""
    (tmp_path / "folder.prom").mkdir()
    with pytest.raises(ConfigurationError) as refused:
        textfile.check(tmp_path / name)
    assert refused.value.faults == [f"--output {tmp_path / name}: {fault.format(folder=tmp_path)}"]


def test_a_folder_without_leave_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file is replaced by renaming, for which the folder must be writable."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ConfigurationError, match="this user may not write to the folder"):
        textfile.check(tmp_path / "o365.prom")
