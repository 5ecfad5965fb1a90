"""The command line: which command, with which options, ends with which exit code.

What a command needs is imported when it is run: help and mistakes are answered without the libraries.
"""

from __future__ import annotations

import argparse
import errno
import io
import os
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from o365_exporter import __version__, collectors
from o365_exporter.commands import TENANTS, USERS
from o365_exporter.errors import ConfigurationError

EXIT_OK = 0
EXIT_FAULT = 1
EXIT_CONFIGURATION = 2
EXIT_INTERRUPTED = 128 + signal.SIGINT

_EPILOG = """\
settings:
  One tenant needs three environment variables: O365_TENANT_ID, O365_CLIENT_ID and
  O365_CLIENT_SECRET (or O365_CLIENT_SECRET_FILE). Many tenants need a file; see
  config.example.toml and docs/configuration.md.

exit codes:
  0  done, or stopped by SIGTERM or Ctrl-C
  1  once: at least one source failed; any command: a fault, or output cannot be written
  2  wrong settings or options; every fault is named on standard error
  130  once: stopped by Ctrl-C before every source was polled; 143: by SIGTERM
"""


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # names of tenants are any text, whatever the terminal thinks
    if (
        not sys.warnoptions
    ):  # libraries warn their callers, in lines of Python; what an operator can mend we say ourselves
        warnings.simplefilter("ignore")
    try:
        code = _run(argv)
        sys.stdout.flush()
    except ConfigurationError as error:
        for fault in error.faults:
            print(f"o365-exporter: {fault}", file=sys.stderr)  # noqa: T201 - the log is not set up yet
        code = EXIT_CONFIGURATION
    except KeyboardInterrupt:  # before the signal handlers stand
        code = EXIT_OK
    except Exception as error:  # noqa: BLE001 - the last door: no traceback, which would show foreign text
        if why := _why_output_ends(error):
            _tell_why_output_ends(why)
        else:
            from o365_exporter import logs

            logs.fault(error)
        code = EXIT_FAULT
    sys.exit(code)


def _run(argv: Sequence[str] | None) -> int | str | None:
    """Exit code of one command, or of what argparse does by itself."""
    try:
        arguments = _parser().understood(argv)
    except SystemExit as end:
        return end.code
    command: Callable[[argparse.Namespace], int] = arguments.command
    return command(arguments)


def _tell_why_output_ends(why: set[int]) -> None:
    if why != {errno.EPIPE}:
        reasons = ", ".join(map(os.strerror, sorted(why)))
        print(f"o365-exporter: cannot write to standard output: {reasons}", file=sys.stderr)  # noqa: T201 - as above
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


_OUTPUT_ENDS = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def _why_output_ends(error: Exception) -> set[int]:
    """The numbers of the errors, if all say only that our output can be written no further; tasks say it in a group."""
    if isinstance(error, ExceptionGroup):
        each = [_why_output_ends(one) for one in error.exceptions]
        return set().union(*each) if all(each) else set()
    if isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT_ENDS:
        return {error.errno}
    return set()


class _Parser(argparse.ArgumentParser):
    """Says what somebody may have meant by an option or a command that does not exist."""

    def understood(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """The options; where one does not exist, the program ends here. Its value is not shown, it may be a secret."""
        found, unknown = self.parse_known_args(argv)
        if unknown:
            names = [argument.partition("=")[0] for argument in unknown if argument.startswith("-")]
            guess = _meant(names[0], _options(self)) if names else ""
            self.error(f"unrecognized arguments: {' '.join(names) or 'one too many'}{guess}")
        return found

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            known = list(map(str, action.choices))
            text = f"{value!r} is not known{_meant(str(value), known)} (choose from {', '.join(known)})"
            raise argparse.ArgumentError(action, text)


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

    near = get_close_matches(name, known, n=1)
    return f": did you mean {near[0]}?" if near else ""


def _parser() -> _Parser:
    parser = _Parser(
        prog="o365-exporter",
        description="Prometheus exporter for Microsoft 365: polls Microsoft Graph and serves /metrics.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-v", "-V", "--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_run(commands)
    _add_once(commands)
    _add_check_config(commands)
    _add_demo(commands)
    _add_simulate(commands)
    return parser


_Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for what add_subparsers returns


def _add(commands: _Commands[_Parser], name: str, text: str, command: Callable[[argparse.Namespace], int]) -> _Parser:
    parser: _Parser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=command)
    return parser


def _run_daemon(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.run import run

    return run(arguments.config, os.environ, arguments.listen, arguments.shard)


def _add_run(commands: _Commands[_Parser]) -> None:
    parser = _add(
        commands,
        "run",
        "Poll the configured tenants and serve /metrics until stopped.",
        _run_daemon,
    )
    _add_config(parser)
    parser.add_argument("--listen", metavar="HOST:PORT", help="where to serve /metrics (O365_LISTEN)")
    parser.add_argument(
        "--shard", metavar="I/N", help="poll this part of the tenants alone, from 0/N to N-1/N (O365_SHARD)"
    )


def _run_once(arguments: argparse.Namespace) -> int:
    try:
        from o365_exporter.commands.once import once

        return once(arguments.config, os.environ, arguments.collector)
    except KeyboardInterrupt:  # while libraries are imported: nothing was polled, which is no success
        return EXIT_INTERRUPTED


def _add_once(commands: _Commands[_Parser]) -> None:
    parser = _add(
        commands,
        "once",
        "Poll everything once, print the metrics, and exit with 1 if a source failed.",
        _run_once,
    )
    _add_config(parser)
    parser.add_argument(
        "--collector",
        metavar="NAME",
        action="append",
        choices=collectors.names(),
        help=f"only this collector; may be given again ({', '.join(collectors.names())})",
    )


def _run_check_config(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.check_config import check_config

    return check_config(arguments.config, os.environ)


def _add_check_config(commands: _Commands[_Parser]) -> None:
    parser = _add(
        commands,
        "check-config",
        "Validate the settings and show the effective ones with secrets masked; asks nothing of Microsoft.",
        _run_check_config,
    )
    _add_config(parser)


def _run_demo(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.demo import demo

    return demo(arguments.tenants, arguments.users, arguments.listen, arguments.scenario)


def _add_demo(commands: _Commands[_Parser]) -> None:
    parser = _add(
        commands,
        "demo",
        "Serve the metrics of simulated tenants: simulator and exporter in one process, on this machine only.",
        _run_demo,
    )
    _add_simulated(parser)
    parser.add_argument(
        "--listen", metavar="HOST:PORT", default="127.0.0.1:10365", help="where to serve /metrics (%(default)s)"
    )


def _run_simulate(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.simulate import Front, simulate

    front = Front(arguments.listen, arguments.tls, arguments.base_url)
    return simulate(arguments.tenants, arguments.users, front, arguments.scenario)


def _add_simulate(commands: _Commands[_Parser]) -> None:
    parser = _add(
        commands,
        "simulate",
        "Run the simulated Microsoft 365 alone, to try Graph clients and alert rules on.",
        _run_simulate,
    )
    _add_simulated(parser)
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


def _add_simulated(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tenants", type=_positive, metavar="N", help=f"number of tenants ({TENANTS})")
    parser.add_argument("--users", type=_positive, metavar="N", help=f"users in each ({USERS})")
    parser.add_argument(
        "--scenario",
        metavar="NAME",
        nargs="?",
        const="",
        help="let something happen to tenants of its own; without NAME, list the scenarios",
    )


def _positive(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def _add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-c", "--config", metavar="FILE", type=Path, help="TOML file with the settings (O365_CONFIG)")
