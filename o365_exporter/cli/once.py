"""The options of ``once``."""

from __future__ import annotations

import argparse
import os
import signal

from o365_exporter import collectors
from o365_exporter.cli.command import Command, Example
from o365_exporter.cli.options import add_config

EXIT_INTERRUPTED = 128 + signal.SIGINT


def _run(arguments: argparse.Namespace) -> int:
    try:
        from o365_exporter.commands.once import once

        return once(arguments.config, os.environ, arguments.collector)
    except KeyboardInterrupt:  # while libraries are imported: nothing was polled, which is no success
        return EXIT_INTERRUPTED


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "--collector",
        metavar="NAME",
        action="append",
        choices=collectors.names(),
        help=f"only this collector; may be given again ({', '.join(collectors.names())})",
    )


ONCE = Command(
    name="once",
    summary="Poll everything once, print the metrics, and exit with 1 if a source failed.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example("See which series there would be", "o365-exporter once --config config.toml > o365.prom"),
        Example("Try one collector", "o365-exporter once --collector service_health"),
    ),
)
