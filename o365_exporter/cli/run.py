"""The options of ``run``."""

from __future__ import annotations

import argparse
import os

from o365_exporter.cli.command import Command, Example
from o365_exporter.cli.options import add_config


def _run(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.run import run

    return run(arguments.config, os.environ, arguments.listen, arguments.shard)


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("--listen", metavar="HOST:PORT", help="where to serve /metrics (O365_LISTEN)")
    parser.add_argument(
        "--shard", metavar="I/N", help="poll this part of the tenants alone, from 0/N to N-1/N (O365_SHARD)"
    )


RUN = Command(
    name="run",
    summary="Poll the configured tenants and serve /metrics until stopped.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example("Watch the tenants of a file", "o365-exporter run --config /etc/o365-exporter/config.toml"),
        Example("Serve to this machine alone", "o365-exporter run --listen 127.0.0.1:10365"),
        Example("Share many tenants among three processes; this is the first", "o365-exporter run --shard 0/3"),
    ),
)
