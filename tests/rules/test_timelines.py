"""Who is told what, over timelines that were judged before: all that should be told is, in its time, and no more."""

from __future__ import annotations

import pytest

from tests.rules.kit import RULE_FILES
from tests.rules.timelines.judged import Verdict, World, judge
from tests.rules.timelines.play import Told, firing, notified
from tests.rules.timelines.stories import WORLDS
from tests.rules.timelines.world import Exporter, scraped


def told_in(world: World) -> list[Told]:
    """Everything that Alertmanager sends."""
    tenants = [tenant for timeline in world.timelines for tenant in timeline.tenants]
    series = scraped(list(world.exporters) or [Exporter(tenants)], world.minutes, world.step)
    rules = [path for path in RULE_FILES if path.stem in world.subjects or not world.subjects]
    return notified(firing(series, world.minutes, world.step, rules), world.minutes, world.step)


def verdicts(world: World) -> dict[str, Verdict]:
    """How each timeline ended."""
    told = told_in(world)
    alone = len(world.timelines) == 1
    return {f"{one.policy} {one.name}": judge(one, told, alone=alone) for one in world.timelines}


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_who_is_told(world: World) -> None:
    """Each expected announcement and all-clear comes, in its time, once; nothing else does."""
    found = verdicts(world)
    faults = {name: (one.missing, one.too_much) for name, one in found.items() if one.missing or one.too_much}
    assert faults == {}


def test_every_row_of_the_policy_has_timelines() -> None:
    """Of each row that speaks of what is collected there is more than one timeline."""
    rows = [timeline.policy for world in WORLDS for timeline in world.timelines]
    of_nothing_collected_yet = {"P11"}
    wanted = {f"P{number}" for number in range(1, 17)} - of_nothing_collected_yet
    assert {row for row in wanted if rows.count(row) < 2} == set()


def test_names_are_unique() -> None:
    """Two timelines of one name would share a tenant."""
    names = [timeline.name for world in WORLDS for timeline in world.timelines]
    assert len(names) == len(set(names))
