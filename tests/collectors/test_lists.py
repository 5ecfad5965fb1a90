"""Every source that reads a list: neither an odd entry nor a sudden loss is taken for the truth."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import anyio.lowlevel
import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.collectors.service_health import parse_issue
from o365_exporter.errors import NoData, UnexpectedAnswerError
from o365_exporter.listing import ListSource, parsed
from o365_exporter.resources import ResourceSource
from o365_exporter.source import BELIEVED_AFTER
from o365_exporter.store import Poll
from tests.counting import counted
from tests.stubs import StubGraph, polled, text_of

LISTS = {
    f"{name}/{source.name}": source
    for name, collector in all_collectors().items()
    for source in collector.sources(collector.options())
    if isinstance(source, ListSource) and not (isinstance(source, ResourceSource) and source.resource.takes_a_part)
}
"""Sources of the catalogue, so that a new one joins by itself."""

every_list = pytest.mark.parametrize("source", LISTS.values(), ids=LISTS)


def entry(number: int = 1) -> dict[str, Any]:
    """What any list can hold: each has an id of one of these names."""
    names = ("id", "appId", "skuId", "service", "displayName", "skuPartNumber")
    return {name: f"{name}-{number}" for name in names}


NONE = r"suddenly lists no {} at all .* after {} before"
FEWER = r"suddenly lists only {} {}s for this tenant, after {} before"


def entries(number: int) -> list[dict[str, Any]]:
    """A list of so many."""
    return [entry(each) for each in range(number)]


class Asked:
    """A source asked again and again, each time given what the scheduler would give it."""

    def __init__(self, source: ListSource[Any]) -> None:
        self.source = source
        self.known: Any = None

    async def listed(self, number: int, *, now: float) -> Any:
        """The records where Graph lists so many; an error where they are not believed."""
        graph = StubGraph({self.source.endpoint.route: entries(number)})
        try:
            self.known = await polled(self.source, graph, self.known, now=now)
        except UnexpectedAnswerError as error:
            self.known = error.unfinished
            raise
        return self.known

    async def is_doubted(self, number: int, *, now: float, words: str) -> None:
        """It fails with a sentence that holds these words."""
        with pytest.raises(UnexpectedAnswerError, match=words):
            await self.listed(number, now=now)


@every_list
async def test_a_list_is_not_believed_to_be_empty_at_once(source: ListSource[Any]) -> None:
    """200 with an empty value after there was something is a failure that keeps what was known, however long ago."""
    asked, none = Asked(source), NONE.format(source.noun, 2)
    before = await asked.listed(2, now=0)
    await asked.is_doubted(0, now=5 * BELIEVED_AFTER, words=none)
    await asked.is_doubted(0, now=6 * BELIEVED_AFTER - 1, words=none)
    assert list(asked.known) == list(before)


@every_list
async def test_emptiness_that_lasts_is_believed_where_it_can_be_true(source: ListSource[Any]) -> None:
    """After a day of nothing else it is the answer; but a tenant never has no service at all."""
    asked, none = Asked(source), NONE.format(source.noun, 1)
    await asked.listed(1, now=0)
    await asked.is_doubted(0, now=100, words=none)
    if source.believed_after > BELIEVED_AFTER:
        await asked.is_doubted(0, now=100 * BELIEVED_AFTER, words=none)
        return
    try:
        assert list(await asked.listed(0, now=BELIEVED_AFTER + 100)) == []
    except NoData as nothing:
        assert f"lists no {source.noun} at all" in str(nothing)  # noqa: PT017 - either answer is an answer


@every_list
async def test_an_entry_between_two_empty_answers_makes_the_second_a_new_one(source: ListSource[Any]) -> None:
    """Emptiness is counted from when it began, not from when the first of its kind was seen."""
    asked, none = Asked(source), NONE.format(source.noun, 1)
    await asked.listed(1, now=0)
    await asked.is_doubted(0, now=100, words=none)
    await asked.listed(1, now=BELIEVED_AFTER)
    await asked.is_doubted(0, now=BELIEVED_AFTER + 200, words=none)


@every_list
async def test_a_sharp_loss_is_believed_when_the_next_interval_confirms_it(source: ListSource[Any]) -> None:
    """Most of many entries gone at once is a failure that keeps what was known; later it is believed, with a remark."""
    asked, fewer = Asked(source), FEWER.format(9, source.noun, 20)
    before = await asked.listed(20, now=0)
    await asked.is_doubted(9, now=50_000, words=fewer)
    await asked.is_doubted(9, now=50_000 + source.interval - 1, words=fewer)
    assert list(asked.known) == list(before)
    believed = await asked.listed(9, now=50_000 + source.interval)
    remark = f"Graph lists only 9 {source.noun}s for this tenant, after 20 before."
    assert len(believed) == 9
    assert remark in source.remarks(believed)
    assert remark not in source.remarks(await asked.listed(9, now=60_000))


@every_list
@pytest.mark.parametrize(("before", "after"), [(20, 10), (19, 1)])
async def test_a_loss_of_half_or_of_few_is_believed(source: ListSource[Any], before: int, after: int) -> None:
    """People do tidy up."""
    asked = Asked(source)
    await asked.listed(before, now=0)
    assert len(await asked.listed(after, now=100)) == after


@every_list
async def test_a_list_that_is_first_cut_and_then_empty_is_empty_since_then(source: ListSource[Any]) -> None:
    """Each doubt has its own beginning."""
    asked = Asked(source)
    await asked.listed(20, now=0)
    await asked.is_doubted(9, now=100, words=FEWER.format(9, source.noun, 20))
    await asked.is_doubted(0, now=BELIEVED_AFTER + 50, words=NONE.format(source.noun, 20))


async def test_a_doubt_is_kept_over_polls_that_bring_no_answer() -> None:
    """It outlives failures of other kinds, so that an outage neither is a day of emptiness nor begins one anew."""
    source = LISTS["subscriptions/skus"]
    asked = Asked(source)
    known = await asked.listed(1, now=0)
    poll = Poll(interval=3600, stale_after=21600).answered("ok", known, 0)
    await asked.is_doubted(0, now=5000, words="suddenly")
    poll = poll.failed("unexpected_answer", "", unfinished=asked.known).failed("unavailable", "")
    asked.known = poll.known
    with pytest.raises(NoData):
        await asked.listed(0, now=5000 + BELIEVED_AFTER)


@every_list
async def test_one_odd_entry_costs_itself(source: ListSource[Any]) -> None:
    """It is counted and named, and what is served is what would be served without it."""
    good = entries(5)
    whole = await polled(source, StubGraph({source.endpoint.route: good}))
    odd = {name: {"of another": "kind"} for name in entry()}
    records = await polled(source, StubGraph({source.endpoint.route: [*good, odd]}))
    assert text_of(source, records) == text_of(source, whole)
    assert (source.left_out(whole), source.left_out(records)) == (0, 1)
    assert any(
        remark.startswith("1 of 6 entries cannot be read and are left out.") for remark in source.remarks(records)
    )


@every_list
@pytest.mark.parametrize(("good", "odd"), [(0, 1), (6, 4), (70, 4)])
async def test_more_than_a_few_odd_entries_are_another_answer(source: ListSource[Any], good: int, odd: int) -> None:
    """Where none can be read, or more than three and a twentieth, the form has changed: nothing is shown as whole."""
    listed = entries(good) + [dict.fromkeys(entry(), 5) for _ in range(odd)]
    with pytest.raises(UnexpectedAnswerError, match=f"listed {good + odd} entries, of which {odd} cannot be read"):
        await polled(source, StubGraph({source.endpoint.route: listed}))


async def most_in_one_go(entries: int) -> int:
    """Instructions that the reading of a list takes at most before others have their turn."""
    done = False

    async def others() -> None:
        while not done:
            work.turn()
            await anyio.lowlevel.checkpoint()

    with counted() as work:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(others)
            raw = [{"id": f"EX{number}"} for number in range(entries)]
            await parsed(raw, parse_issue, lambda issue: issue.id, 0.0)
            done = True
    return work.longest


async def test_a_long_list_is_read_in_turns() -> None:
    """Ten times as many entries hold up the others no longer."""
    assert await most_in_one_go(2000) < 1.5 * await most_in_one_go(200)


async def test_of_two_entries_with_one_key_the_last_counts() -> None:
    """Pages can shift while they are read."""
    listing = await parsed([entry(1), entry(2), {**entry(1), "name": "later"}], dict, lambda record: record["id"], 7.0)
    assert [record.get("name") for record in listing] == ["later", None]
    assert listing.read_at == 7.0


INVISIBLE = "CPC_E_2C_8GB_128GB\u200b"


async def test_a_filter_meets_what_people_see() -> None:
    """A part number that ends in a character without width passes the filter on its visible end."""
    collector = all_collectors()["subscriptions"]
    (skus, _) = collector.sources(collector.options.model_validate({"skus": {"include": ["128GB$"]}}))
    units = {"enabled": 5, "suspended": 0, "warning": 0, "lockedOut": 0}
    sku = {"skuId": "sku-1", "skuPartNumber": INVISIBLE, "capabilityStatus": "Enabled", "prepaidUnits": units}
    records = await polled(skus, StubGraph({"/subscribedSkus": [json.loads(json.dumps(sku))]}))
    text = text_of(skus, records)
    assert (
        'o365_sku_units{sku_id="sku-1",sku_part_number="CPC_E_2C_8GB_128GB",state="enabled",tenant="contoso"} 5.0'
        in (text)
    )
    assert "\u200b" not in text
    assert text_of(skus, replace(records, left_out=1)) == text
