"""An app to which nobody has consented: Graph answers by 403 or by 401, and both are one cause with one remedy."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.app.rig import only, polling, rig, small

SENTENCE = (
    "The app {app} has no application permission in tenant contoso: its token states none at all, as where nobody has "
    "consented ({status}). An administrator of the tenant grants what o365-exporter permissions lists, with admin "
    "consent, at https://portal.azure.com or by the script that it prints with --format az; no restart is needed."
)


@pytest.mark.parametrize("status", [401, 403])
async def test_it_is_one_cause_whatever_graph_answers(status: int) -> None:
    """Every source says the same, the log says it once for all of them, and consent mends it."""
    wanted = only("service_health", "subscriptions", "message_center")
    async with rig(small("contoso", roles=[]), wanted) as made:
        made.simulator.switch(without_roles=status)
        with capture_logs() as lines:
            async with polling(made):
                await made.clock.advance(30)
                polls = made.app.store.of("contoso").values()
                told = {poll.message for poll in polls}
                causes = {poll.cause for poll in polls}
        app = made.simulator.tenants["contoso"].client_id
    assert told == {SENTENCE.format(app=app, status=status)}
    assert {poll.state for poll in polls} == {"permission"}
    assert len(causes) == 1
    failed = [line for line in lines if line["event"] in ("poll failed", "tenant cannot be polled")]
    assert [line["sources"] for line in failed] == [len(polls)]
