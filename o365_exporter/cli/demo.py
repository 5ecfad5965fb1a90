"""The options of ``demo``."""

from __future__ import annotations

import argparse

from o365_exporter.cli.command import Command, Example
from o365_exporter.cli.options import add_simulated


def _run(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.demo import demo

    return demo(arguments.tenants, arguments.users, arguments.listen, arguments.scenario)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_simulated(parser)
    parser.add_argument(
        "--listen", metavar="HOST:PORT", default="127.0.0.1:10365", help="where to serve /metrics (%(default)s)"
    )


DEMO = Command(
    name="demo",
    summary="Serve the metrics of simulated tenants: simulator and exporter in one process, on this machine only.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example("Look at the metrics of two tenants", "o365-exporter demo"),
        Example("See what fifty tenants are like", "o365-exporter demo --tenants 50 --users 200"),
        Example("List what can happen to them", "o365-exporter demo --scenario"),
    ),
)
