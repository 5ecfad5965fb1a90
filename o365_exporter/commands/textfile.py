"""A file for the textfile collector of Prometheus' node_exporter: whole or not at all, and readable for that.

Source: https://github.com/prometheus/node_exporter#textfile-collector and its ``collector/textfile.go``: it reads
``*.prom`` in one folder at each scrape, and serves what it has read beside its own series.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from o365_exporter.errors import ConfigurationError

SUFFIX = ".prom"
"""Of the files that node_exporter reads; it passes over all others in silence."""

_READABLE = 0o644


def check(file: Path) -> None:
    """See before anything is polled that the file can be written.

    Raises:
        ConfigurationError: it cannot, or node_exporter would not read it.
    """
    if fault := _fault(file):
        raise ConfigurationError([f"--output {file}: {fault}."])


def _fault(file: Path) -> str:
    if not file.name.endswith(SUFFIX):
        return f"node_exporter reads only files whose names end in {SUFFIX}: name it {file.stem or 'o365'}{SUFFIX}"
    if file.is_dir():
        return f"that is a folder: name a file in it, such as {file / 'o365'}{SUFFIX}"
    if not file.parent.is_dir():
        return f"there is no folder {file.parent}: make it, or name the one of --collector.textfile.directory"
    if not os.access(file.parent, os.W_OK | os.X_OK):
        return f"this user may not write to the folder {file.parent}: let it, for the file is replaced by renaming"
    return ""


def write(file: Path, page: bytes) -> None:
    """Replace the file, whole or not at all; a reader sees the old one until the new one is complete.

    Raises:
        OSError: it could not be written; what was there still is.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # which node_exporter does not read
    try:
        with os.fdopen(descriptor, "wb") as beside:
            beside.write(page)
            beside.flush()
            os.fchmod(beside.fileno(), _READABLE)  # whatever the umask: node_exporter runs as another user
            os.fsync(beside.fileno())
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink(missing_ok=True)
        raise
