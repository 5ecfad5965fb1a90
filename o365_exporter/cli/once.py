"""The options of ``once``."""

from __future__ import annotations

import argparse
import os

from o365_exporter import collectors
from o365_exporter.cli.command import EXIT_INTERRUPTED, Command, Example
from o365_exporter.cli.options import add_config, file
from o365_exporter.commands import FORMS


def _run(arguments: argparse.Namespace) -> int:
    try:
        from o365_exporter.commands.once import Wanted, once

        wanted = Wanted(arguments.collector, arguments.format, arguments.output, arguments.tenant)
        return once(arguments.config, os.environ, wanted)
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
    parser.add_argument("--tenant", metavar="NAME", action="append", help="only this tenant; may be given again")
    parser.add_argument(
        "--format",
        choices=FORMS,
        help="print a table for people, JSON for machines, or the metrics (table on a terminal, else prom)",
    )
    parser.add_argument(
        "--output",
        metavar="FILE.prom",
        type=file,
        help="write the metrics to a file for node_exporter's textfile collector, whole or not at all",
    )


ONCE = Command(
    name="once",
    summary="Poll everything once, show what came of it, and exit with 1 if a source failed.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example("See whether everything can be read", "o365-exporter once --config config.toml"),
        Example("See which series there would be", "o365-exporter once --config config.toml --format prom | less"),
        Example("Try one collector of one tenant", "o365-exporter once --tenant contoso --collector service_health"),
        Example(
            "Name what failed, in a script",
            "o365-exporter once --format json | jq -r '.failures[].message'",
        ),
        Example(
            "Hand the metrics to node_exporter, from cron or a systemd timer",
            "o365-exporter once --output /var/lib/prometheus/node-exporter/o365.prom",
        ),
    ),
)
