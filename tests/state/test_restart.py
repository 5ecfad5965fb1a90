"""A restart costs nothing: no data, no request, no line that was written already."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.rig import small
from tests.state.kit import all_is_written, lasting, polls, process

TWO = small("contoso", "fabrikam")


@pytest.mark.parametrize("killed", [False, True])
async def test_the_last_values_are_there_at_once_with_their_true_age(tmp_path: Path, *, killed: bool) -> None:
    """Before anything is asked, the page is that of before, series by series, however the process ended."""
    async with process(tmp_path / "state", TWO, killed=killed) as made:
        await made.clock.advance(400)
        await all_is_written(made)
        before, known = lasting(made), polls(made)
        assert len(before) > 500
    await made.clock.advance(10)
    async with process(tmp_path / "state", TWO, before=made) as again:
        assert again.first == before
        assert {name: poll.taken_at for name, poll in again.known.items()} == {
            name: poll.taken_at for name, poll in known.items()
        }
        assert again.app.scheduler.ready() == (True, "every source has been tried")


async def test_nothing_is_asked_before_it_is_due(tmp_path: Path) -> None:
    """Each source is polled when it would have been polled without a restart, and not before."""
    async with process(tmp_path / "state", TWO) as made:
        await made.clock.advance(400)
        planned = {name: poll.next_run or 0.0 for name, poll in polls(made).items()}
    made.simulator.requests.clear()
    async with process(tmp_path / "state", TWO, before=made) as again:
        assert {name: poll.next_run for name, poll in again.known.items()} == planned
        await again.clock.advance(max(0.0, min(planned.values()) - again.clock.now() - 0.1))
        assert again.clock.now() > min(planned.values()) or not list(again.simulator.requests)
        await again.clock.advance(7 * 3600)
        for name, poll in polls(again).items():
            assert (poll.attempted_at or 0.0) >= planned[name], name
            assert poll.state == polls(made)[name].state, name
