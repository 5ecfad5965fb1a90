"""The options of ``probe``; those of its modes are declared when they are looked at, for they are many."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from o365_exporter.cli.command import Command, Example, listed
from o365_exporter.cli.parser import EXIT_UNKNOWN

if TYPE_CHECKING:
    from o365_exporter.probing.discovery import Listing
    from o365_exporter.probing.finding import Mode


def _run_mode(mode: Mode | Listing, arguments: argparse.Namespace) -> int:
    try:
        from o365_exporter.commands.probe import probe

        return probe(mode, arguments, os.environ)
    except KeyboardInterrupt:  # while modules are imported: nothing was asked, which is not OK
        return EXIT_UNKNOWN


def _run(arguments: argparse.Namespace) -> int:
    raise AssertionError(arguments)  # a mode is required, and runs by itself


def _add_options(parser: argparse.ArgumentParser) -> None:
    from o365_exporter.probing.options import add_modes

    add_modes(parser, _run_mode, _examples)


def _examples(mode: Mode | Listing) -> str:
    return listed(Example(purpose, f"o365-exporter probe {mode.name} {line}") for purpose, line in mode.examples)


PROBE = Command(
    name="probe",
    summary="Ask the running exporter as a check of Nagios or Centreon: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example(
            "Watch Exchange; O365_PROBE_URL says where the exporter is, O365_PROBE_PASSWORD is the password of --user",
            "o365-exporter probe service-status --tenant contoso --include-service-name Exchange",
        ),
        Example(
            "Tell of secrets a month before they end",
            "o365-exporter probe app-credentials --unit d --warning-password-expires 30:",
        ),
        Example(
            "Tell of seats that run out",
            "o365-exporter probe subscriptions --filter-sku-part-number SPE_E5 --critical-subscription-usage-free 5:",
        ),
        Example(
            "List the services for a rule of discovery",
            "o365-exporter probe list-services --tenant contoso --disco-show",
        ),
    ),
    is_check=True,
)
