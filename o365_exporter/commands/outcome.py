"""What a poll of everything came to: a row for each source, worst first, and each cause of failures once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from o365_exporter.errors import CHECKED, NEXT_STEP, Cause
from o365_exporter.http.skew import KEEP_CLOCK, clock_fault
from o365_exporter.scheduler import Tenant
from o365_exporter.store import Key, Poll, Store

_PENDING, _OK = "pending", "ok"


@dataclass(frozen=True, slots=True)
class Row:
    """A source after its poll.

    Args:
        key: which.
        state: one of ``store.STATES``.
        answered: whether Microsoft has answered, if only that there is nothing.
        series: how many it has.
        age: seconds since the moment that its data describe; None where it has none.
        duration: seconds that its poll took; None where it was not polled to the end.
    """

    key: Key
    state: str
    answered: bool
    series: int
    age: float | None
    duration: float | None

    @property
    def badness(self) -> int:
        """By which rows are sorted: failures, then what was not polled, then what has nothing."""
        if self.state == _PENDING:
            return 1
        return (3 if self.state == _OK else 2) if self.answered else 0


@dataclass(frozen=True, slots=True)
class Failure:
    """A cause, and all that it stops.

    Args:
        reason: one of ``errors.REASONS``.
        message: what happened and what to do, for an operator.
        sources: that fail for it.
    """

    reason: str
    message: str
    sources: tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that a poll of everything came to.

    Args:
        rows: every source, worst first.
        failures: every cause, those that stop most first.
        seconds: how long it took.
        clock: how far this machine's is from Microsoft's, in words; empty where nothing is wrong.
    """

    rows: tuple[Row, ...]
    failures: tuple[Failure, ...]
    seconds: float
    clock: str = ""

    @classmethod
    def of(cls, tenants: Sequence[Tenant], store: Store, now: float, seconds: float) -> Outcome:
        """What is known of these tenants at this wall clock."""
        rows = sorted(_rows(tenants, store, now), key=lambda row: row.badness)
        clock = clock_fault(tenant.graph.clock_skew for tenant in tenants)
        return cls(tuple(rows), tuple(_failures(store)), seconds, clock)

    @property
    def answered(self) -> int:
        """Sources that brought an answer."""
        return sum(row.answered for row in self.rows)

    @property
    def waiting(self) -> int:
        """Sources that were not polled to the end."""
        return sum(row.state == _PENDING for row in self.rows)

    @property
    def failed(self) -> int:
        """Sources that failed."""
        return len(self.rows) - self.answered - self.waiting

    @property
    def is_good(self) -> bool:
        """Whether every source brought an answer."""
        return self.answered == len(self.rows)

    @property
    def sentence(self) -> str:
        """All of it in a sentence."""
        unpolled = f", {self.waiting} were not polled to the end: nothing is printed" if self.waiting else ""
        took = f"in {self.seconds:.1f} s"
        step = f" {NEXT_STEP}" if any(failure.reason in CHECKED for failure in self.failures) else ""
        answered = f"{self.answered} of {len(self.rows)} sources brought an answer"
        clock = f" But the clock of this machine is {self.clock}. {KEEP_CLOCK}" if self.clock else ""
        return f"{answered} {took}, {self.failed} failed{unpolled}.{step}{clock}"

    def as_json(self) -> dict[str, Any]:
        """For machines; times are seconds."""
        return {
            "sources": [
                {
                    **row.key._asdict(),
                    "state": row.state,
                    "answered": row.answered,
                    "series": row.series,
                    "age_seconds": None if row.age is None else round(row.age, 3),
                    "duration_seconds": None if row.duration is None else round(row.duration, 3),
                }
                for row in self.rows
            ],
            "failures": [
                {
                    "reason": failure.reason,
                    "message": failure.message,
                    "sources": [key._asdict() for key in failure.sources],
                }
                for failure in self.failures
            ],
            "answered": self.answered,
            "failed": self.failed,
            "duration_seconds": round(self.seconds, 3),
        }


def counted(rows: Iterable[Row]) -> str:
    """How many are in which state, the most frequent first."""
    return ", ".join(f"{count} {state}" for state, count in Counter(row.state for row in rows).most_common())


def _rows(tenants: Sequence[Tenant], store: Store, now: float) -> Iterator[Row]:
    for tenant in tenants:
        for job in tenant.jobs:
            poll = store[job.key]
            series = sum(lines.count(b"\n") for lines in poll.rendered.values())
            duration = None if poll.attempted_at is None else poll.duration
            described = None if poll.records is None else job.source.describes(poll.records) or poll.taken_at
            yield Row(
                job.key,
                poll.state,
                poll.succeeded,
                series,
                None if described is None else max(0.0, now - described),
                duration,
            )


def _failures(store: Store) -> list[Failure]:
    stopped: dict[Cause, list[tuple[Key, Poll]]] = {}
    for key in store:
        if (cause := (poll := store[key]).cause) is not None:
            stopped.setdefault(cause, []).append((key, poll))
    found = [
        Failure(cause.reason, polls[0][1].message, tuple(key for key, _ in polls)) for cause, polls in stopped.items()
    ]
    return sorted(found, key=lambda failure: -len(failure.sources))
