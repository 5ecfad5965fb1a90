"""Trying again: what is worth it, how often, and how long to wait in between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import isfinite
from random import Random
from typing import TypeVar

from o365_exporter.clock import Clock
from o365_exporter.errors import (
    ExporterError,
    NetworkError,
    PollError,
    PollTimeoutError,
    ThrottledError,
    TruncatedError,
    UnavailableError,
    let_go,
)
from o365_exporter.http.client import Response
from o365_exporter.http.failures import ProxyRefusedError, UnreachableError
from o365_exporter.http.reach import NoConnectionError
from o365_exporter.http.skew import http_date
from o365_exporter.http.traffic import Traffic

ATTEMPTS = 5
"""How often one request is sent at most."""

CONNECTIONS = 3
"""How often a connection is tried that is refused at once; one that does not come about in its time is not."""

LONGEST_THROTTLING = 900.0
"""Seconds that a 429 may ask for: published windows are at most an hour, and asking four times in it does no harm."""

LONGEST_OUTAGE = 300.0
"""Seconds that any other answer may ask for: after an outage that said "tomorrow" and is over, health is seen again."""

_BACKOFF = 1.0  # seconds before the second attempt; doubles with each
_WORTH_IT = (ThrottledError, UnavailableError, PollTimeoutError, NetworkError, TruncatedError)

T = TypeVar("T")


class Retries:
    """Repeats what failed for a passing reason, as long as the poll's deadline allows."""

    def __init__(self, *, clock: Clock, traffic: Traffic, chance: Random) -> None:
        self._clock = clock
        self._traffic = traffic
        self._random = chance

    async def run(self, attempt: Callable[[], Awaitable[T]], attempts: int = ATTEMPTS) -> T:
        """The first success of at most so many attempts.

        Raises:
            PollError: of the last attempt, at once where the wait before the next would pass the deadline.
        """
        for number in range(1, attempts + 1):
            try:
                return await attempt()
            except ExporterError as error:
                let_go(error)  # of the answer that it is made of, which can be large
                last = number == attempts
                if not isinstance(error, _WORTH_IT) or last or _is_pointless(error, number):
                    raise
                if not await self._paused(error, number):
                    raise
        raise AssertionError("there is at least one attempt")

    async def _paused(self, error: PollError, number: int) -> bool:
        """Wait before the next attempt; False when the deadline would come first."""
        asked = error.retry_after
        wait = self._random.uniform(0.5, 1.0) * _BACKOFF * 2**number if asked is None else asked
        if wait >= self._clock.time_left():
            return False
        self._traffic.waited("backoff" if asked is None else "retry_after", wait)
        await self._clock.sleep(wait)
        return True


def _is_pointless(error: PollError, number: int) -> bool:
    """Whether a further attempt after so many would only use up the poll's time."""
    if isinstance(error, UnreachableError):
        return number >= CONNECTIONS
    return isinstance(error, (ProxyRefusedError, NoConnectionError))


def retry_after(response: Response, now: float) -> float | None:
    """Seconds that ``Retry-After`` asks for (a number with or without fraction, or a date); None for anything else."""
    text = response.headers.get("retry-after", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        date = http_date(text)
        if date is None:
            return None
        seconds = date - now
    longest = LONGEST_THROTTLING if response.status == HTTPStatus.TOO_MANY_REQUESTS else LONGEST_OUTAGE
    return min(seconds, longest) if isfinite(seconds) and seconds > 0 else None
