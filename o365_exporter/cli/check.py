"""The options of ``check``."""

from __future__ import annotations

import argparse
import os

from o365_exporter import collectors
from o365_exporter.cli.command import EXIT_INTERRUPTED, Command, Example
from o365_exporter.cli.options import add_config


def _run(arguments: argparse.Namespace) -> int:
    try:
        from o365_exporter.commands.check import check

        return check(arguments.config, os.environ, arguments.tenant, arguments.collector, arguments.format)
    except KeyboardInterrupt:  # while libraries are imported: nothing was checked, which is no success
        return EXIT_INTERRUPTED


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("--tenant", metavar="NAME", action="append", help="only this tenant; may be given again")
    parser.add_argument(
        "--collector",
        metavar="NAME",
        action="append",
        choices=collectors.names(),
        help=f"only this collector; may be given again ({', '.join(collectors.names())})",
    )
    parser.add_argument(
        "--format", choices=("table", "json"), default="table", help="for people or for machines (%(default)s)"
    )


CHECK = Command(
    name="check",
    summary="Find out what is in the way: network, proxy, sign-in, permissions, one request of each source.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example("Check everything before the first start", "o365-exporter check --config config.toml"),
        Example(
            "Check one tenant after its administrator has consented",
            "o365-exporter check --config config.toml --tenant contoso",
        ),
        Example("List what is wrong, for a program", "o365-exporter check --format json | jq .problems"),
    ),
)
