"""Reading: within Microsoft's limits over several runs, and no tenant's trouble is another's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import httpx

from o365_exporter.backfill import Failure, Plan, Reader, WorkFile, make_plan
from o365_exporter.commands.simulate import environment_of
from o365_exporter.graph import GraphClient, Remembered
from o365_exporter.graph.budget import Use
from o365_exporter.http import ConnectionOptions, Http
from o365_exporter.settings import load
from o365_exporter.simulator import Simulator
from tests.app.rig import MICROSOFT, only, small
from tests.fakes import FakeClock

EMAILS = "getEmailActivityCounts"


class Site:
    """A simulated Microsoft of two tenants, and what reads their history."""

    def __init__(self, client: httpx.AsyncClient, clock: FakeClock, simulator: Simulator) -> None:
        self.clock, self.simulator = clock, simulator
        self._client = partial(GraphClient, http=Http(client, ConnectionOptions()), clock=clock)
        environ = environment_of(simulator, MICROSOFT) | only("exchange_usage")
        self.plan = make_plan(load(None, environ).tenants)
        self.failures: list[Failure] = []
        self.done = 0

    def asked(self, function: str = EMAILS) -> int:
        """How often a report was asked for."""
        return len(self.simulator.requests.find(f"/v1.0/reports/{function}(*"))

    async def read(self, work: WorkFile, plan: Plan | None = None) -> None:
        """Read what is lacking."""

        def done() -> None:
            self.done += 1

        self.failures += await Reader(work, self._client, self.clock, done).read(plan or self.plan)


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """Two tenants."""
    clock = FakeClock()
    simulator = Simulator(clock, small("contoso", "fabrikam"))
    simulator.switch(gzip=False)  # large answers would be compressed in a thread
    async with httpx.AsyncClient(transport=httpx.ASGITransport(simulator.app)) as client:
        yield Site(client, clock, simulator)


async def test_what_former_runs_have_used_counts(tmp_path: Path) -> None:
    """Whoever runs it again and again waits for the end of the time in which each report is given 14 times."""
    async with site() as made, anyio.create_task_group() as tasks:
        with WorkFile.opened(tmp_path / "x", made.clock.now()) as work:
            route = next(part for part in made.plan.parts if part.history.name == EMAILS).history.endpoints[0].route
            use = Use("usage_reports", 600, EMAILS, route, made.clock.now(), 12)
            work.note_limits("contoso", Remembered(uses=(use,)))
            one = Plan(tuple(part for part in made.plan.parts if part.tenant.name == "contoso"), ())
            tasks.start_soon(made.read, work, one)
            await made.clock.advance(595)
            assert (made.asked(), made.done) == (0, 0)
            await made.clock.advance(30)
            assert (made.asked(), made.done, made.failures) == (1, 2, [])
            (counted, *_) = (each for each in work.limits("contoso").uses if each.counted_as == EMAILS)
            assert counted.amount == 1


async def test_the_trouble_of_one_tenant_is_not_anothers(tmp_path: Path) -> None:
    """What one may not read is named; whose app may not sign in is told once for all of its parts."""
    async with site() as made, anyio.create_task_group() as tasks:
        made.simulator.tenants["contoso"].app_enabled = False
        made.simulator.tenants["fabrikam"].set_report_state(EMAILS, "wrong_header")
        with WorkFile.opened(tmp_path / "x", made.clock.now()) as work:
            tasks.start_soon(made.read, work)
            await made.clock.advance(3600)
            assert [(failure.tenant, len(failure.parts)) for failure in made.failures] == [
                ("contoso", 2),
                ("fabrikam", 1),
            ]
            assert made.done == 1
