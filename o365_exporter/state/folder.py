"""The folder with the files: whole or not at all, for one process alone, readable for nobody else.

A file is written beside its place, synced and renamed, so that whoever is killed leaves the old one or the new one.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
from collections.abc import Collection, Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

LARGEST = 256 * 1024 * 1024
"""Bytes that are read of a file."""

ABANDONED = 7 * 86400.0
"""Seconds after which the file of a tenant that is watched no more is removed, and one that was set aside."""

LOCK, SUFFIX, UNFINISHED, ASIDE = "lock", ".state", ".unfinished", ".set-aside"

_READABLE = re.compile(r"[^a-z0-9]+")
_OPEN = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # what is no file of ours is neither followed nor waited for


class InUseError(OSError):
    """Another process keeps its state in the folder."""


class NotOursError(Exception):
    """A file that is there and cannot be one of ours; its text is the predicate of a sentence about it."""


class Folder:
    """The files of one process.

    Args:
        path: of the folder; it is made when it is first needed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def open(self) -> None:
        """Make the folder where there is none, and take it for this process.

        Raises:
            InUseError: another process has it.
            OSError: it cannot be made or written.
        """
        if self._lock is not None:
            return
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | _OPEN, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                raise InUseError(error.errno, "another process keeps its state there") from None
            raise
        self._lock = lock

    def close(self) -> None:
        """Leave the folder to the next process."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def file_of(self, tenant: str) -> Path:
        """Where a tenant's state is; its name may be any text."""
        readable = _READABLE.sub("-", tenant.lower())[:40].strip("-")
        digest = blake2b(tenant.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        return self.path / f"{readable or 'tenant'}-{digest}{SUFFIX}"

    def read(self, tenant: str) -> bytes | None:
        """What was written for a tenant; None where nothing was.

        Raises:
            NotOursError: what is there is no file, is another user's or too large.
            OSError: it cannot be read.
        """
        try:
            file = os.open(self.file_of(tenant), os.O_RDONLY | _OPEN)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):
                raise NotOursError("is no plain file") from None
            raise
        try:
            _check(os.fstat(file))
            with os.fdopen(file, "rb", closefd=False) as opened:
                return opened.read(LARGEST + 1)
        finally:
            os.close(file)

    def write(self, tenant: str, pieces: Iterable[bytes]) -> None:
        """Replace what was written for a tenant, whole or not at all.

        Raises:
            OSError: it could not be written; what was there still is.
        """
        self.open()
        place = self.file_of(tenant)
        beside = place.with_suffix(UNFINISHED)
        try:
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _OPEN, 0o600), "wb") as file:
                file.writelines(pieces)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(place)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        self._sync()

    def set_aside(self, tenant: str) -> Path:
        """Keep a file that cannot be used, for people to look at; the tenant's next state takes its place.

        Raises:
            OSError: it cannot be moved.
        """
        place = self.file_of(tenant)
        return place.replace(place.with_suffix(ASIDE))

    def clean_up(self, watched: Collection[str], now: float) -> list[Path]:
        """Remove what nobody needs: unfinished files, and after a while those of tenants that are watched no more.

        Args:
            watched: the tenants that are.
            now: wall clock, seconds.

        Returns:
            The files of tenants that were removed.

        Raises:
            OSError: the folder cannot be read or written.
        """
        needed = {self.file_of(tenant) for tenant in watched}
        removed = []
        for path in sorted(self.path.iterdir()):
            is_old = now - path.lstat().st_mtime > ABANDONED
            if path.suffix == UNFINISHED or (path.suffix in (SUFFIX, ASIDE) and path not in needed and is_old):
                path.unlink()
                removed += [path] if path.suffix == SUFFIX else []
        return removed

    def _sync(self) -> None:
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _check(about: os.stat_result) -> None:
    if not stat.S_ISREG(about.st_mode):
        raise NotOursError("is no plain file")
    if about.st_uid != os.geteuid():
        raise NotOursError(f"belongs to the user {about.st_uid}, and this process runs as {os.geteuid()}")
    if about.st_size > LARGEST:
        raise NotOursError(f"is larger than {LARGEST // 1024**2} MiB")
