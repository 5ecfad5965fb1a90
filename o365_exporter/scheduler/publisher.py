"""What a poll left behind becomes visible: in the store, in its siblings, and in what the tenant says about itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from o365_exporter import telemetry
from o365_exporter.clock import Clock
from o365_exporter.errors import Cause
from o365_exporter.exposition import render
from o365_exporter.logs import get_logger
from o365_exporter.scheduler.causes import Causes
from o365_exporter.scheduler.clockcheck import ClockCheck
from o365_exporter.scheduler.memory import Memory, going_on
from o365_exporter.scheduler.poller import Outcome, fault, with_lines, with_lines_in_turns
from o365_exporter.scheduler.tenants import Job, Tenant
from o365_exporter.source import Derived
from o365_exporter.store import Key, Poll, Rendered, Store

_CUT_OFF = ("network", "tls", "timeout")
"""Reasons that end for all at once; an outage ends piece by piece, and is not made worse by asking for everything."""

_MOST_NEWS = 50
"""Lines of the log for what one poll has brought."""

log = get_logger("scheduler")


class Publisher:
    """Puts polls into the store, together with everything that depends on them.

    Args:
        store: where polls are put.
        clock: tells which records may still be shown.
        causes: is told what fails and what recovers.
        derived: series made of all records of a tenant together.
    """

    def __init__(self, store: Store, clock: Clock, causes: Causes, derived: Sequence[Derived]) -> None:
        self._store = store
        self._clock = clock
        self._causes = causes
        self._derived = derived
        self._clock_check = ClockCheck()
        self._faulty: set[str] = set()

    def introduce(self, tenant: Tenant, jobs: Iterable[Job]) -> None:
        """Each source is pending, but for those of which something is known from before."""
        for job in jobs:
            known = self._store[job.key] if job.key in self._store else Poll(interval=0, stale_after=0)
            source = job.source
            poll = replace(known, interval=source.interval, stale_after=source.stale_after)
            self._store.put(job.key, replace(poll, cause=None, failures_in_a_row=0))
        self.tell_about(tenant)

    async def recall(self, tenant: Tenant, memory: Memory) -> dict[Key, Exception]:
        """Show what a former process knew of a tenant that was introduced; those whose lines cannot be written."""
        self._clock_check.recall(tenant.facts.name, tenant.graph.clock_skew)
        pending = dict(self._store.of(tenant.facts.name))
        known = [job for job in tenant.jobs if job.key in memory.polls]
        for job in known:
            self._store.put(job.key, going_on(memory.polls[job.key], job.source))
        polls = self._store.of(tenant.facts.name)
        lost: dict[Key, Exception] = {}
        for job in known:
            try:
                await self._recall(job, polls, told=job.key in memory.told)
            except Exception as error:  # noqa: BLE001 - whatever was written down touches its own source alone
                lost[job.key] = error
                self._store.put(job.key, pending[job.key])
        self.tell_about(tenant)
        return lost

    async def _recall(self, job: Job, polls: Mapping[Key, Poll], *, told: bool) -> None:
        poll = polls[job.key]
        if poll.records is not None:
            poll = await with_lines_in_turns(poll, job, polls)
            poll = replace(poll, left_out=job.source.left_out(poll.records))
        self._store.put(job.key, poll)
        self._causes.recall(job.key, poll, told=told)

    def forget(self, tenant: Tenant, *, but: Collection[Key] = ()) -> None:
        """A tenant is watched no more; what is known of some sources may be of use to its successor."""
        for key, poll in self._store.of(tenant.facts.name).items():
            self._causes.forget(key, poll.cause)
        self._clock_check.forget(tenant.facts.name)
        self._store.forget(tenant.facts.name, but=but)
        self._faulty.discard(tenant.facts.name)

    def drop(self, job: Job) -> None:
        """One source is polled no more."""
        self._causes.forget(job.key, self._store[job.key].cause)
        self._store.drop(job.key)

    def publish(self, tenant: Tenant, job: Job, outcome: Outcome) -> None:
        """Replace what is known of one source, and whatever depends on it."""
        before, after = self._store[job.key], outcome.poll
        self._put(job.key, after)
        for remark in sorted(after.remarks - before.remarks):
            log.warning("odd answer", message=remark, **job.key._asdict())
        if after.records is not before.records:
            self._tell_news(job, before, after)
            self._write_followers_anew(tenant, job)
        for source in outcome.wakes:
            if (sibling := tenant.sibling(job, source)) is not None:
                sibling.wake()
        if before.cause is not None and before.cause.is_over(after.cause):
            self._wake_the_cut_off(tenant, before.cause)
        _wake_the_permitted(tenant)
        self.tell_about(tenant)

    def _tell_news(self, job: Job, before: Poll, after: Poll) -> None:
        """What Microsoft says for the first time, for whoever collects logs; a flood of it is summed up."""
        if before.records is None or after.records is None:
            return
        found = list(job.source.news(before.records, after.records))
        for news in found[-_MOST_NEWS:]:
            log.info(news.event, tenant=job.key.tenant, **news.fields)
        if len(found) > _MOST_NEWS:
            log.warning("more news than are told", told=_MOST_NEWS, untold=len(found) - _MOST_NEWS, **job.key._asdict())

    def _write_followers_anew(self, tenant: Tenant, job: Job) -> None:
        """What followers show of their leader is of its latest poll, or gone with it.

        In one go: the only follower there is, the open issues of service health, has seven series for each issue, and
        300 issues take 6 ms.
        """
        polls = self._store.of(job.key.tenant)
        for follower in tenant.followers(job):
            poll = polls.get(follower.key)
            if poll is None or poll.records is None:
                continue
            try:
                poll = with_lines(poll, follower, polls)
            except Exception as error:  # noqa: BLE001 - see Poller: it is the follower's own failure
                poll = fault(poll, error, follower.key)
            self._put(follower.key, poll)

    def _put(self, key: Key, poll: Poll) -> None:
        self._causes.note(key, self._store[key].cause, poll)
        self._store.put(key, poll)

    def _wake_the_cut_off(self, tenant: Tenant, cause: Cause) -> None:
        """Whoever gets through again is followed by those of its tenant that were stopped by the same."""
        if not (cause.signing_in or cause.reason in _CUT_OFF):
            return
        polls = self._store.of(tenant.facts.name)
        for job in tenant.jobs:
            others = polls[job.key].cause
            if others is not None and (others == cause or (others.signing_in and cause.signing_in)):
                job.wake()

    def tell_about(self, tenant: Tenant) -> None:
        """Write anew what a tenant says about itself."""
        name = tenant.facts.name
        self._clock_check.note(name, tenant.graph.clock_skew)
        polls = self._store.of(name)
        rendered = render(telemetry.samples(tenant.facts, tenant.graph, polls, tenant.needs), name)
        self._store.put_about(name, {**rendered, **self._derive(tenant, polls)})

    def _derive(self, tenant: Tenant, polls: Mapping[Key, Poll]) -> Rendered:
        """What can be made of all records that may still be shown; a fault in it is told when it begins."""
        now, name = self._clock.now(), tenant.facts.name
        records = [poll.records for poll in polls.values() if poll.records is not None and poll.is_fresh(now)]
        samples = chain.from_iterable(derived.samples(tenant.graph, records) for derived in self._derived)
        try:
            rendered = render(samples, name)
        except Exception:  # see Poller: it costs these series and no others
            if name not in self._faulty:
                log.exception("fault of the exporter", tenant=name)
            self._faulty.add(name)
            return {}
        self._faulty.discard(name)
        return rendered


def _wake_the_permitted(tenant: Tenant) -> None:
    """Who lacked a permission is polled at once when a token states it, but once only: Graph may refuse it still."""
    for job in tenant.jobs:
        if job.is_forbidden and tenant.is_permitted(job):
            job.is_forbidden = False
            job.wake()
