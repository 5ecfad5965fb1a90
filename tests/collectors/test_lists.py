"""Every source that reads a list: neither an odd entry nor a sudden emptiness is taken for the truth."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.errors import NoData, UnexpectedAnswerError
from o365_exporter.listing import BELIEVED_AFTER, ListSource, parsed
from tests.stubs import StubGraph, polled, text_of

LISTS = {
    f"{name}/{source.name}": source
    for name, collector in all_collectors().items()
    for source in collector.sources(collector.options())
    if isinstance(source, ListSource)
}
"""Sources of the catalogue, so that a new one joins by itself."""

every_list = pytest.mark.parametrize("source", LISTS.values(), ids=LISTS)


def entry(number: int = 1) -> dict[str, Any]:
    """What any list can hold: each has an id of one of these names."""
    names = ("id", "appId", "skuId", "service", "displayName", "skuPartNumber")
    return {name: f"{name}-{number}" for name in names}


@every_list
async def test_a_list_is_not_believed_to_be_empty_at_once(source: ListSource[Any]) -> None:
    """After there was something, 200 with an empty value is a failure that keeps what was known, not a zero."""
    graph = StubGraph({source.endpoint.route: [entry(1), entry(2)]})
    before = await polled(source, graph, now=0)
    graph.lists[source.endpoint.route] = []
    with pytest.raises(UnexpectedAnswerError, match=rf"suddenly lists no {source.noun} at all .* after 2 before"):
        await polled(source, graph, before, now=BELIEVED_AFTER - 1)


@every_list
async def test_emptiness_that_lasts_is_believed_where_it_can_be_true(source: ListSource[Any]) -> None:
    """After a day of nothing else it is the answer; but a tenant never has no service at all."""
    graph = StubGraph({source.endpoint.route: [entry()]})
    before = await polled(source, graph, now=0)
    graph.lists[source.endpoint.route] = []
    if source.believed_after > BELIEVED_AFTER:
        with pytest.raises(UnexpectedAnswerError, match="suddenly lists no"):
            await polled(source, graph, before, now=100 * BELIEVED_AFTER)
        return
    try:
        assert list(await polled(source, graph, before, now=BELIEVED_AFTER)) == []
    except NoData as nothing:
        assert f"lists no {source.noun} at all" in str(nothing)  # noqa: PT017 - either answer is an answer


@every_list
async def test_one_odd_entry_costs_itself(source: ListSource[Any]) -> None:
    """It is counted and named, and what is served is what would be served without it."""
    good = [entry(number) for number in range(5)]
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
    entries = [entry(number) for number in range(good)] + [dict.fromkeys(entry(), 5) for _ in range(odd)]
    with pytest.raises(UnexpectedAnswerError, match=f"listed {good + odd} entries, of which {odd} cannot be read"):
        await polled(source, StubGraph({source.endpoint.route: entries}))


def test_of_two_entries_with_one_key_the_last_counts() -> None:
    """Pages can shift while they are read."""
    listing = parsed([entry(1), entry(2), {**entry(1), "name": "later"}], dict, lambda record: record["id"], 7.0)
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
