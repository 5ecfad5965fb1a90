"""What is held: tasks, files, and objects by their class."""

from __future__ import annotations

import asyncio
import gc
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_OURS = ("o365_exporter", "httpx", "httpcore", "anyio", "asyncio", "starlette", "h11")
_THEIRS = ("o365_exporter.simulator",)
_ROOM = 80
"""Objects of a class that may come in addition for each tenant: addresses of files that are remembered, issues, and
what ends (an app has an end of each kind)."""
_SHARE = 1.25


@dataclass(frozen=True)
class Held:
    """A count at a quiet moment."""

    tasks: int
    files: int
    objects: Counter[str]
    resident: int
    """Bytes of memory."""

    @classmethod
    def now(cls) -> Held:
        """What is held now, cycles collected."""
        gc.collect()
        objects: Counter[str] = Counter()
        for one in gc.get_objects():
            kind = type(one)
            module = str(kind.__module__)
            if module.startswith(_OURS) and not module.startswith(_THEIRS):
                objects[f"{module}.{kind.__qualname__}"] += 1
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
        files = len(list(Path("/proc/self/fd").iterdir()))
        return cls(len(asyncio.all_tasks()), files, objects, pages * os.sysconf("SC_PAGE_SIZE"))

    def leaks(self, before: Held, tenants: int) -> list[str]:
        """What is more than it may be, a line each."""
        lines = [f"{self.tasks} tasks, {before.tasks} before"] * (self.tasks > before.tasks)
        lines += [f"{self.files} open files, {before.files} before"] * (self.files > before.files)
        lines += [
            f"{count} of {kind}, {before.objects[kind]} before"
            for kind, count in self.objects.items()
            if count > before.objects[kind] * _SHARE + _ROOM * tenants
        ]
        return lines
