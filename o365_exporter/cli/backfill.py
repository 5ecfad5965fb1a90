"""The options of ``backfill``."""

from __future__ import annotations

import argparse
import os
import re

from o365_exporter.cli.command import EXIT_INTERRUPTED, Command, Example
from o365_exporter.cli.options import add_config, file
from o365_exporter.commands import LONGEST_HISTORY
from o365_exporter.texts import without_login

_FIRST_YEAR = 2011
"""Of Microsoft's cloud for offices; a time before it is a slip."""

_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)


def _run(arguments: argparse.Namespace) -> int:
    try:
        from o365_exporter.commands.backfill import Wishes, backfill

        wishes = Wishes(
            output=arguments.output,
            days=arguments.days,
            until=arguments.until,
            tenants=arguments.tenant,
            labels=arguments.label,
            overwrite=arguments.overwrite,
            partial=arguments.partial,
        )
        return backfill(arguments.config, os.environ, wishes)
    except KeyboardInterrupt:  # while libraries are imported: nothing is written, which is no success
        return EXIT_INTERRUPTED


def _add_options(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    parser.add_argument("-o", "--output", metavar="FILE", type=file, required=True, help="where to write")
    parser.add_argument(
        "--days",
        metavar="N",
        type=_days,
        default=LONGEST_HISTORY,
        help="how far back, from 1 to %(default)s, which is the default",
    )
    parser.add_argument(
        "--until",
        metavar="TIME",
        type=_time,
        help="where history ends, such as 2026-03-01T12:00Z: when you began to scrape (three hours ago)",
    )
    parser.add_argument(
        "--tenant", metavar="NAME", action="append", help="only this tenant, by its name; may be given again"
    )
    parser.add_argument(
        "--label",
        metavar="NAME=VALUE",
        type=_label,
        action="append",
        default=[],
        help="label of every series, may be given again: give the job and instance of your scrapes",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE")
    parser.add_argument("--partial", action="store_true", help="write FILE even if something could not be read")


def _days(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0  # noqa: PLR2004 - digits that are surely too many
    if not 1 <= number <= LONGEST_HISTORY:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a number of days from 1 to {LONGEST_HISTORY}, which is all that Microsoft keeps"
        )
    return number


def _time(text: str) -> float:
    from datetime import UTC, datetime

    try:
        given = datetime.fromisoformat(text)
        moment = (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"{text!r} is not a time: write one such as 2026-03-01T12:00Z") from None
    if moment.year < _FIRST_YEAR:
        raise argparse.ArgumentTypeError(f"{text!r} is before {_FIRST_YEAR}, of which Microsoft knows nothing")
    return moment.timestamp()


def _label(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (_LABEL.fullmatch(name) and equals and value):
        raise argparse.ArgumentTypeError(
            f"{without_login(text)!r} is not NAME=VALUE: a name has letters, digits and _, and does not "
            "begin with a digit or __"
        )
    return name, value


BACKFILL = Command(
    name="backfill",
    summary="Write what Graph still knows of the past as OpenMetrics, for promtool to make blocks of.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example(
            "Write half a year that joins what Prometheus scrapes",
            "o365-exporter backfill -o history.om --label job=o365 --label instance=exporter:10365",
        ),
        Example("Write a month of one tenant", "o365-exporter backfill -o history.om --days 30 --tenant contoso"),
    ),
)
