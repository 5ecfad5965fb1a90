"""The scheduler: when sources are polled, and what a poll leaves behind."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from structlog.testing import capture_logs

from o365_exporter.errors import (
    NoData,
    PermissionMissingError,
    ThrottledError,
    UnavailableError,
)
from o365_exporter.graph import GraphClient
from o365_exporter.metrics import Sample
from o365_exporter.scheduler import JITTER, Job
from o365_exporter.scheduler.memory import going_on
from o365_exporter.store import Key
from tests.fakes import FakeClock
from tests.scheduler.scripted import VALUE, Follower, Run, ScriptedSource, Waking, named, tenant, without_token

DAY = 86400.0


async def test_a_source_is_polled_at_its_interval() -> None:
    """Polls start one interval apart, counted from start to start."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    source.takes = 5
    run = Run(clock, tenant(source))
    async with run.running():
        await clock.advance(130)
    assert source.polls == [0, 60, 120]


async def test_a_source_never_overlaps_itself() -> None:
    """A poll that takes longer than the interval delays the next one."""
    clock = FakeClock()
    source = ScriptedSource(clock, interval=20)
    source.takes = 45
    run = Run(clock, tenant(source))
    async with run.running():
        await clock.advance(100)
    assert source.polls == [0, 45, 90]


async def test_intervals_are_jittered_within_bounds() -> None:
    """Two polls are never exactly one interval apart for ever, and never further off than the jitter."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    run = Run(clock, tenant(source), rng=random.Random(1))  # noqa: S311 - not a secret
    async with run.running():
        await clock.advance(3600)
    gaps = {round(b - a, 3) for a, b in zip(source.polls, source.polls[1:], strict=False)}
    assert len(gaps) > 10
    assert all(60 * (1 - JITTER) <= gap <= 60 * (1 + JITTER) for gap in gaps)


async def test_starts_are_spread_out_with_short_intervals_first() -> None:
    """All tenants' short intervals start before anybody's long ones, a little apart."""
    clock = FakeClock()
    slow, fast = ScriptedSource(clock, interval=3600), ScriptedSource(clock, interval=60)
    run = Run(clock, tenant(slow, name="a"), tenant(fast, name="b"))
    async with run.running():
        await clock.advance(1)
    assert fast.polls == [0]
    assert slow.polls == [pytest.approx(0.05)]


async def test_a_poll_beyond_its_deadline_is_a_timeout() -> None:
    """What hangs is cancelled at the deadline, counted with its reason, and tried again."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    source.takes = 1000
    run = Run(clock, tenant(source))
    async with run.running():
        await clock.advance(source.deadline + 0.5)
        assert run.lines("o365_exporter_source_state", "o365_exporter_source_failures") == [
            'o365_exporter_source_state{collector="test",source="main",state="timeout",tenant="contoso"} 1.0',
            'o365_exporter_source_failures_total{collector="test",reason="timeout",source="main",tenant="contoso"} 1.0',
        ]
        poll = run.store[Key("contoso", "test", "main")]
        assert poll.message == "The poll of contoso/test/main was not done within 50 s."


async def test_one_tenants_trouble_touches_no_other() -> None:
    """A tenant that hangs in every poll neither delays nor blanks its neighbour."""
    clock = FakeClock()
    hanging, healthy = ScriptedSource(clock), ScriptedSource(clock)
    hanging.takes = 1000
    run = Run(clock, tenant(hanging, name="broken"), tenant(healthy))
    async with run.running():
        await clock.advance(300)
        assert len(healthy.polls) == 5
        assert run.lines("o365_test_value") == ['o365_test_value{source="main",tenant="contoso"} 1.0']


async def test_the_life_of_a_source_works_fails_recovers() -> None:
    """After a failure the last good data stay with their age; a later success replaces them."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    run = Run(clock, tenant(source))
    wanted = (
        "o365_test_value",
        "o365_exporter_source_success",
        "o365_exporter_source_last",
        "o365_exporter_collector_s",
    )
    async with run.running():
        source.answer = UnavailableError("Graph is down.", status=503)
        await clock.advance(61)
        assert run.lines(*wanted) == [
            'o365_test_value{source="main",tenant="contoso"} 1.0',
            'o365_exporter_collector_success{collector="test",tenant="contoso"} 0.0',
            'o365_exporter_source_success{collector="test",source="main",tenant="contoso"} 0.0',
            'o365_exporter_source_last_success_timestamp_seconds{collector="test",source="main",tenant="contoso"} '
            "1.773144e+09",
        ]
        source.answer = 2.0
        await clock.advance(60)
        assert run.lines(*wanted) == [
            'o365_test_value{source="main",tenant="contoso"} 2.0',
            'o365_exporter_collector_success{collector="test",tenant="contoso"} 1.0',
            'o365_exporter_source_success{collector="test",source="main",tenant="contoso"} 1.0',
            'o365_exporter_source_last_success_timestamp_seconds{collector="test",source="main",tenant="contoso"} '
            "1.77314412e+09",
        ]


async def test_stale_records_are_withdrawn() -> None:
    """While polls keep failing, data older than stale_after vanish; their state and age do not."""
    clock = FakeClock()
    source = ScriptedSource(clock, stale_after=600)
    run = Run(clock, tenant(source))
    async with run.running():
        source.answer = UnavailableError("Graph is down.", status=503)
        await clock.advance(600)
        assert run.lines("o365_test_value") == ['o365_test_value{source="main",tenant="contoso"} 1.0']
        await clock.advance(1)
        assert run.lines("o365_test_value") == []
        assert run.lines("o365_exporter_source_last_success")[0].endswith("1.773144e+09")


async def test_series_of_a_source_before_and_without_a_success() -> None:
    """Pending has neither success nor last success; tried and never successful is 0 and 0."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    source.answer = PermissionMissingError("no role", status=403)
    run = Run(clock, tenant(source))
    run.scheduler.watch(run.tenants)
    pending = [
        'o365_exporter_source_interval_seconds{collector="test",source="main",tenant="contoso"} 60.0',
        'o365_exporter_source_state{collector="test",source="main",state="pending",tenant="contoso"} 1.0',
    ]
    assert run.lines("o365_exporter_source", "o365_exporter_collector") == pending
    async with run.running():
        assert run.lines("o365_exporter_source_s", "o365_exporter_source_l", "o365_exporter_collector_s") == [
            'o365_exporter_collector_success{collector="test",tenant="contoso"} 0.0',
            'o365_exporter_source_success{collector="test",source="main",tenant="contoso"} 0.0',
            'o365_exporter_source_last_success_timestamp_seconds{collector="test",source="main",tenant="contoso"} 0.0',
            'o365_exporter_source_state{collector="test",source="main",state="permission",tenant="contoso"} 1.0',
        ]


async def test_nothing_there_is_an_answer_and_withdraws_the_old() -> None:
    """no_data counts as success, shows no old values, and is a state of its own."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    run = Run(clock, tenant(source))
    async with run.running():
        source.answer = NoData("Graph has none.")
        await clock.advance(61)
        assert run.lines("o365_test_value", "o365_exporter_source_failures") == []
        assert run.lines("o365_exporter_source_s") == [
            'o365_exporter_source_success{collector="test",source="main",tenant="contoso"} 1.0',
            'o365_exporter_source_state{collector="test",source="main",state="no_data",tenant="contoso"} 1.0',
        ]


async def test_a_fault_of_the_exporter_is_visible_and_ends_nothing() -> None:
    """An exception nobody thought of is the reason ``internal``, with a traceback in the log, and polling goes on."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    source.answer = ZeroDivisionError("canary")
    run = Run(clock, tenant(source))
    with capture_logs() as lines:
        async with run.running():
            assert 'state="internal"' in run.lines("o365_exporter_source_state")[0]
            source.answer = 3.0
            await clock.advance(61)
            assert run.lines("o365_test_value") == ['o365_test_value{source="main",tenant="contoso"} 3.0']
    assert [line["event"] for line in lines if line.get("exc_info")] == ["fault of the exporter"]


async def test_a_duplicate_series_fails_the_poll_and_not_the_page() -> None:
    """Two samples with equal labels would cost Prometheus the whole page: the poll is refused instead."""

    class Twice(ScriptedSource):
        def samples(self, records: float, siblings: Mapping[str, Any]) -> Iterator[Sample]:
            yield VALUE.at(1, source="x")
            yield VALUE.at(2, source="x")

    clock = FakeClock()
    run = Run(clock, tenant(Twice(clock)))
    async with run.running():
        assert run.lines("o365_test_value") == []
        assert 'state="internal"' in run.lines("o365_exporter_source_state")[0]


async def test_a_failing_source_is_tried_again_soon_and_then_less_often() -> None:
    """An hourly source that fails is tried after 1, 2, 4, 8 and then every 15 minutes, and hourly once it works."""
    clock = FakeClock()
    source = ScriptedSource(clock, interval=3600, stale_after=7200)
    source.answer = UnavailableError("Graph is down.", status=503)
    run = Run(clock, tenant(source))
    async with run.running():
        await clock.advance(3000)
        assert source.polls == [0, 60, 180, 420, 900, 1800, 2700]
        source.answer = 1.0
        await clock.advance(4300)
        assert source.polls[-2:] == [3600, 7200]


async def test_what_microsoft_asks_for_is_waited() -> None:
    """After a throttled poll the next one comes no earlier than Retry-After says."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    source.answer = ThrottledError("slow down", retry_after=150.0)
    run = Run(clock, tenant(source))
    async with run.running():
        await clock.advance(155)
    assert source.polls == [0, 150]


async def test_a_follower_starts_after_its_leader_was_tried() -> None:
    """The follower's first poll waits for the leader's first attempt, even for one that fails."""
    clock = FakeClock()
    leader, follower = ScriptedSource(clock), Follower(clock)
    leader.takes = 30
    leader.answer = UnavailableError("down")
    run = Run(clock, tenant(follower, leader))
    async with run.running():
        await clock.advance(29)
        assert follower.polls == []
        await clock.advance(2)
        assert len(follower.polls) == 1


async def test_a_change_polls_the_follower_at_once() -> None:
    """What wakes a sibling does not wait for the sibling's interval."""
    clock = FakeClock()
    leader, follower = Waking(clock), Follower(clock, interval=300)
    run = Run(clock, tenant(leader, follower))
    async with run.running():
        await clock.advance(59)
        assert len(follower.polls) == 1
        leader.answer = 2.0
        await clock.advance(2)
        assert len(follower.polls) == 2


async def test_followers_are_rendered_anew_with_their_leaders_records() -> None:
    """What a follower shows of its leader is of the leader's latest poll, without asking Graph again."""
    clock = FakeClock()
    leader, follower = ScriptedSource(clock), Follower(clock, interval=3600, stale_after=7200)
    run = Run(clock, tenant(leader, follower))
    async with run.running():
        await clock.advance(1)
        assert 'o365_test_value{source="follower",tenant="contoso"} 2.0' in run.lines("o365_test_value")
        leader.answer = 10.0
        await clock.advance(60)
        assert 'o365_test_value{source="follower",tenant="contoso"} 11.0' in run.lines("o365_test_value")
        assert len(follower.polls) == 1


async def test_what_has_been_gone_for_a_week_is_polled_once_a_week() -> None:
    """A retired product; whatever comes back is polled as before, and a source that is not retired always is."""
    clock = FakeClock()
    gone, empty = ScriptedSource(clock, interval=DAY), ScriptedSource(clock, interval=DAY)
    gone.may_be_gone = True
    gone.answer = empty.answer = NoData("nothing")
    contoso = tenant(gone, named(empty, "empty"))
    run = Run(clock, contoso)
    run.scheduler.watch([contoso])

    async def waits(job: Job) -> float:
        await run.scheduler.poll(contoso, job)
        poll = run.store[job.key]
        assert poll.interval == (poll.next_run or 0.0) - clock.now()
        return poll.interval / DAY

    found = []
    for _ in range(9):
        found.append([await waits(job) for job in contoso.jobs])
        clock.sleep_through(DAY)
    assert found == [[1, 1]] * 7 + [[7, 1]] * 2
    poll = run.store[contoso.jobs[0].key]
    assert going_on(poll, gone) == poll, "the next process goes on so"
    gone.answer = 1.0
    assert await waits(contoso.jobs[0]) == 1


async def test_a_first_poll_that_drips_is_not_awaited_for_ever() -> None:
    """After five minutes whoever is still at it holds nobody back; whoever has not begun does."""
    clock = FakeClock()
    dripping = ScriptedSource(clock)
    dripping.takes = 800
    dripping.deadline = 900
    run = Run(clock, tenant(dripping))
    async with run.running():
        await clock.advance(299)
        assert run.scheduler.ready() == (False, "not tried yet: contoso/test/main")
        await clock.advance(2)
        assert run.scheduler.ready() == (
            True,
            "every source has been tried, 1 of them for more than 5 minutes by now",
        )
    waiting = Run(clock, tenant(ScriptedSource(clock)))
    waiting.scheduler.watch(waiting.tenants)
    clock.sleep_through(400)
    assert waiting.scheduler.ready() == (False, "not tried yet: contoso/test/main")


async def test_ready_says_what_is_awaited_and_then_stays() -> None:
    """Ready once each source has been tried, however it ended; it names what it waits for until then."""
    clock = FakeClock()
    good, bad = ScriptedSource(clock), ScriptedSource(clock)
    good.takes, bad.answer = 20, UnavailableError("down")
    run = Run(clock, tenant(good), tenant(bad, name="fabrikam"))
    async with run.running():
        await clock.advance(1)
        assert run.scheduler.ready() == (False, "not tried yet: contoso/test/main")
        await clock.advance(20)
        assert run.scheduler.ready() == (True, "every source has been tried")
        bad.takes = 1000
        await clock.advance(100)
        assert run.scheduler.ready()[0]


async def test_series_beyond_the_cap_are_cut_and_counted() -> None:
    """max_series bounds what one source serves, and says what it cut."""

    class Many(ScriptedSource):
        def samples(self, records: float, siblings: Mapping[str, Any]) -> Iterator[Sample]:
            yield from (VALUE.at(1, source=str(number)) for number in range(5))

    clock = FakeClock()
    run = Run(clock, tenant(Many(clock), max_series=3))
    async with run.running():
        assert len(run.lines("o365_test_value")) == 3
        assert run.lines("o365_exporter_series_dropped") == [
            'o365_exporter_series_dropped{collector="test",tenant="contoso"} 2.0'
        ]


async def test_a_failure_is_logged_when_it_begins_changes_and_ends() -> None:
    """Ten failed polls are one warning; another reason is another; recovery is one line."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    run = Run(clock, tenant(source))
    with capture_logs() as lines:
        async with run.running():
            for answer, seconds in (
                (UnavailableError("Graph is down."), 600),
                (ThrottledError("Slow down."), 600),
                (1.0, 900),
            ):
                source.answer = answer
                await clock.advance(seconds)
    told = [(line["log_level"], line["event"], line.get("reason")) for line in lines if line["log_level"] != "debug"]
    assert told.pop(0) == ("info", "first round", None)
    assert told == [
        ("warning", "poll failed", "unavailable"),
        ("warning", "poll failed", "throttled"),
        ("info", "recovered", "throttled"),
    ]


async def test_a_tenant_without_a_token_is_logged_once_and_recovers_at_once() -> None:
    """Wrong credentials are one line for the tenant, not one per source; once right, its sources are polled at once."""
    clock = FakeClock()
    hourly, other = ScriptedSource(clock, interval=3600, stale_after=7200), Follower(clock, interval=60)
    broken = tenant(hourly, other)
    graph: Any = broken.graph
    graph.auth.state, graph.auth.message = "auth", "the secret of tenant contoso has expired"
    hourly.answer = other.answer = without_token("the secret of tenant contoso has expired")
    run = Run(clock, broken)
    with capture_logs() as lines:
        async with run.running():
            await clock.advance(400)
            assert run.lines("o365_exporter_tenant_up", "o365_exporter_tenant_state") == [
                'o365_exporter_tenant_up{tenant="contoso"} 0.0',
                'o365_exporter_tenant_state{state="auth",tenant="contoso"} 1.0',
            ]
            hourly.answer = other.answer = 1.0
            graph.auth.state, graph.auth.message = "ok", ""
            before = len(hourly.polls)
            await clock.advance(61)
            assert len(hourly.polls) == before + 1
            assert run.lines("o365_exporter_tenant_up") == ['o365_exporter_tenant_up{tenant="contoso"} 1.0']
    told = [(line["event"], line.get("message")) for line in lines if line["log_level"] in ("warning", "error")]
    assert told == [("tenant cannot be polled", "the secret of tenant contoso has expired")]


async def test_remarks_are_logged_when_they_are_new() -> None:
    """An oddity that lasts is one line."""

    class Odd(ScriptedSource):
        def remarks(self, records: float) -> tuple[str, ...]:
            return (f"odd: {records}",)

    clock = FakeClock()
    source = Odd(clock)
    run = Run(clock, tenant(source))
    with capture_logs() as lines:
        async with run.running():
            await clock.advance(200)
            source.answer = 2.0
            await clock.advance(100)
    assert [line["message"] for line in lines if line["event"] == "odd answer"] == ["odd: 1.0", "odd: 2.0"]


async def test_run_once_polls_every_source_once() -> None:
    """Followers included, and in their order."""
    clock = FakeClock()
    leader, follower = Waking(clock), Follower(clock)
    run = Run(clock, tenant(follower, leader))
    run.scheduler.watch(run.tenants)
    await run.scheduler.run_once(run.tenants)
    assert leader.polls == follower.polls == [0]
    assert 'o365_test_value{source="follower",tenant="contoso"} 2.0' in run.lines("o365_test_value")


async def test_a_tenant_removed_as_its_poll_ends_leaves_nothing() -> None:
    """A poll that comes to its end in the moment of the removal is not put back."""
    run: Run

    class Leaving(ScriptedSource):
        async def fetch(self, graph: GraphClient, previous: float | None, now: float) -> float:
            run.scheduler.remove(watched)
            return 1.0

    clock = FakeClock()
    watched = tenant(Leaving(clock))
    run = Run(clock, watched)
    run.scheduler.watch([watched])
    await run.scheduler.poll(watched, watched.jobs[0])
    assert run.store.tenants() == ()
    assert run.store.of("contoso") == {}


async def test_data_of_a_source_that_works_are_never_withdrawn() -> None:
    """Between two polls that succeed nothing flaps, even where stale_after is no longer than the interval."""
    clock = FakeClock()
    run = Run(clock, tenant(ScriptedSource(clock, interval=60, stale_after=30)))
    async with run.running():
        await clock.advance(59)
        assert run.lines("o365_test_value")
