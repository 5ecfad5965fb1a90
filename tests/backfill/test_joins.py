"""History and polls of one simulated Microsoft: where both tell of a moment, they say the same."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import anyio

from o365_exporter.catalogue import all_collectors
from o365_exporter.exposition import number_of, series_of
from o365_exporter.history import Window
from tests.app.rig import Rig, only, rig, small
from tests.fakes import NOON

DAY, DAYS = 86_400.0, 5
COLLECTORS = ("service_health", "exchange_usage", "teams_usage")


async def during(made: Rig, work: Callable[..., Coroutine[Any, Any, None]], *arguments: Any) -> None:
    """Let something happen, whatever it waits for."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(work, *arguments)
        await made.clock.advance(600)


async def polled(made: Rig, names: set[str]) -> dict[str, str]:
    """The series of these families as a poll has them now."""
    await during(made, made.app.scheduler.run_once, made.app.fleet.tenants)
    lines = (line.rpartition(" ") for line in made.lines() if line.partition("{")[0] in names)
    return {series: value for series, _, value in lines}


async def read(made: Rig) -> list[tuple[Any, Any]]:
    """Every history with what it has read of the first tenant."""
    (tenant,), graph = made.app.fleet.settings, made.app.fleet.tenants[0].graph
    found: list[tuple[Any, Any]] = []
    for name in COLLECTORS:
        for history in all_collectors()[name].history(tenant.collectors[name]):

            async def note(history: Any = history) -> None:
                found.append((history, await history.read(graph, made.clock.now())))

            await during(made, note)
    return found


def told(histories: list[tuple[Any, Any]], moment: float) -> dict[str, str]:
    """The series as history has them at a moment."""
    window = Window(NOON - 170 * DAY, NOON + (DAYS + 1) * DAY)
    return {
        series_of(past.series, "contoso", {}): number_of(stretch.value)
        for history, records in histories
        for past in history.series(records, window)
        for stretch in past.stretches
        if stretch.start <= moment < stretch.end
    }


async def test_history_says_what_polls_said() -> None:
    """Five days are polled at noon and read at the end; issues open and end meanwhile, one of an unknown class."""
    async with rig(small("contoso", users=400), only(*COLLECTORS)) as made:
        microsoft = made.simulator.tenants["contoso"]
        seen: dict[float, dict[str, str]] = {}
        names = {
            metric.name
            for collector in all_collectors().values()
            for history in collector.history(collector.options())
            for metric in history.metrics
        }
        for day in range(DAYS):
            lines = await polled(made, names)
            seen[made.clock.now()] = lines
            await made.clock.advance(60)
            new = microsoft.open_issue("microsoftteams", classification="incident" if day else "securityNotice")
            await made.clock.advance(3600)
            microsoft.resolve_issue(microsoft.open_issue_ids()[0] if day % 2 else new)
            await made.clock.advance(NOON + (day + 1) * DAY - made.clock.now())
        histories = await read(made)
    assert len(seen) == DAYS
    for moment, lines in seen.items():
        then = told(histories, moment)
        assert lines.items() <= then.items()
        known_resolved = {series for series, value in then.items() if "issue_open" in series and value == "0.0"}
        assert then.keys() - lines.keys() <= known_resolved  # a poll serves those alone that it has seen open
    families = [{line.partition("{")[0] for line in lines} for lines in seen.values()]
    assert families == [names] * DAYS
