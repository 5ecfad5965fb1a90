"""Failed polls leave nothing behind: not even until the garbage collector comes by, which it does when it pleases."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator

import pytest

from tests.faults.rig import CLOCK, DAY, RETRY, world
from tools.troubles import Fault, Place, Trouble, cells

LARGE = 2_000_000
"""Characters of each body."""

REPEATS = 8

FAULTS: dict[str, Fault] = {
    "no JSON": {"text": "x", "repeat": LARGE},
    "JSON that is another": {"text": f'{{"a":"{"x" * LARGE}"}}'},
    "an error": {"status": 401, "text": f'{{"error":"x","error_description":"AADSTS7000215: {"y" * LARGE}"}}'},
    "a page": {"status": 500, "text": f"<html>{'z' * LARGE}"},
    "a redirect": {"status": 302, "text": "q" * LARGE, "headers": {"Location": "https://elsewhere.example/"}},
    "a bomb": {"wire": "bomb"},
}


@pytest.fixture
def no_collector() -> Iterator[None]:
    """What is in a cycle stays."""
    gc.collect()
    gc.disable()
    yield
    tracemalloc.stop()
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("place", ["login", "graph", "file"])
@pytest.mark.parametrize("name", FAULTS)
async def test_failed_polls_keep_no_bodies(place: Place, name: str) -> None:
    """Neither an error nor a cycle holds them: after many, less is held than three have, the fronts' buffers too."""
    trouble = Trouble(name, "JSON", {"*": "*"}, (place,), faults=(FAULTS[name],))
    cell = next(cell for cell in cells(trouble) if cell.kind == ("report" if place == "file" else "list"))
    async with world() as microsoft, microsoft.case(cell) as case:
        await case.poll(*case.ill.jobs)
        await case.inflict()
        CLOCK.pass_time(DAY)
        await case.poll(case.job)
        tracemalloc.start()
        for _ in range(REPEATS):
            CLOCK.pass_time(RETRY)
            await case.poll(case.job)
            microsoft.told.new()
        held, _ = tracemalloc.get_traced_memory()
        assert case.now(case.job).failures_in_a_row > REPEATS
    assert held < 3 * LARGE
