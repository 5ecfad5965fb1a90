"""The options of ``probe``: those of the way to the exporter, and for each mode those of Centreon's plugin."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from o365_exporter.probing import DEFAULT_MAX_OUTPUT, DEFAULT_TIMEOUT, DEFAULT_URL, PASSWORD, URL
from o365_exporter.probing.discovery import LISTINGS, Listing
from o365_exporter.probing.finding import Mode, Option
from o365_exporter.probing.judging import LEVELS, Counter, Look
from o365_exporter.probing.modes import MODES

Run = Callable[[Mode | Listing, argparse.Namespace], int]
"""Does what a mode asks, and returns the exit code."""


def add_modes(parser: argparse.ArgumentParser, run: Run, ending: Callable[[Mode | Listing], str]) -> None:
    """A parser for each mode.

    Args:
        parser: of the command.
        run: what each of them runs.
        ending: of the help of a mode.
    """
    modes = parser.add_subparsers(title="modes", metavar="MODE", required=True)
    every: tuple[Mode | Listing, ...] = (*MODES, *LISTINGS)
    for mode in every:
        of_mode = modes.add_parser(
            mode.name,
            aliases=mode.aliases if isinstance(mode, Mode) else (),
            help=mode.help,
            description=mode.help,
            epilog=ending(mode),
            formatter_class=parser.formatter_class,
            allow_abbrev=False,  # an abbreviation that fits today may be ambiguous after an update
            is_check=True,
        )
        of_mode.set_defaults(command=partial(run, mode), parser=of_mode)
        _add_way(of_mode.add_argument_group("the exporter"), os.environ)
        if isinstance(mode, Mode):
            _add_choices(of_mode.add_argument_group("what is looked at"), mode)
            _add_thresholds(of_mode.add_argument_group("thresholds", _THRESHOLDS), mode)
        else:
            _add_forms(of_mode.add_argument_group("what is listed"), mode)


_THRESHOLDS = (
    "RANGE is one of Nagios: 10, 10:, ~:10, 10:20 or @10:20. CONDITION compares macros: "
    "%{status} =~ /expired/i, %{used} > 1000 and not %{used} == 0. An empty one is no threshold."
)


def _add_way(group: argparse._ArgumentGroup, environ: Mapping[str, str]) -> None:
    url = environ.get(URL) or DEFAULT_URL
    group.add_argument(
        "--url", metavar="URL", default=url, type=lambda text: text or url, help=f"its address ({URL}; {DEFAULT_URL})"
    )
    group.add_argument(
        "--tenant", metavar="NAME", type=_name, help="as the label `tenant` has it; may be left out where it is alone"
    )
    group.add_argument(
        "--timeout", metavar="SECONDS", type=_seconds, default=DEFAULT_TIMEOUT, help="for the whole check (%(default)g)"
    )
    group.add_argument(
        "--ca-file", metavar="FILE", dest="ca_file", type=_file, help="authority that signed its certificate"
    )
    group.add_argument("--cert-file", metavar="FILE", dest="cert_file", type=_file, help="certificate that it is shown")
    group.add_argument("--key-file", metavar="FILE", dest="key_file", type=_file, help="its key, if in another file")
    group.add_argument("--user", metavar="NAME", help="of its web_config_file")
    group.add_argument(
        "--password-file",
        metavar="FILE",
        dest="password_file",
        type=_file,
        help=f"file with the password of --user, else {PASSWORD}",
    )


def _add_choices(group: argparse._ArgumentGroup, mode: Mode) -> None:
    for option in mode.options:
        _add_choice(group, option)
    group.add_argument("--verbose", action="store_true", help="a line for each thing that was looked at")
    group.add_argument(
        "--max-output",
        metavar="BYTES",
        dest="max_output",
        type=_bytes,
        default=DEFAULT_MAX_OUTPUT,
        help="of everything that is printed (%(default)d); set 8000 for an old Nagios or NRPE",
    )


def _add_forms(group: argparse._ArgumentGroup, listing: Listing) -> None:
    for option in listing.options:
        _add_choice(group, option)
    group.add_argument("--verbose", action="store_true", help="taken as by the plugin: a list has all its lines anyway")
    forms = group.add_mutually_exclusive_group()
    forms.add_argument("--disco-show", action="store_true", help="as XML, for a rule of discovery")
    forms.add_argument("--disco-format", action="store_true", help="only which attributes an entry of that has")


def _add_choice(group: argparse._ArgumentGroup, option: Option) -> None:
    names = [f"--{name}" for name in option.names]
    if option.is_switch:
        group.add_argument(*names, dest=option.names[0], action="store_true", help=option.help)
    else:
        group.add_argument(
            *names,
            dest=option.names[0],
            metavar=option.metavar,
            nargs="?",
            const=option.default if option.choices else "",
            default=option.default,
            choices=option.choices or None,
            help=f"{option.help} ({_shown(option.default)})" if option.default else option.help,
        )


def _add_thresholds(group: argparse._ArgumentGroup, mode: Mode) -> None:
    for look in mode.looks:
        for level in sorted(LEVELS, key=LEVELS.__getitem__, reverse=True):
            own = getattr(look, level, "") if not isinstance(look, Counter) else ""
            group.add_argument(
                *_names(look, level, mode),
                dest=f"{level}-{look.label}",
                metavar="RANGE" if isinstance(look, Counter) else "CONDITION",
                nargs="?",
                const="",
                help=f"by default {_shown(own)}" if own else None,
            )


def _names(look: Look, level: str, mode: Mode) -> list[str]:
    """Also ``--warning`` alone where a mode has nothing else to be warned of."""
    name = f"--{level}-{look.label}"
    return [name, f"--{level}"] if len(mode.looks) == 1 else [name]


def _shown(text: str) -> str:
    """For argparse, whose help has a use for percent signs."""
    return text.replace("%", "%%")


def _name(text: str) -> str | None:
    """None where a macro of Centreon is empty."""
    return text or None


def _file(text: str) -> Path | None:
    """Likewise."""
    return Path(text) if text else None


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:  # noqa: PLR2004 - an hour, beyond which no check waits
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds from 1 to 3600")
    return seconds


def _bytes(text: str) -> int:
    number = int(text) if text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - digits
    if number < 512:  # noqa: PLR2004 - bytes that a status needs
        raise argparse.ArgumentTypeError(f"{text!r} is no number of bytes from 512 on")
    return number
