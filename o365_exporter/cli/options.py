"""Options that several commands have."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from o365_exporter.commands import TENANTS, USERS

if TYPE_CHECKING:
    from pathlib import Path


def file(text: str) -> Path:
    """A file's name as a path, whose library help can do without."""
    from pathlib import Path

    return Path(text)


def add_config(parser: argparse.ArgumentParser) -> None:
    """``--config``."""
    parser.add_argument("-c", "--config", metavar="FILE", type=file, help="TOML file with the settings (O365_CONFIG)")


def add_simulated(parser: argparse.ArgumentParser) -> None:
    """Which tenants are simulated."""
    parser.add_argument("--tenants", type=positive, metavar="N", help=f"number of tenants ({TENANTS})")
    parser.add_argument("--users", type=positive, metavar="N", help=f"users in each ({USERS})")
    parser.add_argument(
        "--scenario",
        metavar="NAME",
        nargs="?",
        const="",
        help="let something happen to tenants of its own; without NAME, list the scenarios",
    )


def positive(text: str) -> int:
    """A number above 0.

    Raises:
        ArgumentTypeError: it is none.
    """
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number
