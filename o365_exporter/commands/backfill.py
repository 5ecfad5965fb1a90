"""``backfill``: writes what Graph still knows of the past as OpenMetrics."""

from __future__ import annotations

import os
import random
import shlex
import shutil
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from functools import partial
from pathlib import Path

import anyio
import anyio.lowlevel

from o365_exporter import logs
from o365_exporter.app import until_signal
from o365_exporter.backfill import (
    SETTLED,
    Failure,
    Plan,
    Reader,
    Size,
    WorkFile,
    WorkFileError,
    Writer,
    clear_unfinished,
    in_place_of,
    make_plan,
)
from o365_exporter.catalogue import all_metrics
from o365_exporter.clock import Clock, SystemClock
from o365_exporter.commands.bars import bar
from o365_exporter.errors import ConfigurationError, one_line
from o365_exporter.graph import GraphClient
from o365_exporter.history import Window
from o365_exporter.http import open_http
from o365_exporter.settings import Settings, TenantSettings, load
from o365_exporter.status.sentences import counted

EXIT_SIGNAL = 128
"""Plus the number of the signal that ended it, as shells have it: 130 after Ctrl-C."""

_DAY = 86_400
_MARGIN = 5
"""Days by which Prometheus should keep more than is written: a block goes as a whole, and time passes meanwhile."""

_PER_SECOND = 1_000_000
"""Samples that are written in a second on a machine that has other things to do; three times as many were measured."""

_TURN = 4 * 1024 * 1024
"""Bytes that are written before a signal is looked for."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for.

    Args:
        output: the file.
        days: how far back.
        until: where history ends, seconds since 1970; None for three hours before now.
        tenants: by name; None for all.
        labels: of every series.
        overwrite: whether the file may be there.
        partial: whether it is written although something could not be had.
    """

    output: Path
    days: int
    until: float | None = None
    tenants: Sequence[str] | None = None
    labels: Sequence[tuple[str, str]] = ()
    overwrite: bool = False
    partial: bool = False


def backfill(config: Path | None, environ: Mapping[str, str], wishes: Wishes, clock: Clock | None = None) -> int:
    """Write the history of some tenants.

    Args:
        config: the settings file.
        environ: environment variables.
        wishes: what is asked for.
        clock: another one than the machine's.

    Returns:
        0 when the file holds all that there is, 1 when something could not be had or written, 128 and its number
        after a signal.

    Raises:
        ConfigurationError: settings or wishes cannot be used.
    """
    clock = clock or SystemClock()
    try:
        settings = load(config, environ)
        tenants = _chosen(settings, wishes.tenants)
        labels = _checked_labels(wishes.labels)
        _check_output(wishes)
        with WorkFile.opened(wishes.output, clock.now()) as work:
            try:
                window = _window(wishes, work.started_at)
            except ConfigurationError:
                if not work.is_resumed:
                    work.forget()
                raise
            logs.configure(settings.logs)
            run = _Run(settings, make_plan(tenants), wishes, window, labels, work, clock)
            return _run(run)
    except WorkFileError as error:
        raise ConfigurationError([f"--output {wishes.output}: {error}."]) from None
    except OSError as error:
        _say(f"{error.filename or wishes.output} cannot be written: {error.strerror}. What was read is kept.")
        return 1
    except KeyboardInterrupt:  # before the signal handlers stand
        return EXIT_SIGNAL + signal.SIGINT


def _chosen(settings: Settings, names: Sequence[str] | None) -> tuple[TenantSettings, ...]:
    tenants = settings.polled(settings.tenants)
    if names is None:
        return tenants
    known = {tenant.name: tenant for tenant in tenants}
    faults = []
    for name in dict.fromkeys(names):
        if name not in known:
            near = get_close_matches(name, known, n=1)
            faults.append(
                f"--tenant {name}: the settings have no such tenant"
                + (f"; did you mean {near[0]}?" if near else f"; they have {', '.join(list(known)[:10])}.")
            )
    if faults:
        raise ConfigurationError(faults)
    return tuple(known[name] for name in dict.fromkeys(names))


def _checked_labels(labels: Sequence[tuple[str, str]]) -> dict[str, str]:
    own = {label for metric in all_metrics().values() for label in metric.all_labels}
    faults = [
        f"--label {name}={value}: the series have a label {name} of their own; choose another name."
        for name, value in labels
        if name in own
    ]
    names = [name for name, _ in labels]
    faults += [
        f"--label {name}: is given twice; keep one." for name in sorted({n for n in names if names.count(n) > 1})
    ]
    if faults:
        raise ConfigurationError(faults)
    return dict(labels)


def _check_output(wishes: Wishes) -> None:
    output = wishes.output
    if not output.parent.is_dir():
        fault = f"there is no folder {output.parent}; make it, or choose another"
    elif output.exists() and not output.is_file():
        fault = "is no plain file; choose another name"
    elif output.exists() and not wishes.overwrite:
        fault = "is there already; remove it, choose another name, or give --overwrite"
    elif not os.access(output.parent, os.W_OK):
        fault = f"this user may not write into {output.parent.absolute()}; choose another folder"
    else:
        return
    raise ConfigurationError([f"--output {output}: {fault}."])


def _window(wishes: Wishes, started_at: float) -> Window:
    latest = started_at - SETTLED
    end = latest if wishes.until is None else wishes.until
    if end > latest:
        fault = f"--until {_time(end)}: is later than three hours before now, which is {_time(latest)}"
        raise ConfigurationError(
            [f"{fault}; Prometheus keeps the last hours apart from its blocks: leave it out or give an earlier time."]
        )
    return Window(end - wishes.days * _DAY, end)


@dataclass(frozen=True, slots=True)
class _Run:
    """All that one run is made of."""

    settings: Settings
    plan: Plan
    wishes: Wishes
    window: Window
    labels: Mapping[str, str]
    work: WorkFile
    clock: Clock

    @property
    def writer(self) -> Writer:
        """What writes it."""
        return Writer(self.plan, self.work, self.window, self.labels)


@dataclass(slots=True)
class _Result:
    """How it ended; None while it goes on."""

    code: int | None = None


def _run(run: _Run) -> int:
    result = _Result()
    stopped: signal.Signals | None = None
    failed: list[OSError] = []
    try:
        stopped = anyio.run(until_signal, partial(_work, run, result))
    except* OSError as errors:
        failed = [error for error in _leaves(errors) if isinstance(error, OSError)]
    if failed:
        raise failed[0]
    if result.code is None:
        _say(f"Stopped. Give the same command again to go on: what was read is in {run.work.path}.")
        return EXIT_SIGNAL + (stopped or 0)
    return result.code


def _leaves(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _leaves(one)
    else:
        yield error


async def _work(run: _Run, result: _Result) -> None:
    _say_what_is_planned(run)
    failures = await _read(run)
    for failure in failures:
        _say(str(failure))
    for remark in run.writer.remarks():
        _say(remark)
    if failures and not run.wishes.partial:
        _say(
            f"{run.wishes.output} is not written, because it would lack that. Mend it and give the same command again: "
            "what could be had is not asked for again. Or give --partial to have the file without it."
        )
        result.code = 1
        return
    result.code = max(await _write(run), 1 if failures else 0)
    if result.code == 0:
        run.work.forget()


def _say_what_is_planned(run: _Run) -> None:
    parts = run.plan.parts
    lacking = sum(part not in run.work for part in parts)
    tenants = len({part.tenant.name for part in parts})
    there = f"; {len(parts) - lacking} were read by a run before" if run.work.is_resumed else ""
    _say(
        f"History of {counted(tenants, 'tenant')} from {_time(run.window.start)} to {_time(run.window.end)}: "
        f"{counted(lacking, 'report or list', 'reports and lists')} to read{there}."
    )
    if run.work.has_begun_anew:
        _say(f"What {run.work.path} had of a former run is too old, or of another version, and is read anew.")
    for hindrance in run.plan.hindrances:
        _say(hindrance)
    if missing := [name for name in ("job", "instance") if name not in run.labels]:
        _say(
            f"Without {' and '.join(f'--label {name}=…' for name in missing)} these are other series than those that "
            "Prometheus scrapes, and do not join them."
        )


async def _read(run: _Run) -> list[Failure]:
    lacking = sum(part not in run.work for part in run.plan.parts)
    settings = run.settings
    with bar("reading", lacking, sys.stderr) as advance:
        async with open_http(settings.connection, settings.surroundings) as http:
            client = partial(GraphClient, http=http, clock=run.clock, random=random.Random())  # noqa: S311 - jitter
            return await Reader(run.work, client, run.clock, partial(advance, 1)).read(run.plan)


async def _write(run: _Run) -> int:
    size = await _measured(run)
    if not size.samples:
        _say("There is nothing to write: Microsoft knows nothing of that time.")
        return 1
    _say(f"{_described(size)}, which take some {size.samples / _PER_SECOND:.0f} s to write.")
    clear_unfinished(run.wishes.output)
    if not fits(size, run.wishes.output):
        return 1
    began = run.clock.monotonic()
    with in_place_of(run.wishes.output) as write, bar("writing", size.bytes, sys.stderr, is_bytes=True) as advance:
        unseen = 0
        for piece in run.writer.pieces():
            write(piece)
            unseen += len(piece)
            if unseen >= _TURN:
                advance(unseen)
                unseen = 0
                await anyio.lowlevel.checkpoint()
    _say_what_is_next(run, size, run.clock.monotonic() - began)
    return 0


def fits(size: Size, output: Path) -> bool:
    """Whether the disk has room for the file; if not, that is said."""
    room = shutil.disk_usage(output.absolute().parent).free
    if size.bytes > room:
        _say(
            f"{output} is not written: there are {_bytes(room)} free. Choose another folder, fewer --days, or a part "
            "of the tenants at a time."
        )
    return size.bytes <= room


async def _measured(run: _Run) -> Size:
    size = Size()
    for count, size in enumerate(run.writer.measure()):  # noqa: B007 - the last one is whole
        if count % 100 == 0:
            await anyio.lowlevel.checkpoint()
    return size


def _say_what_is_next(run: _Run, size: Size, seconds: float) -> None:
    kept = run.wishes.days + round((run.work.started_at - run.window.end) / _DAY) + _MARGIN
    print(
        f"{run.wishes.output}: {_described(size)}, written in {seconds:.0f} s.\n"
        "Make blocks of it where Prometheus has its data:\n"
        "  promtool tsdb create-blocks-from openmetrics --max-block-duration=1458h "
        f"{shlex.quote(str(run.wishes.output))} DATA_FOLDER\n"
        f"Prometheus deletes what its retention does not cover: give it --storage.tsdb.retention.time={kept}d or more "
        "first."
    )


def _described(size: Size) -> str:
    return f"{size.series:,} series, {size.samples:,} samples, {_bytes(size.bytes)}"


def _bytes(count: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if count < 1000:  # noqa: PLR2004 - as in disk sizes
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"


def _time(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%MZ}"


def _say(sentence: str) -> None:
    print(one_line(sentence), file=sys.stderr)
