"""What each tenant asked of Microsoft and how long it had to wait: counters since the start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from o365_exporter.clock import Clock
from o365_exporter.errors import PollError

Cause = Literal["retry_after", "budget", "backoff"]

Observe = Callable[[str, float], None]
"""Takes the duration of one request: ``api`` (a route) and seconds."""


@dataclass(slots=True)
class Sent:
    """A request under way; without an answer or an error it was cancelled, and that is what a deadline does."""

    code: str = "timeout"


class Traffic:
    """Requests and waits of one tenant.

    Attributes:
        requests: how many by ``(api, code)``; code is the HTTP status, or the reason where there was no whole answer.
        waits: seconds by cause; a cause that never held anything up is absent.
    """

    def __init__(self, observe: Observe) -> None:
        self._observe = observe
        self.requests: Counter[tuple[str, str]] = Counter()
        self.waits: dict[Cause, float] = {}

    def follow_on(self, before: Traffic) -> None:
        """Count on where a predecessor has got to, and together with what it still has under way."""
        self.requests, self.waits = before.requests, before.waits

    @contextmanager
    def timed(self, api: str, clock: Clock) -> Iterator[Sent]:
        """Count the one request that is sent inside; the block sets ``code`` once there is an answer."""
        sent, start = Sent(), clock.monotonic()
        try:
            yield sent
        except PollError as error:
            sent.code = error.reason
            raise
        finally:
            self.requests[api, sent.code] += 1
            self._observe(api, clock.monotonic() - start)

    def waited(self, cause: Cause, seconds: float) -> None:
        """Count time in which a request was held back."""
        if seconds > 0:
            self.waits[cause] = self.waits.get(cause, 0.0) + seconds
