"""Counters and conditions against what was found, as Centreon's plugins do it.

A mode finds blocks, a block has items, and each item is compared by each counter of its block. One item is shown whole,
of several only those that are not well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from o365_exporter.probing import ProbeError
from o365_exporter.probing.conditions import Condition, Macros, Value, parse_condition
from o365_exporter.probing.output import Perfdata, Report, Status, number
from o365_exporter.probing.ranges import Range, parse_range

LEVELS = {"critical": Status.CRITICAL, "warning": Status.WARNING, "unknown": Status.UNKNOWN}
"""Of thresholds, in the order in which they are asked."""


class Counter(NamedTuple):
    """One number of an item.

    Args:
        label: in options and for ``--filter-counters``.
        name: of the perfdata, with dots; empty for none.
        text: what is said of it, a template of the item's values.
        value: the key of its value.
        unit: of the perfdata.
        most: the key of its largest value, or a number; empty for none.
        digits: behind the point.
        is_share: whether thresholds are percentages of ``most``, unless ``--units=count``.
        quiet: whether it is not mentioned while all is well.
        thresholds: whether those of its label are meant.
        old: its label before there were names with dots, where that is not made of the label.
        least: its smallest value, finished text.
    """

    label: str
    name: str
    text: str
    value: str = "value"
    unit: str = ""
    most: str = ""
    digits: int = 0
    is_share: bool = False
    quiet: bool = False
    thresholds: bool = True
    old: str = ""
    least: str = "0"


class State(NamedTuple):
    """A condition on an item, which has no number.

    Args:
        label: in options and for ``--filter-counters``.
        text: what is said of the item, a template of its values.
        macros: which a condition may ask for.
        warning: the condition where none is given; empty for none.
        critical: likewise.
        trouble: added to the text where it is not well; a template too.
        perfdata: a number that goes along without thresholds; None for none.
    """

    label: str
    text: str
    macros: tuple[str, ...]
    warning: str = ""
    critical: str = ""
    trouble: str = ""
    perfdata: Counter | None = None


Look = Counter | State
Thresholds = Mapping[str, str | None]
"""What options say, by ``warning-LABEL`` and so on; None where they say nothing, empty for no threshold."""


class Item(NamedTuple):
    """One thing that is looked at.

    Args:
        prefix: what each sentence about it begins with.
        values: by key; a counter whose value is missing is passed over.
        instance: in labels of perfdata, as it is put before a dotted name; empty where there is one alone.
    """

    prefix: str
    values: Macros
    instance: str = ""


class Block(NamedTuple):
    """Items that are looked at in one way.

    Args:
        looks: what each item is asked.
        items: in the order in which they are told.
        summary: what is said where all are well; empty to tell of each.
        parent: what the sentences of the first line begin with besides.
        heading: a line above those of the items.
        indent: before each of those.
        told: whether each item has a line of its own.
        dotted: whether perfdata always have dotted names.
    """

    looks: Sequence[Look]
    items: Sequence[Item]
    summary: str = ""
    parent: str = ""
    heading: str = ""
    indent: str = ""
    told: bool = True
    dotted: bool = False


class Style(NamedTuple):
    """What options say about all counters.

    Args:
        counters: pattern for the labels of those that are looked at; empty for all.
        in_percent: whether shares are compared as percentages.
        dotted: whether all perfdata have dotted names.
    """

    counters: str = ""
    in_percent: bool = True
    dotted: bool = False

    def shows(self, label: str) -> bool:
        """Whether a counter is looked at."""
        return not self.counters or pattern(self.counters, "--filter-counters").search(label) is not None


def pattern(text: str, option: str) -> re.Pattern[str]:
    """A regular expression of an option, searched anywhere; capitals count, as in the plugins.

    Raises:
        ProbeError: it is none.
    """
    try:
        return re.compile(text)
    except (re.error, RecursionError, OverflowError) as error:
        raise ProbeError(
            f"{option} {text!r} is no regular expression ({error}): put a backslash before what is meant as it stands."
        ) from None


class Judge:
    """Compares by the thresholds of one command line.

    Args:
        looks: all that the mode has, so that a threshold which cannot be read is told even where it is not used.
        thresholds: what options say.
        style: likewise.

    Raises:
        ProbeError: a threshold cannot be read.
    """

    def __init__(self, looks: Sequence[Look], thresholds: Thresholds, style: Style) -> None:
        self._style = style
        self._ranges: dict[str, Range] = {}
        self._conditions: dict[str, Condition] = {}
        for look in looks:
            if not isinstance(look, Counter) or look.thresholds:
                for level in LEVELS:
                    self._read(look, level, f"{level}-{look.label}", thresholds)

    def _read(self, look: Look, level: str, option: str, thresholds: Thresholds) -> None:
        given = thresholds.get(option)
        text = getattr(look, level, "") if given is None and isinstance(look, State) else given
        if not (text or "").strip():
            return
        try:
            if isinstance(look, State):
                self._conditions[option] = parse_condition(str(text), look.macros)
            else:
                self._ranges[option] = parse_range(str(text))
        except ProbeError as error:
            raise ProbeError(f"--{option}: {error}.") from None

    def judge(self, block: Block, report: Report) -> None:
        """Look at all items of a block."""
        if block.heading and block.items:
            report.tell(block.heading)
        looked_at = [self._judge(block, item, report) for item in block.items]
        if block.summary and any(looked_at):
            report.say(Status.OK, block.summary)

    def _judge(self, block: Block, item: Item, report: Report) -> bool:
        """Whether there was something to look at."""
        found = [self._look(look, item, dotted=block.dotted or self._style.dotted) for look in block.looks]
        said = [one for one in found if one is not None]
        worst = max((status for status, _, _, _ in said), default=Status.OK)
        bad = ", ".join(text for status, text, _, _ in said if status)
        shown = ", ".join(text for status, text, _, quiet in said if status or not quiet)
        if not said:
            return False
        if worst:
            report.say(worst, f"{block.parent}{item.prefix}{bad}")
        elif not block.summary:
            report.say(Status.OK, f"{block.parent}{item.prefix}{shown}")
        if block.told:
            report.tell(f"{block.indent}{item.prefix}{shown}")
        for _, _, perfdata, _ in said:
            report.graph(perfdata)
        return True

    def _look(self, look: Look, item: Item, *, dotted: bool) -> tuple[Status, str, list[Perfdata], bool] | None:
        """Status, text, numbers and whether it is quiet; None where there is nothing to look at."""
        if not self._style.shows(look.label):
            return None
        if isinstance(look, State):
            status, text = self._state(look, item)
            own = look.perfdata
            return status, text, ([self._perfdata(own, item, dotted=dotted)] if own else []), False
        if look.value not in item.values:
            return None
        text = look.text.format_map(item.values)
        numbers = [self._perfdata(look, item, dotted=dotted)] if look.name else []
        return self._level(look, item), text, numbers, look.quiet

    def _state(self, state: State, item: Item) -> tuple[Status, str]:
        text = state.text.format_map(item.values)
        for level, status in LEVELS.items():
            condition = self._conditions.get(f"{level}-{state.label}")
            if condition is None:
                continue
            if missing := sorted(condition.macros.difference(item.values)):
                return Status.UNKNOWN, (
                    f"{text}, but the exporter does not serve %{{{missing[0]}}}: give --{level}-{state.label} "
                    "another condition, or leave it out of --filter-counters"
                )
            if condition.holds(item.values):
                return status, text + state.trouble.format_map(item.values)
        return Status.OK, text

    def _level(self, counter: Counter, item: Item) -> Status:
        value = number_of(item.values[counter.value])
        if counter.is_share and self._style.in_percent:
            most = number_of(item.values[counter.most])
            value = value * 100 / most if most else 0.0
        for level, status in LEVELS.items():
            found = self._range(level, counter)
            if found is not None and found.alarms(value):
                return status
        return Status.OK

    def _range(self, level: str, counter: Counter) -> Range | None:
        return self._ranges.get(f"{level}-{counter.label}") if counter.thresholds else None

    def _perfdata(self, counter: Counter, item: Item, *, dotted: bool) -> Perfdata:
        most = number_of(item.values[counter.most]) if counter.most in item.values else None
        is_share = counter.is_share and self._style.in_percent
        ranges = [self._range(level, counter) for level in ("warning", "critical")]
        if is_share and most is not None:
            ranges = [one and one.share_of(most) for one in ranges]
        return Perfdata(
            label=_label(counter, item, dotted=dotted),
            value=number(number_of(item.values[counter.value]), counter.digits),
            unit=counter.unit,
            warning=ranges[0],
            critical=ranges[1],
            least=counter.least,
            most=counter.most if most is None else number(most),
        )


def _label(counter: Counter, item: Item, *, dotted: bool) -> str:
    if dotted:
        return f"{item.instance}#{counter.name}" if item.instance else counter.name
    old = counter.old or counter.label.replace("-", "_")
    return f"{old}_{item.instance}" if item.instance else old


def number_of(value: Value) -> float:
    """A value that is a number."""
    return float(value)
