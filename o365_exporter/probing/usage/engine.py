"""What all modes over usage reports do: a report is a ``Usage``, which finds what there is to judge."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from o365_exporter.probing.finding import Asked, Found, Mode, Option, counting
from o365_exporter.probing.judging import Block, Counter, Item, Look, State
from o365_exporter.probing.output import of_bytes, of_seconds
from o365_exporter.probing.reading import Reading
from o365_exporter.probing.sources import troubles

_REFRESH = "o365_report_refresh_timestamp_seconds"
_NOON = 43_200.0
"""Seconds after midnight of the plugins' ``perfdate``, of which ours are UTC."""

_OLD = 6 * 86_400.0
"""Seconds after which the exporter's own rules call a report stuck."""


class Series(NamedTuple):
    """Some series of one metric, whose values are added.

    Args:
        metric: its name.
        labels: which they have.
    """

    metric: str
    labels: tuple[tuple[str, str], ...] = ()

    def sum(self, reading: Reading) -> float | None:
        """None where there is none."""
        rows = reading.rows(self.metric, **dict(self.labels))
        return sum(row.value for row in rows) if rows else None


class Part(NamedTuple):
    """A counter or a condition, and the series behind it."""

    look: Look
    series: Series


class Usage(NamedTuple):
    """One report as a mode.

    Args:
        name: of the mode.
        help: a sentence.
        collector: of the exporter.
        source: likewise.
        report: Graph's function.
        things: what is counted, for the text and as the unit.
        active: counter of those that were active; its series, and those of all.
        totals: numbers of the whole tenant.
        prefix: before these.
        person: what a sentence about a person begins with, and what is said where all are well; empty for none.
        people: numbers of single persons.
        filter: the option that chooses among these.
        counters: the default of ``--filter-counters``.
        further: numbers of another source of the collector: its name, and what is said before them.
        more: those numbers.
    """

    name: str
    help: str
    collector: str
    source: str
    report: str
    things: str
    active: tuple[Counter, Series, Series]
    totals: tuple[Part, ...]
    prefix: str
    person: tuple[str, str] = ("", "")
    people: tuple[Part, ...] = ()
    filter: str = "filter-user"
    counters: str = "active|total"
    further: tuple[str, str] = ("", "")
    more: tuple[Part, ...] = ()

    def find(self, reading: Reading, asked: Asked) -> Found:
        """What there is to judge in a tenant."""
        wrong = [*troubles(reading, self.collector, self.source), *self._stuck(reading)]
        blocks: list[Block] = []
        if whole := self._whole(asked):
            blocks += self._tenant(reading, wrong) if not asked.filters.get(self.filter) else []
            wrong += [self._not_filtered(whole)] if asked.filters.get(self.filter) else []
        if _chosen(self.more, asked):
            wrong += troubles(reading, self.collector, self.further[0])
            blocks += self._numbers(reading, self.further[1], self.more, wrong)
        if _chosen(self.people, asked):
            blocks += self._persons(reading, asked, wrong)
        return Found(blocks, wrong)

    def _stuck(self, reading: Reading) -> Iterator[str]:
        """Microsoft may answer for weeks with the same report."""
        day = self._day(reading)
        if day is not None and reading.now - day > _OLD:
            yield (
                f"{self.report} still speaks of {_written(day)}, {of_seconds(reading.now - day)} ago, where two to "
                "three days are usual: see Reports > Usage in the Microsoft 365 admin center."
            )

    def _whole(self, asked: Asked) -> list[str]:
        """Labels of counters of the whole tenant that are looked at."""
        labels = [self.active[0].label, *(part.look.label for part in self.totals)]
        return [label for label in labels if asked.style.shows(label)]

    def _not_filtered(self, labels: Sequence[str]) -> str:
        listed = "mailboxes" if self.filter == "filter-mailbox" else "users"
        return (
            f"The exporter counts all {listed}, and {', '.join(labels)} cannot be filtered here: set "
            f"collectors.{self.collector}.{listed}.include in its settings and leave --{self.filter} out, "
            "or choose counters of single persons by --filter-counters."
        )

    def _tenant(self, reading: Reading, wrong: list[str]) -> Iterator[Block]:
        counter, of_active, of_all = self.active
        active, every = of_active.sum(reading), of_all.sum(reading)
        if active is None or every is None:
            wrong += [] if wrong else [self._missing(counter.label)]
        else:
            yield self._active(counter, active, every, self._day(reading))
        yield from self._numbers(reading, self.prefix, self.totals, wrong)

    def _active(self, counter: Counter, active: float, every: float, day: float | None) -> Block:
        share = active * 100 / every if every else 0.0
        values: dict[str, str | float] = {"active": active, "total": every, "share": share, "date": ""}
        if day is not None:
            values |= {"noon": day + _NOON, "date": _written(day)}
        date = Counter(counter.label, "perfdate", "", "noon", old="perfdate", least="", quiet=True, thresholds=False)
        return Block((date, counter), [Item("", values)], told=False)

    def _day(self, reading: Reading) -> float | None:
        """The day that the report speaks of, as midnight UTC."""
        rows = reading.rows(_REFRESH, report=self.report)
        return next((row.value for row in rows if row.labels.get("period") != "day"), None)

    def _numbers(self, reading: Reading, prefix: str, parts: Sequence[Part], wrong: list[str]) -> Iterator[Block]:
        values: dict[str, str | float] = {}
        is_known = not wrong
        for part in parts:
            value = part.series.sum(reading)
            if value is not None:
                values[part.look.label] = value
                values[f"{part.look.label}_text"] = of_bytes(value)
            elif is_known:
                wrong.append(self._missing(part.look.label))
        if values:
            yield Block([part.look for part in parts], [Item(prefix, values)], told=False)

    def _missing(self, label: str) -> str:
        return (
            f"{label} is not served although {self.collector}/{self.source} has answered: its report may lack a "
            f"column (o365_report_missing_columns) or have lost its one-day file; see the exporter's log."
        )

    def _persons(self, reading: Reading, asked: Asked, wrong: list[str]) -> Iterator[Block]:
        values = self._values_of_persons(reading)
        kept = sorted(name for name in values if asked.keeps(self.filter, name))
        if not values and self.active[1].sum(reading) and not wrong:
            wrong.append(
                "The exporter serves no single persons: set "
                f"collectors.{self.collector}.per_user.enabled = true in its settings, or leave --filter-counters out."
            )
        elif values and not kept:
            wrong.append(f"No name passes --{self.filter}: mend the pattern.")
        prefix, summary = self.person
        items = [Item(f"{prefix} '{name}' ", values[name], name) for name in kept]
        yield Block([part.look for part in self.people], items, summary if len(items) > 1 else "")

    def _values_of_persons(self, reading: Reading) -> dict[str, dict[str, str | float]]:
        """What there is of each, by name."""
        found: defaultdict[str, dict[str, str | float]] = defaultdict(dict)
        for part in self.people:
            key = "used" if isinstance(part.look, State) else part.look.label
            for row in reading.rows(part.series.metric, **dict(part.series.labels)):
                found[row.labels.get("user", "")] |= {key: row.value, f"{key}_text": of_bytes(row.value)}
        return found

    def mode(self) -> Mode:
        """As a mode."""
        series = [part.series for part in (*self.totals, *self.more, *self.people)]
        counter, of_active, of_all = self.active
        return Mode(
            self.name,
            (),
            self.help,
            tuple(dict.fromkeys((_REFRESH, of_active.metric, of_all.metric, *(one.metric for one in series)))),
            (counter, *(part.look for part in (*self.totals, *self.more, *self.people))),
            (
                Option((self.filter,), "only single persons whose name has this pattern")
                if self.people
                else Option((self.filter,), "refused: numbers of all cannot be filtered here"),
                Option(("units",), "of thresholds on those that are active", "%", ("%", "count")),
                *counting(self.counters),
            ),
            self.find,
            (
                (
                    f"Tell when fewer than a tenth of the {self.things} are active",
                    f"--tenant contoso --warning-{counter.label} 10:",
                ),
            ),
        )


def _written(day: float) -> str:
    return f"{datetime.fromtimestamp(day, UTC):%Y-%m-%d}"


def _chosen(parts: Sequence[Part], asked: Asked) -> bool:
    return any(asked.style.shows(part.look.label) for part in parts)
