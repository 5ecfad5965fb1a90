"""How the first round went, in one line of the log."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from structlog.testing import capture_logs

from o365_exporter.errors import NoData, PermissionMissingError, UnavailableError
from o365_exporter.scheduler import Memory
from tests.fakes import FakeClock
from tests.scheduler.scripted import Run, ScriptedSource, named, tenant, without_token

NO_ROLE = PermissionMissingError(
    "The app lacks Reports.Read.All.", remedy="Grant it.", subject="Reports.Read.All in contoso"
)


@contextmanager
def told() -> Iterator[list[MutableMapping[str, Any]]]:
    """Lines about the first round alone."""
    found: list[MutableMapping[str, Any]] = []
    with capture_logs() as lines:
        yield found
    found += [line for line in lines if line["event"] == "first round"]


def answering(clock: FakeClock, answer: Any, name: str = "main") -> ScriptedSource:
    """A source that answers so."""
    source = named(ScriptedSource(clock), name)
    source.answer = answer
    return source


async def test_a_round_without_a_fault_is_one_line() -> None:
    """Nothing there is an answer, too; after that nothing is told of rounds, however they go."""
    clock = FakeClock()
    good = answering(clock, 1.0)
    run = Run(clock, tenant(good), tenant(answering(clock, NoData("None.")), name="fabrikam"))
    with told() as lines:
        async with run.running():
            await clock.advance(10)
            good.answer = UnavailableError("Graph is down.")
            await clock.advance(4000)
    assert lines == [
        {"event": "first round", "log_level": "info", "tenants": 2, "sources": 2, "answered": 2, "seconds": 0.0}
    ]


async def test_each_cause_is_told_once_with_its_remedy() -> None:
    """The one that stops most comes first; reasons are counted."""
    clock = FakeClock()
    blind = without_token("The secret of fabrikam has expired. Create a new one.")
    run = Run(
        clock,
        tenant(answering(clock, NO_ROLE, "a"), answering(clock, NO_ROLE, "b"), answering(clock, 1.0, "c")),
        tenant(answering(clock, blind), name="fabrikam"),
    )
    with told() as lines:
        async with run.running():
            await clock.advance(10)
    (line,) = lines
    assert (line["log_level"], line["tenants"], line["sources"], line["answered"]) == ("info", 2, 4, 1)
    assert line["failed"] == {"permission": 2, "auth": 1}
    assert line["message"] == (
        "2 sources of contoso: The app lacks Reports.Read.All. Grant it. "
        "test/main of fabrikam: The secret of fabrikam has expired. Create a new one. "
        "For the next step: o365-exporter check, with the same settings."
    )


async def test_a_cause_of_many_tenants_is_told_once() -> None:
    """By their number."""
    clock = FakeClock()
    blind = without_token("The secret has expired.")
    run = Run(clock, *(tenant(answering(clock, blind), name=f"tenant-{number}") for number in range(30)))
    with told() as lines:
        async with run.running():
            await clock.advance(10)
    (line,) = lines
    assert line["message"] == (
        "30 sources of 30 tenants: The secret has expired. "
        "For the next step: o365-exporter check, with the same settings."
    )


async def test_many_causes_are_cut_and_counted() -> None:
    """One line stays one that can be read."""
    clock = FakeClock()
    tenants = [tenant(answering(clock, UnavailableError(f"No. {n}")), name=f"tenant-{n:02}") for n in range(30)]
    run = Run(clock, *tenants)
    with told() as lines:
        async with run.running():
            await clock.advance(10)
    (line,) = lines
    assert line["failed"] == {"unavailable": 30}
    assert line["message"].endswith("test/main of tenant-09: No. 9. And 20 more causes.")


async def test_a_first_poll_that_drips_does_not_hold_the_line_back() -> None:
    """After five minutes it is told who is still awaited, and not again when that has ended."""
    clock = FakeClock()
    dripping = answering(clock, 1.0)
    dripping.takes, dripping.deadline = 800, 900
    run = Run(clock, tenant(dripping), tenant(answering(clock, 1.0), name="fabrikam"))
    with told() as lines:
        async with run.running():
            await clock.advance(299)
            assert lines == []
            await clock.advance(2000)
    (line,) = lines
    assert (line["answered"], line["not_tried_yet"], line["seconds"]) == (1, 1, 300.0)


async def test_a_restart_says_how_things_stand() -> None:
    """What a former process knew is no first poll, and is counted as what it is."""
    clock = FakeClock()
    contoso = tenant(answering(clock, 1.0))
    before = Run(clock, contoso)
    async with before.running():
        await clock.advance(10)
        memory = Memory(dict(before.store.of("contoso")))
    again = tenant(answering(clock, 1.0))
    run = Run(clock, again)
    with told() as lines:
        run.scheduler.watch([again])
        await run.scheduler.recall(again, memory)
        async with run.running():
            await clock.advance(1)
    (line,) = lines
    assert (line["sources"], line["answered"], line["known_from_before"], line["seconds"]) == (1, 1, 1, 0.0)


async def test_who_watches_nobody_says_nothing() -> None:
    """There is no round without a source."""
    clock = FakeClock()
    with told() as lines:
        async with Run(clock).running():
            await clock.advance(400)
    assert lines == []


async def test_a_tenant_that_goes_is_not_waited_for() -> None:
    """Its source was under way when it was taken out of the settings."""
    clock = FakeClock()
    slow = answering(clock, 1.0)
    slow.takes, slow.deadline = 200, 250
    gone = tenant(slow, name="gone")
    run = Run(clock, tenant(answering(clock, 1.0)), gone)
    with told() as lines:
        async with run.running():
            await clock.advance(20)
            run.scheduler.remove(gone)
            await clock.advance(1)
    (line,) = lines
    assert (line["tenants"], line["sources"], line["answered"]) == (1, 1, 1)


async def test_a_silent_start_says_who_is_awaited() -> None:
    """After five seconds, once; whoever looks at the log sees that nothing has answered yet."""
    clock = FakeClock()
    slow = answering(clock, 1.0)
    slow.takes, slow.deadline = 30, 50
    run = Run(clock, tenant(slow))
    with capture_logs() as lines:
        async with run.running():
            await clock.advance(4.9)
            assert not lines
            await clock.advance(50)
    waiting = [line for line in lines if line["event"] == "waiting for first answers"]
    assert waiting == [
        {
            "event": "waiting for first answers",
            "log_level": "info",
            "sources": 1,
            "names": ["contoso/test/main"],
        }
    ]
