"""``shard``: several processes share the tenants."""

from __future__ import annotations

import uuid

import pytest

from o365_exporter.commands.check_config import check_config
from o365_exporter.commands.run import run
from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import needing_restart
from o365_exporter.settings.sharding import Shard
from tests.settings.desk import MANY, ONE_TENANT, Desk

TENANTS = [str(uuid.UUID(int=number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128)) for number in range(1000)]


def owners(count: int) -> dict[str, list[int]]:
    """The shards that have each tenant, where there are so many."""
    shards = [Shard(index, count) for index in range(count)]
    return {tenant: [shard.index for shard in shards if shard.has(tenant)] for tenant in TENANTS}


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_each_tenant_is_polled_by_exactly_one(count: int) -> None:
    """Shards are disjoint and complete, and of like size."""
    found = list(owners(count).values())
    assert {len(shards) for shards in found} == {1}
    sizes = [found.count([index]) for index in range(count)]
    assert max(sizes) < 1.25 * 1000 / count
    assert min(sizes) > 0.75 * 1000 / count


def test_a_fourth_shard_takes_a_quarter_and_nothing_else_moves() -> None:
    """Of a thousand tenants about 250 move from three shards to four, all of them to the new one."""
    before, after = owners(3), owners(4)
    moved = [after[tenant] for tenant in TENANTS if before[tenant] != after[tenant]]
    assert 210 < len(moved) < 290
    assert all(shard == [3] for shard in moved)


def test_the_weights_are_those_of_all_releases() -> None:
    """Where a tenant is polled must not depend on version, machine or hash seed."""
    assert [owners(3)[tenant] for tenant in TENANTS[:8]] == [[0], [0], [1], [1], [1], [2], [2], [2]]


BEYOND = 'write a number from 1 to 1000 after the slash, such as "0/3".'
EXAMPLES = 'write which of how many, counted from 0, such as "0/3", "1/3" and "2/3".'


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("4/3", 'is beyond the last shard: shards are counted from 0, so the last is "2/3".'),
        ("3/3", 'is beyond the last shard: shards are counted from 0, so the last is "2/3".'),
        ("0/0", f"is one of no shards: {BEYOND}"),
        ("1/1001", f"is one of too many shards: {BEYOND}"),
        ("one", f"is no shard: {EXAMPLES}"),
        ("-1/3", f"is no shard: {EXAMPLES}"),
        ("1", f"is no shard: {EXAMPLES}"),
        ("$(POD_INDEX)/3", f"is no shard: {EXAMPLES}"),
    ],
)
def test_what_is_no_shard_is_refused(desk: Desk, value: str, fault: str) -> None:
    """Key, value, remedy; by whichever way it comes."""
    assert desk.faults(environ={**ONE_TENANT, "O365_SHARD": value}) == [
        f'O365_SHARD = "{value}" in the environment {fault}'
    ]
    with pytest.raises(ConfigurationError) as caught:
        run(None, ONE_TENANT, None, value)
    assert caught.value.faults == [f"--shard {value!r} {fault}"]


def written() -> str:
    """Settings with ten tenants."""
    return MANY + "".join(f'[tenants.t{number}]\ntenant_id = "t{number}.example.com"\n' for number in range(10))


def test_check_config_shows_the_tenants_of_the_shard(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """And says that these are not all."""
    desk.config.write_text(written(), "utf-8")
    shown = []
    for index in range(3):
        assert check_config(desk.config, {"O365_SHARD": f"{index}/3"}) == 0
        lines = capsys.readouterr().out.splitlines()
        names = [line for line in lines if line.startswith("tenant_id = ")]
        assert lines[2] == f"# Shard {index}/3 has {len(names)} of 10 tenants; only these are shown."
        assert f'shard = "{index}/3"  # O365_SHARD in the environment' in lines
        shown += names
    assert len(shown) == len(set(shown)) == 10


def test_a_fault_of_any_tenant_is_told_by_every_shard(desk: Desk) -> None:
    """All look at the same settings, so none starts with what stops another."""
    broken = written() + '[tenants.t10]\ntenant_id = "no where"\n'
    assert all(desk.faults(broken, {"O365_SHARD": f"{index}/3"}) for index in range(3))


def test_another_shard_needs_a_restart(desk: Desk) -> None:
    """Until then the process goes on with its own tenants."""
    first, second = (desk.load(written(), {"O365_SHARD": shard}) for shard in ("0/3", "1/3"))
    assert needing_restart(first, second) == ["shard"]
    assert first.polled(second.tenants) == first.polled(first.tenants) != second.polled(second.tenants)
