"""The options of ``permissions``."""

from __future__ import annotations

import argparse
import os

from o365_exporter import collectors
from o365_exporter.cli.command import Command, Example
from o365_exporter.cli.options import add_config
from o365_exporter.commands import GRANTS


def _run(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.permissions import Wish, permissions

    wish = Wish(arguments.tenant, arguments.collector, arguments.cloud, arguments.new_app)
    return permissions(arguments.config, os.environ, wish, arguments.format)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument(
        "--new-app", action="store_true", help="for an app that is to be made, as where no tenant is set"
    )
    parser.add_argument("--tenant", metavar="NAME", action="append", help="only this tenant; may be given again")
    parser.add_argument(
        "--collector",
        metavar="NAME",
        action="append",
        choices=collectors.names(),
        help=f"only for this collector; may be given again ({', '.join(collectors.names())})",
    )
    parser.add_argument(
        "--cloud",
        metavar="NAME",
        help="cloud of an app that is to be made: global, us_gov_l4, us_gov_l5, china (global)",
    )
    parser.add_argument(
        "--format",
        metavar="FORM",
        choices=GRANTS,
        default=GRANTS[0],
        help=f"for people, for machines, or what grants it by a tool: {', '.join(GRANTS)} ({GRANTS[0]})",
    )


PERMISSIONS = Command(
    name="permissions",
    summary="Show what to grant to the app and what is lost without it, as a table or as a script; asks nobody.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example("See what the exporter needs, and what for", "o365-exporter permissions"),
        Example(
            "Grant to a new app what service health needs",
            "o365-exporter permissions --new-app --collector service_health --format az > grant.sh",
        ),
        Example(
            "Grant to the apps of all tenants what they lack",
            "o365-exporter permissions --config config.toml --format powershell > grant.ps1",
        ),
    ),
)
