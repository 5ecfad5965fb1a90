"""``kill -9`` at random moments; ``make kills`` tries many more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.state.kills import kill


@pytest.mark.long("kills", 15)
def test_whoever_is_killed_leaves_state_that_is_whole(tmp_path: Path) -> None:
    """Each process goes on where the one before had written last: nothing damaged, older or asked for again."""
    tally = kill(5, tmp_path, seed=5)
    assert (tally.kills, tally.lost) == (5, [])
