"""Why polls fail is told once for each cause, with all that it stops, and its end is told once, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from o365_exporter.errors import (
    AuthError,
    Cause,
    NetworkError,
    PollError,
    PollTimeoutError,
    ThrottledError,
    TlsError,
    UnavailableError,
)
from o365_exporter.scheduler import Tenant
from o365_exporter.scheduler.causes import GATHERED, LONGEST_GAP, NAMED, Causes
from o365_exporter.store import Key, Poll
from tests.fakes import FakeClock
from tests.scheduler.scripted import Run, ScriptedSource, named, tenant, without_token

WAY = "login.example:443 through the proxy http://proxy.example:3128"
TOLD = ("warning", "error", "info")


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """What has been logged so far."""
    with capture_logs() as lines:
        yield lines


def lines(logs: list[Any]) -> list[Any]:
    """The lines that an operator reads about causes."""
    return [line for line in logs if line["log_level"] in TOLD and line["event"] != "first round"]


def told(logs: list[Any]) -> list[tuple[str, str, object]]:
    """Event, reason and number of sources of each of them."""
    return [(line["event"], line["reason"], line.get("sources", 1)) for line in lines(logs)]


def many(clock: FakeClock, tenants: int, sources: int = 14) -> list[Tenant]:
    """Tenants with so many sources each."""
    return [
        tenant(*(named(ScriptedSource(clock), f"s{number}") for number in range(sources)), name=f"t{index}")
        for index in range(tenants)
    ]


def answer(tenants: list[Tenant], what: Any) -> None:
    """Let every source of these tenants answer so."""
    for each in tenants:
        for job in each.jobs:
            assert isinstance(job.source, ScriptedSource)
            job.source.answer = what


def secret_is_wrong() -> PollError:
    """What Entra ID says to a wrong secret."""
    return without_token("The client secret is wrong (AADSTS7000215).")


CAUSES: dict[str, tuple[PollError, str]] = {
    "a firewall that drops packets": (PollTimeoutError(f"{WAY} gave no answer.", subject=WAY), "timeout"),
    "a host that is not there": (NetworkError(f"{WAY} cannot be reached.", subject=WAY), "network"),
    "a proxy that opens TLS": (TlsError(f"The certificate of {WAY} is not trusted.", subject=WAY), "tls"),
    "an outage of Graph": (UnavailableError("Graph is down.", subject="graph.example", status=503), "unavailable"),
    "a wrong secret": (secret_is_wrong(), "auth"),
}


@pytest.mark.parametrize(("error", "reason"), CAUSES.values(), ids=CAUSES)
async def test_one_cause_is_one_line_and_so_is_its_end(error: PollError, reason: str, logs: list[Any]) -> None:
    """Fourteen sources that fail for the same thing are one line that names them all; when it passes, one more."""
    clock = FakeClock()
    tenants = many(clock, 1)
    answer(tenants, error)
    run = Run(clock, *tenants)
    failing = "tenant cannot be polled" if error.signing_in else "poll failed"
    recovered = "tenant recovered" if error.signing_in else "recovered"
    async with run.running():
        await clock.advance(590)
        assert told(logs) == [(failing, reason, 14)]
        answer(tenants, 1.0)
        await clock.advance(1000)
    assert told(logs) == [(failing, reason, 14), (recovered, reason, 14)]
    first = next(line for line in logs if line["event"] == failing)
    assert (first["tenant"], first["message"]) == ("t0", str(error))
    assert first["names"] == [f"test/s{number}" for number in range(14)]
    assert {state for poll in run.store.of("t0").values() for state in [poll.state]} == {"ok"}


async def test_the_words_do_not_make_the_cause(logs: list[Any]) -> None:
    """Sentences that differ may have one cause, and equal ones different causes: only the value counts."""
    clock = FakeClock()
    one = tenant(*(named(ScriptedSource(clock), name) for name in "abcd"))
    a, b, c, d = (job.source for job in one.jobs)
    for number, source in enumerate((a, b)):
        source.answer = NetworkError(f"in other words {number}", subject=WAY)  # type: ignore[attr-defined]
    for number, source in enumerate((c, d)):
        source.answer = NetworkError("in the same words", subject=f"host {number}")  # type: ignore[attr-defined]
    async with Run(clock, one).running():
        await clock.advance(GATHERED + 1)
    assert told(logs) == [("poll failed", "network", 2), ("poll failed", "network", 1), ("poll failed", "network", 1)]


async def test_sources_that_fail_for_themselves_are_told_one_by_one(logs: list[Any]) -> None:
    """Without a subject a failure is the source's own, and carries its labels."""
    clock = FakeClock()
    one = tenant(named(ScriptedSource(clock), "a"), named(ScriptedSource(clock), "b"))
    answer([one], ThrottledError("Slow down."))
    async with Run(clock, one).running():
        await clock.advance(GATHERED + 1)
    assert told(logs) == [("poll failed", "throttled", 1)] * 2
    assert [line["source"] for line in logs if line["log_level"] == "warning"] == ["a", "b"]


@pytest.mark.parametrize("error", [error for error, _ in CAUSES.values()], ids=CAUSES)
async def test_a_cause_that_meets_many_tenants_is_a_bounded_number_of_lines(error: PollError, logs: list[Any]) -> None:
    """Tenants behind one firewall, or of one app, do not flood the log, neither at the beginning nor at the end."""
    clock = FakeClock()
    tenants = many(clock, 25, sources=1)
    answer(tenants, error)
    run = Run(clock, *tenants)
    async with run.running():
        await clock.advance(300)
        beginning = told(logs)
        answer(tenants, 1.0)
        await clock.advance(200)
    assert len(beginning) <= 6
    assert beginning[-1][2] == 25
    assert len(told(logs)) - len(beginning) <= 6
    assert told(logs)[-1][:1] == ("tenant recovered" if error.signing_in else "recovered",)
    assert max(len(line["names"]) for line in logs if "names" in line) == NAMED + 1
    assert [line["tenants"] for line in logs if line["event"] in ("poll failed", "tenant cannot be polled")][-1] == 25


def stopped(logs: list[Any]) -> int:
    """How many sources the lines have named, or counted without a name."""
    names = [line.get("names", [line.get("source")]) for line in lines(logs)]
    return sum(len(them) if len(them) <= NAMED else NAMED + int(them[-1].split()[1]) for them in names)


async def test_a_cause_that_spreads_all_the_time_is_told_ever_less_often(logs: list[Any]) -> None:
    """Where every few seconds one more source is stopped, an hour of it is a dozen lines that leave none out.

    Once it was quiet for as long, news are told soon again.
    """
    clock = FakeClock()
    causes = Causes(clock)
    down = Poll(interval=60, stale_after=600).failed("network", "down", cause=Cause("network", WAY))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(causes.keep_telling)
        for number in range(1200):
            causes.note(Key("contoso", "test", f"s{number}"), None, down)
            await clock.advance(3)
        await clock.advance(3 * LONGEST_GAP)
        assert 8 <= len(told(logs)) <= 14
        assert told(logs)[-1] == ("poll failed", "network", 1200)
        assert stopped(logs) == 1200
        for number in (1, 2):
            causes.note(Key("contoso", "test", f"late{number}"), None, down)
            await clock.advance(3 * GATHERED)
            assert stopped(logs) == 1200 + number
        tasks.cancel_scope.cancel()


async def test_news_of_a_cause_that_lasts_are_told_soon_when_it_was_quiet(logs: list[Any]) -> None:
    """An old failure of one source does not hide for a quarter of an hour that the host now fails all others."""
    clock = FakeClock()
    one = tenant(*(named(ScriptedSource(clock, interval=60), f"s{n}") for n in range(5)))
    down = UnavailableError("Graph is down.", subject="graph.example")
    one.jobs[0].source.answer = down  # type: ignore[attr-defined]
    async with Run(clock, one).running():
        await clock.advance(3 * LONGEST_GAP)
        answer([one], down)
        await clock.advance(60 + 2 * GATHERED)
    assert told(logs) == [("poll failed", "unavailable", 1), ("poll failed", "unavailable", 5)]
    assert lines(logs)[-1]["names"] == [f"test/s{number}" for number in range(1, 5)]


async def test_some_recover_while_others_fail_on(logs: list[Any]) -> None:
    """They are told after a while, and how many the cause still stops; one that fails again meanwhile is no news."""
    clock = FakeClock()
    one = tenant(*(named(ScriptedSource(clock), name) for name in "abc"))
    down = UnavailableError("down", subject="graph.example")
    answer([one], down)
    a, b, _ = (job.source for job in one.jobs)
    async with Run(clock, one).running():
        await clock.advance(100)
        a.answer = b.answer = 1.0  # type: ignore[attr-defined]
        await clock.advance(100)
        b.answer = down  # type: ignore[attr-defined]
        await clock.advance(LONGEST_GAP - 200)
        assert told(logs) == [("poll failed", "unavailable", 3)]
        await clock.advance(200)
    assert told(logs) == [("poll failed", "unavailable", 3), ("recovered", "unavailable", 1)]
    assert (lines(logs)[-1]["source"], lines(logs)[-1]["still_failing"]) == ("a", 2)


async def test_another_reason_is_no_recovery(logs: list[Any]) -> None:
    """A source that fails for something else is told with that, and its former cause ends without a word."""
    clock = FakeClock()
    one = tenant(ScriptedSource(clock))
    answer([one], NetworkError("down", subject=WAY))
    async with Run(clock, one).running():
        await clock.advance(100)
        answer([one], ThrottledError("slow"))
        await clock.advance(2000)
    assert told(logs) == [("poll failed", "network", 1), ("poll failed", "throttled", 1)]


async def test_who_was_cut_off_by_the_same_is_polled_at_once() -> None:
    """When one source gets through again, the tenant's others do not wait for their intervals; in an outage they do."""
    for error, polls in ((NetworkError("down", subject=WAY), 1), (UnavailableError("down", subject=WAY), 0)):
        clock = FakeClock()
        often, hourly = ScriptedSource(clock), named(ScriptedSource(clock, interval=3600, stale_after=7200), "hourly")
        one = tenant(often, hourly)
        answer([one], error)
        async with Run(clock, one).running():
            await clock.advance(1000)
            answer([one], 1.0)
            before = len(hourly.polls)
            await clock.advance(61)
            assert len(hourly.polls) == before + polls


async def test_a_failure_within_a_gathering_is_no_news(logs: list[Any]) -> None:
    """What failed and recovered before it was told is in the counters and not in the log."""
    clock = FakeClock()
    one = tenant(ScriptedSource(clock))
    answer([one], NetworkError("down", subject=WAY))
    run = Run(clock, one)
    async with run.running():
        answer([one], 1.0)
        one.jobs[0].wake()
        await clock.advance(100)
    assert told(logs) == []
    assert run.store[one.jobs[0].key].failures == {"network": 1}


async def test_a_tenant_that_signs_in_again_and_fails_otherwise_has_recovered(logs: list[Any]) -> None:
    """Its sign-in is over and done with, and what comes next is another cause."""
    clock = FakeClock()
    tenants = many(clock, 1, sources=3)
    answer(tenants, secret_is_wrong())
    async with Run(clock, *tenants).running():
        await clock.advance(100)
        answer(tenants, UnavailableError("Graph is down.", subject="graph.example"))
        await clock.advance(100)
    assert sorted(told(logs)) == [
        ("poll failed", "unavailable", 3),
        ("tenant cannot be polled", "auth", 3),
        ("tenant recovered", "auth", 3),
    ]


async def test_what_was_not_told_yet_is_told_at_the_end(logs: list[Any]) -> None:
    """Neither a stop nor ``once`` swallows a failure of the last moment."""
    clock = FakeClock()
    tenants = many(clock, 2, sources=2)
    answer(tenants, NetworkError("down", subject=WAY))
    run = Run(clock, *tenants)
    async with run.running():
        assert told(logs) == []
    assert told(logs) == [("poll failed", "network", 1)]
    logs.clear()
    run.scheduler.watch(tenants)
    await run.scheduler.run_once(tenants)
    assert told(logs) == [("poll failed", "network", 4)]


async def test_a_tenant_that_goes_takes_its_failures_along(logs: list[Any]) -> None:
    """Being watched no longer is no recovery; a cause that stops nobody any more is told anew when it comes back."""
    clock = FakeClock()
    tenants = many(clock, 2, sources=1)
    answer(tenants, NetworkError("down", subject=WAY))
    run = Run(clock, *tenants)
    async with run.running():
        await clock.advance(100)
        for each in tenants:
            run.scheduler.remove(each)
        await clock.advance(100)
        assert told(logs) == [("poll failed", "network", 2)]
        (newcomer,) = many(clock, 1, sources=1)
        answer([newcomer], NetworkError("down", subject=WAY))
        await run.scheduler.add([newcomer])
        await clock.advance(100)
    assert told(logs) == [("poll failed", "network", 2), ("poll failed", "network", 1)]


async def test_an_error_of_auth_that_is_one_endpoints_is_no_sign_in(logs: list[Any]) -> None:
    """A token that one endpoint refuses keeps no tenant from being polled."""
    clock = FakeClock()
    one = tenant(ScriptedSource(clock))
    answer([one], AuthError("Graph refuses the token."))
    async with Run(clock, one).running():
        await clock.advance(10)
    assert told(logs) == [("poll failed", "auth", 1)]
