"""What ``check`` says to people: each finding when it is made, and at the end how much each problem stops."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime

import anyio
from rich.status import Status
from rich.table import Table
from rich.text import Text

from o365_exporter.checking import NOT_ASKED, Doubt, Problem, Report, SourceCheck, TenantCheck, WayCheck
from o365_exporter.clock import Clock
from o365_exporter.commands.table import terminal
from o365_exporter.errors import one_line
from o365_exporter.http.skew import KEEP_CLOCK, clock_fault
from o365_exporter.settings import Settings
from o365_exporter.status.sentences import counted

_GOOD, _NEUTRAL, _DOUBT, _BAD = ("✓", "green"), ("·", "dim"), ("!", "yellow"), ("✗", "red")
_FEW = 5
"""Tenants of whom everything is shown; of more, what is not as it should be."""

_NAMED = 5  # tenants that a problem names
_DOUBTS = 10  # of many tenants
_ROWS = 50  # tenants in the table at the end
_WIDTH = 160  # of tables where nobody looks
_EVERY = 0.5  # seconds between two looks at how far it is


class Words:
    """Speaks on standard output; where that is for machines, only of progress, on a terminal at standard error.

    Args:
        settings: whose tenants are checked.
        asked: collectors that are; None for all that are enabled.
        clock: tells how long it takes.
        quiet: whether standard output is for machines.
    """

    def __init__(self, settings: Settings, asked: Collection[str] | None, clock: Clock, *, quiet: bool) -> None:
        self.clock = clock
        self._quiet = quiet
        self._tenants = len(settings.tenants)
        self._collectors = [
            sum(options.enabled and (asked is None or name in asked) for name, options in each.collectors.items())
            for each in settings.tenants
        ]
        self._out = terminal()
        if not self._out.is_terminal:
            self._out.width = _WIDTH
        self._progress = self._out if self._out.is_terminal and not quiet else terminal(errors=True)
        self._done = 0
        self._problems = 0
        self._stopped_ways = set[int]()
        self._started = clock.monotonic()

    @property
    def _is_detailed(self) -> bool:
        return self._tenants <= _FEW

    # while it goes on

    def begin(self, report: Report) -> None:
        """The first word: what is checked, and what looks like an oversight."""
        least, most = min(self._collectors), max(self._collectors)
        number = f"{least} to {counted(most, 'collector')}" if least < most else counted(most, "collector")
        each = " each" if self._tenants > 1 else ""
        self._say(Text(f"Checking {counted(self._tenants, 'tenant')} with {number}{each}."))
        self._tell_doubts(report.doubts)

    async def during(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do some work, and say on a terminal how far it is."""
        if not self._progress.is_terminal:
            await work()
            return
        with self._progress.status(self._line()) as status:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_saying, status)
                await work()
                tasks.cancel_scope.cancel()

    async def _keep_saying(self, status: Status) -> None:
        while True:
            status.update(self._line())
            await self.clock.sleep(_EVERY)

    def _line(self) -> str:
        problems = f", {counted(self._problems, 'problem')}" if self._problems else ""
        return f"{self._done} of {counted(self._tenants, 'tenant')} checked, {self._seconds:.0f} s{problems}"

    @property
    def _seconds(self) -> float:
        return self.clock.monotonic() - self._started

    def problem(self, problem: Problem) -> None:
        """One cause, when it is met first."""
        self._problems += 1
        self._tell(_BAD, problem.message, problem.remedies, number=problem.number)

    def way(self, check: WayCheck) -> None:
        """A way that leads to its host, or one more that a problem stops: of the first that itself has told."""
        if check.problem is None:
            self._tell(_GOOD, "; ".join(_about_way(check)))
        elif check.problem.number in self._stopped_ways:
            self._tell(_BAD, f"{check.way.path}: problem {check.problem.number}")
        else:
            self._stopped_ways.add(check.problem.number)
        if check.way.advice:
            self._tell(_DOUBT, check.way.advice, (KEEP_CLOCK,))

    def tenant(self, check: TenantCheck) -> None:
        """All about a tenant where they are few."""
        self._done += 1
        if not self._is_detailed or self._quiet:
            return
        self._say(Text())
        self._say(Text(one_line(f"{check.tenant} ({check.cloud})"), style="bold"))
        for mark, sentence in _about_tenant(check):
            self._tell(mark, sentence)
        if all(source.state == NOT_ASKED for source in check.sources):
            self._tell(_BAD, f"sources: none of the {len(check.sources)} was asked")
        else:
            self._say(_table_of_sources(check.sources))
        self._tell_doubts(check.doubts)

    # at the end

    def end(self, report: Report, *, is_whole: bool) -> None:
        """How much each problem stops, and the sum."""
        if not self._is_detailed:
            doubts = [doubt for each in report.tenants for doubt in each.doubts]
            self._tell_doubts(doubts[:_DOUBTS])
            self._tell_left(len(doubts) - _DOUBTS, "of this kind")
            self._tell_rest(report)
        self._say(Text())
        for problem in report.problems:
            self._say(_mark(_BAD, f"{problem.number:<2} {_reach(problem)}"))
        self._say(Text(self._sum(report, is_whole=is_whole), style="bold"))

    def _sum(self, report: Report, *, is_whole: bool) -> str:
        sources = [source for each in report.tenants for source in each.sources]
        answered = sum(source.is_good for source in sources)
        took = f"in {self._seconds:.1f} s"
        if not is_whole:
            return f"Stopped after {len(report.tenants)} of {counted(self._tenants, 'tenant')}, {took}."
        what = f"{answered} of {counted(len(sources), 'source')} of {counted(self._tenants, 'tenant')} answered {took}"
        if report.is_good:
            fault = clock_fault(check.way.skew for check in report.ways)
            return f"Nothing is in the way{fault and f', but the clock of this machine is {fault}'}: {what}."
        return f"{counted(len(report.problems), 'problem')}: {what}."

    def _tell_rest(self, report: Report) -> None:
        """The tenants that something stops, of many."""
        stopped = sorted((each for each in report.tenants if each.problems), key=lambda each: each.tenant)
        if not stopped:
            return
        table = _table("tenant", "token", "sources", "problems")
        for each in stopped[:_ROWS]:
            good = sum(source.is_good for source in each.sources)
            token = "✗" if each.token.problem else "✓"
            numbers = ", ".join(str(problem.number) for problem in each.problems)
            table.add_row(*_cells(each.tenant, token, f"{good} of {len(each.sources)}", numbers))
        self._say(Text())
        self._say(table)
        self._tell_left(len(stopped) - _ROWS, "that something stops")

    def _tell_left(self, number: int, what: str) -> None:
        if number > 0:
            self._say(Text(f"and {number} more {what}; --format json has all."))

    def _tell_doubts(self, doubts: Iterable[Doubt]) -> None:
        for doubt in doubts:
            self._tell(_DOUBT, doubt.message, doubt.remedies)

    def _tell(
        self, mark: tuple[str, str], sentence: str, remedies: Iterable[str] = (), number: int | None = None
    ) -> None:
        start = "" if number is None else f"{number:<2} "
        self._say(_mark(mark, f"{start}{sentence}"))
        for remedy in remedies:
            self._say(Text(one_line(f"  {' ' * len(start)}→ {remedy}")))

    def _say(self, what: Text | Table) -> None:
        if not self._quiet:
            self._out.print(what, soft_wrap=isinstance(what, Text))  # a command is copied whole


def _mark(mark: tuple[str, str], sentence: str) -> Text:
    sign, colour = mark
    return Text.assemble((sign, colour), " ", one_line(sentence))


def _reach(problem: Problem) -> str:
    """Whom a problem stops."""
    names = list(problem.tenants)
    if not names:
        return "stops nobody"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    sources = f"{counted(problem.sources, 'source')} of " if problem.sources else ""
    return f"stops {sources}{', '.join(names[:_NAMED])}{more}"


def _about_way(check: WayCheck) -> Iterator[str]:
    way, took = check.way, {step: f"{seconds * 1000:.0f} ms" for step, seconds in check.way.seconds.items()}
    yield way.path
    if way.addresses:
        more = f" and {len(way.addresses) - 1} more" if len(way.addresses) > 1 else ""
        yield f"name: {way.addresses[0]}{more} ({took['name']})"
    if "connect_tcp" in took:
        yield f"TCP: {took['connect_tcp']}"
    if way.certificate:
        yield f"{way.tls} ({took['start_tls']}): by {way.certificate.issuer}, until {_day(way.certificate.ends)}"
    if "answer" in took:
        yield f"answer: {took['answer']}"
    if way.skew is not None and not way.advice:
        yield f"clocks agree within {max(1, round(abs(way.skew)))} s"


def _about_tenant(check: TenantCheck) -> Iterator[tuple[tuple[str, str], str]]:
    token, roles = check.token, check.roles
    name = f" ({token.app_name})" if token.app_name else ""
    who = f"app {token.app}{name} by {token.setting}"
    if token.problem:
        yield _BAD, f"token: {who}: problem {token.problem.number}"
    else:
        end = f", which ends {_day(token.credential_ends)}" if token.credential_ends else ""
        yield _GOOD, f"token: {who}{end}; valid until {_minute(token.ends)}"
    if roles is not None:
        yield _GOOD if not roles.missing else _DOUBT, f"permissions: {_about_roles(roles.granted, roles.missing)}"
    elif token.problem is None:
        yield _DOUBT, "permissions: the token does not say which it has; the sources below tell"
    if check.concealed:
        yield _NEUTRAL, "names in reports are concealed: people show as hashes; totals do not change"
    elif check.concealed is not None:
        yield _GOOD, "names in reports are not concealed"


def _about_roles(granted: tuple[str, ...], missing: tuple[str, ...]) -> str:
    has = f"{len(granted)} of {len(granted) + len(missing)} granted"
    return f"{has}; missing: {', '.join(missing)}" if missing else f"{has} ({', '.join(granted)})"


def _table_of_sources(sources: Iterable[SourceCheck]) -> Table:
    table = _table("collector", "source", "outcome", "seconds", "")
    for each in sources:
        seconds = "" if each.seconds is None else f"{each.seconds:.2f}"
        note = f"problem {each.problem.number}" if each.problem else each.note
        outcome = "not asked" if each.state == NOT_ASKED else each.state
        cells = _cells(each.collector, each.source, outcome, seconds, note)
        cells[2].stylize(_GOOD[1] if each.is_good else _BAD[1])
        table.add_row(*cells)
    return table


def _table(*heads: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in heads:
        table.add_column(Text(head), justify="right" if head == "seconds" else "left", overflow="fold")
    return table


def _cells(*texts: str) -> list[Text]:
    return [Text(one_line(text)) for text in texts]


def _day(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}"


def _minute(moment: float | None) -> str:
    return "a time that is not known" if moment is None else f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
