"""A restart in the middle of an incident: nobody who watches notices it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.app.rig import RARELY, Rig, only, small
from tests.fakes import FakeClock
from tests.scheduler.scripted import Follower, Run, Waking, tenant
from tests.state.kit import all_is_written, lasting, polls, process

TWO = small("contoso", "fabrikam")
FEW = only("service_health", "subscriptions")


def told(made: Rig, *events: str) -> list[dict[str, Any]]:
    """Lines of these events."""
    return [line for line in made.logs if line["event"] in events]


@pytest.mark.parametrize("killed", [False, True])
async def test_what_was_told_is_not_told_again(tmp_path: Path, *, killed: bool) -> None:
    """Open issues, failures and their counts are there as before; no line about them comes twice."""
    failures = ("poll failed", "tenant cannot be polled", "odd answer")
    async with process(tmp_path / "state", TWO, FEW, killed=killed) as made:
        made.simulator.add_fault(path="*/subscribedSkus", status=503)
        made.simulator.add_fault(path="*/healthOverviews", tenant="contoso", set={"value.0.status": "onHoliday"})
        await made.clock.advance(1200)
        await all_is_written(made)
        before = lasting(made)
        assert len(told(made, "poll failed")) >= 1
        assert told(made, "odd answer")
    async with process(tmp_path / "state", TWO, FEW, before=made) as again:
        assert again.first == before
        await again.clock.advance(1200)
        assert told(again, *failures) == []
        again.simulator.faults.clear()
        await again.clock.advance(1200)
        assert [line["reason"] for line in told(again, "recovered")] == ["unavailable"]
        assert told(again, *failures) == []


async def test_a_tenant_without_a_token_stays_without(tmp_path: Path) -> None:
    """It is not up for a moment, nor pending, nor told of again; and it recovers as ever."""
    async with process(tmp_path / "state", TWO, {**FEW, **RARELY}) as made:
        made.simulator.add_fault(path="*/token", tenant="fabrikam", aadsts=7000222)
        await made.clock.advance(3 * 3600)
        assert len(told(made, "tenant cannot be polled")) == 1
        before = lasting(made)
        assert 'o365_exporter_tenant_state{state="auth",tenant="fabrikam"} 1.0' in before
    async with process(tmp_path / "state", TWO, {**FEW, **RARELY}, before=made) as again:
        assert again.first == before
        await again.clock.advance(3600)
        assert told(again, "tenant cannot be polled") == []
        again.simulator.faults.clear()
        await again.clock.advance(3600)
        assert len(told(again, "tenant recovered")) == 1
        assert {poll.state for poll in polls(again).values()} == {"ok"}


@pytest.mark.parametrize(("seconds", "lines"), [(1.1, 0), (5.0, 1)])
async def test_a_failure_is_told_once_whenever_the_process_is_killed(
    tmp_path: Path, seconds: float, lines: int
) -> None:
    """Killed between a failure and its line it leaves the line to the next process, and after it nothing."""
    async with process(tmp_path / "state", TWO, {**FEW, **RARELY}, killed=True) as made:
        await made.clock.advance(1200)
        made.simulator.add_fault(path="*/subscribedSkus", status=503)
        due = min(poll.next_run or 0 for name, poll in polls(made).items() if name.endswith("/skus"))
        while not any(poll.cause for poll in polls(made).values()):
            await made.clock.advance(max(0.2, due - made.clock.now()))
        await made.clock.advance(seconds)
        assert len(told(made, "poll failed")) == lines
    async with process(tmp_path / "state", TWO, {**FEW, **RARELY}, before=made) as again:
        await again.clock.advance(5)
        assert len(told(again, "poll failed")) == 1 - lines


async def test_options_that_changed_touch_what_they_are_in(tmp_path: Path) -> None:
    """A filter of a report costs that report alone; filters that are applied to lines cost no request."""
    everything = {**RARELY}
    async with process(tmp_path / "state", small("contoso"), everything) as made:
        await made.clock.advance(400)
        services = made.lines("o365_service_healthy{")
    made.simulator.requests.clear()
    changed = {
        **everything,
        "O365_COLLECTORS__EXCHANGE_USAGE__MAILBOXES__EXCLUDE": "nobody",
        "O365_COLLECTORS__SERVICE_HEALTH__SERVICES__INCLUDE": "Exchange",
    }
    async with process(tmp_path / "state", small("contoso"), changed, before=made) as again:
        assert {name for name, poll in again.known.items() if poll.state == "pending"} == {
            "contoso/exchange_usage/mailbox_usage"
        }
        assert 1 == len(again.lines("o365_service_healthy{")) < len(services)
        await again.clock.advance(5)
        asked = {one.path.partition("(")[0] for one in again.simulator.requests.find("/v1.0/*")}
        assert asked == {"/v1.0/reports/getMailboxUsageDetail"}
        assert [line["message"] for line in told(again, "state of a source not used")] == [
            "What was kept was made under other options: it is polled anew."
        ]


async def test_a_shorter_interval_holds_at_once(tmp_path: Path) -> None:
    """What was planned for in an hour is due within the interval that holds now."""
    async with process(tmp_path / "state", small("contoso"), FEW) as made:
        await made.clock.advance(120)
    shorter = {**FEW, "O365_COLLECTORS__SUBSCRIPTIONS__INTERVAL": "10m"}
    async with process(tmp_path / "state", small("contoso"), shorter, before=made) as again:
        for name, poll in again.known.items():
            if "/subscriptions/" in name:
                assert 0 < (poll.next_run or 0) - again.clock.now() <= 630


async def test_a_clock_that_went_back_is_not_believed(tmp_path: Path) -> None:
    """Data of tomorrow have no age: the tenant begins anew, and the line says why."""
    async with process(tmp_path / "state", small("contoso"), FEW) as made:
        await made.clock.advance(120)
    made.clock.set(-86400)
    async with process(tmp_path / "state", small("contoso"), FEW, before=made) as again:
        (line,) = told(again, "state not used")
        assert (
            "s from now by the clock of this machine, which was set back or is not set yet. It is set aside as"
            in line["message"]
        )
        await again.clock.advance(60)
        assert {poll.state for poll in polls(again).values()} == {"ok"}
        assert all((poll.taken_at or 0) <= again.clock.now() for poll in polls(again).values())


async def test_twenty_restarts_in_ten_minutes_break_no_limit(tmp_path: Path) -> None:
    """Nothing is asked for twice; where settings change, so that a report is, what was asked counts on."""
    one = small("contoso")
    made: Rig | None = None
    for number in range(20):
        changed = {"O365_COLLECTORS__EXCHANGE_USAGE__MAILBOXES__EXCLUDE": f"nobody{number}"}
        async with process(tmp_path / "state", one, changed, before=made) as made:
            await made.clock.advance(29)
    assert made is not None
    requests = list(made.simulator.requests)
    assert [one.path for one in requests if one.status == 429] == []
    asked = Counter(one.path.partition("(")[0] for one in requests if one.path.startswith("/v1.0/reports/"))
    assert 10 < asked.pop("/v1.0/reports/getMailboxUsageDetail") <= 14
    assert max(asked.values()) <= 2  # the file of the period and that of the day


async def test_what_is_under_way_is_due_for_the_next_process() -> None:
    """A change of a service's status asks for the issues at once, and a restart in that moment does so, too."""
    clock = FakeClock()
    main, follower = Waking(clock), Follower(clock, interval=600.0)
    run = Run(clock, tenant(main, follower))
    async with run.running():
        await clock.advance(30)
        follower.takes, main.answer = 45.0, 2.0
        await clock.advance(40)
        polls = run.scheduler.remembered(run.tenants[0]).polls
        assert {key.source: poll.next_run for key, poll in polls.items()}["follower"] == clock.now()
        await clock.advance(100)
        polls = run.scheduler.remembered(run.tenants[0]).polls
        assert {key.source: poll.next_run or 0 for key, poll in polls.items()}["follower"] > clock.now() + 400
