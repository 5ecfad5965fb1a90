"""The options of ``simulate``."""

from __future__ import annotations

import argparse

from o365_exporter.cli.command import Command, Example
from o365_exporter.cli.options import add_simulated


def _run(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.simulate import Front, simulate

    front = Front(arguments.listen, arguments.tls, arguments.base_url)
    return simulate(arguments.tenants, arguments.users, front, arguments.scenario)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_simulated(parser)
    parser.add_argument(
        "--listen", metavar="HOST:PORT", default="127.0.0.1:10366", help="where to simulate (%(default)s)"
    )
    parser.add_argument(
        "--tls",
        metavar="CA_FILE",
        nargs="?",
        const="simulator-ca.pem",
        help="serve HTTPS, and write to CA_FILE (%(const)s) the throw-away authority that clients must trust",
    )
    parser.add_argument(
        "--base-url",
        metavar="URL",
        help="address by which clients come, if a proxy does not tell it by X-Forwarded-Proto and -Host",
    )


SIMULATE = Command(
    name="simulate",
    summary="Run the simulated Microsoft 365 alone, to try Graph clients and alert rules on.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example("Simulate two tenants, and print the settings to watch them", "o365-exporter simulate"),
        Example("Serve HTTPS to the network", "o365-exporter simulate --listen 0.0.0.0:10366 --tls ca.pem"),
    ),
)
