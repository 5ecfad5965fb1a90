"""Microsoft's published limits, kept by the simulator: by restarts, beside other programs, and by pages without end."""

from __future__ import annotations

from collections import Counter

import anyio
import pytest

from o365_exporter.app import assemble
from o365_exporter.scheduler.timing import STARTED_WITHIN
from o365_exporter.simulator.throttle import Charge, Verdict
from o365_exporter.store import Key
from tests.app.rig import Rig, only, polling, rig, small

HEALTH = Key("contoso", "service_health", "overviews")
OLDEST = 180.0
"""Seconds: three intervals."""


def refused(made: Rig) -> Counter[str]:
    """How often Graph said 429, by path without what is filled in."""
    return Counter(one.path.partition("(")[0] for one in made.simulator.requests if one.status == 429)


async def ages(made: Rig, seconds: float, every: float = 30.0) -> list[float]:
    """The age of service health, looked at again and again."""
    found = []
    for _ in range(int(seconds / every)):
        await made.clock.advance(every)
        found.append(made.clock.now() - (made.app.store[HEALTH].taken_at or 0.0))
    return found


def elsewhere(made: Rig, times: int) -> None:
    """Another program of the same app registration asks so often about service communications."""
    contoso = made.simulator.tenants["contoso"]
    charge = Charge(contoso.client_id, contoso.tenant_id, contoso.users, "service_communications", 1)
    for _ in range(times):
        made.simulator.throttle.judge(charge, made.clock.now())


async def test_another_program_may_use_half_of_the_budget() -> None:
    """400 requests an hour are gone, in bursts of a hundred: nobody is refused, health stays under 3 minutes old."""
    async with rig(small("contoso"), only("service_health")) as made, polling(made):
        seen = []
        for _ in range(8):
            elsewhere(made, 100)
            seen += await ages(made, 900.0)
        assert max(seen) < OLDEST
        assert refused(made) == {}


async def test_issues_without_end_do_not_use_up_the_hour_of_the_overviews() -> None:
    """Each page of issues names another one for half an hour: health goes on, and Graph never has to refuse."""
    async with rig(small("contoso"), only("service_health")) as made, polling(made):
        made.simulator.add_fault(path="*/issues", next_link="endless")
        assert max(await ages(made, 1800.0)) < OLDEST
        asked = len(made.simulator.requests.find("*/issues"))
        assert asked > 300, "the fault is at work"
        made.simulator.faults.clear()
        assert max(await ages(made, 1800.0)) < OLDEST
        assert refused(made) == {}
        assert made.app.store[HEALTH._replace(source="issues")].state == "ok"


async def test_twenty_restarts_without_state() -> None:
    """The report functions alone are refused; that is obeyed and seen, and costs no other source anything."""
    async with rig(small("contoso", users=20), {"O365_STATE_DIR": ""}) as made:
        made.simulator.switch(report_framing="length")
        for _ in range(20):
            async with assemble(made.app.settings, made.clock) as again, anyio.create_task_group() as tasks:
                tasks.start_soon(again.scheduler.run, again.fleet.tenants)
                await made.clock.advance(30)
                tasks.cancel_scope.cancel()
                states = {str(key.within_tenant): poll.state for key, poll in again.store.of("contoso").items()}
        assert all("/reports/" in path for path in refused(made))
        others = {name: state for name, state in states.items() if "_usage/" not in name}
        assert set(others.values()) <= {"ok"}


async def test_a_thousand_tenants_of_one_app_start_within_what_the_app_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first polls of one tenant, a thousand times within the time of a start: less than half of the app's units."""
    async with rig(small("contoso")) as made:
        charges: list[Charge] = []
        judge = made.simulator.throttle.judge

        def judged(charge: Charge, now: float) -> Verdict:
            charges.append(charge)
            return judge(charge, now)

        monkeypatch.setattr(made.simulator.throttle, "judge", judged)
        async with polling(made):
            await made.clock.advance(120)
    units = sum(charge.units for charge in charges if charge.service == "identity")
    assert units > 0
    assert units * 1000 / STARTED_WITHIN * 20 < 150_000 / 2
