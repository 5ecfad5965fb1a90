"""The folder: files are whole or not there, nobody else's are believed, and two processes never share one."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from o365_exporter.state import folder as module
from o365_exporter.state.folder import ABANDONED, Folder, InUseError, NotOursError
from tests.fakes import NOON


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """One that is not there yet."""
    return Folder(tmp_path / "deep" / "state")


def test_what_is_written_is_read_and_is_for_nobody_else(folder: Folder) -> None:
    """Files have mode 0600 in a folder of mode 0700, whatever the umask is, and there is nothing beside them."""
    before = os.umask(0)
    try:
        folder.write("contoso", [b"one ", b"two"])
    finally:
        os.umask(before)
    assert folder.read("contoso") == b"one two"
    assert stat.S_IMODE(folder.path.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.path.iterdir()} == {
        "lock": 0o600,
        folder.file_of("contoso").name: 0o600,
    }
    assert folder.read("fabrikam") is None


@pytest.mark.parametrize("step", ["fsync", "replace", "writelines"])
def test_a_write_that_fails_leaves_what_was_there(folder: Folder, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """A full disk costs the new state and not the old one, and leaves no litter on it."""
    folder.write("contoso", [b"old"])

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def pieces() -> object:
        yield b"new"
        full()

    with monkeypatch.context() as patched:
        if step == "fsync":
            patched.setattr(os, "fsync", full)
        if step == "replace":
            patched.setattr(Path, "replace", full)
        with pytest.raises(OSError, match="No space left"):
            folder.write("contoso", pieces() if step == "writelines" else [b"new"])  # type: ignore[arg-type] # an iterator
    assert folder.read("contoso") == b"old"
    assert {path.name for path in folder.path.iterdir()} == {"lock", folder.file_of("contoso").name}


def test_any_name_of_a_tenant_has_a_file_of_its_own(folder: Folder) -> None:
    """Names are labels, so any text: none leads out of the folder, and no two share a file."""
    names = ["contoso", "Contoso", "../../etc/passwd", "a/b", "a-b", "", "." * 300, "日本", "\ud800", "lock", "a" * 300]
    for name in names:
        folder.write(name, [name.encode("utf-8", "replace")])
    assert len({folder.file_of(name) for name in names}) == len(names)
    assert {folder.file_of(name).parent for name in names} == {folder.path}
    assert folder.read("../../etc/passwd") == b"../../etc/passwd"
    assert folder.file_of("Contoso Ltd.").name.startswith("contoso-ltd-")


def test_one_process_at_a_time(folder: Folder) -> None:
    """Whoever comes second is told; when the first is gone, it may have the folder."""
    folder.open()
    folder.open()
    second = Folder(folder.path)
    with pytest.raises(InUseError):
        second.open()
    with pytest.raises(InUseError):
        second.write("contoso", [b"mine"])
    folder.close()
    second.open()
    second.close()


def test_what_is_no_file_of_ours_is_not_read(folder: Folder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A pipe holds nothing up, a link leads nowhere, and other users and huge files are not believed."""
    folder.write("contoso", [b"mine"])
    place = folder.file_of("contoso")
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: os.getuid() + 1)
        with pytest.raises(NotOursError, match=f"^belongs to the user {os.getuid()}, and this process runs as "):
            folder.read("contoso")
    with monkeypatch.context() as patched:
        patched.setattr(module, "LARGEST", 3)
        with pytest.raises(NotOursError, match=r"^is larger than 0 MiB$"):
            folder.read("contoso")
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(NotOursError, match=r"^is no plain file$"):
        folder.read("contoso")
    place.unlink()
    (tmp_path / "elsewhere").write_bytes(b"another's")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotOursError, match=r"^is no plain file$"):
        folder.read("contoso")
    folder.write("contoso", [b"mine"])
    assert (tmp_path / "elsewhere").read_bytes() == b"another's"
    assert folder.read("contoso") == b"mine"
    place.unlink()
    place.mkdir()
    with pytest.raises(NotOursError, match=r"^is no plain file$"):
        folder.read("contoso")


def test_a_file_is_set_aside_once(folder: Folder) -> None:
    """It stays to be looked at, makes room for the next, and there is one for each tenant at most."""
    for content in (b"one", b"two"):
        folder.write("contoso", [content])
        aside = folder.set_aside("contoso")
        assert folder.read("contoso") is None
        assert aside.read_bytes() == content
    assert len(list(folder.path.iterdir())) == 2


def test_what_nobody_needs_is_removed(folder: Folder) -> None:
    """Unfinished files at once; files of tenants that are gone, and those set aside, after a week; others' never."""
    for tenant in ("here", "gone", "left", "odd"):
        folder.write(tenant, [b""])
    aside = folder.set_aside("odd")
    unfinished, foreign = folder.path / "x.unfinished", folder.path / "notes.txt"
    for path in (unfinished, foreign):
        path.write_bytes(b"")
    for path in folder.path.iterdir():
        os.utime(path, (NOON, NOON))
    left = folder.file_of("left")
    os.utime(left, (NOON + 1, NOON + 1))
    assert folder.clean_up(["here"], NOON + ABANDONED) == []
    assert not unfinished.exists()
    assert folder.clean_up(["here"], NOON + ABANDONED + 0.5) == [folder.file_of("gone")]
    assert {path.name for path in folder.path.iterdir()} == {
        "lock",
        "notes.txt",
        left.name,
        folder.file_of("here").name,
    }
    assert not aside.exists()
