"""What is legal but looks like an oversight; nobody is stopped by it."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

from o365_exporter.settings.layers import Layer
from o365_exporter.settings.schema import PROOFS, Key, KeyPath, lookup


def suspicions(file: Layer, written: Layer) -> Iterator[str]:
    """One sentence each; ``file`` is the layer of the configuration file."""
    for path, entry in file.items():
        key = lookup(path)
        if isinstance(key, Key) and key.is_secret and path[-1] in PROOFS:
            yield (
                f"{entry.name} stands in {entry.place}, where backups and colleagues find it: "
                f"name a file by {path[-1]}_file instead."
            )
    proofs = {path: str(entry.value) for path, entry in written.items() if path[-1] in PROOFS}
    files = {name: _is_public(path, written) for path, name in proofs.items() if name.startswith("/")}
    for name, public in files.items():
        yield from _about_file(Path(name), public=public)


def _is_public(path: KeyPath, written: Layer) -> bool:
    """Whether others may well read it: a certificate without its key, and what Kubernetes writes for everybody."""
    without_key = path[-1] == "certificate_file" and (*path[:-1], "certificate_key_file") in written
    return without_key or path[-1] == "federated_token_file"


def _about_file(path: Path, *, public: bool) -> Iterator[str]:
    try:
        mode = path.stat().st_mode
        path.open("rb").close()
    except OSError as error:
        yield f"{path} cannot be read now ({error.strerror}): polls fail until it can."
        return
    if mode & stat.S_IROTH and not public:
        yield f"{path} can be read by every user of this machine: chmod o-r {path}."
