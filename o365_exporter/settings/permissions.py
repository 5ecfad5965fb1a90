"""Whether others than the exporter may read its secrets, or change what it is told, by the modes of files.

Judged is what the mode says to everybody. A group is trusted: it is how Kubernetes (``fsGroup``) and systemd let a
program read what belongs to root. Nothing is said of what the reader cannot change: files on a read-only mount, as
Kubernetes and Docker Swarm mount secrets (0644 and 0444, inside a container that nobody else is in), and those of a
Kubernetes volume, which are told by its links to ``..data``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

_NOBODY = 65534
"""Whom Linux names as owner where a container cannot name the real one."""


def openness(path: Path, *, secret: bool) -> Iterator[str]:
    """A sentence for each way in which a file is open to others, with what to do.

    Args:
        path: a file that can be read.
        secret: whether a secret is in it, so that others may not even read it.
    """
    found = path.stat()
    if _is_mounted(path):
        return
    mode, owned = stat.S_IMODE(found.st_mode), found.st_uid == os.geteuid()
    can = " and ".join(_rights(mode, secret=secret))
    if can:
        remedy = f"chmod {'600' if owned and secret else 'o-rw' if secret else 'o-w'} {path}"
        yield f"{path} can be {can} by every user of this machine (mode {mode:04o}): {remedy}."
    if not owned and found.st_uid not in (0, _NOBODY):
        yield (
            f"{path} belongs to user {found.st_uid}, who can change it and is neither the exporter's nor root: "
            f"chown root {path}, and let the exporter read it by its group (chmod 640)."
        )


def _rights(mode: int, *, secret: bool) -> Iterator[str]:
    if secret and mode & stat.S_IROTH:
        yield "read"
    if mode & stat.S_IWOTH:
        yield "changed"


def _is_mounted(path: Path) -> bool:
    """Whether modes are somebody else's affair: a read-only mount, or a volume of Kubernetes."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY) or any(
        part.startswith("..") and part != ".." for part in path.resolve().parts
    )
