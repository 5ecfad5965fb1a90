"""What Microsoft gives to all tenants alike takes memory once: for two tenants, and after a restart."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from o365_exporter.catalogue import all_collectors, all_metrics
from tests.fakes import NOON
from tests.stubs import StubGraph, polled

SERVICES = "/admin/serviceAnnouncement/healthOverviews"
ISSUES = "/admin/serviceAnnouncement/issues"
MESSAGES = "/admin/serviceAnnouncement/messages"
SKUS = "/subscribedSkus"
MODIFIED = "2026-03-10T09:00:00Z"
ANSWERS = {
    SERVICES: [{"id": "Exchange", "service": "Exchange Online", "status": "serviceOperational"}],
    ISSUES: [
        {
            "id": "EX1",
            "service": "Exchange Online",
            "title": "Delayed mail",
            "startDateTime": MODIFIED,
            "isResolved": False,
            "posts": [{"createdDateTime": MODIFIED, "description": {"contentType": "html", "content": "<p>Soon</p>"}}],
        }
    ],
    MESSAGES: [
        {
            "id": "MC1",
            "title": "New",
            "services": ["Exchange Online"],
            "lastModifiedDateTime": MODIFIED,
            "body": {"contentType": "html", "content": "<p>New</p>"},
        }
    ],
    SKUS: [{"skuId": "sku-1", "skuPartNumber": "SPE_E5", "consumedUnits": 3, "prepaidUnits": {"enabled": 5}}],
}


def sources() -> dict[str, Any]:
    """Those whose records are of Microsoft's and not of the tenant's, by name."""
    names = ("overviews", "issues", "messages", "bodies", "skus")
    found = (source for each in all_collectors().values() for source in each.sources(each.options()))
    return {source.name: source for source in found if source.name in names}


def graph() -> StubGraph:
    """One that gives new objects for each tenant, as an answer in JSON does."""
    made = StubGraph(json.loads(json.dumps(ANSWERS)))
    made.entries = {"MC1": made.lists[MESSAGES][0]}
    return made


def parts(records: Iterable[Any]) -> Iterator[object]:
    """What of the records is to be the same object for all."""
    for record in records:
        yield from record.samples if hasattr(record, "samples") else (record,)
        yield from getattr(record, "words", ())


@pytest.mark.parametrize("name", sources())
async def test_equal_records_are_one_object(name: str) -> None:
    """Of two tenants, and of what was written down and read back, which is made of other bytes."""
    source = sources()[name]
    first, second = [await polled(source, graph(), now=NOON) for _ in range(2)]
    adapter = TypeAdapter[Any](source.form)
    context = {"metrics": all_metrics()}
    again = adapter.validate_json(adapter.dump_json(first), context=context)
    assert first == second == again
    assert len(list(parts(first))) > 0
    for one, two, three in zip(parts(first), parts(second), parts(again), strict=True):
        assert one is two is three
