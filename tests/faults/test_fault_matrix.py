"""Every trouble with every source: what it becomes, what is told of it, and that nothing else is touched.

The list is ``tools.troubles``. Here each trouble meets one source of each class that differs; ``make faults`` lets it
meet all of them.
"""

from __future__ import annotations

import os

import pytest

from tests.faults.matrix import complaints
from tests.faults.rig import world
from tools.troubles import BY_TLS, TROUBLES, Trouble, cells, representative, sources

WHOLE = os.environ.get("FAULTS") == "all"
STARTS = TROUBLES if WHOLE else tuple({trouble.kind: trouble for trouble in TROUBLES}.values())
"""Troubles that are there from the start: one of each kind, or all."""


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda trouble: trouble.name.replace(" ", "_"))
async def test_a_trouble_is_survived(trouble: Trouble) -> None:
    """The right state and sentence, one line in the log, old values with their age, no secret, and recovery."""
    async with world(by_tls=trouble.front in BY_TLS) as microsoft:
        for cell in (cells if WHOLE else representative)(trouble):
            assert await complaints(microsoft, cell) == []


@pytest.mark.parametrize("trouble", STARTS, ids=lambda trouble: trouble.name.replace(" ", "_"))
async def test_a_trouble_at_the_start_is_survived(trouble: Trouble) -> None:
    """Nothing is shown, it is told once, and what was wrong from the first poll on is over when it is over."""
    async with world(by_tls=trouble.front in BY_TLS) as microsoft:
        for cell in representative(trouble):
            assert await complaints(microsoft, cell, from_the_start=True) == []


def test_every_source_is_in_the_matrix() -> None:
    """A new one joins because it is in the catalogue, and each class of source meets each kind of trouble it can."""
    met = {(cell.collector, cell.source) for trouble in TROUBLES for cell in cells(trouble)}
    assert met == {(collector, source.name) for collector, source in sources()}


def test_every_trouble_has_a_name_of_its_own() -> None:
    """By which its row in the docs is found."""
    names = [trouble.name for trouble in TROUBLES]
    assert sorted(set(names)) == sorted(names)
