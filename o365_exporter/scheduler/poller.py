"""One attempt makes the next ``Poll``: the only place that sets a poll's deadline, catches and classifies."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

import anyio.lowlevel

from o365_exporter.clock import Clock
from o365_exporter.errors import (
    Cause,
    ExporterError,
    InternalError,
    Nothing,
    PermissionMissingError,
    PollError,
    PollTimeoutError,
    let_go,
)
from o365_exporter.exposition import render_in_steps
from o365_exporter.graph import GraphClient
from o365_exporter.logs import get_logger
from o365_exporter.scheduler.tenants import Job, Tenant
from o365_exporter.scheduler.timing import interval_of, next_delay
from o365_exporter.store import Key, Poll

Steps = Generator[None, None, Poll]

_NONE: frozenset[str] = frozenset()
"""An empty set takes 200 bytes, and most polls have one."""

log = get_logger("scheduler")


class Outcome(NamedTuple):
    """What an attempt brought: the poll, and the siblings that are to be polled at once because of it."""

    poll: Poll
    wakes: tuple[str, ...] = ()


class Poller:
    """Asks one source once, and whatever comes of it is a state of that source and of nothing else."""

    def __init__(self, clock: Clock, rng: Random) -> None:
        self._clock = clock
        self._rng = rng

    async def attempt(self, tenant: Tenant, job: Job, polls: Mapping[Key, Poll]) -> Outcome:
        """The poll as it stands after one attempt.

        Args:
            tenant: whose source it is.
            job: the source.
            polls: what is known of the tenant, this source included.
        """
        started = self._clock.monotonic()
        outcome, pause = await self._classified(tenant, job, polls)
        duration = self._clock.monotonic() - started
        now = self._clock.now()
        interval = interval_of(job.source, outcome.poll.nothing_since, now)
        job.is_forbidden = outcome.poll.state == PermissionMissingError.reason and not tenant.is_permitted(job)
        in_a_row = outcome.poll.failures_in_a_row
        delay = max(next_delay(interval, in_a_row, self._rng, is_forbidden=job.is_forbidden), pause + duration)
        timed = replace(
            outcome.poll, interval=interval, attempted_at=now, duration=duration, next_run=now - duration + delay
        )
        return outcome._replace(poll=timed)

    async def _classified(self, tenant: Tenant, job: Job, polls: Mapping[Key, Poll]) -> tuple[Outcome, float]:
        """The outcome, and the seconds for which Microsoft asks to be left alone."""
        before = polls[job.key]

        def latest() -> Poll:
            return polls.get(job.key, before)  # its leader may have written its lines anew meanwhile

        def said(error: ExporterError) -> str:
            return tenant.graph.without_secrets(str(error))  # it may quote a field that holds what was sent

        try:
            with self._clock.deadline(job.source.deadline):
                records = await job.source.fetch(tenant.graph, before.known, self._clock.now())
            return await self._answered(tenant, job, latest, records, polls), 0.0
        except Nothing as nothing:
            let_go(nothing)
            return Outcome(latest().answered(nothing.state, None, self._clock.now(), message=said(nothing))), 0.0
        except PollError as error:
            let_go(error)
            return Outcome(failed(latest(), error, job.key, said(error))), error.retry_after or 0.0
        except TimeoutError:
            late = _too_late(job, tenant.graph)
            return Outcome(failed(latest(), late, job.key, str(late))), 0.0
        except Exception as error:  # noqa: BLE001 - nothing that a tenant sends may end the polls of others
            outcome = Outcome(fault(latest(), error, job.key))
            let_go(error)
            return outcome, 0.0

    async def _answered(
        self, tenant: Tenant, job: Job, latest: Callable[[], Poll], records: Any, polls: Mapping[Key, Poll]
    ) -> Outcome:
        now, source = self._clock.now(), job.source
        while True:  # what a sibling has learnt while lines were written belongs into them
            siblings = _siblings(job, polls)
            poll = await _in_turns(_writing(latest().answered("ok", records, now), job, siblings))
            if all(siblings[name] is found for name, found in _siblings(job, polls).items() if name in siblings):
                break
        remarks = frozenset(map(tenant.graph.without_secrets, source.remarks(records))) or _NONE
        poll = replace(poll, remarks=remarks, left_out=source.left_out(records))
        return Outcome(poll, source.wakes(latest().records, records))


def with_lines(poll: Poll, job: Job, polls: Mapping[Key, Poll]) -> Poll:
    """The poll with its records written as lines, beside those of its collector's other sources."""
    steps = _writing(poll, job, _siblings(job, polls))
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return _poll(end)


async def with_lines_in_turns(poll: Poll, job: Job, polls: Mapping[Key, Poll]) -> Poll:
    """The same; others have their turn in between."""
    return await _in_turns(_writing(poll, job, _siblings(job, polls)))


async def _in_turns(steps: Steps) -> Poll:
    """What the steps come to; others have their turn in between."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return _poll(end)
        await anyio.lowlevel.checkpoint()


def _poll(end: StopIteration) -> Poll:
    poll: Poll = end.value
    return poll


def _siblings(job: Job, polls: Mapping[Key, Poll]) -> dict[str, Any]:
    return {key.source: poll.records for key, poll in polls.items() if key.collector == job.key.collector}


def _writing(poll: Poll, job: Job, siblings: Mapping[str, Any]) -> Steps:
    samples = job.source.samples(poll.records, {**siblings, job.key.source: poll.records})
    rendered, dropped = yield from render_in_steps(job.max_series, samples, job.key.tenant)
    return replace(poll, rendered=rendered, dropped=dropped + job.source.dropped(poll.records))


def failed(before: Poll, error: PollError, key: Key, sentence: str) -> Poll:
    """After a failure that has a sentence."""
    return before.failed(error.reason, sentence, cause=error.cause(str(key)), unfinished=error.unfinished)


def fault(before: Poll, error: Exception, key: Key) -> Poll:
    """After an exception that nobody thought of; its traceback is logged when it is new."""
    cause = Cause(InternalError.reason, f"{key} {type(error).__name__}")
    if before.cause != cause:
        log.error("fault of the exporter", exc_info=error, **key._asdict())
    sentence = f"A fault of the exporter itself ({type(error).__name__}): please report its log line."
    return before.failed(cause.reason, sentence, cause=cause)


def _too_late(job: Job, graph: GraphClient) -> PollError:
    """The backstop: whatever waits knows its own end, and says better what it waited for."""
    waiting = f": it was waiting for {graph.waiting}" if graph.waiting else ""
    late = PollTimeoutError(f"The poll of {job.key} was not done within {job.source.deadline:g} s{waiting}.")
    if graph.auth.state not in ("ok", "pending"):
        late.signing_in, late.subject = True, f"login of {job.key.tenant}"
    return late
