"""Usage reports of a tenant: how they look, and what can be wrong with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

from o365_exporter.clock import Clock
from o365_exporter.simulator.domains.base import SimulatorError, TenantPart, operation
from o365_exporter.simulator.reports import DEFECTS, REPORTS, ColumnMood, Edition, Style, Window, refresh_date
from o365_exporter.simulator.reports.people import People
from o365_exporter.simulator.timetext import DAY

ReportState = Literal[
    "usual",
    "html",
    "empty",
    "header_only",
    "header_only_day",
    "truncated",
    "wrong_header",
    "empty_newest",
    "undated_deletions",
    "short_row",
    "odd_dates",
    "stuck",
    "direct",
    "not_found",
    "bad_request",
]
STATES: dict[ReportState, str] = {
    "usual": "As documented; this mends all others.",
    "html": "The file is a web page.",
    "empty": "The file has no byte, not even a header (microsoft-graph-docs-contrib#2654).",
    "header_only": "The file has a header and no row.",
    "header_only_day": "So has the file of a single day, while the week has rows (microsoft-graph-docs#15273, #5536).",
    "truncated": "The connection ends before the file does.",
    "wrong_header": "No column is called as documented.",
    "empty_newest": "A trend's newest row has dates and no numbers (microsoft-graph-docs-contrib, 2022-01).",
    "undated_deletions": "Who is deleted has no Deleted Date (elastic/integrations, o365_metrics).",
    "short_row": "The first row ends after three cells.",
    "odd_dates": "The first row has a word in place of each date.",
    "stuck": "The refresh date stays as it is now, or was `days` days ago (microsoft-graph-docs#15273, #3853).",
    "direct": "Graph answers 200 with the file itself, without a redirect.",
    "not_found": "Graph answers 404.",
    "bad_request": "Graph answers 400.",
}
"""What each state does."""


@dataclass(frozen=True)
class _Set:
    state: ReportState
    since: float


class ReportsPart(TenantPart):
    """Usage reports. ``concealed_names`` is what ``/admin/reportSettings`` says and the files obey."""

    display_name: str
    users: int
    calm: bool
    concealed_names: bool

    def __init__(self, key: str, seed: str, clock: Clock) -> None:
        super().__init__(key, seed, clock)
        self._states: dict[str, _Set] = {}
        self._moods: dict[str, ColumnMood] = {}

    @operation
    def conceal_names(self, concealed: bool = True) -> None:
        """Show hashes in place of the names of users, or the names again."""
        self.concealed_names = concealed

    @operation
    def set_report_state(self, function: str, state: ReportState, days: float = 0.0) -> None:
        """Let reports be broken, or ``usual`` again; ``function`` is a name or a glob such as `getSkype*`.

        ``stuck`` keeps the refresh date that a report has now, or had so many ``days`` ago.
        """
        names = [name for name in _named(function) if state != "empty_newest" or REPORTS[name].kind == "trend"]
        if not names:
            raise SimulatorError(f"{function!r} has no row for a day, so it has no newest one; use another state")
        for name in names:
            self._states[name] = _Set(state, self._clock.now() - days * DAY)

    @operation
    def set_report_columns(
        self,
        function: str,
        *,
        reverse: bool = False,
        missing: list[str] | None = None,
        added: list[str] | None = None,
        duplicated: list[str] | None = None,
    ) -> None:
        """Change the columns of reports, given by name or glob; without further keys they are as documented."""
        mood = ColumnMood(reverse, tuple(missing or ()), tuple(added or ()), tuple(duplicated or ()))
        for name in _named(function):
            self._moods[name] = mood

    def report_state(self, function: str) -> ReportState:
        """How a report is."""
        found = self._states.get(function)
        return found.state if found else "usual"

    def report_states(self) -> dict[str, ReportState]:
        """How all reports are."""
        return {name: self.report_state(name) for name in REPORTS}

    def refresh_date(self, function: str) -> date:
        """The last day that a report covers."""
        found = self._states.get(function)
        now = found.since if found and found.state == "stuck" else self._clock.now()
        return refresh_date(self._seed, function, now)

    def edition(self, function: str, window: str, refresh: date, style: Style) -> Edition:
        """A file: ``window`` is a period or a date."""
        state = self.report_state(function)
        return Edition(
            report=REPORTS[function],
            window=Window.of(window, refresh),
            refresh=refresh,
            seed=self._seed,
            tenant_name=self.display_name,
            users=self.users,
            people=People(self._seed, self.domain, concealed=self.concealed_names),
            style=style,
            mood=self._moods.get(function, ColumnMood()),
            tidy=self.calm,
            defect=state if state in DEFECTS else "",
        )


def _named(function: str) -> list[str]:
    names = [name for name in REPORTS if fnmatchcase(name, function)]
    if not names:
        raise SimulatorError(f"no report is called {function!r}; there are {', '.join(REPORTS)}")
    return names
