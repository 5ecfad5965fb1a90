"""Microsoft's published limits, kept by ourselves: sliding windows for each tenant, and few requests at once.

Source: Microsoft Graph throttling limits (2025-01-14), scope "app and tenant". What Microsoft counts itself may differ:
429 is obeyed all the same.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile

import anyio

from o365_exporter.clock import Clock
from o365_exporter.errors import PollError, PollTimeoutError, ThrottledError, UnavailableError, to_keep
from o365_exporter.graph.endpoints import Endpoint
from o365_exporter.http.patience import patience
from o365_exporter.http.traffic import Cause, Traffic

AT_ONCE = 4
"""Requests of one tenant in flight."""

_FOR_VITAL = 1
"""Of these, places that nothing but what is vital takes: reports or issues that hang must not blind service health."""

_MOMENT = 0.001  # seconds that are not worth a wait, and hide what rounding leaves over
_KEPT = 0.1
"""Share of each window that is kept for what is vital, and of a shared one as much again for what is urgent.

Neither endless pages of issues nor anything else can use up what the overviews of service health need: 80 requests an
hour, where 60 are due.
"""

_LONGEST_CLOSURE = 3600.0
"""Seconds for which a former process can keep something closed, whatever its clock was."""

_STEPS = 60
"""Parts of a window in which its use is remembered; whatever falls into one counts until the last of it is free."""

_FAIR = 0.5
"""Share of a window that one route takes at most, where it has the window not for itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """So much in so many seconds; counted in requests, or in Graph's resource units.

    ``shared`` says that several sources use it, none of which may take more than its fair part.
    """

    amount: int
    seconds: float
    in_units: bool = False
    shared: bool = False


_IDENTITY = Rate(3500, 10, in_units=True)  # of a tenant below 50 users: larger ones have more

LIMITS: Mapping[str, tuple[Rate, ...]] = {
    "service_communications": (Rate(240, 60, shared=True), Rate(800, 3600, shared=True)),
    "identity": (_IDENTITY,),
    "identity_key_credentials": (Rate(150, 60), _IDENTITY),  # of applications; those of service principals count apart
    "usage_reports": (Rate(14, 600),),  # for each function
    "security": (Rate(150, 60), Rate(10_000, 600)),
}
"""The published limits by the name that an ``Endpoint`` gives in ``limits``."""


@dataclass(slots=True)
class _Window:
    """What was used of one rate in the time that still counts, by whom.

    ``log`` is a list: it has some ten entries in most windows, and an empty deque takes as much as eighty of them.
    """

    rate: Rate
    used: int = 0
    log: list[tuple[float, int, str]] = field(default_factory=list)

    def wait(self, now: float, cost: int, endpoint: Endpoint) -> float:
        """Seconds until ``cost`` more fits; 0 when it fits now."""
        self._forget(now)
        return max(self._until_room(now, cost, endpoint), self._until_fair(now, cost, endpoint)) - now

    def charge(self, now: float, cost: int, endpoint: Endpoint) -> None:
        self.recall(now, cost, endpoint.route)

    def uses(self, now: float) -> dict[tuple[float, str], int]:
        """What still counts, summed up by who used it and when (monotonic), in sixtieths of the window."""
        self._forget(now)
        step = self.rate.seconds / _STEPS
        found: dict[tuple[float, str], int] = {}
        for at, amount, route in self.log:
            slot = min(now, (at // step + 1) * step), route
            found[slot] = found.get(slot, 0) + amount
        return found

    def recall(self, at: float, amount: int, route: str) -> None:
        """It was used before; ``at`` is not earlier than what is in the log."""
        self.used += amount
        self.log.append((at, amount, route))

    def _forget(self, now: float) -> None:
        over = list(takewhile(lambda entry: entry[0] + self.rate.seconds <= now, self.log))
        del self.log[: len(over)]
        self.used -= sum(amount for _, amount, _ in over)

    def _until_room(self, now: float, cost: int, endpoint: Endpoint) -> float:
        kept = 0.0 if endpoint.vital else _KEPT if endpoint.urgent or not self.rate.shared else 2 * _KEPT
        return self._until_freed(now, self.used + cost - self.rate.amount * (1.0 - kept))

    def _until_fair(self, now: float, cost: int, endpoint: Endpoint) -> float:
        if endpoint.vital or not self.rate.shared:
            return now
        used = sum(amount for _, amount, route in self.log if route == endpoint.route)
        excess = used + cost - self.rate.amount * _FAIR
        return self._until_freed(now, excess, endpoint.route)

    def _until_freed(self, now: float, excess: float, route: str = "") -> float:
        """When so much of the window is free again, be it of one route alone."""
        free_at = now
        for at, amount, by in self.log:
            if excess <= 0:
                break
            if route in ("", by):
                excess, free_at = excess - amount, at + self.rate.seconds
        return free_at


class _Slots:
    """So many at once; vital before urgent before the rest, else first come, first served.

    Args:
        all_at_once: how many.
        kept: how many of these only vital requests take.
    """

    def __init__(self, all_at_once: int, kept: int) -> None:
        self._free = all_at_once
        self._free_for_others = all_at_once - kept
        self._waiting: list[tuple[bool, bool, int, anyio.Event]] = []
        self._order = itertools.count()

    async def take(self, endpoint: Endpoint) -> None:
        if self._is_free(vital=endpoint.vital):
            self._occupy(vital=endpoint.vital)
            return
        place = (not endpoint.vital, not endpoint.urgent, next(self._order), anyio.Event())
        heapq.heappush(self._waiting, place)
        try:
            await place[3].wait()
        except BaseException:  # cancelled: the slot may have been handed over in the same moment
            if place in self._waiting:
                self._waiting.remove(place)
                heapq.heapify(self._waiting)
            else:
                self.give_back(endpoint)
            raise

    def give_back(self, endpoint: Endpoint) -> None:
        self._free += 1
        self._free_for_others += not endpoint.vital
        if self._waiting and self._is_free(vital=not self._waiting[0][0]):
            other, _, _, place = heapq.heappop(self._waiting)
            self._occupy(vital=not other)
            place.set()

    def _is_free(self, *, vital: bool) -> bool:
        return self._free > 0 and (vital or self._free_for_others > 0)

    def _occupy(self, *, vital: bool) -> None:
        self._free -= 1
        self._free_for_others -= not vital


@dataclass(frozen=True, slots=True)
class _Closure:
    """Until when (monotonic) nothing goes out, and which answer of Microsoft's asked for that."""

    until: float
    why: ThrottledError | UnavailableError


@dataclass(frozen=True, slots=True)
class Use:
    """What was used of one window within a moment.

    Args:
        limits: name of the limit in ``LIMITS``.
        seconds: that the window has.
        counted_as: see ``Endpoint``.
        route: that was asked.
        at: wall clock, seconds.
        amount: in what the window counts.
    """

    limits: str
    seconds: float
    counted_as: str
    route: str
    at: float
    amount: int


@dataclass(frozen=True, slots=True)
class Closed:
    """What Microsoft has asked to be left alone, until when (wall clock), and why; see ``PollError``."""

    scope: str
    until: float
    throttled: bool
    message: str
    remedy: str
    status: int | None
    code: str
    subject: str


class Budget:
    """Lets the requests of one tenant to Graph through, and holds them back where a limit would be passed."""

    def __init__(self, *, clock: Clock, traffic: Traffic, tenant: str) -> None:
        self._clock = clock
        self._traffic = traffic
        self._tenant = tenant
        self._slots = _Slots(AT_ONCE, _FOR_VITAL)
        self._windows: dict[tuple[Rate, str], _Window] = {}
        self._closed: dict[str, _Closure] = {}

    @asynccontextmanager
    async def admitted(self, endpoint: Endpoint) -> AsyncIterator[None]:
        """Wait until one request may go out, and charge it.

        Raises:
            ThrottledError, UnavailableError: it could not go out before the poll's deadline; ``retry_after`` says when
                it could.
        """
        while True:
            await self._take_slot(endpoint)
            cause, wait = self._wait(endpoint)
            if wait < _MOMENT:
                break
            self._slots.give_back(endpoint)
            await self._hold(endpoint, cause, wait)
        try:
            self._charge(endpoint)
            yield
        finally:
            self._slots.give_back(endpoint)

    def close(self, endpoint: Endpoint, why: ThrottledError | UnavailableError) -> None:
        """Let nothing through to what shares this endpoint's limit for as long as an answer asks (``retry_after``).

        What waits for that fails for the same cause as what was answered so.
        """
        why.subject = why.subject or f"{_scope(endpoint)} in {self._tenant}"
        scope, until = _scope(endpoint), self._clock.monotonic() + (why.retry_after or 0.0)
        closed = self._closed.get(scope)
        if closed is None or until > closed.until:
            self._closed[scope] = _Closure(until, to_keep(why))

    def uses(self) -> tuple[Use, ...]:
        """What still counts of what was asked, for the next process of this tenant."""
        now, ahead = self._clock.monotonic(), self._clock.now() - self._clock.monotonic()
        found = []
        for (rate, counted_as), window in self._windows.items():
            limits = next(name for name, rates in LIMITS.items() if rate in rates)
            found += [
                Use(limits, rate.seconds, counted_as, route, at + ahead, amount)
                for (at, route), amount in window.uses(now).items()
            ]
        return tuple(found)

    def closed(self) -> tuple[Closed, ...]:
        """What may not be asked yet, for the next process of this tenant."""
        now, ahead = self._clock.monotonic(), self._clock.now() - self._clock.monotonic()
        return tuple(
            Closed(
                scope=scope,
                until=closure.until + ahead,
                throttled=isinstance(why := closure.why, ThrottledError),
                message=why.message,
                remedy=why.remedy,
                status=why.status,
                code=why.code,
                subject=why.subject,
            )
            for scope, closure in self._closed.items()
            if closure.until > now
        )

    def recall(self, uses: Iterable[Use], closed: Iterable[Closed]) -> None:
        """Go on where a former process of this tenant ended; what has not happened yet by the clock happened now."""
        now, ahead = self._clock.monotonic(), self._clock.now() - self._clock.monotonic()
        for use in sorted(uses, key=lambda use: use.at):
            for rate in LIMITS.get(use.limits, ()):
                if rate.seconds == use.seconds and use.amount > 0:
                    window = self._windows.setdefault((rate, use.counted_as), _Window(rate))
                    window.recall(min(use.at - ahead, now), use.amount, use.route)
        for each in closed:
            kind = ThrottledError if each.throttled else UnavailableError
            left = min(each.until - ahead - now, _LONGEST_CLOSURE)
            why = kind(
                each.message,
                remedy=each.remedy,
                retry_after=left,
                status=each.status,
                code=each.code,
                subject=each.subject,
            )
            if left > 0:
                self._closed[each.scope] = _Closure(now + left, why)

    async def _take_slot(self, endpoint: Endpoint) -> None:
        start = self._clock.monotonic()
        places = AT_ONCE if endpoint.vital else AT_ONCE - _FOR_VITAL
        what = f"one of {places} places for requests of tenant {self._tenant}"
        try:
            with patience(self._clock, lambda: what, partial(self._crowded, places)):
                await self._slots.take(endpoint)
        finally:
            self._traffic.waited("budget", self._clock.monotonic() - start)

    def _crowded(self, places: int, seconds: float) -> PollTimeoutError:
        return PollTimeoutError(
            f"For {seconds:.3g} s there was no place for this request: {places} others of tenant {self._tenant} are "
            "under way, and none of them ends."
        )

    def _wait(self, endpoint: Endpoint) -> tuple[Cause, float]:
        now = self._clock.monotonic()
        closure = self._closed.get(_scope(endpoint))
        closed = closure.until - now if closure is not None else 0.0
        full = max(
            (self._window(rate, endpoint).wait(now, _cost(rate, endpoint), endpoint) for rate in _rates(endpoint)),
            default=0.0,
        )
        return ("retry_after", closed) if closed > full else ("budget", full)

    async def _hold(self, endpoint: Endpoint, cause: Cause, wait: float) -> None:
        if wait >= self._clock.time_left():
            raise self._too_long(endpoint, cause, wait)
        self._traffic.waited(cause, wait)
        await self._clock.sleep(wait)

    def _too_long(self, endpoint: Endpoint, cause: Cause, wait: float) -> PollError:
        """Whoever waits for the end of an outage is not throttled: it is without the service as the one that asked."""
        who = "Microsoft asked" if cause == "retry_after" else "Microsoft's published limit asks"
        held = f"{who} the app to wait {wait:.0f} more seconds in tenant {self._tenant}, longer than this poll has."
        why = self._closed[_scope(endpoint)].why if cause == "retry_after" else None
        if isinstance(why, UnavailableError):
            return UnavailableError(
                f"{why.message} {held}",
                remedy=why.remedy,
                retry_after=wait,
                status=why.status,
                code=why.code,
                subject=why.subject,
            )
        subject = why.subject if why is not None else f"published limits in {self._tenant}"
        return ThrottledError(held, retry_after=wait, subject=subject)

    def _charge(self, endpoint: Endpoint) -> None:
        for rate in _rates(endpoint):
            self._window(rate, endpoint).charge(self._clock.monotonic(), _cost(rate, endpoint), endpoint)

    def _window(self, rate: Rate, endpoint: Endpoint) -> _Window:
        return self._windows.setdefault((rate, endpoint.counted_as), _Window(rate))


def _rates(endpoint: Endpoint) -> tuple[Rate, ...]:
    return LIMITS[endpoint.limits] if endpoint.limits else ()


def _cost(rate: Rate, endpoint: Endpoint) -> int:
    return endpoint.cost if rate.in_units else 1


def _scope(endpoint: Endpoint) -> str:
    return f"{endpoint.limits or endpoint.route} {endpoint.counted_as}"
