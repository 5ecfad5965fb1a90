"""Which tenants this process polls where several share them: rendezvous hashing on the tenant id.

Each shard has a weight for each tenant, and the heaviest has it. Where a shard is added, it takes from each of the
others what it is heavier for, and nothing else moves.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from o365_exporter.texts import UnusableError

MOST = 1000
"""Shards at most: each weighs each tenant."""

_WRITTEN = re.compile(r"\s*([0-9]{1,9})\s*/\s*([0-9]{1,9})\s*")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` processes; they are numbered from 0."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def has(self, tenant_id: str) -> bool:
        """Whether this shard polls the tenant; of all shards, exactly one does."""
        return max(range(self.count), key=lambda shard: _weight(shard, tenant_id)) == self.index


def _weight(shard: int, tenant_id: str) -> bytes:
    return blake2b(f"{shard}/{tenant_id}".encode(), digest_size=8).digest()


def parse_shard(value: object) -> Shard:
    """The shard in ``0/3``.

    Raises:
        UnusableError: it is none.
    """
    if isinstance(value, Shard):
        return value
    match = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise UnusableError("is no shard", 'write which of how many, counted from 0, such as "0/3", "1/3" and "2/3"')
    index, count = int(match[1]), int(match[2])
    if not 1 <= count <= MOST:
        what = "is one of no shards" if count == 0 else "is one of too many shards"
        raise UnusableError(what, f'write a number from 1 to {MOST} after the slash, such as "0/3"')
    if index >= count:
        last = f'"{count - 1}/{count}"'
        raise UnusableError("is beyond the last shard", f"shards are counted from 0, so the last is {last}")
    return Shard(index, count)


class ShardingOptions(BaseModel):
    """How several processes share the tenants."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    shard: Annotated[Shard, BeforeValidator(parse_shard), PlainSerializer(str, return_type=str)] | None = Field(
        None,
        description='Which part of the tenants this process polls, where several share them: `"0/3"`, `"1/3"` and '
        '`"2/3"` are three processes with the same settings otherwise. Without it, all.',
        examples=["0/3"],
    )
