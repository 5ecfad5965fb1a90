"""The command line: which command, with which options, ends with which exit code.

One file, one command: a ``Command`` says what stands in its help, what options it has and what runs it. What runs it is
imported when it is run: help and mistakes are answered without the libraries.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import warnings
from collections.abc import Callable, Sequence

from o365_exporter.cli.backfill import BACKFILL
from o365_exporter.cli.check import CHECK
from o365_exporter.cli.check_config import CHECK_CONFIG
from o365_exporter.cli.command import Command
from o365_exporter.cli.completion import COMPLETION
from o365_exporter.cli.demo import DEMO
from o365_exporter.cli.docs import DOCS
from o365_exporter.cli.once import ONCE
from o365_exporter.cli.parser import Parser, parser_of
from o365_exporter.cli.permissions import PERMISSIONS
from o365_exporter.cli.probe import PROBE
from o365_exporter.cli.run import RUN
from o365_exporter.cli.simulate import SIMULATE
from o365_exporter.errors import ConfigurationError

COMMANDS: Sequence[Command] = (
    RUN,
    ONCE,
    CHECK,
    CHECK_CONFIG,
    PERMISSIONS,
    BACKFILL,
    DOCS,
    DEMO,
    SIMULATE,
    PROBE,
    COMPLETION,
)
"""All there are, in the order of the help."""

EXIT_OK = 0
EXIT_FAULT = 1
EXIT_CONFIGURATION = 2


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # names of tenants are any text, whatever the terminal thinks
    if (
        not sys.warnoptions
    ):  # libraries warn their callers, in lines of Python; what an operator can mend we say ourselves
        warnings.simplefilter("ignore")
    try:
        code = _run(argv)
        sys.stdout.flush()
    except ConfigurationError as error:
        for fault in error.faults:
            print(f"o365-exporter: {fault}", file=sys.stderr)  # noqa: T201 - the log is not set up yet
        code = EXIT_CONFIGURATION
    except KeyboardInterrupt:  # before the signal handlers stand
        code = EXIT_OK
    except Exception as error:  # noqa: BLE001 - the last door: no traceback, which would show foreign text
        if why := _why_output_ends(error):
            _tell_why_output_ends(why)
        else:
            from o365_exporter import logs

            logs.fault(error)
        code = EXIT_FAULT
    sys.exit(code)


def parser() -> Parser:
    """The parser of the whole command line."""
    return parser_of(COMMANDS)


def _run(argv: Sequence[str] | None) -> int | str | None:
    """Exit code of one command, or of what argparse does by itself."""
    try:
        arguments = parser().understood(argv)
    except SystemExit as end:
        return end.code
    command: Callable[..., int] = arguments.command
    return command(arguments)


def _tell_why_output_ends(why: set[int]) -> None:
    if why != {errno.EPIPE}:
        reasons = ", ".join(map(os.strerror, sorted(why)))
        print(f"o365-exporter: cannot write to standard output: {reasons}", file=sys.stderr)  # noqa: T201 - as above
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_OUTPUT_ENDS = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def _why_output_ends(error: Exception) -> set[int]:
    """The numbers of the errors, if all say only that our output can be written no further; tasks say it in a group."""
    if isinstance(error, ExceptionGroup):
        each = [_why_output_ends(one) for one in error.exceptions]
        return set().union(*each) if all(each) else set()
    if isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT_ENDS:
        return {error.errno}
    return set()
