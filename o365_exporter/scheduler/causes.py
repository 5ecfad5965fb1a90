"""Tells each cause of failures once, whatever the number of sources and tenants that it stops.

What begins or ends within a moment is told together. After that a cause is told again only when it stops or releases
others, and each time less soon, so that an outage that meets thousands of sources is a few lines.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice

import anyio

from o365_exporter.clock import Clock
from o365_exporter.errors import Cause
from o365_exporter.logs import get_logger
from o365_exporter.store import Key, Poll

GATHERED = 2.0
"""Seconds for which news of a cause is gathered before it is told."""

LONGEST_GAP = 900.0
"""Seconds between two lines about one cause at most, where there is news of it; twice as long each time until then."""

NAMED = 20
"""Sources that a line names; how many there are it says in any case."""

log = get_logger("scheduler")


@dataclass(slots=True)
class _Story:
    """What is to be told of one cause."""

    message: str
    stopped: dict[Key, None] = field(default_factory=dict)
    came: dict[Key, None] = field(default_factory=dict)
    went: dict[Key, None] = field(default_factory=dict)
    is_told: bool = False
    gap: float = GATHERED
    quiet_until: float = 0.0
    due: float | None = None


class Causes:
    """Notes why sources fail, and tells it in the log."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stories: dict[Cause, _Story] = {}
        self._due: list[tuple[float, Cause]] = []
        self._news = anyio.Event()

    def note(self, key: Key, before: Cause | None, poll: Poll) -> None:
        """Compare a source's latest poll with the cause of the one before."""
        log.debug("polled", state=poll.state, seconds=round(poll.duration, 3), **key._asdict())
        if poll.cause == before:
            return
        if before is not None:
            self._leave(before, key, recovered=poll.cause is None or before.signing_in > poll.cause.signing_in)
        if poll.cause is not None:
            self._join(poll.cause, key, poll.message)

    def forget(self, key: Key, cause: Cause | None) -> None:
        """A source is polled no more, which is no recovery."""
        if cause is not None:
            self._leave(cause, key, recovered=False)

    def _join(self, cause: Cause, key: Key, message: str) -> None:
        story = self._stories.setdefault(cause, _Story(message))
        story.stopped[key] = story.came[key] = None
        story.went.pop(key, None)
        self._schedule(cause, story)

    def _leave(self, cause: Cause, key: Key, *, recovered: bool) -> None:
        story = self._stories.get(cause)
        if story is None:
            return
        story.stopped.pop(key, None)
        if key in story.came:
            del story.came[key]
        elif recovered:
            story.went[key] = None
        self._schedule(cause, story)

    def _schedule(self, cause: Cause, story: _Story) -> None:
        """Soon, where it begins or ends; else not before the cause may be told again."""
        soon = self._clock.monotonic() + GATHERED
        due = max(soon, story.quiet_until) if story.is_told and story.stopped else soon
        if story.due is None or due < story.due:
            story.due = due
            heapq.heappush(self._due, (due, cause))
            self._news.set()

    async def keep_telling(self) -> None:
        """Tell what is due, for ever; what is left is told at the end."""
        try:
            while True:
                self._news = anyio.Event()
                self._tell_due()
                with suppress(TimeoutError), self._clock.deadline(self._until_next()):
                    await self._news.wait()
        finally:
            self.tell_all()

    def _until_next(self) -> float:
        return self._due[0][0] - self._clock.monotonic() if self._due else float("inf")

    def _tell_due(self) -> None:
        now = self._clock.monotonic()
        while self._due and self._due[0][0] <= now:
            due, cause = heapq.heappop(self._due)
            story = self._stories.get(cause)
            if story is not None and story.due == due:
                self._tell(cause, story)

    def tell_all(self) -> None:
        """Tell all that there is to tell, due or not."""
        for cause, story in list(self._stories.items()):
            if story.due is not None:
                self._tell(cause, story)

    def _tell(self, cause: Cause, story: _Story) -> None:
        story.due = None
        if story.came:
            self._tell_failure(cause, story)
        if story.went:
            self._tell_recovery(cause, story)
        story.came.clear()
        story.went.clear()
        if not story.stopped:
            del self._stories[cause]

    def _tell_failure(self, cause: Cause, story: _Story) -> None:
        now = self._clock.monotonic()
        story.gap = min(story.gap * 2, LONGEST_GAP) if now < story.quiet_until + story.gap else GATHERED
        story.is_told, story.quiet_until = True, now + story.gap
        line = log.error if cause.signing_in else log.warning
        event = "tenant cannot be polled" if cause.signing_in else "poll failed"
        line(event, reason=cause.reason, message=story.message, **_who(story.came, story.stopped))

    def _tell_recovery(self, cause: Cause, story: _Story) -> None:
        event = "tenant recovered" if cause.signing_in else "recovered"
        still = {"still_failing": len(story.stopped)} if story.stopped else {}
        log.info(event, reason=cause.reason, **_who(story.went, story.went), **still)


def _who(news: Collection[Key], all_of_them: Collection[Key]) -> dict[str, object]:
    """Whom a line is about: one source by its labels, several by their number and the names of those that are new."""
    if len(all_of_them) == 1:
        (key,) = all_of_them
        return dict(key._asdict())
    tenants = {key.tenant for key in all_of_them}
    names = [str(key) if len(tenants) > 1 else key.within_tenant for key in islice(news, NAMED)]
    if len(news) > NAMED:
        names.append(f"and {len(news) - NAMED} more")
    who = {"tenant": tenants.pop()} if len(tenants) == 1 else {"tenants": len(tenants)}
    return {**who, "sources": len(all_of_them), "names": names}
