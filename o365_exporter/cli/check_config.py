"""The options of ``check-config``."""

from __future__ import annotations

import argparse
import os

from o365_exporter.cli.command import Command, Example
from o365_exporter.cli.options import add_config


def _run(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.check_config import check_config

    return check_config(arguments.config, os.environ)


CHECK_CONFIG = Command(
    name="check-config",
    summary="Validate the settings and show the effective ones with secrets masked; asks nothing of Microsoft.",
    add_options=add_config,
    run=_run,
    examples=(
        Example(
            "See what is in effect, and where each value was written", "o365-exporter check-config --config config.toml"
        ),
        Example(
            "Check a file before it is put in place",
            "o365-exporter check-config --config new.toml > /dev/null && mv new.toml config.toml",
        ),
    ),
)
