"""``completion``: a script by which a shell completes commands, options and files."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping

import shtab

from o365_exporter.commands.docs import pages
from o365_exporter.simulator import scenarios

_NAMES: Mapping[str, Callable[[], Iterable[str]]] = {"page": pages, "scenario": scenarios}
"""Of what can be named, by the name of the option: looked up only here, for the parser must be quick."""


def completion(parser: argparse.ArgumentParser, shell: str) -> int:
    """Print the script.

    Args:
        parser: of the whole command line.
        shell: one of ``commands.SHELLS``.
    """
    for action in _actions(parser):
        if action.dest in _NAMES:
            action.choices = sorted(_NAMES[action.dest]())
        if isinstance(action.metavar, str) and "FILE" in action.metavar:
            action.complete = shtab.FILE  # type: ignore[attr-defined] # by this shtab is told
    # shtab's header names a folder in which no bash looks
    print(shtab.complete(parser, shell).replace("/bash_completion/", "/bash-completion/completions/"))
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Every option of a parser and of its commands."""
    for action in parser._actions:  # noqa: SLF001 - argparse has no public list of them
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 - nor a public name for this
            for command in action.choices.values():
                yield from _actions(command)
