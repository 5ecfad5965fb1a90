"""The parser of a command line: help that fits the terminal, and guesses at what was meant."""

from __future__ import annotations

import argparse
import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from o365_exporter import __version__
from o365_exporter.cli.command import Command, listed
from o365_exporter.errors import ended, one_line

PROGRAM = "o365-exporter"
EXIT_UNKNOWN = 3

EPILOG = """\
settings:
  One tenant needs three environment variables: O365_TENANT_ID, O365_CLIENT_ID and \
O365_CLIENT_SECRET (or O365_CLIENT_SECRET_FILE). Many tenants need a file; the command \
docs prints what can stand in it: docs configuration.

exit codes:
  0  done, or stopped by SIGTERM or Ctrl-C
  1  once: at least one source failed; check: something is in the way; backfill: something could not be read; \
any command: a fault, or output cannot be written
  2  wrong settings or options; every fault is named on standard error
  3  probe: nothing can be told (0 OK, 1 WARNING and 2 CRITICAL are what it found)
  130  once, check, backfill: stopped by Ctrl-C before the end; 143: by SIGTERM
"""

_START = re.compile(r" *((?P<comment># )|\d+ +)?")
"""Of a line: what the lines into which it is wrapped are indented by."""


def parser_of(commands: Sequence[Command]) -> Parser:
    """A parser of these commands; what it finds has what runs the command in ``command``, and itself in ``root``."""
    parser = Parser(
        prog=PROGRAM,
        description="Prometheus exporter for Microsoft 365: polls Microsoft Graph and serves /metrics.",
        epilog=EPILOG,
        formatter_class=_Formatter,
    )
    parser.add_argument("-v", "-V", "--version", action="version", version=f"%(prog)s {__version__}")
    below = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in commands:
        of_command = below.add_parser(
            command.name,
            help=command.summary,
            description=command.summary,
            epilog=listed(command.examples),
            formatter_class=_Formatter,
            is_check=command.is_check,
            add_options=command.add_options,
        )
        of_command.set_defaults(command=command.run, root=parser, parser=of_command)
    return parser


class _Formatter(argparse.HelpFormatter):
    """Wraps a text line by line, each with its own indentation; a command line stays whole, for it is copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(line for given in text.splitlines() for line in _wrapped(indent + given, width))


def _wrapped(line: str, width: int) -> list[str]:
    start = _START.match(line)
    if PROGRAM in line and not (start and start["comment"]):
        return [line]
    margin = line[: start.end()] if start else ""
    below = margin if start and start["comment"] else " " * len(margin)
    return textwrap.wrap(line, width, subsequent_indent=below, break_long_words=False) or [""]


_WITHOUT_VALUES = {
    re.compile(r"ignored explicit argument .*", re.DOTALL): "takes no value",
    re.compile(r"(ambiguous option: [^=]*)=.*(?= could match )", re.DOTALL): r"\1",
}
"""What argparse says, and what is left of it: a value may be a secret."""


class Parser(argparse.ArgumentParser):
    """Says what somebody may have meant by an option or a command that does not exist.

    Args:
        is_check: whether mistakes are said as Nagios reads them, which takes exit code 2 for something critical.
        add_options: declares options when they are looked at: most are those of commands that are not run.
    """

    def __init__(
        self,
        *arguments: Any,
        is_check: bool = False,
        add_options: Callable[[argparse.ArgumentParser], None] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._is_check = is_check
        self._add_options = add_options

    def declare(self) -> None:
        """Have the options of this parser alone."""
        if self._add_options:
            add_options, self._add_options = self._add_options, None
            add_options(self)

    def declare_all(self) -> None:
        """Have those of its commands too."""
        self.declare()
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - argparse has no public name for it
                for parser in action.choices.values():
                    parser.declare_all()

    def parse_known_args(self, *arguments: Any, **options: Any) -> Any:
        self.declare()
        return super().parse_known_args(*arguments, **options)

    def format_usage(self) -> str:
        self.declare()
        return super().format_usage()

    def format_help(self) -> str:
        self.declare()
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        """End the program. argparse quotes what was put behind an option that takes nothing, or that may be several."""
        for pattern, told in _WITHOUT_VALUES.items():
            message = pattern.sub(told, message)
        if not self._is_check:
            super().error(message)
        print(f"UNKNOWN: {ended(one_line(message))} See {self.prog} --help.")  # noqa: T201 - Nagios reads it here
        self.exit(EXIT_UNKNOWN)

    def understood(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """The options; where one does not exist, the program ends here. Its value is not shown, it may be a secret."""
        found: argparse.Namespace
        found, unknown = self.parse_known_args(argv)
        if unknown:
            parser = getattr(found, "parser", self)
            parser.declare_all()
            known = _options(parser)
            names = [_name(argument, known) for argument in unknown if argument.startswith("-")]
            guess = _meant(names[0], known) if names else ""
            parser.error(f"unrecognized arguments: {' '.join(names) or 'one too many'}{guess}")
        return found

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = list(map(str, action.choices))
            text = f"{value!r} is not known{_meant(str(value), known)} (choose from {', '.join(known)})"
            raise argparse.ArgumentError(action, text)


def _name(argument: str, known: list[str]) -> str:
    """Of an option that there is not; other programs take a value right behind a short one, as ``-pPASSWORD``."""
    name = argument.partition("=")[0].partition(":")[0]
    return name if name.startswith("--") or _meant(name, known) else name[:2]


def _options(parser: argparse.ArgumentParser) -> list[str]:
    """Every option of a parser and of its commands."""
    found: list[str] = []
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        found += action.option_strings
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - nor a public name for this
            found += [option for command in action.choices.values() for option in _options(command)]
    return list(dict.fromkeys(found))


def _meant(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=1, cutoff=0.65)  # below, --tenant is like --listen
    return f": did you mean {near[0]}?" if near else ""
