"""Whatever is thrown wherever a poll comes by is a failure of that source, and ends nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from o365_exporter.errors import NetworkError, NoData, PollError
from o365_exporter.graph import GraphClient
from o365_exporter.metrics import Metric, Sample
from o365_exporter.source import Derived
from o365_exporter.store import Key
from tests.fakes import FakeClock
from tests.scheduler.scripted import Follower, Run, ScriptedSource, named, tenant

TOGETHER = Metric("o365_test_together", "Number of records that are shown.")
SEAMS = ("fetch", "samples", "remarks", "wakes", "dropped", "left_out")
FAULTS = (ZeroDivisionError("canary"), RecursionError("canary"), ExceptionGroup("canary", [ValueError("canary")]))


class Brittle(ScriptedSource):
    """A source that can be made to break at any of its methods."""

    breaks_at = ""
    error: Exception = FAULTS[0]

    def _maybe(self, seam: str) -> None:
        if self.breaks_at == seam:
            raise self.error

    async def fetch(self, graph: GraphClient, previous: float | None, now: float) -> float:
        self._maybe("fetch")
        return await super().fetch(graph, previous, now)

    def samples(self, records: float, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        self._maybe("samples")
        return super().samples(records, siblings)

    def remarks(self, records: float) -> Sequence[str]:
        self._maybe("remarks")
        return ()

    def wakes(self, previous: float | None, records: float) -> tuple[str, ...]:
        self._maybe("wakes")
        return ()

    def dropped(self, records: float) -> int:
        self._maybe("dropped")
        return 0

    def left_out(self, records: float) -> int:
        self._maybe("left_out")
        return 0


def state(run: Run, name: str = "contoso", source: str = "main") -> str:
    """The state of a source."""
    return run.store[Key(name, "test", source)].state


@pytest.mark.parametrize("error", FAULTS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("seam", SEAMS)
async def test_a_fault_at_any_seam_is_that_sources_own(seam: str, error: Exception) -> None:
    """It is ``internal`` with its last records shown, told once with a traceback; others go on, and it recovers."""
    clock = FakeClock()
    source, other, elsewhere = Brittle(clock), named(ScriptedSource(clock), "other"), ScriptedSource(clock)
    run = Run(clock, tenant(source, other), tenant(elsewhere, name="fabrikam"))
    with capture_logs() as logs:
        async with run.running():
            await clock.advance(10)
            source.breaks_at, source.error = seam, error
            source.answer = 2.0
            await clock.advance(500)
            assert state(run) == "internal"
            assert run.lines('o365_test_value{source="main",tenant="contoso"') == [
                'o365_test_value{source="main",tenant="contoso"} 1.0'
            ]
            assert (state(run, source="other"), state(run, "fabrikam")) == ("ok", "ok")
            assert len(other.polls) == len(elsewhere.polls) == 9
            source.breaks_at = ""
            await clock.advance(900)
            assert state(run) == "ok"
    assert len([line for line in logs if line["event"] == "fault of the exporter"]) == 1
    assert "canary" not in run.store[Key("contoso", "test", "main")].message


async def test_a_follower_that_cannot_show_its_leaders_news_fails_itself() -> None:
    """The leader's poll is good; what depends on it says that it is old."""

    class Picky(Follower):
        def samples(self, records: float, siblings: Mapping[str, Any]) -> Iterator[Sample]:
            if siblings["main"] == 2.0:
                raise ValueError("canary")
            return super().samples(records, siblings)

    clock = FakeClock()
    leader = ScriptedSource(clock)
    run = Run(clock, tenant(leader, Picky(clock, interval=3600, stale_after=7200)))
    async with run.running():
        await clock.advance(1)
        leader.answer = 2.0
        await clock.advance(60)
        assert (state(run), state(run, source="follower")) == ("ok", "internal")
        assert 'o365_test_value{source="follower",tenant="contoso"} 2.0' in run.lines("o365_test_value")


async def test_a_leader_that_has_nothing_any_more_takes_its_records_from_its_followers() -> None:
    """What a follower shows together with its leader is gone when the leader's answer is that there is nothing."""
    clock = FakeClock()
    leader, follower = ScriptedSource(clock), Follower(clock, interval=3600, stale_after=7200)
    run = Run(clock, tenant(leader, follower))
    async with run.running():
        await clock.advance(1)
        assert 'o365_test_value{source="follower",tenant="contoso"} 2.0' in run.lines("o365_test_value")
        leader.answer = NoData("Graph has none.")
        await clock.advance(60)
        assert run.lines("o365_test_value") == ['o365_test_value{source="follower",tenant="contoso"} 1.0']
        assert len(follower.polls) == 1


async def test_a_follower_that_fails_keeps_its_leaders_news() -> None:
    """A poll that began before its leader's and fails after it does not bring back what the leader showed then."""
    clock = FakeClock()
    leader, follower = ScriptedSource(clock), Follower(clock, interval=60)
    run = Run(clock, tenant(leader, follower))
    async with run.running():
        await clock.advance(1)
        follower.takes, follower.answer = 30, NetworkError("down")
        leader.takes, leader.answer = 10, 7.0
        await clock.advance(100)
        assert 'o365_test_value{source="follower",tenant="contoso"} 8.0' in run.lines("o365_test_value")


def _counted(_: GraphClient, records: Sequence[Any]) -> Iterator[Sample]:
    if 13.0 in records:
        raise ValueError("canary")
    yield TOGETHER.at(len(records))


def _about(run: Run, name: str = "contoso") -> bytes | None:
    return run.store.about(name).get(TOGETHER.name)


async def test_derived_series_are_of_what_may_be_shown() -> None:
    """Records that are withdrawn, or are none, are not counted in."""
    clock = FakeClock()
    lasting, failing = ScriptedSource(clock), named(ScriptedSource(clock, stale_after=600), "failing")
    run = Run(clock, tenant(lasting, failing), derived=(Derived((TOGETHER,), _counted),))
    async with run.running():
        await clock.advance(1)
        assert _about(run) == b'o365_test_together{tenant="contoso"} 2.0\n'
        failing.answer = NetworkError("down")
        await clock.advance(590)
        assert _about(run) == b'o365_test_together{tenant="contoso"} 2.0\n'
        await clock.advance(90)
        assert _about(run) == b'o365_test_together{tenant="contoso"} 1.0\n'
        lasting.answer = NoData("none")
        await clock.advance(60)
        assert _about(run) == b'o365_test_together{tenant="contoso"} 0.0\n'


async def test_a_fault_in_what_is_derived_costs_nothing_else() -> None:
    """It is absent, which is told once, and comes back; the tenant's other series and its polls do not suffer."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    run = Run(
        clock, tenant(source), tenant(ScriptedSource(clock), name="fabrikam"), derived=(Derived((TOGETHER,), _counted),)
    )
    with capture_logs() as logs:
        async with run.running():
            source.answer = 13.0
            await clock.advance(300)
            assert (_about(run), state(run)) == (None, "ok")
            assert _about(run, "fabrikam") is not None
            source.answer = 1.0
            await clock.advance(60)
            assert _about(run) is not None
    assert [line["tenant"] for line in logs if line["event"] == "fault of the exporter"] == ["contoso"]


@dataclass
class Broken:
    """Something of the tenant's that cannot be looked at."""

    def __getattr__(self, _: str) -> Any:
        raise ValueError("canary")


@pytest.mark.parametrize("broken", ["traffic", "auth"])
async def test_a_fault_in_what_a_tenant_says_about_itself_is_its_own(broken: str) -> None:
    """Its sources are ``internal`` and tried again at their interval; the neighbour is as well as ever."""
    clock = FakeClock()
    source, other = ScriptedSource(clock), ScriptedSource(clock)
    run = Run(clock, tenant(source), tenant(other, name="fabrikam"))
    async with run.running():
        setattr(run.tenants[0].graph, broken, Broken())
        await clock.advance(310)
        assert (state(run), state(run, "fabrikam")) == ("internal", "ok")
        assert len(source.polls) == len(other.polls) == 6


async def test_the_backstop_says_what_was_waited_for() -> None:
    """A poll that did not end by itself names what it waited for; without a token it is the sign-in that failed."""
    clock = FakeClock()
    source = ScriptedSource(clock)
    source.takes = 1000
    one = tenant(source)
    graph: Any = one.graph
    graph.waiting = "an answer of graph.example:443 (directly)"
    run = Run(clock, one)
    async with run.running():
        await clock.advance(51)
        poll = run.store[one.jobs[0].key]
        assert poll.message == (
            "The poll of contoso/test/main was not done within 50 s: it was waiting for an answer of graph.example:443 "
            "(directly)."
        )
        assert poll.cause == ("timeout", "contoso/test/main", False)
        graph.auth.state = "network"
        await clock.advance(60)
        assert run.store[one.jobs[0].key].cause == ("timeout", "login of contoso", True)


async def test_an_unfinished_part_is_given_to_the_next_attempt() -> None:
    """Until one succeeds; a failure that has nothing new does not lose it, and the last good records are shown on."""
    given: list[float | None] = []

    class Stepwise(ScriptedSource):
        async def fetch(self, graph: GraphClient, previous: float | None, now: float) -> float:
            given.append(previous)
            return await super().fetch(graph, previous, now)

    def half() -> PollError:
        error = NetworkError("half way")
        error.unfinished = 0.5
        return error

    clock = FakeClock()
    source = Stepwise(clock)
    run = Run(clock, tenant(source))
    async with run.running():
        for answer in (half(), NetworkError("nothing new"), 2.0, 3.0):
            source.answer = answer
            await clock.advance(60)
        assert run.lines("o365_test_value")
    assert given == [None, 1.0, 0.5, 0.5, 2.0]


@pytest.mark.parametrize(("interval", "stale_after"), [(60, 60), (60, 59), (60, 61)])
async def test_records_are_withdrawn_after_their_time_and_not_at_it(interval: float, stale_after: float) -> None:
    """Where polls fail from the first retry on, data are shown for exactly ``stale_after``."""
    clock = FakeClock()
    source = ScriptedSource(clock, interval=interval, stale_after=stale_after)
    run = Run(clock, tenant(source))
    async with run.running():
        source.answer = NetworkError("down")
        await clock.advance(interval)
        assert bool(run.lines("o365_test_value")) == (stale_after >= interval)
        await clock.advance(max(stale_after - interval, 0))
        assert bool(run.lines("o365_test_value")) == (stale_after >= interval)
        await clock.advance(0.5)
        assert run.lines("o365_test_value") == []


async def test_a_tenant_removed_before_its_first_poll_is_not_awaited() -> None:
    """Ready does not wait for ever for a tenant that is gone, nor for a source that is."""
    clock = FakeClock()
    hanging, good = ScriptedSource(clock), ScriptedSource(clock)
    hanging.takes = 1000
    partly = tenant(named(ScriptedSource(clock), "stays"), named(ScriptedSource(clock), "goes"), name="partly")
    partly.jobs[1].source.takes = 1000  # type: ignore[attr-defined]
    run = Run(clock, tenant(hanging, name="leaving"), tenant(good), partly)
    async with run.running():
        await clock.advance(1)
        assert run.scheduler.ready() == (False, "not tried yet: leaving/test/main, partly/test/goes")
        run.scheduler.remove(run.tenants[0])
        assert run.scheduler.ready() == (False, "not tried yet: partly/test/goes")
        run.scheduler.change(partly, partly.facts, partly.jobs[:1])
        assert run.scheduler.ready()[0]
    assert [key for key in run.store if key.tenant == "leaving"] == []


@pytest.mark.parametrize("sources", [3, 40])
async def test_once_polls_so_many_at_once(sources: int) -> None:
    """As many as there are, and never more than sixteen; all of them in the end."""
    clock = FakeClock()
    under_way: list[int] = []
    now: set[int] = set()

    class Counting(ScriptedSource):
        async def fetch(self, graph: GraphClient, previous: float | None, now_: float) -> float:
            now.add(id(self))
            under_way.append(len(now))
            try:
                return await super().fetch(graph, previous, now_)
            finally:
                now.remove(id(self))

    made = [named(Counting(clock), f"s{number}") for number in range(sources)]
    for source in made:
        source.takes = 10
    run = Run(clock, tenant(*made))
    run.scheduler.watch(run.tenants)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run.scheduler.run_once, run.tenants)
        await clock.advance(100)
    assert max(under_way) == min(sources, 16)
    assert [len(source.polls) for source in made] == [1] * sources


async def test_the_clock_is_told_once_for_all_tenants() -> None:
    """Wrong is a line when the first tenant sees it, right again when the last one does; seconds are no matter."""
    clock = FakeClock()
    run = Run(clock, *(tenant(ScriptedSource(clock), name=name) for name in ("a", "b")))
    graphs: list[Any] = [each.graph for each in run.tenants]
    with capture_logs() as logs:
        async with run.running():
            for skews in ((None, 60.0), (61.0, -5.0), (400.0, 400.5), (0.0, 400.0), (0.0, -60.0), (-3600.0, 0.0)):
                graphs[0].clock_skew, graphs[1].clock_skew = skews
                await clock.advance(120)
            run.scheduler.remove(run.tenants[0])
    told = [(line["event"], line.get("seconds")) for line in logs if "clock" in line["event"]]
    assert told == [
        ("clock is wrong", 61.0),
        ("clock is right again", None),
        ("clock is wrong", -3600.0),
        ("clock is right again", None),
    ]
    said = [line["message"] for line in logs if line["event"] == "clock is wrong"]
    assert [" ahead of " in sentence for sentence in said] == [True, False]
