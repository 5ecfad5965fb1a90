"""What a command says of itself."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable
from typing import NamedTuple

EXIT_INTERRUPTED = 130
"""As shells say it: 128 and SIGINT."""


class Example(NamedTuple):
    """A command line worth copying.

    Args:
        purpose: what it is good for, without a full stop.
        line: the whole line, as it is typed into a shell.
    """

    purpose: str
    line: str


def listed(examples: Iterable[Example]) -> str:
    """Examples as they end a help."""
    each = (f"  # {example.purpose}:\n  {example.line}" for example in examples)
    return "\n".join(("examples:", *each))


class Command(NamedTuple):
    """One command.

    Args:
        name: as it is typed.
        summary: what it does, in a sentence.
        add_options: declares its options.
        run: does it, and returns the exit code; imports what it needs.
        examples: what its help shows at the end.
        is_check: whether mistakes are told as Nagios reads them.
    """

    name: str
    summary: str
    add_options: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]
    examples: tuple[Example, ...]
    is_check: bool = False
