"""Microsoft's samples of the message centre."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.graph.world import GRAPH, Microsoft, microsoft
from tests.samples.watching import answer, page, read_sample, watching

MESSAGES = "/admin/serviceAnnouncement/messages"
KIND = 'category="stayInformed",major_change="true"'


@pytest.fixture
def world() -> Iterator[Microsoft]:
    """A Microsoft that answers what a test tells it to."""
    with microsoft() as fake:
        yield fake


async def test_messages_list(world: Microsoft, shared: Path) -> None:
    """What ended years ago is not served, and counts nowhere: all kinds are 0."""
    route = world.graph(MESSAGES).mock(return_value=answer(shared, "messages-list.beta.json"))
    async with watching("message_center") as watch:
        await watch.poll()
    assert watch.told("messages") == ("ok", "")
    assert {line.rpartition(" ")[2] for line in watch.lines("messages")} == {"0.0"}
    asked = route.calls.last.request
    select = "id,title,category,severity,services,tags,isMajorChange,hasAttachments,"
    dates = "startDateTime,endDateTime,lastModifiedDateTime,actionRequiredByDateTime"
    assert str(asked.url) == f"{GRAPH}{MESSAGES}?$select={select}{dates}"
    assert asked.headers["prefer"] == "odata.maxpagesize=1000, include-unknown-enum-members"


async def test_messages_get(world: Microsoft, shared: Path) -> None:
    """A message as it must have been before its end: Pascal case is known, and its body is read by its id."""
    message = read_sample(shared, "messages-list.beta.json")["value"][0] | {"endDateTime": None}
    listed = {**message, "lastModifiedDateTime": "2026-03-10T09:00:00Z"}
    world.graph(f"{MESSAGES}?$select").mock(return_value=page(listed))
    world.graph(f"{MESSAGES}/MC172851").mock(return_value=answer(shared, "messages-get.beta.json"))
    async with watching("message_center") as watch:
        await watch.poll()
    assert watch.lines("messages", "o365_message_info") == [
        f'o365_message_info{{{KIND},message_id="MC172851",services="SharePoint Online, OneDrive for Business",'
        'severity="normal",tenant="contoso",'
        'title="(Updated) New feature: Changes to PowerPoint and Word to open files faster"} 1.0'
    ]
    (body,) = watch["bodies"].records
    assert (body.is_html, body.content[:41]) == (False, "Updated January 07, 2021: Based on learni")
