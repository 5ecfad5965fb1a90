"""Timelines with what should be told, judged before anything was played; and how what was told compares.

An expectation is one line, in minutes of the timeline:

- ``pager EX1 30..45``: the pager is told of EX1 between these minutes;
- ``pager over EX1 100..130``: its end is told;
- ``notes? EX1``: may be told, whenever.

Whatever else is told for the first time is too much; an end that is not expected is too early. An end that should come
and does not is missing. Things are told apart by a label: issue, service, app, SKU, area or report, else the alert.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.rules.timelines.play import Told
from tests.rules.timelines.world import Exporter, Tenant

_THINGS = (
    "issue_id",
    "service_id",
    "app_id",
    "message_id",
    "subscription_id",
    "sku_id",
    "area",
    "collector",
    "report",
    "product",
    "kind",
)
_LINE = re.compile(r"(pager|tickets|notes)(\?)? (over )?(\S+)(?: (\d+)\.\.(\d+))?")


@dataclass(frozen=True)
class Expected:
    """One line of what should be told; ``optional`` where it may be."""

    receiver: str
    thing: str
    status: str
    first: float
    last: float
    optional: bool

    @classmethod
    def of(cls, line: str) -> Expected:
        """Read a line."""
        found = _LINE.fullmatch(line)
        assert found is not None, line
        receiver, optional, over, thing, first, last = found.groups()
        window = (float(first), float(last)) if first else (0.0, float("inf"))
        return cls(receiver, thing, "resolved" if over else "firing", *window, bool(optional))

    def is_met_by(self, told: Told) -> bool:
        """Whether this message is the one."""
        same = (self.receiver, self.thing, self.status) == (told.receiver, thing_of(told), told.status)
        return same and self.first <= told.minute <= self.last


def thing_of(told: Told) -> str:
    """What a message is about."""
    return next((told.labels[label] for label in _THINGS if label in told.labels), told.alert)


@dataclass(frozen=True)
class Timeline:
    """What happens to tenants whose names begin with ``name``, and what should be told of it.

    Attributes:
        policy: row of the policy that judges it.
        name: in one word.
        tenants: those it happens to; their names are ``name`` or begin with it.
        lines: see above.
    """

    policy: str
    name: str
    tenants: Sequence[Tenant]
    lines: Sequence[str]

    @property
    def expected(self) -> list[Expected]:
        """The lines, read."""
        return [Expected.of(line) for line in self.lines]


@dataclass(frozen=True)
class World:
    """Timelines that are played together.

    Attributes:
        name: in one word.
        minutes: how long.
        timelines: each with tenants of its own.
        exporters: who watches; one exporter for all tenants where none is given.
        step: minutes between scrapes and between evaluations.
        subjects: files of rules that matter, in which the others would be quiet; all where none is given.
    """

    name: str
    minutes: int
    timelines: Sequence[Timeline]
    exporters: Sequence[Exporter] = ()
    step: int = 1
    subjects: tuple[str, ...] = ()


@dataclass
class Verdict:
    """What was right and what was not."""

    right: int = 0
    missing: list[str] = field(default_factory=list)
    too_much: list[str] = field(default_factory=list)
    announcements: int = 0
    wanted: int = 0


def judge(timeline: Timeline, told: Iterable[Told], *, alone: bool = False) -> Verdict:
    """Compare; ``alone`` where what is told of no tenant belongs to this timeline, too."""
    mine = [one for one in told if not one.again and _belongs(one, timeline, alone)]
    expected = timeline.expected
    verdict = Verdict()
    for one in expected:
        met = any(one.is_met_by(message) for message in mine)
        verdict.wanted += not one.optional
        verdict.right += met and not one.optional
        if not met and not one.optional:
            verdict.missing.append(f"{one.receiver} {one.status} {one.thing} {one.first:g}..{one.last:g}")
    verdict.announcements = len(mine)
    verdict.too_much = [str(message) for message in _left(mine, expected)]
    return verdict


def _left(mine: Sequence[Told], expected: Sequence[Expected]) -> Iterator[Told]:
    """Messages that no line allows, each line but the optional ones once."""
    open_lines = list(expected)
    for message in mine:
        line = next((one for one in open_lines if one.is_met_by(message)), None)
        if line is None:
            yield message
        elif not line.optional:
            open_lines.remove(line)


def _belongs(told: Told, timeline: Timeline, alone: bool) -> bool:
    tenant = told.labels.get("tenant")
    return any(tenant == one.name for one in timeline.tenants) if tenant else alone
