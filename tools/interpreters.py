"""The Pythons of this machine that could run the exporter."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ASK = "import sys, venv, ensurepip; print('.'.join(map(str, sys.version_info[:3])))"
OLDEST = (3, 11)


def at_hand() -> dict[str, Path]:
    """One interpreter for each minor version from 3.11 on that can make an environment: ``"3.12"`` and its path."""
    found: dict[tuple[int, ...], Path] = {}
    for program in _programs():
        if (version := _version(program)) >= OLDEST:
            found.setdefault(version[:2], program)
    return {f"{major}.{minor}": found[major, minor] for major, minor in sorted(found)}


def _programs() -> Iterator[Path]:
    """Whatever is called python3.N in the search path, and what pyenv keeps beside it."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    folders = [Path(folder) for folder in os.get_exec_path() if not Path(folder).is_relative_to(pyenv / "shims")]
    for folder in [*folders, *sorted(pyenv.glob("versions/*/bin"))]:
        yield from (path for path in sorted(folder.glob("python3.*")) if re.fullmatch(r"python3\.\d+", path.name))


def _version(program: Path) -> tuple[int, ...]:
    """``(3, 12, 1)``, or nothing where it does not run or lacks its venv."""
    done = subprocess.run([program, "-I", "-c", ASK], capture_output=True, text=True, check=False)  # noqa: S603 - found
    return tuple(map(int, done.stdout.split("."))) if done.returncode == 0 else ()
