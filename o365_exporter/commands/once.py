"""``once``: polls everything once, and shows the exposition or what came of it."""

from __future__ import annotations

import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import anyio
from rich.console import Console

from o365_exporter import logs
from o365_exporter.app import assemble, until_signal
from o365_exporter.clock import SystemClock
from o365_exporter.commands import textfile
from o365_exporter.commands.outcome import Outcome
from o365_exporter.commands.progress import Progress, above
from o365_exporter.commands.selection import check_for_work, of_collectors, of_polled
from o365_exporter.commands.table import failures_of, table_of, terminal
from o365_exporter.escapes import as_json
from o365_exporter.settings import Settings, load

log = logs.get_logger("once")

EXIT_SIGNAL = 128
"""Plus the number of the signal that ended it, as shells have it: 130 after Ctrl-C."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be polled, and what becomes of it.

    Args:
        collectors: only these; None means every enabled one.
        form: of what is printed, one of ``commands.FORMS``; None for a table on a terminal, else for the exposition.
        output: a file for the exposition, which then is not printed.
        tenants: only these, by their names; None means all.
    """

    collectors: Sequence[str] | None = None
    form: str | None = None
    output: Path | None = None
    tenants: Sequence[str] | None = None


@dataclass(slots=True)
class _Result:
    """What came of it, be it an early end; no page where polls were under way."""

    outcome: Outcome | None = None
    page: bytes | None = None


def once(config: Path | None, environ: Mapping[str, str], wanted: Wanted) -> int:
    """Show what ``/metrics`` would serve after one poll of each source, or what came of the polls; whole, or nothing.

    Args:
        config: the settings file.
        environ: environment variables.
        wanted: what is polled, and what becomes of it.

    Returns:
        0 when every source brought an answer, 1 when one did not or the file cannot be written, 128 and its number
        after a signal.

    Raises:
        ConfigurationError: the settings or the file cannot be used, or ask for a collector that is not enabled, for a
            tenant that there is not, or for none at all.
    """
    watched = sys.stderr.isatty()
    try:
        if wanted.output is not None:
            textfile.check(wanted.output)
        settings = load(config, environ)
        if wanted.tenants is not None:
            settings = of_polled(settings, wanted.tenants)
        settings = of_collectors(settings, wanted.collectors)
        check_for_work(settings)
        console = terminal(errors=True)
        _configure_logs(settings.logs, console if watched else None)
        result = _Result()
        progress = Progress(console, SystemClock(), is_shown=watched)
        stopped = anyio.run(until_signal, partial(_poll, settings, result, progress))
    except KeyboardInterrupt:  # before the signal handlers stand
        return EXIT_SIGNAL + signal.SIGINT
    form = wanted.form or ("table" if sys.stdout.isatty() else "prom")
    if result.outcome is not None:
        _tell(result.outcome, watched=watched, is_shown=form == "table" and result.page is not None)
    if result.outcome is None or result.page is None:
        return EXIT_SIGNAL + (stopped or 0)
    is_written = _write(wanted.output, result.page)
    _show(form, result.outcome, "" if wanted.output else result.page.decode())
    return 0 if result.outcome.is_good and is_written else 1


def _configure_logs(options: logs.LogOptions, console: Console | None) -> None:
    """Where a person looks, above the progress, and in columns unless the settings say in which form."""
    if console is None:
        logs.configure(options)
        return
    is_chosen = "format" in options.model_fields_set
    logs.configure(options if is_chosen else options.model_copy(update={"format": "console"}), above(console))


async def _poll(settings: Settings, result: _Result, progress: Progress) -> None:
    async with assemble(settings, progress.clock) as app:
        tenants = app.fleet.tenants
        try:
            await progress.during(tenants, partial(app.scheduler.run_once, tenants, tells=not progress.is_shown))
        finally:
            result.outcome = Outcome.of(tenants, app.store, app.clock.now(), progress.seconds)
        result.page = app.page()


def _tell(outcome: Outcome, *, watched: bool, is_shown: bool) -> None:
    """Say on standard error what came of it, where what is printed does not."""
    if not watched:
        log.info(
            "polled once",
            sources=len(outcome.rows),
            answered=outcome.answered,
            failed=outcome.failed,
            stopped=outcome.waiting,
            seconds=round(outcome.seconds, 1),
        )
    elif not is_shown:
        terminal(errors=True).print(*failures_of(outcome), outcome.sentence, sep="\n")


def _write(file: Path | None, page: bytes) -> bool:
    """Whether the file, if there is one, has the page now."""
    if file is None:
        return True
    try:
        textfile.write(file, page)
    except OSError as error:
        fault = f"--output {file}: cannot be written ({error.strerror}), and what was there still is"
        print(f"o365-exporter: {fault}: make room, or name another file.", file=sys.stderr)
        return False
    return True


def _show(form: str, outcome: Outcome, page: str) -> None:
    if form == "table":
        console = terminal()
        console.print(table_of(outcome, console.width))
    elif form == "json":
        print(as_json(outcome.as_json(), indent=2))
    elif form == "prom":
        sys.stdout.write(page)
