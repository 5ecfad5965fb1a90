"""How long tests wait for real programs: for what they do, and not for a time."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import pytest

from tests.e2e import programs
from tests.fakes import PATIENCE


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A time that passes only while somebody waits, a good part of all patience at each turn."""
    now = [0.0]

    def sleep(_: float) -> None:
        now[0] += PATIENCE / 3

    monkeypatch.setattr(programs, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    return now


def test_a_slow_program_is_not_given_up(clock: list[float]) -> None:
    """As long as it gets on, it may take many times the patience."""
    steps = count()
    assert programs.eventually(lambda: clock[0] > 9 * PATIENCE, lambda: next(steps))


def test_a_program_that_hangs_is_given_up(clock: list[float]) -> None:
    """Nothing has changed for all the patience there is."""
    with pytest.raises(TimeoutError, match="not within 30 s"):
        programs.eventually(lambda: None, lambda: min(clock[0], PATIENCE))
    assert 2 * PATIENCE < clock[0] <= 3 * PATIENCE
