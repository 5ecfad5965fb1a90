"""The options of ``docs``."""

from __future__ import annotations

import argparse

from o365_exporter.cli.command import Command, Example


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("page", metavar="PAGE", nargs="?", help="its name; without one, list the pages")


def _run(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.docs import docs

    return docs(arguments.page)


DOCS = Command(
    name="docs",
    summary="Print a page of the documentation, such as configuration or troubleshooting, or list the pages.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example("List the pages", "o365-exporter docs"),
        Example("Look up a setting", "o365-exporter docs configuration | grep keep_resolved"),
    ),
)
