"""Published limits are kept by ourselves."""

from __future__ import annotations

import anyio
import pytest

from o365_exporter.errors import Cause, ThrottledError
from o365_exporter.graph import LIMITS, Endpoint
from o365_exporter.graph.budget import AT_ONCE, Budget
from o365_exporter.http.traffic import Traffic
from tests.fakes import PATIENCE, FakeClock
from tests.graph.world import ImpatientClock

HEALTH = Endpoint("/health", (), limits="service_communications", urgent=True, vital=True)
ISSUES = Endpoint("/issues", (), limits="service_communications", urgent=True)
MESSAGES = Endpoint("/messages", (), limits="service_communications")
KEYS = Endpoint("/applications", (), limits="identity_key_credentials")
SKUS = Endpoint("/subscribedSkus", (), limits="identity", cost=350)
FREE = Endpoint("/free", ())


class Rig:
    """A budget, its clock and its counters."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.traffic = Traffic(lambda _api, _seconds: None)
        self.budget = Budget(clock=clock, traffic=self.traffic, tenant="contoso")

    async def ask(self, endpoint: Endpoint, times: int = 1) -> None:
        for _ in range(times):
            async with self.budget.admitted(endpoint):
                pass


@pytest.fixture
def rig() -> Rig:
    """A fresh budget."""
    return Rig(ImpatientClock())


async def test_service_communications_are_held_to_the_minute(rig: Rig) -> None:
    """The 241st request within 60 seconds waits until the first is 60 seconds old."""
    await rig.ask(HEALTH, 1)
    rig.clock._now += 10
    await rig.ask(HEALTH, 239)
    assert rig.traffic.waits == {}
    await rig.ask(HEALTH)
    assert rig.traffic.waits == {"budget": pytest.approx(50)}
    await rig.ask(HEALTH)
    assert rig.traffic.waits == {"budget": pytest.approx(60)}


async def test_service_communications_are_held_to_the_hour(rig: Rig) -> None:
    """The 801st request within an hour waits, however slowly they came."""
    for _ in range(8):
        await rig.ask(HEALTH, 100)
        rig.clock._now += 60
    start = rig.clock.now()
    await rig.ask(HEALTH)
    assert rig.clock.now() - start == pytest.approx(3600 - 8 * 60)


@pytest.mark.parametrize("greedy", [ISSUES, MESSAGES], ids=["urgent", "not urgent"])
async def test_no_source_takes_more_than_half_of_a_window(rig: Rig, greedy: Endpoint) -> None:
    """Pages that do not end use up their own half, urgent or not, and neither health nor anybody else waits."""
    await rig.ask(greedy, 120)
    assert rig.traffic.waits == {}
    await rig.ask(MESSAGES if greedy is ISSUES else ISSUES, 60)
    await rig.ask(HEALTH, 60)
    assert rig.traffic.waits == {}
    rig.clock._now += 30
    await rig.ask(greedy)
    assert rig.traffic.waits == {"budget": pytest.approx(30)}


async def test_what_is_kept_for_health_is_used_by_nothing_else(rig: Rig) -> None:
    """All others together stop at 80 % of a window, what is urgent at 90 %, and health goes on to its end."""
    others = [Endpoint(f"/other{number}", (), limits="service_communications") for number in range(2)]
    for other in others:
        await rig.ask(other, 96)
    assert rig.traffic.waits == {}
    rig.clock._now += 20
    await rig.ask(ISSUES, 24)
    await rig.ask(HEALTH, 24)
    assert rig.traffic.waits == {}
    with pytest.raises(ThrottledError), rig.clock.deadline(30):
        await rig.ask(others[0])
    with pytest.raises(ThrottledError), rig.clock.deadline(30):
        await rig.ask(ISSUES)


async def test_key_credentials_count_in_both_limits(rig: Rig) -> None:
    """Selecting keyCredentials is held to 150 a minute and also charged to the identity service's units."""
    await rig.ask(SKUS, 8)
    await rig.ask(KEYS, 135)
    assert rig.traffic.waits == {}
    await rig.ask(KEYS)
    assert rig.traffic.waits == {"budget": pytest.approx(60)}
    await rig.ask(SKUS, 9)
    assert rig.traffic.waits == {"budget": pytest.approx(70)}


async def test_limits_that_are_used_up_are_one_cause(rig: Rig) -> None:
    """Each has its own end, but whoever reads of many sources that wait reads of one thing."""
    causes = set()
    for endpoint in (HEALTH, KEYS):
        with pytest.raises(ThrottledError) as failure, rig.clock.deadline(1):
            await rig.ask(endpoint, 241)
        causes.add(failure.value.cause(endpoint.route))
    assert causes == {Cause("throttled", "published limits in contoso")}


async def test_a_wait_past_the_deadline_is_throttled(rig: Rig) -> None:
    """Where the budget is free only after the poll's end, the poll ends at once with the time to come back."""
    await rig.ask(HEALTH, 240)
    with pytest.raises(ThrottledError) as failure, rig.clock.deadline(30):
        await rig.ask(HEALTH)
    assert failure.value.retry_after == pytest.approx(60)
    assert failure.value.message == (
        "Microsoft's published limit asks the app to wait 60 more seconds in tenant contoso, longer than this poll has."
    )
    await rig.ask(FREE)


async def test_limits_do_not_touch_each_other(rig: Rig) -> None:
    """A full window holds nothing back that is not charged to it."""
    await rig.ask(HEALTH, 240)
    await rig.ask(SKUS)
    await rig.ask(FREE)
    assert rig.traffic.waits == {}


def test_the_limits_are_the_published_ones() -> None:
    """Figures of the throttling page of 2025-01-14."""
    figures = {name: [(rate.amount, rate.seconds) for rate in rates] for name, rates in LIMITS.items()}
    assert figures == {
        "service_communications": [(240, 60), (800, 3600)],
        "identity": [(3500, 10)],
        "identity_key_credentials": [(150, 60), (3500, 10)],
        "usage_reports": [(14, 600)],
        "security": [(150, 60), (10_000, 600)],
    }


async def test_few_at_once_and_health_first() -> None:
    """Who does not get a place waits for one; health gets it first, then what is urgent; the wait is counted."""
    clock = FakeClock()
    rig, order, done = Rig(clock), list[str](), anyio.Event()

    async def hold(endpoint: Endpoint) -> None:
        async with rig.budget.admitted(endpoint):
            order.append(endpoint.route)
            await done.wait()

    async with anyio.create_task_group() as tasks:
        for endpoint in (HEALTH, *[FREE] * (AT_ONCE - 1), MESSAGES, ISSUES, HEALTH):
            tasks.start_soon(hold, endpoint)
            await anyio.wait_all_tasks_blocked()
        assert order == ["/health", *["/free"] * (AT_ONCE - 1)]
        await clock.advance(3)
        done.set()
    assert order[AT_ONCE:] == ["/health", "/issues", "/messages"]
    assert rig.traffic.waits == {"budget": 9}


@pytest.mark.parametrize("hanging", [FREE, ISSUES], ids=["not urgent", "urgent"])
async def test_one_place_is_left_to_health_whatever_hangs(hanging: Endpoint) -> None:
    """Requests that never end leave a place, however many come and whoever has used it before."""
    rig = Rig(FakeClock())
    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE * 2):
            tasks.start_soon(_forever, rig, hanging)
        await anyio.wait_all_tasks_blocked()
        with anyio.fail_after(PATIENCE):
            await rig.ask(HEALTH, AT_ONCE)
        tasks.cancel_scope.cancel()


async def test_a_cancelled_wait_leaves_no_slot_behind() -> None:
    """Slots are given back whether a request ends, fails or is cancelled while it waits for one."""
    rig = Rig(FakeClock())
    for _ in range(3):
        async with anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE * 2):
                tasks.start_soon(_forever, rig, FREE)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    with anyio.fail_after(PATIENCE):
        await rig.ask(FREE, AT_ONCE + 1)


async def _forever(rig: Rig, endpoint: Endpoint) -> None:
    async with rig.budget.admitted(endpoint):
        await anyio.sleep_forever()
