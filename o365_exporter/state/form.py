"""The form of a tenant's file: a line about the file, then a line for each source, all JSON.

What was written by somebody else, by another version or only in part is refused, and what one source has written
touches no other. Lines of samples are never in it, nor tokens, secrets or addresses of files.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, ConfigDict, TypeAdapter, ValidationError

from o365_exporter.catalogue import all_metrics
from o365_exporter.errors import REASONS, Cause
from o365_exporter.graph import Remembered
from o365_exporter.scheduler import Job, Memory
from o365_exporter.store import STATES, Key, Poll

FORMAT, VERSION = "o365-exporter state", 1
"""What a file says about itself; the version changes with the meaning of what is written."""

CLOCKS_DIFFER = 60.0
"""Seconds by which a moment may lie in the future and still be believed."""

LONGEST_HEAD = 4 * 1024 * 1024
"""Bytes in which the first line must end; it has some thousands."""

LONG = 64 * 1024
"""Bytes from which on a line is kept instead of being made anew; it costs as much memory."""

_CONFIG = ConfigDict(extra="forbid", ser_json_inf_nan="constants")  # of a class and of what is in it

R = TypeVar("R")


class UnusableStateError(Exception):
    """A file, or what it has of a source, cannot be used; its text is the predicate of a sentence about it."""


def _state(name: str) -> str:
    if name not in STATES:
        raise ValueError("is no state")
    return name


def _reason(name: str) -> str:
    if name not in REASONS:
        raise ValueError("is no reason")
    return name


def _cause(cause: Cause) -> Cause:
    _reason(cause.reason)
    return cause


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose records they are: those of another directory, seen by another app or asked elsewhere, are not shown."""

    tenant_id: str
    cloud: str
    client_id: str
    login_url: str
    graph_url: str


@dataclass(frozen=True, slots=True)
class _Line:
    """What the line at the same place holds."""

    collector: str
    source: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class _Head:
    """The first line."""

    __pydantic_config__ = _CONFIG

    format: str
    version: int
    written_at: float
    tenant: str
    identity: Identity
    graph: Remembered
    lines: tuple[_Line, ...]
    sha256: str


@dataclass(frozen=True, slots=True)
class _Kept(Generic[R]):
    """What is written of a ``Poll``."""

    __pydantic_config__ = _CONFIG

    state: Annotated[str, AfterValidator(_state)]
    message: str
    cause: Annotated[Cause, AfterValidator(_cause)] | None
    told: bool
    taken_at: float | None
    attempted_at: float
    nothing_since: float | None
    next_run: float | None
    duration: float
    remarks: frozenset[str]
    failures: Mapping[Annotated[str, AfterValidator(_reason)], int]
    failures_in_a_row: int
    records: R | None
    unfinished: R | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is to be written of a tenant; nothing in it changes while that is done."""

    tenant: str
    identity: Identity
    graph: Remembered
    memory: Memory
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds that can be used.

    Args:
        graph: what the tenant's client knew.
        memory: what the scheduler knew.
        refused: why what it has of a source cannot be used, by source.
    """

    graph: Remembered
    memory: Memory
    refused: Mapping[Key, str] = field(default_factory=dict)


@cache
def _adapter(form: Any) -> TypeAdapter[Any]:
    """Knows how the records of a source are written and checked."""
    return TypeAdapter(_Kept[form])


class LongLines:
    """The long lines of sources that have not been polled since: they change seldom, and take long to make."""

    def __init__(self) -> None:
        self._lines: dict[Key, tuple[Poll, bool, bytes]] = {}

    def line(self, job: Job, poll: Poll, *, told: bool) -> bytes:
        """The line of a source."""
        match self._lines.get(job.key):
            case (known, was_told, line) if known is poll and was_told == told:
                return line
        line = _line(job, poll, told=told)
        self._lines.pop(job.key, None)
        if len(line) >= LONG:
            self._lines[job.key] = poll, told, line
        return line

    def forget(self, tenant: str) -> None:
        """A tenant is watched no more."""
        for key in [key for key in self._lines if key.tenant == tenant]:
            del self._lines[key]


def written(snapshot: Snapshot, now: float, long: LongLines) -> tuple[list[bytes], dict[Key, Exception]]:
    """The lines of a file, and the sources whose records cannot be written, which is a fault of ours.

    Args:
        snapshot: what is written.
        now: wall clock, seconds.
        long: lines that need not be made anew; those that are long are added.
    """
    lines, about, faulty = list[bytes](), list[_Line](), dict[Key, Exception]()
    for job in snapshot.jobs:
        poll = snapshot.memory.polls.get(job.key)
        if poll is None:
            continue
        try:
            lines.append(long.line(job, poll, told=job.key in snapshot.memory.told))
        except Exception as error:  # noqa: BLE001 - whatever it is, it costs this source's state alone
            faulty[job.key] = error
        else:
            about.append(_Line(job.key.collector, job.key.source, job.source.fingerprint))
    head = _Head(
        FORMAT, VERSION, now, snapshot.tenant, snapshot.identity, snapshot.graph, tuple(about), _checksum(lines)
    )
    return [_HEAD.dump_json(head) + b"\n", *lines], faulty


def _line(job: Job, poll: Poll, *, told: bool) -> bytes:
    kept: _Kept[Any] = _Kept(
        state=poll.state,
        message=poll.message,
        cause=poll.cause,
        told=told,
        taken_at=poll.taken_at,
        attempted_at=poll.attempted_at or 0.0,
        nothing_since=poll.nothing_since,
        next_run=poll.next_run,
        duration=poll.duration,
        remarks=poll.remarks,
        failures=poll.failures,
        failures_in_a_row=poll.failures_in_a_row,
        records=poll.records,
        unfinished=poll.unfinished,
    )
    return _adapter(job.source.form).dump_json(kept) + b"\n"


def read(content: bytes, tenant: str, identity: Identity, jobs: Iterable[Job], now: float) -> Read:
    """What can be used of a file.

    Args:
        content: of the file.
        tenant: whose it should be.
        identity: what that must be.
        jobs: its sources.
        now: wall clock, seconds.

    Raises:
        UnusableStateError: nothing can.
    """
    first = content[:LONGEST_HEAD].partition(b"\n")[0]
    head = _head(first)
    if not content.endswith(b"\n"):
        raise UnusableStateError("is damaged: it has no end")
    if content.count(b"\n") != 1 + len(head.lines):  # before it is cut up: what is foreign may be blank lines alone
        raise UnusableStateError("is damaged: it is not what was written")
    lines = content[len(first) + 1 :].split(b"\n")[:-1]
    if _checksum(line + b"\n" for line in lines) != head.sha256:
        raise UnusableStateError("is damaged: it is not what was written")
    if head.tenant != tenant or head.identity != identity:
        raise UnusableStateError(f"is about another tenant or app ({_difference(head, tenant, identity)})")
    if head.written_at > now + CLOCKS_DIFFER:
        raise UnusableStateError(
            f"was written {head.written_at - now:.0f} s from now by the clock of this machine, which was set back or "
            "is not set yet"
        )
    found = {
        Key(tenant, line.collector, line.source): (line, text) for line, text in zip(head.lines, lines, strict=True)
    }
    polls, told, refused = dict[Key, Poll](), set[Key](), dict[Key, str]()
    for job in jobs:
        if job.key not in found:
            continue
        try:
            kept = _kept(job, *found[job.key], now)
        except UnusableStateError as error:
            refused[job.key] = str(error)
            continue
        polls[job.key] = _poll(kept)
        told |= {job.key} if kept.told else set()
    return Read(head.graph, Memory(polls, frozenset(told)), refused)


def _head(line: bytes) -> _Head:
    try:
        raw = json.loads(line)
    except (ValueError, RecursionError):
        raise UnusableStateError("is damaged, or no file of this program's") from None
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise UnusableStateError("is no file of this program's")
    if (version := raw.get("version")) != VERSION:
        age = "a newer" if isinstance(version, int) and version > VERSION else "an older"
        raise UnusableStateError(f"was written by {age} version of this program (form {version!r:.20}, not {VERSION})")
    try:
        return _HEAD.validate_json(line)
    except ValidationError as error:
        raise UnusableStateError(f"is damaged: {_first(error)}") from None


def _kept(job: Job, line: _Line, text: bytes, now: float) -> _Kept[Any]:
    if line.fingerprint != job.source.fingerprint:
        raise UnusableStateError("was made under other options")
    try:
        kept: _Kept[Any] = _adapter(job.source.form).validate_json(text, context={"metrics": all_metrics()})
    except ValidationError as error:
        raise UnusableStateError(f"was written by another version of this program: {_first(error)}") from None
    if max(kept.attempted_at, kept.taken_at or 0.0) > now + CLOCKS_DIFFER:
        raise UnusableStateError("is from the future, by the clock of this machine")
    return kept


def _poll(kept: _Kept[Any]) -> Poll:
    return Poll(
        interval=0.0,
        stale_after=0.0,
        state=kept.state,
        message=kept.message,
        cause=kept.cause,
        records=kept.records,
        unfinished=kept.unfinished,
        taken_at=kept.taken_at,
        attempted_at=kept.attempted_at,
        duration=kept.duration,
        nothing_since=kept.nothing_since,
        next_run=kept.next_run,
        remarks=kept.remarks,
        failures=kept.failures,
        failures_in_a_row=kept.failures_in_a_row,
    )


def _difference(head: _Head, tenant: str, identity: Identity) -> str:
    if head.tenant != tenant:
        return "its name is another"
    names = [name for name in Identity.__dataclass_fields__ if getattr(head.identity, name) != getattr(identity, name)]
    return f"{', '.join(names)} differ{'s' if len(names) == 1 else ''}"


def _first(error: ValidationError) -> str:
    """Where the first thing is that does not fit, and how; nothing of what was written is quoted."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))[:120] or 'all of it'}: {first['msg'][:120]}"


def _checksum(lines: Iterable[bytes]) -> str:
    digest = sha256()
    for line in lines:
        digest.update(line)
    return digest.hexdigest()


_HEAD = TypeAdapter(_Head)
