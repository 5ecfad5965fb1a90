"""What the modes have in common: what was asked for, what was found, and filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from o365_exporter.probing.judging import Block, Look, Style, pattern
from o365_exporter.probing.reading import Reading


class Asked(NamedTuple):
    """What options say about what is looked at.

    Args:
        filters: patterns and choices by the name of the option; empty where there is none.
        style: of the counters.
    """

    filters: Mapping[str, str]
    style: Style

    def keeps(self, option: str, text: str) -> bool:
        """Whether a text passes a filter that includes, or there is none."""
        given = self.filters.get(option, "")
        return not given or pattern(given, f"--{option}").search(text) is not None

    def drops(self, option: str, text: str) -> bool:
        """Whether a text is met by a filter that excludes."""
        return bool(self.filters.get(option)) and self.keeps(option, text)


class Found(NamedTuple):
    """What there is to judge.

    Args:
        blocks: in the order in which they are told.
        troubles: sentences about what cannot be looked at.
    """

    blocks: Sequence[Block]
    troubles: Sequence[str]


class Option(NamedTuple):
    """One option of a mode that is no threshold.

    Args:
        names: without hyphens, the plugins' first.
        help: for people.
        default: what holds where it is not given.
        choices: what it may be; empty for any text.
        is_switch: whether it has no value.
    """

    names: tuple[str, ...]
    help: str
    default: str = ""
    choices: tuple[str, ...] = ()
    is_switch: bool = False

    @property
    def metavar(self) -> str | None:
        """How its value is called in the help; None for a choice."""
        return None if self.choices else "PATTERN"


def counting(counters: str = "") -> tuple[Option, Option]:
    """What all modes that compare have.

    Args:
        counters: which are looked at by default; empty for all.
    """
    return (
        Option(("filter-counters",), "only counters and conditions whose label has this pattern", counters),
        Option(("use-new-perfdata",), "names of perfdata with dots", is_switch=True),
    )


class Mode(NamedTuple):
    """One mode of the plugins.

    Args:
        name: on our command line.
        aliases: further names.
        help: a sentence.
        metrics: what it reads.
        looks: all its counters and conditions.
        options: its filters and choices.
        find: makes blocks of what was read.
        examples: what each is good for, and its options.
    """

    name: str
    aliases: tuple[str, ...]
    help: str
    metrics: tuple[str, ...]
    looks: tuple[Look, ...]
    options: tuple[Option, ...]
    find: Callable[[Reading, Asked], Found]
    examples: tuple[tuple[str, str], ...]
