"""The index of tomorrow: what is locked comes from it untouched, and what is not is newer."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.later_index import LATER, LaterIndex, empty_wheel

LOCKED = "made_up-1.0-py3-none-any.whl"
OURS = empty_wheel("made-up", "1.0")


def installed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What pip says when it installs into a folder, from an index that has one locked wheel."""
    wheels = folder / "wheels"
    wheels.mkdir()
    (wheels / LOCKED).write_bytes(OURS)
    with LaterIndex(wheels).serve() as url:
        options = ["--no-cache-dir", "--no-compile", "--disable-pip-version-check", "--target", str(folder / "target")]
        return subprocess.run(
            [sys.executable, "-m", "pip", "install", *options, *arguments],
            env={"PATH": os.environ["PATH"], "PIP_INDEX_URL": url, "PIP_CONFIG_FILE": os.devnull},
            capture_output=True,
            text=True,
            check=False,
        )


def test_what_is_locked_is_taken(tmp_path: Path) -> None:
    """By its hash, although there are a newer version and a later upload to this one."""
    lock = tmp_path / "lock.txt"
    lock.write_text(f"made-up==1.0 --hash=sha256:{hashlib.sha256(OURS).hexdigest()}\n", "utf-8")
    done = installed(tmp_path, "--require-hashes", "--no-deps", "--only-binary=:all:", "-r", str(lock))
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Successfully installed made-up-1.0"), done.stderr


@pytest.mark.parametrize("name", ["made-up", "hatchling"])
def test_what_is_not_locked_is_newer(tmp_path: Path, name: str) -> None:
    """Of what is there, and of what is not, as a build backend."""
    done = installed(tmp_path, name)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"Successfully installed {name}-{LATER}"), done.stderr


def test_a_later_upload_to_the_locked_version_is_offered_first(tmp_path: Path) -> None:
    """A version alone says too little: another build of it has come out."""
    done = installed(tmp_path, "made-up==1.0")
    assert "made_up-1.0-9999-py3-none-any.whl" in done.stdout, done.stdout + done.stderr
