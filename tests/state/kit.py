"""A process that keeps state, and the one that comes after it, with the same Microsoft and the same clock."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from o365_exporter.simulator import SimulatorOptions
from o365_exporter.store import Poll
from tests.app.rig import Rig, rig
from tests.fakes import settle

COUNTERS = ("o365_exporter_graph_requests_total", "o365_exporter_graph_wait_seconds_total")
"""What begins at 0 with each process, as Prometheus expects of counters."""


@dataclass
class Process(Rig):
    """An exporter, and what it served and knew before its first poll."""

    first: list[str]
    known: dict[str, Poll]


@asynccontextmanager
async def process(
    folder: Path,
    options: SimulatorOptions,
    environ: Mapping[str, str] | None = None,
    *,
    before: Rig | None = None,
    killed: bool = False,
) -> AsyncIterator[Process]:
    """An exporter that has begun and keeps its state in a folder; no poll has been made yet.

    Args:
        folder: where state is kept.
        options: of the simulator.
        environ: further settings.
        before: the process that has ended.
        killed: it ends as by ``kill -9``: what was not written by then never is.
    """
    variables = {"O365_STATE_DIR": str(folder), **(environ or {})}
    aside = folder.with_name(f"{folder.name}.copy")
    async with rig(options, variables, before=before) as made:
        assert made.app.keeper is not None
        begun = Process(made.simulator, made.clock, made.app, made.logs, lasting(made), polls(made))
        async with made.app.keeper.keeping(), anyio.create_task_group() as tasks:
            tasks.start_soon(made.app.scheduler.run, made.app.fleet.tenants)
            await settle()
            yield begun
            if killed:
                shutil.copytree(folder, aside)
            tasks.cancel_scope.cancel()
    if killed:
        shutil.rmtree(folder)
        aside.rename(folder)


def lasting(made: Rig) -> list[str]:
    """The samples that a restart must not change."""
    return [line for line in made.lines() if not line.startswith(COUNTERS)]


def polls(made: Rig) -> dict[str, Poll]:
    """What is known of each source, by its name."""
    return {str(key): made.app.store[key] for key in made.app.store}


async def all_is_written(made: Rig) -> None:
    """Wait for a moment in which a kill costs nothing."""
    assert made.app.keeper is not None
    while made.app.store.is_touched or made.app.keeper._waiting:
        await made.clock.advance(0.5)
