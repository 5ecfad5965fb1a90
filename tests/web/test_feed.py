"""``/feed.atom`` and ``/calendar.ics``, read by somebody else's parsers."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import httpx
import icalendar
from hypothesis import example, given
from hypothesis import strategies as st

from o365_exporter.web.calendar import calendar_of
from o365_exporter.web.feed import feed_of
from tests.app.rig import Rig, only, polling, rig, small
from tests.web.test_api import application

ATOM = "{http://www.w3.org/2005/Atom}"


def client_of(made: Rig) -> httpx.AsyncClient:
    """A reader."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(application(made)), base_url="https://exporter.example")


async def read(made: Rig, path: str) -> ET.Element:
    """A feed."""
    async with client_of(made) as client:
        answer = await client.get(path)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content)  # noqa: S314 - our own


def texts(feed: ET.Element, name: str) -> list[str | None]:
    """What the entries say under a name."""
    return [entry.findtext(ATOM + name) for entry in feed.findall(ATOM + "entry")]


async def test_a_post_is_an_entry() -> None:
    """With its words, times and links; a later post comes first, and ids stay."""
    async with rig(small("contoso", calm=True), only("service_health")) as made, polling(made):
        contoso = made.simulator.tenants["contoso"]
        contoso.open_issue("Exchange", "Mail & calendars", issue_id="EX1", classification="incident")
        await made.clock.advance(400)
        (entry,) = (await read(made, "/feed.atom")).findall(ATOM + "entry")
        assert entry.findtext(ATOM + "title") == "EX1: Mail & calendars (Exchange Online)"
        assert entry.findtext(ATOM + "summary") == "Of contoso."
        assert [link.get("href") for link in entry.findall(ATOM + "link")] == [
            "https://exporter.example/issue?tenant=contoso&id=EX1",
            "https://admin.microsoft.com/#/servicehealth/:/alerts/EX1",
        ]
        content = entry.find(ATOM + "content")
        assert content is not None
        assert (content.get("type"), (content.text or "")[:34]) == ("html", "<p>Title: Mail &amp; calendars</p>")
        contoso.add_post("EX1")
        await made.clock.advance(400)
        later = texts(await read(made, "/feed.atom"), "id")
        assert len(later) == 2
        assert later[1] == entry.findtext(ATOM + "id")


async def test_posts_of_one_moment_are_entries_of_their_own() -> None:
    """Microsoft's posts have no id; those of an issue in the same second are told apart by their order."""
    async with rig(small("contoso", "fabrikam", calm=True), only("service_health")) as made, polling(made):
        for tenant in made.simulator.tenants.values():
            tenant.open_issue("Exchange", "Mail is late", issue_id="EX1")
            tenant.add_post("EX1", "<p>One more.</p>")
            tenant.add_post("EX1", "<p>And another.</p>")
        await made.clock.advance(400)
        feed = await read(made, "/feed.atom")
    assert [(text or "")[:10] for text in texts(feed, "content")] == ["<p>And ano", "<p>One mor", "<p>Title: "]
    assert len(set(texts(feed, "id"))) == 3
    assert set(texts(feed, "summary")) == {"Of contoso, fabrikam."}


async def test_a_feed_says_what_it_lacks() -> None:
    """That posts are withdrawn is told: one entry names the tenants and the reason, until they are heard again."""
    settings = only("service_health") | {"O365_COLLECTORS__SERVICE_HEALTH__STALE_AFTER": "600"}
    async with rig(small("contoso", "fabrikam", calm=True), settings) as made, polling(made):
        await made.clock.advance(400)
        assert texts(await read(made, "/feed.atom"), "title") == []
        made.simulator.add_fault(path="*/issues", status=503)
        await made.clock.advance(200)
        assert texts(await read(made, "/feed.atom"), "title") == []
        await made.clock.advance(900)
        (entry,) = (await read(made, "/feed.atom")).findall(ATOM + "entry")
        assert entry.findtext(ATOM + "title") == "What Microsoft writes about incidents of 2 tenants cannot be read"
        assert entry.findtext(ATOM + "summary") == "Of contoso, fabrikam."
        assert "is not available (503" in (entry.findtext(ATOM + "content") or "")
        assert [link.get("href") for link in entry.findall(ATOM + "link")] == [
            "https://exporter.example/tenant?name=contoso",
            "https://admin.microsoft.com/#/servicehealth",
        ]
        made.simulator.faults.clear()
        await made.clock.advance(900)
        assert texts(await read(made, "/feed.atom"), "title") == []


async def test_that_messages_were_never_read_is_told_once() -> None:
    """The right to read them is one of its own: its lack is an entry that stays the same from day to day."""
    async with rig(small("contoso", calm=True), only("message_center")) as made:
        made.simulator.tenants["contoso"].withdraw(["ServiceMessage.Read.All"])
        async with polling(made):
            await made.clock.advance(400)
            first = await read(made, "/feed.atom")
            await made.clock.advance(2 * 86400)
            later = await read(made, "/feed.atom")
    assert texts(first, "title") == ["What Microsoft writes in the message centre of 1 tenant cannot be read"]
    assert "ServiceMessage.Read.All" in str(texts(first, "content"))
    assert texts(later, "id") == texts(first, "id")
    assert texts(later, "updated") != texts(first, "updated")


async def test_what_has_no_moment_is_in_the_feed() -> None:
    """By the beginning of its issue; one of the year 9999 does not make the whole feed one of then."""
    async with rig(small("contoso", calm=True), only("service_health")) as made, polling(made):
        contoso = made.simulator.tenants["contoso"]
        contoso.open_issue("Exchange", "Mail is late", issue_id="EX1")
        contoso.add_post("EX1", "<p>Timeless.</p>")
        contoso.add_post("EX1", "<p>Of the end of time.</p>")
        _, timeless, last = contoso.issues["EX1"]["posts"]
        timeless["createdDateTime"], last["createdDateTime"] = None, "9999-12-31T23:59:59.9999999Z"
        await made.clock.advance(400)
        feed = await read(made, "/feed.atom")
    assert [(text or "")[:8] for text in texts(feed, "content")] == ["<p>Of th", "<p>Title", "<p>Timel"]
    end, *others = texts(feed, "updated")
    assert (end, set(others)) == ("9999-12-31T23:59:59Z", {feed.findtext(ATOM + "updated")})


async def test_a_message_without_its_words_says_so() -> None:
    """An empty entry would look as if Microsoft had written nothing."""
    settings = only("message_center") | {"O365_COLLECTORS__MESSAGE_CENTER__MAX_BODIES": "0"}
    async with rig(small("contoso", calm=True), settings) as made, polling(made):
        await made.clock.advance(400)
        feed = await read(made, "/feed.atom")
    assert set(texts(feed, "content")) == {
        "<p>The words of this message are not kept here; the admin center has them.</p>"
    }


async def test_what_many_tenants_are_told_is_one_entry() -> None:
    """It names some of them; the feed of a tenant has its own posts alone, and what is not there is 404."""
    names = [f"tenant{number}" for number in range(7)]
    async with rig(small(*names, calm=True), only("service_health")) as made, polling(made):
        for tenant in made.simulator.tenants.values():
            tenant.open_issue("Exchange", "Mail is late", issue_id="EX1")
        made.simulator.tenants["tenant0"].open_issue("Exchange", "Calendars", issue_id="EX2")
        await made.clock.advance(400)
        feed = await read(made, "/feed.atom")
        told = dict(zip(texts(feed, "title"), texts(feed, "summary"), strict=True))
        assert told["EX1: Mail is late (Exchange Online)"] == (
            "Of tenant0, tenant1, tenant2, tenant3, tenant4 and 2 more tenants."
        )
        assert len(texts(await read(made, "/feed/tenant0.atom"), "title")) == 2
        assert len(texts(await read(made, "/feed/tenant1.atom"), "title")) == 1
        async with client_of(made) as client:
            assert (await client.get("/feed/nobody.atom")).status_code == httpx.codes.NOT_FOUND
            assert (await client.get("/calendar/nobody.ics")).status_code == httpx.codes.NOT_FOUND


async def test_a_reader_that_has_it_is_sent_nothing() -> None:
    """304 for the ETag of before, and the feed again once there is a new post."""
    async with (
        rig(small("contoso", calm=True), only("service_health")) as made,
        polling(made),
        client_of(made) as client,
    ):
        tag = {"if-none-match": (await client.get("/feed.atom")).headers["etag"]}
        assert (await client.get("/feed.atom", headers=tag)).status_code == httpx.codes.NOT_MODIFIED
        made.simulator.tenants["contoso"].open_issue("Exchange", "Mail is late", issue_id="EX1")
        await made.clock.advance(400)
        assert (await client.get("/feed.atom", headers=tag)).status_code == httpx.codes.OK


async def test_a_calendar_stays_the_same_while_nothing_is_heard() -> None:
    """Programs that read it each hour are sent nothing; its events tell when Microsoft was last heard about them."""
    async with rig(small("contoso"), only("subscriptions")) as made, polling(made), client_of(made) as client:
        first = await client.get("/calendar/contoso.ics")
        await made.clock.advance(60)
        again = await client.get("/calendar/contoso.ics", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (httpx.codes.NOT_MODIFIED, b"")
        heard = max(poll.taken_at or 0.0 for poll in made.app.store.of("contoso").values())
    assert {event.decoded("dtstamp").timestamp() for event in events(first)} == {int(heard)}


async def test_a_strange_name_has_a_feed_and_a_calendar() -> None:
    """Slashes, dots, ends of lines and what no XML may hold, each percent-encoded in the address."""
    name = "../a\nb/ü&<\ufffe>"
    async with rig(small("contoso"), {"O365_TENANTS__CONTOSO__NAME": name}) as made, polling(made):
        feed = await read(made, "/feed/..%2Fa%0Ab%2F%C3%BC%26%3C%EF%BF%BE%3E.atom")
        assert feed.findtext(ATOM + "title") == "Microsoft 365: ../a\nb/ü&<>"
        async with client_of(made) as client:
            answer = await client.get("/calendar/..%2Fa%0Ab%2F%C3%BC%26%3C%EF%BF%BE%3E.ics")
    assert answer.status_code == httpx.codes.OK
    assert icalendar.Calendar.from_ical(answer.content)["x-wr-calname"] == "Microsoft 365: ../a b/ü&<\ufffe>"
    assert {str(event["summary"]).partition(":")[0] for event in events(answer)} == {"../a b/ü&<\ufffe>"}


@given(st.text(st.characters(), max_size=20))
@example("a\x01\x1b[31m\ud800\uffff")
def test_any_name_has_a_feed_and_a_calendar_that_can_be_read(name: str) -> None:
    """Whatever a tenant is called: XML is XML, and no line of a calendar is longer than 75 bytes or begins another."""
    title = ET.fromstring(feed_of([], "https://h/", name)).findtext(ATOM + "title")  # noqa: S314 - our own
    assert title
    lines = calendar_of([], "https://h/", name).split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert [line.partition(b":")[0] for line in lines if not line.startswith(b" ")] == [
        *(b"BEGIN", b"VERSION", b"PRODID", b"X-WR-CALNAME", b"END", b"")
    ]


def events(answer: httpx.Response) -> list[Any]:
    """What a calendar program reads."""
    return icalendar.Calendar.from_ical(answer.content).walk("VEVENT")


async def test_what_ends_is_in_the_calendar() -> None:
    """Each with its moment, an id that stays when it is renewed, and a link to its tenant."""
    async with rig(small("contoso")) as made, polling(made), client_of(made) as client:
        answer = await client.get("/calendar.ics")
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        own = next(event for event in events(answer) if "own secret" in event["summary"])
        assert str(own["summary"]) == "contoso: The exporter's own secret expires (own credential)"
        assert own["url"] == "https://exporter.example/tenant?name=contoso"
        made.simulator.tenants["contoso"].rotate_secret(made.simulator.tenants["contoso"].client_secret, 400)
        await made.clock.advance(2 * 3600)
        renewed = next(event for event in events(await client.get("/calendar.ics")) if event["uid"] == own["uid"])
    assert renewed.decoded("dtstart") > own.decoded("dtstart")
    assert {str(event["summary"]).partition(": ")[0] for event in events(answer)} == {"contoso"}


async def test_a_calendar_says_what_it_lacks() -> None:
    """What is withdrawn is an event from then on, until it is read again."""
    settings = only("subscriptions") | {
        "O365_COLLECTORS__SUBSCRIPTIONS__INTERVAL": "300",
        "O365_COLLECTORS__SUBSCRIPTIONS__STALE_AFTER": "600",
    }
    async with rig(small("contoso"), settings) as made, polling(made), client_of(made) as client:
        whole = events(await client.get("/calendar.ics"))
        made.simulator.add_fault(path="*/directory/subscriptions", status=503)
        await made.clock.advance(2000)
        (lack,) = (event for event in events(await client.get("/calendar.ics")) if "cannot be read" in event["summary"])
        assert str(lack["summary"]) == (
            "contoso: subscriptions.subscriptions cannot be read; what it told of is missing here"
        )
        assert lack.decoded("dtstart").timestamp() < made.clock.now()
        assert lack["url"] == "https://exporter.example/tenant?name=contoso"
        made.simulator.faults.clear()
        await made.clock.advance(900)
        again = events(await client.get("/calendar.ics"))
    assert {event["uid"] for event in again} == {event["uid"] for event in whole}
