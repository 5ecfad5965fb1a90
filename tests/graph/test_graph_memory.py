"""What a client leaves to the next process of its tenant: what counts for Microsoft counts on."""

from __future__ import annotations

import anyio
import pytest

from o365_exporter.errors import ThrottledError, UnavailableError
from o365_exporter.graph import LIMITS, Endpoint
from o365_exporter.graph.budget import Budget, Use
from o365_exporter.http.traffic import Traffic
from tests.fakes import FakeClock
from tests.graph.world import ImpatientClock

HEALTH = Endpoint("/health", (), limits="service_communications", urgent=True, vital=True)
ISSUES = Endpoint("/issues", (), limits="service_communications", urgent=True)
REPORT = Endpoint("/reports/getX", (), limits="usage_reports", counted_as="getX")
OTHER = Endpoint("/reports/getY", (), limits="usage_reports", counted_as="getY")


def budget(clock: FakeClock) -> tuple[Budget, Traffic]:
    """A fresh one."""
    traffic = Traffic(lambda _api, _seconds: None)
    return Budget(clock=clock, traffic=traffic, tenant="contoso"), traffic


async def ask(made: Budget, endpoint: Endpoint, times: int = 1) -> None:
    """So many requests."""
    for _ in range(times):
        async with made.admitted(endpoint):
            pass


async def after(clock: FakeClock, before: Budget, seconds: float) -> tuple[Budget, Traffic]:
    """The budget of the next process, so many seconds later."""
    uses, closed = before.uses(), before.closed()
    clock._now += seconds
    later = ImpatientClock()
    later._now = later._start = clock.now()
    made, traffic = budget(later)
    made.recall(uses, closed)
    return made, traffic


async def test_what_was_used_counts_on() -> None:
    """Of each function by itself, until its window has passed, and for never less long than Microsoft counts it."""
    clock = ImpatientClock()
    before, _ = budget(clock)
    room = LIMITS["usage_reports"][0].amount * 9 // 10
    await ask(before, REPORT, room)
    made, traffic = await after(clock, before, 300)
    await ask(made, OTHER, room)
    assert traffic.waits == {}
    await ask(made, REPORT)
    assert 300 <= traffic.waits["budget"] <= 310


async def test_a_route_keeps_its_fair_part() -> None:
    """Who used up its half before has none left, and health has its own."""
    clock = ImpatientClock()
    before, _ = budget(clock)
    await ask(before, ISSUES, 120)
    made, traffic = await after(clock, before, 10)
    await ask(made, HEALTH, 120)
    assert traffic.waits == {}
    await ask(made, ISSUES)
    assert 50 <= traffic.waits["budget"] <= 51


@pytest.mark.parametrize("kind", [ThrottledError, UnavailableError])
async def test_what_was_to_be_left_alone_is(kind: type[ThrottledError | UnavailableError]) -> None:
    """Until Microsoft's time is over, and for the same cause as before."""
    clock = ImpatientClock()
    before, _ = budget(clock)
    before.close(REPORT, kind("Microsoft asks to wait.", retry_after=100, status=503, code="busy"))
    made, traffic = await after(clock, before, 40)
    with anyio.fail_after(5), clock.deadline(1000):
        await ask(made, OTHER)
        await ask(made, REPORT)
    assert traffic.waits == {"retry_after": pytest.approx(60)}
    gone, _ = await after(clock, before, 100)
    assert gone.closed() == ()
    assert before.closed() == ()


async def test_what_is_from_the_future_happened_now_and_what_is_not_known_is_left_out() -> None:
    """A clock that was set back makes no room, and limits that this version does not have hold nobody."""
    clock = ImpatientClock()
    made, traffic = budget(clock)
    rate = LIMITS["usage_reports"][0]
    later = clock.now() + 86400
    made.recall(
        [
            Use("usage_reports", rate.seconds, "getX", REPORT.route, later, rate.amount),
            Use("usage_reports", 7, "getX", REPORT.route, later, 99),
            Use("gone", 600, "getX", REPORT.route, later, 99),
            Use("usage_reports", rate.seconds, "getY", OTHER.route, later, -99),
        ],
        (),
    )
    await ask(made, OTHER)
    assert traffic.waits == {}
    await ask(made, REPORT)
    assert traffic.waits == {"budget": pytest.approx(rate.seconds)}


async def test_an_hour_of_use_is_remembered_in_a_minute_each() -> None:
    """What is written down does not grow with the requests."""
    clock = ImpatientClock()
    made, _ = budget(clock)
    for _ in range(36):
        await ask(made, HEALTH, 20)
        clock._now += 100
    hours = [use for use in made.uses() if use.seconds == 3600]
    assert len(hours) <= 36
    assert sum(use.amount for use in hours) >= 36 * 20 - 20
