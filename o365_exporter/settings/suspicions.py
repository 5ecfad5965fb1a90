"""What is legal but looks like an oversight; nobody is stopped by it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from o365_exporter.settings.layers import Layer
from o365_exporter.settings.schema import PROOFS, Key, lookup


def suspicions(file: Layer, written: Layer) -> Iterator[str]:
    """One sentence each; ``file`` is the layer of the configuration file."""
    for path, entry in file.items():
        key = lookup(path)
        if isinstance(key, Key) and key.is_secret and path[-1] in PROOFS:
            yield (
                f"{entry.name} stands in {entry.place}, where backups and colleagues find it: "
                f"name a file by {path[-1]}_file instead."
            )
    proofs = (entry for path, entry in written.items() if path[-1] in PROOFS)
    for name in dict.fromkeys(str(entry.value) for entry in proofs):
        if name.startswith("/"):
            yield from _about_file(Path(name))


def _about_file(path: Path) -> Iterator[str]:
    try:
        mode = path.stat().st_mode
        path.open("rb").close()
    except OSError as error:
        yield f"{path} cannot be read now ({error.strerror}): polls fail until it can."
        return
    if mode & stat.S_IROTH:
        yield f"{path} can be read by every user of this machine: chmod o-r {path}."
