"""The options of ``completion``."""

from __future__ import annotations

import argparse

from o365_exporter.cli.command import Command, Example
from o365_exporter.commands import SHELLS


def _run(arguments: argparse.Namespace) -> int:
    from o365_exporter.commands.completion import completion

    arguments.root.declare_all()
    return completion(arguments.root, arguments.shell)


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"whose: {', '.join(SHELLS)}")


COMPLETION = Command(
    name="completion",
    summary="Print a script by which a shell completes commands, options and files.",
    add_options=_add_options,
    run=_run,
    examples=(
        Example(
            "For one user's bash",
            "o365-exporter completion bash > ~/.local/share/bash-completion/completions/o365-exporter",
        ),
        Example(
            "For every user's zsh", "o365-exporter completion zsh > /usr/local/share/zsh/site-functions/_o365-exporter"
        ),
        Example("For one user's fish", "o365-exporter completion fish > ~/.config/fish/completions/o365-exporter.fish"),
    ),
)
