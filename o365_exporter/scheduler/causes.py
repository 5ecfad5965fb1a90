"""Tells each cause of failures once, whatever the number of sources and tenants that it stops.

What begins within a moment is told together; after that a cause is told again only when it stops others, and each time
less soon, so that an outage that meets thousands of sources is a few lines. Its end is told when it stops nobody any
more, and of those that recover long before the others, in between.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection
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
"""Seconds between two lines about one cause at most, where there is news of it; twice as long each time until then.
The longest time, too, until a source that failed is tried again."""

NAMED = 20
"""Sources that a line names; how many there are it says in any case."""

log = get_logger("scheduler")


@dataclass(slots=True)
class _Story:
    """What is to be told of one cause.

    ``stopped`` are those that fail for it; ``came`` are those of them that have not been named yet, ``went`` those that
    have been named and have recovered. Times are monotonic.
    """

    message: str
    stopped: dict[Key, None] = field(default_factory=dict)
    came: dict[Key, None] = field(default_factory=dict)
    went: dict[Key, None] = field(default_factory=dict)
    gap: float = 0.0
    quiet_until: float = 0.0
    went_since: float = 0.0
    due: float | None = None

    def join(self, key: Key) -> None:
        """A source fails for it."""
        self.stopped[key] = None
        if key in self.went:
            del self.went[key]
        else:
            self.came[key] = None

    def leave(self, key: Key, now: float, *, recovered: bool) -> None:
        """A source fails for it no more."""
        self.stopped.pop(key, None)
        if key in self.came:
            del self.came[key]
        elif recovered:
            self.went_since = self.went_since if self.went else now
            self.went[key] = None

    def next_line(self, now: float) -> float | None:
        """When the next line about it is due; None where there is no news."""
        if not self.stopped:
            return now + GATHERED
        if self.came:
            return max(now + GATHERED, self.quiet_until)
        return self.went_since + LONGEST_GAP if self.went else None

    def may_tell_recovery(self, now: float) -> bool:
        """Whether it is over, or others take too long to follow."""
        return bool(self.went) and (not self.stopped or now >= self.went_since + LONGEST_GAP)

    def told_failure(self, now: float) -> None:
        """All that it stops have been named; the next line comes less soon, unless all is quiet for as long."""
        soon = now < self.quiet_until + self.gap
        self.gap = min(self.gap * 2, LONGEST_GAP) if soon else GATHERED
        self.quiet_until = now + self.gap
        self.came.clear()


class Causes:
    """Notes why sources fail, and tells it in the log.

    Args:
        clock: tells when a line is due.
        on_told: takes the sources that a line about a failure has named.
    """

    def __init__(self, clock: Clock, on_told: Callable[[Collection[Key]], None] = lambda _: None) -> None:
        self._clock = clock
        self._on_told = on_told
        self._stories: dict[Cause, _Story] = {}
        self._due: list[tuple[float, Cause]] = []
        self._news = anyio.Event()

    def note(self, key: Key, before: Cause | None, poll: Poll) -> None:
        """Compare a source's latest poll with the cause of the one before."""
        log.debug("polled", state=poll.state, seconds=round(poll.duration, 3), **key._asdict())
        if poll.cause == before:
            return
        if before is not None:
            self._leave(before, key, recovered=before.is_over(poll.cause))
        if poll.cause is not None:
            self._join(poll.cause, key, poll.message)

    def forget(self, key: Key, cause: Cause | None) -> None:
        """A source is polled no more, which is no recovery."""
        if cause is not None:
            self._leave(cause, key, recovered=False)

    def has_told(self, key: Key, cause: Cause | None) -> bool:
        """Whether it is in the log that this source fails for this."""
        story = self._stories.get(cause) if cause is not None else None
        return story is not None and key in story.stopped and key not in story.came

    def recall(self, key: Key, poll: Poll, *, told: bool) -> None:
        """A source failed already when a former process ended, which that has told or has not."""
        if poll.cause is None:
            return
        if not told:
            self._join(poll.cause, key, poll.message)
            return
        self._stories.setdefault(poll.cause, _Story(poll.message)).stopped[key] = None

    def _join(self, cause: Cause, key: Key, message: str) -> None:
        story = self._stories.setdefault(cause, _Story(message))
        story.join(key)
        self._schedule(cause, story)

    def _leave(self, cause: Cause, key: Key, *, recovered: bool) -> None:
        if (story := self._stories.get(cause)) is not None:
            story.leave(key, self._clock.monotonic(), recovered=recovered)
            self._schedule(cause, story)

    def _schedule(self, cause: Cause, story: _Story) -> None:
        due = story.next_line(self._clock.monotonic())
        if due is not None and (story.due is None or due < story.due):
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
            self._tell(cause, story)

    def _tell(self, cause: Cause, story: _Story) -> None:
        story.due = None
        now = self._clock.monotonic()
        if story.came:
            self._tell_failure(cause, story)
            self._on_told(story.came)
            story.told_failure(now)
        if story.may_tell_recovery(now):
            self._tell_recovery(cause, story)
            story.went.clear()
        if story.stopped:
            self._schedule(cause, story)
        else:
            del self._stories[cause]

    def _tell_failure(self, cause: Cause, story: _Story) -> None:
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
