"""The work file: what was read so far, so that a run that is killed goes on without asking again.

Lines of JSON beside the output. A line that was cut by the end of a process is dropped. Only where each record stands
is held in memory, and one record at a time is read back.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from o365_exporter import __version__
from o365_exporter.backfill.plan import Part
from o365_exporter.graph import Remembered

GOOD_FOR = 86_400.0
"""Seconds for which a work file is gone on with; what is older would leave a gap before now."""

_FORM = "backfill of o365-exporter"
_REMEMBERED: TypeAdapter[Remembered] = TypeAdapter(Remembered)


class WorkFileError(Exception):
    """There can be no work file: another process writes the same output, or what has its name is another file."""


class WorkFile:
    """What was read for one output; see ``open_work_file``."""

    def __init__(self, path: Path, file: BinaryIO, now: float) -> None:
        self.path = path
        self.started_at = now
        """Wall clock at which the first of the runs began that go on from each other."""
        self.is_resumed = False
        self.has_begun_anew = False
        """Whether what a former run has read is too old, or of another version, and was dropped."""
        self._file = file
        self._places: dict[tuple[str, ...], int] = {}
        self._nothing: dict[tuple[str, ...], str] = {}
        self._limits: dict[str, int] = {}
        self._recall(now)

    @classmethod
    @contextmanager
    def opened(cls, output: Path, now: float) -> Iterator[WorkFile]:
        """The work file of an output, for this process alone.

        Raises:
            WorkFileError: another process has it, or it is no work file.
            OSError: it cannot be made or read.
        """
        path = output.with_name(f"{output.name}.work")
        with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600), "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                    raise WorkFileError(f"another backfill writes {output} now; wait for its end") from None
                raise
            yield cls(path, file, now)

    def __contains__(self, part: Part) -> bool:
        return part.key in self._places or part.key in self._nothing

    def nothing(self, part: Part) -> str:
        """Why Microsoft has nothing for a part; empty where it has something."""
        return self._nothing.get(part.key, "")

    def add(self, part: Part, records: Any) -> None:
        """Keep what was read.

        Raises:
            OSError: it cannot be written.
        """
        written = TypeAdapter(part.history.form).dump_python(records, mode="json")
        self._places[part.key] = self._append({"key": part.key, "records": written})

    def add_nothing(self, part: Part, why: str) -> None:
        """Keep that there is nothing, for this run alone: the next one asks whether that is still so."""
        self._nothing[part.key] = why

    def note_limits(self, tenant: str, known: Remembered) -> None:
        """Keep what was used of Microsoft's limits; raises the same."""
        limits = _REMEMBERED.dump_python(Remembered(uses=known.uses, closed=known.closed), mode="json")
        self._limits[tenant] = self._append({"tenant": tenant, "limits": limits})

    def limits(self, tenant: str) -> Remembered:
        """What former runs have used of Microsoft's limits."""
        if tenant not in self._limits:
            return Remembered()
        return _REMEMBERED.validate_python(self._at(self._limits[tenant])["limits"])

    def records(self, part: Part) -> Any:
        """What was read, None where there was nothing."""
        if part.key not in self._places:
            return None
        return TypeAdapter(part.history.form).validate_python(self._at(self._places[part.key])["records"])

    def forget(self) -> None:
        """It is needed no more."""
        self.path.unlink(missing_ok=True)

    def _at(self, place: int) -> Any:
        self._file.seek(place)
        return json.loads(self._file.readline())

    def _append(self, content: dict[str, Any]) -> int:
        place = self._file.seek(0, os.SEEK_END)
        try:
            self._file.write(json.dumps(content).encode() + b"\n")
            self._file.flush()
        except OSError:
            self._file.truncate(place)
            raise
        return place

    def _recall(self, now: float) -> None:
        if (start := self._file.read(64)) and _FORM.encode() not in start:
            raise WorkFileError(f"{self.path} is needed for what is read, and is another file; move it away")
        place = self._file.seek(0)
        for line in iter(self._file.readline, b""):
            try:
                content = json.loads(line) if line.endswith(b"\n") else None
                if not (isinstance(content, dict) and self._take(content, place, now)):
                    break
            except (ValueError, KeyError, TypeError, ValidationError, RecursionError):
                break
            place += len(line)
        self._file.truncate(place)
        if not place:
            self._append({"form": _FORM, "version": __version__, "started_at": now})

    def _take(self, content: dict[str, Any], place: int, now: float) -> bool:
        """Whether a line is one of ours that holds."""
        if not place:
            age = now - content["started_at"]
            self.is_resumed = content["version"] == __version__ and 0 <= age < GOOD_FOR
            self.started_at = content["started_at"] if self.is_resumed else now
            self.has_begun_anew = not self.is_resumed
            return self.is_resumed
        if "limits" in content:
            _REMEMBERED.validate_python(content["limits"])
            self._limits[content["tenant"]] = place
            return True
        self._places[tuple(content["key"])] = place
        return True
