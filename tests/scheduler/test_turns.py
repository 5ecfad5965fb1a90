"""Writing the lines of a large poll holds nobody up, and what a sibling learns meanwhile is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import anyio
import anyio.lowlevel

from o365_exporter.exposition.rendering import BATCH
from o365_exporter.graph import Endpoint, GraphClient
from o365_exporter.metrics import Metric, Sample
from o365_exporter.scheduler.poller import Poller
from o365_exporter.source import Source
from o365_exporter.store import Key, Poll
from tests.fakes import FakeClock
from tests.scheduler.scripted import Steady, tenant

LARGE = Metric("o365_test_large", "Many.", ("number",))
BATCHES = 20


class LargeSource(Source[int]):
    """Has many series, all with the value of its sibling."""

    name = "large"
    endpoints: tuple[Endpoint, ...] = ()

    async def fetch(self, graph: GraphClient, previous: int | None, now: float) -> int:
        return BATCHES * BATCH

    def samples(self, records: int, siblings: Mapping[str, Any]) -> Iterator[Sample]:
        for number in range(records):
            yield LARGE.at(siblings["main"], number=str(number))


async def written(polls: dict[Key, Poll], turns: list[int], sibling: Key) -> Poll:
    """The poll of the large source, during which its sibling learns something after three turns of others."""

    async def others() -> None:
        while True:
            await anyio.lowlevel.checkpoint()
            turns.append(len(turns))
            if len(turns) == 3:
                polls[sibling] = Poll(60, 600, records=2.0)

    contoso = tenant(LargeSource(interval=60, stale_after=600), max_series=BATCHES * BATCH)
    (job,) = contoso.jobs
    polls[job.key] = Poll(60, 600)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(others)
        outcome = await Poller(FakeClock(), Steady()).attempt(contoso, job, polls)
        tasks.cancel_scope.cancel()
    return outcome.poll


async def test_others_have_turns_and_no_line_is_of_yesterday() -> None:
    """A turn for each batch; the lines are written anew where the records beside them have changed."""
    sibling, turns = Key("contoso", "test", "main"), list[int]()
    poll = await written({sibling: Poll(60, 600, records=1.0)}, turns, sibling)
    assert poll.state == "ok", poll.message
    lines = poll.rendered[LARGE.name].splitlines()
    assert len(lines) == BATCHES * BATCH
    assert {line.rpartition(b" ")[2] for line in lines} == {b"2.0"}
    assert len(turns) >= 2 * BATCHES - 2
