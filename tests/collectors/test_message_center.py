"""``message_center``: which messages are served, and what is kept of their bodies."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, cast

import pytest
from pydantic import TypeAdapter

from o365_exporter.collectors.message_center import (
    BODIES_SIZE,
    COLLECTOR,
    LONGEST_BODY,
    Bodies,
    BodiesSource,
    Messages,
    MessagesSource,
    Options,
)
from o365_exporter.errors import NoData, UnavailableError, UnexpectedAnswerError
from o365_exporter.http.client import BodyTooLargeError
from o365_exporter.source import Source
from tests.fakes import NOON
from tests.stubs import StubGraph, polled, text_of

LIST = "/admin/serviceAnnouncement/messages"
TODAY, LAST_WEEK, LAST_YEAR = "2026-03-10T09:00:00Z", "2026-03-03T09:00:00Z", "2025-03-10T09:00:00Z"
AHEAD, PAST = "2026-04-10T00:00:00Z", "2026-03-09T00:00:00Z"


def message(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A message as Graph lists it."""
    return {
        "id": f"MC{number}",
        "title": "Teams: a new look",
        "category": "stayInformed",
        "severity": "normal",
        "services": ["Microsoft Teams"],
        "tags": ["New feature"],
        "isMajorChange": False,
        "hasAttachments": False,
        "startDateTime": LAST_WEEK,
        "endDateTime": "2026-12-31T00:00:00Z",
        "lastModifiedDateTime": TODAY,
        "actionRequiredByDateTime": None,
        **changes,
    }


def with_body(number: int, content: str, kind: str = "html") -> dict[str, Any]:
    """The answer to a question about a single message."""
    return {"id": f"MC{number}", "body": {"contentType": kind, "content": content}}


def sources(**options: Any) -> tuple[Source[Any], ...]:
    """Those of the collector with these options."""
    return COLLECTOR.sources(Options.model_validate(options))


async def listed(*entries: dict[str, Any], now: float = NOON, **options: Any) -> tuple[MessagesSource, Messages]:
    """The source of the messages, and its records."""
    source = sources(**options)[0]
    assert isinstance(source, MessagesSource)
    return source, await polled(source, StubGraph({LIST: list(entries)}), now=now)


def lines(text: str, *families: str) -> list[str]:
    """The lines of some families."""
    return [line for line in text.splitlines() if line.startswith(families)]


async def test_a_message_becomes_series() -> None:
    """Its kind, services and title in one, its times each in one; ids stand before names."""
    entry = message(7, actionRequiredByDateTime=AHEAD, services=["Microsoft Teams", "Exchange Online"])
    source, records = await listed(entry)
    assert lines(text_of(source, records), "o365_message_") == [
        'o365_message_action_required_timestamp_seconds{message_id="MC7",tenant="contoso"} 1.7757792e+09',
        'o365_message_info{category="stayInformed",major_change="false",message_id="MC7",'
        'services="Microsoft Teams, Exchange Online",severity="normal",tenant="contoso",title="Teams: a new look"} 1.0',
        'o365_message_last_modified_timestamp_seconds{message_id="MC7",tenant="contoso"} 1.7731332e+09',
    ]


async def test_messages_are_counted_by_kind() -> None:
    """All kinds that Graph has are counted, 0 too; what Microsoft does not say is not no."""
    source, records = await listed(
        message(1), message(2), message(3, isMajorChange=None), message(4, isMajorChange=True, severity="critical")
    )
    counts = lines(text_of(source, records), "o365_messages{")
    assert [line for line in counts if not line.endswith(" 0.0")] == [
        'o365_messages{category="stayInformed",major_change="false",severity="normal",tenant="contoso"} 2.0',
        'o365_messages{category="stayInformed",major_change="true",severity="critical",tenant="contoso"} 1.0',
        'o365_messages{category="stayInformed",major_change="unknown",severity="normal",tenant="contoso"} 1.0',
    ]
    assert len(counts) == 3 * 3 * 2 + 1


async def test_members_of_any_case_are_known_and_new_ones_are_named() -> None:
    """Pascal case is Graph's own now and then; what is newer than this version is unknown and in the log."""
    source, records = await listed(message(1, category="PlanForChange"), message(2, category="adopt", severity="low"))
    found = [line for line in lines(text_of(source, records), "o365_messages{") if line.endswith(" 1.0")]
    assert found == [
        'o365_messages{category="planForChange",major_change="false",severity="normal",tenant="contoso"} 1.0',
        'o365_messages{category="unknown",major_change="false",severity="unknown",tenant="contoso"} 1.0',
    ]
    assert list(source.remarks(records)) == [
        "The message MC2 has the category 'adopt', which is served as unknown.",
        "The message MC2 has the severity 'low', which is served as unknown.",
    ]


@pytest.mark.parametrize(
    ("changes", "is_served"),
    [
        ({}, True),
        ({"lastModifiedDateTime": LAST_YEAR}, False),
        ({"lastModifiedDateTime": LAST_YEAR, "actionRequiredByDateTime": AHEAD}, True),
        ({"lastModifiedDateTime": LAST_YEAR, "actionRequiredByDateTime": PAST}, False),
        ({"actionRequiredByDateTime": PAST}, True),
        ({"endDateTime": PAST}, False),
        ({"endDateTime": PAST, "actionRequiredByDateTime": AHEAD}, True),
        ({"endDateTime": None}, True),
        ({"lastModifiedDateTime": None}, True),
    ],
)
async def test_which_messages_are_served(changes: dict[str, Any], is_served: bool) -> None:
    """Those with a deadline ahead, and those that have not ended and were changed within ``keep``."""
    source, records = await listed(message(1, **changes))
    assert bool(lines(text_of(source, records), "o365_message_info")) is is_served


async def test_none_that_is_served_is_an_answer_and_none_at_all_is_no_data() -> None:
    """Old messages alone count as 0; where Graph lists nothing, nothing is counted."""
    source, records = await listed(message(1, lastModifiedDateTime=LAST_YEAR))
    assert {line.rpartition(" ")[2] for line in text_of(source, records).splitlines()} == {"0.0"}
    with pytest.raises(NoData, match="no message at all"):
        await listed()


async def test_the_foremost_messages_have_series_and_all_are_counted() -> None:
    """Deadlines ahead come first, the nearest foremost, then the latest change; what is cut is told."""
    entries = [
        message(1, lastModifiedDateTime=LAST_WEEK),
        message(2),
        message(3, lastModifiedDateTime=LAST_WEEK, actionRequiredByDateTime=AHEAD),
        message(4, lastModifiedDateTime=LAST_WEEK, actionRequiredByDateTime="2026-03-20T00:00:00Z"),
    ]
    source, records = await listed(*entries, max_messages=3)
    assert [one.id for one in records] == ["MC4", "MC3", "MC2", "MC1"]
    text = text_of(source, records)
    assert len(lines(text, "o365_message_info")) == 3
    assert 'message_id="MC1"' not in text
    assert [line for line in lines(text, "o365_messages{") if line.endswith(" 4.0")]
    assert source.dropped(records) == 2


async def test_a_filter_of_services_never_hides_what_names_none() -> None:
    """One of the services is enough; a message without any is about everything."""
    entries = [message(1, services=["Exchange Online", "Microsoft Teams"]), message(2), message(3, services=[])]
    source, records = await listed(*entries, services={"include": ["exchange"]})
    text = text_of(source, records)
    assert [number for number in (1, 2, 3) if f'message_id="MC{number}"' in text] == [1, 3]
    source, records = await listed(message(2), services={"include": ["exchange"]})
    assert list(source.remarks(records)) == [
        "None of the 1 messages passes the filter collectors.message_center.services."
    ]


async def test_a_title_is_one_line_and_cut() -> None:
    """HTML in it is text like any other; 200 characters are enough for a label."""
    source, records = await listed(message(1, title="<script>alert('x')</script>\n" + "a" * 500))
    (line,) = lines(text_of(source, records), "o365_message_info")
    assert f"title=\"<script>alert('x')</script> {'a' * 172}\"" in line
    assert len(records.entries[0].title) == 528


async def test_ten_thousand_messages() -> None:
    """As many as nobody has: the thousand foremost have series."""
    source, records = await listed(*(message(number) for number in range(10_000)))
    assert len(lines(text_of(source, records), "o365_message_info")) == 1000
    assert source.dropped(records) == 18_000


@pytest.mark.parametrize("field", ["isMajorChange", "services", "tags", "lastModifiedDateTime"])
async def test_a_message_that_cannot_be_read_is_left_out(field: str) -> None:
    """What a field of another kind means is not known; the others are served."""
    source, records = await listed(message(1), message(2, **{field: 5}))
    assert ([one.id for one in records], source.left_out(records)) == (["MC1"], 1)


async def test_messages_that_vanish_are_not_believed_at_once() -> None:
    """Graph answers with an empty list now and then; what was known stays."""
    source, records = await listed(message(1))
    with pytest.raises(UnexpectedAnswerError, match="suddenly lists no message at all"):
        await polled(source, StubGraph({LIST: []}), records, now=NOON + 3600)


# Bodies ---------------------------------------------------------------------------------------------------------------


class Reading:
    """The bodies of some messages, read again and again."""

    def __init__(self, *entries: dict[str, Any], **options: Any) -> None:
        (_, source) = sources(**options)
        assert isinstance(source, BodiesSource)
        self.source = source
        self.graph = StubGraph({LIST: list(entries)})
        self.known: Bodies | None = None

    async def no_list(self) -> None:
        """No page can hold what a list with bodies begins with."""
        if self.graph.asked == [LIST, LIST]:
            raise BodyTooLargeError("too large")

    async def contents(self) -> dict[str, str]:
        """What is known after another poll, by message."""
        self.graph.asked.clear()
        self.known = await polled(self.source, self.graph, self.known, now=NOON)
        return {body.id: body.content for body in self.known or ()}


async def test_a_body_is_read_once_and_again_when_the_message_has_changed() -> None:
    """By its own address each; none of it is in a series."""
    reading = Reading(message(1), message(2))
    reading.graph.entries = {"MC1": with_body(1, "<p>one</p>"), "MC2": with_body(2, "two", "text")}
    assert await reading.contents() == {"MC1": "<p>one</p>", "MC2": "two"}
    assert reading.graph.asked == [LIST, f"{LIST}/MC1", f"{LIST}/MC2"]
    assert [body.is_html for body in reading.known or ()] == [True, False]
    assert text_of(reading.source, reading.known) == ""
    await reading.contents()
    assert reading.graph.asked == [LIST]
    reading.graph.lists[LIST] = [message(1, lastModifiedDateTime="2026-03-10T10:00:00Z"), message(2)]
    reading.graph.entries["MC1"] = with_body(1, "<p>more</p>")
    assert await reading.contents() == {"MC1": "<p>more</p>", "MC2": "two"}
    assert reading.graph.asked == [LIST, f"{LIST}/MC1"]


async def test_the_bodies_of_the_foremost_messages_are_read() -> None:
    """As many as is wanted; of what is not served none, and with 0 there is no such source."""
    reading = Reading(
        message(1), message(2, actionRequiredByDateTime=AHEAD), message(3, endDateTime=PAST), max_bodies=1
    )
    reading.graph.entries = {"MC2": with_body(2, "<p>do it</p>")}
    assert await reading.contents() == {"MC2": "<p>do it</p>"}
    assert [source.name for source in sources(max_bodies=0)] == ["messages"]


async def test_long_bodies_are_not_kept() -> None:
    """One that is larger than any answer may be, and those beyond what a tenant may have; what is only long is cut."""
    reading = Reading(*(message(number) for number in range(100, 140)), max_bodies=100)
    noise = random.Random(1)  # noqa: S311 - cannot be compressed
    texts = {number: noise.randbytes(LONGEST_BODY // 2).hex() for number in range(100, 140)}
    reading.graph.entries = {f"MC{number}": with_body(number, text) for number, text in texts.items()}
    reading.graph.entries["MC102"] = with_body(102, "x" * (LONGEST_BODY + 1))
    reading.graph.before_answer = reading.no_list
    reading.graph.entries["MC101"] = BodyTooLargeError("too large")
    contents = await reading.contents()
    kept = [number for number in texts if contents[f"MC{number}"]]
    assert kept == [100, *range(102, 101 + len(kept))]
    assert (len(contents["MC102"]), contents["MC102"][-1]) == (LONGEST_BODY, "…")
    assert 15 < len(kept) < 30
    assert sum(len(body.packed) for body in reading.known or ()) <= BODIES_SIZE
    assert reading.known is not None
    assert list(reading.source.remarks(reading.known)) == [
        f"The bodies of {40 - len(kept)} messages are too long to be kept; the first is MC101."
    ]
    await reading.contents()
    assert reading.graph.asked == [LIST]


async def test_many_bodies_are_read_as_a_list() -> None:
    """Those that the list has not are asked for by themselves, and of what is not wanted nothing is kept."""
    entries = [message(number) for number in range(100, 130)]
    reading = Reading(*entries, message(200, endDateTime=PAST))
    reading.graph.lists[LIST] = [
        *(entry | with_body(int(entry["id"][2:]), f"<p>{entry['id']}</p>") for entry in reading.graph.lists[LIST])
    ]
    assert await reading.contents() == {f"MC{number}": f"<p>MC{number}</p>" for number in range(100, 130)}
    assert reading.graph.asked == [LIST, LIST]


async def test_what_was_read_before_a_failure_is_not_read_again() -> None:
    """The next attempt goes on; a message that is gone meanwhile has no body."""
    reading = Reading(message(1), message(2), message(3))
    reading.graph.entries = {"MC1": with_body(1, "one"), "MC2": UnavailableError("down")}
    with pytest.raises(UnavailableError) as failed:
        await reading.contents()
    reading.known = failed.value.unfinished
    reading.graph.entries["MC2"] = with_body(2, "two")
    assert await reading.contents() == {"MC1": "one", "MC2": "two"}
    assert reading.graph.asked == [LIST, f"{LIST}/MC2", f"{LIST}/MC3"]


async def test_bodies_stay_while_an_empty_list_is_not_believed() -> None:
    """As the messages do: what is asked anew are hundreds of pages."""
    reading = Reading(message(1))
    reading.graph.entries = {"MC1": with_body(1, "one")}
    await reading.contents()
    reading.graph.lists[LIST] = []
    with pytest.raises(UnexpectedAnswerError, match="suddenly lists no message at all") as failed:
        await reading.contents()
    assert [body.content for body in failed.value.unfinished] == ["one"]


async def test_a_new_message_wakes_the_bodies() -> None:
    """So does a changed one; one that leaves does not, nor the first poll, after which they are due anyhow."""
    source, before = await listed(message(1), message(2))
    changed = replace(before.entries[0], last_modified=NOON)
    assert source.wakes(None, before) == ()
    assert source.wakes(before, before) == ()
    assert source.wakes(before, replace(before, entries=before.entries[:1])) == ()
    assert source.wakes(before, replace(before, entries=(changed, before.entries[1]))) == ("bodies",)
    (silent,) = sources(max_bodies=0)
    assert silent.wakes(before, replace(before, entries=(changed,))) == ()


async def test_equal_texts_are_kept_once_also_after_a_restart() -> None:
    """Thousands of tenants have the same messages."""
    first, second = [Reading(message(1)) for _ in range(2)]
    for reading in (first, second):
        reading.graph.entries = {"MC1": with_body(1, "<p>one and the same</p>" * 3)}
        await reading.contents()
    adapter = TypeAdapter[Bodies](BodiesSource.form)
    packed = [body.packed for reading in (first, second) for body in reading.known or ()]
    packed += [body.packed for body in adapter.validate_json(adapter.dump_json(cast("Bodies", first.known)))]
    assert packed[0] is packed[1] is packed[2]


async def test_a_message_is_news_when_it_is_new_or_changed() -> None:
    """What was there at the first reading is not."""
    source, before = await listed(message(1), message(2))
    _, after = await listed(message(1), message(2, lastModifiedDateTime="2026-03-10T10:00:00Z"), message(3))
    assert list(source.news(None, before)) == []
    assert list(source.news(after, after)) == []
    assert [(news.event, news.fields) for news in source.news(before, after)] == [
        (
            "message",
            {
                "message_id": f"MC{number}",
                "at": f"2026-03-10T{hour}:00:00Z",
                "services": "Microsoft Teams",
                "category": "stayInformed",
                "severity": "normal",
                "action_required_by": "",
                "title": "Teams: a new look",
            },
        )
        for number, hour in ((2, "10"), (3, "09"))
    ]
