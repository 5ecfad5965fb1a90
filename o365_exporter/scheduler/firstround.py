"""The first round: who is still awaited in it, and how it went, in one line for whoever has started the program."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

import anyio

from o365_exporter.clock import Clock
from o365_exporter.errors import CHECKED, NEXT_STEP, Cause, ended
from o365_exporter.logs import get_logger
from o365_exporter.scheduler.tenants import Job
from o365_exporter.store import Key, Poll, Store

LONGEST_AWAITED = 300.0
"""Seconds after which a first poll that is still under way is awaited no more: a report may drip for a quarter hour."""

_PATIENCE = 5.0
"""Seconds after which it is said who is awaited, lest silence looks like health."""

_NAMED = 5
"""Sources that are named of those that are still awaited."""

_MOST_CAUSES = 10
"""That are told, those first that stop most; how many there are is said in any case."""

log = get_logger("scheduler")


class FirstRound:
    """Each source watched at the start, until it has been tried once.

    Args:
        store: where polls are put.
        clock: says how long it takes.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._began = clock.monotonic()
        self._awaited: dict[Job, None] = {}
        self._keys: dict[Key, None] = {}
        self._recalled = 0
        self._over = anyio.Event()

    def expect(self, jobs: Iterable[Job]) -> None:
        """These belong to it."""
        for job in jobs:
            self._awaited[job] = self._keys[job.key] = None

    def tried(self, job: Job) -> None:
        """A source has been polled."""
        self._awaited.pop(job, None)
        if not self._awaited:
            self._over.set()

    def recalled(self, job: Job) -> None:
        """A former process has polled it, so that nobody waits."""
        self._recalled += job in self._awaited
        self.tried(job)

    def gone(self, job: Job) -> None:
        """A source is watched no more."""
        self._keys.pop(job.key, None)
        self.tried(job)

    @property
    def is_over(self) -> bool:
        """Whether every source has been tried, or has been under way for long enough."""
        late = self._clock.monotonic() - self._began >= LONGEST_AWAITED
        return not self._awaited or (late and all(job.scope is not None for job in self._awaited))

    def ready(self) -> tuple[bool, str]:
        """Whether it is over, and who is still awaited."""
        if not self._awaited:
            return True, "every source has been tried"
        if self.is_over:
            return True, f"every source has been tried, {len(self._awaited)} of them for more than 5 minutes by now"
        names = ", ".join(self._some_awaited())
        more = len(self._awaited) - _NAMED
        return False, f"not tried yet: {names}" + (f" and {more} more" if more > 0 else "")

    async def tell(self) -> None:
        """Wait for its end, five minutes at most, and say in one line how it went; never again."""
        if not self._keys:
            return
        await self._until_over(_PATIENCE)
        if self._awaited:  # a firewall that drops packets is silent for long
            log.info("waiting for first answers", sources=len(self._awaited), names=self._some_awaited())
        await self._until_over(LONGEST_AWAITED - _PATIENCE)
        polls = {key: self._store[key] for key in self._keys if key in self._store}
        answered = sum(poll.succeeded for poll in polls.values())
        # no warning: each failure has one of its own
        log.info("first round", **self._counts(polls, answered), **_failures(polls))
        self._keys.clear()

    async def _until_over(self, seconds: float) -> None:
        if self._awaited:
            with suppress(TimeoutError), self._clock.deadline(seconds):
                await self._over.wait()

    def _some_awaited(self) -> list[str]:
        return [str(job.key) for job in islice(self._awaited, _NAMED)]

    def _counts(self, polls: dict[Key, Poll], answered: int) -> dict[str, object]:
        waiting = {"not_tried_yet": len(self._awaited)} if self._awaited else {}
        recalled = {"known_from_before": self._recalled} if self._recalled else {}
        seconds = round(self._clock.monotonic() - self._began, 1)
        tenants = len({key.tenant for key in polls})
        return {
            "tenants": tenants,
            "sources": len(polls),
            "answered": answered,
            **recalled,
            **waiting,
            "seconds": seconds,
        }


def _failures(polls: dict[Key, Poll]) -> dict[str, object]:
    """How many failed for which reason, and each cause once, with what to do about it."""
    failed = {key: poll for key, poll in polls.items() if poll.cause is not None}
    if not failed:
        return {}
    reasons = Counter(poll.state for poll in failed.values())
    return {"failed": dict(reasons.most_common()), "message": " ".join(_causes(failed))}


def _causes(failed: dict[Key, Poll]) -> Iterator[str]:
    stopped: dict[Cause | None, list[Key]] = {}
    for key, poll in failed.items():
        stopped.setdefault(poll.cause, []).append(key)
    worst = sorted(stopped.values(), key=len, reverse=True)
    for keys in worst[:_MOST_CAUSES]:
        sources = f"{len(keys)} sources" if len(keys) > 1 else keys[0].within_tenant
        tenants = {key.tenant for key in keys}
        whose = f"{len(tenants)} tenants" if len(tenants) > 1 else keys[0].tenant
        yield f"{sources} of {whose}: {ended(failed[keys[0]].message)}"
    if len(worst) > _MOST_CAUSES:
        yield f"And {len(worst) - _MOST_CAUSES} more causes."
    if any(poll.state in CHECKED for poll in failed.values()):
        yield NEXT_STEP
