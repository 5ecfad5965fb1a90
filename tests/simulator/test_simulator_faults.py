"""Injected faults: when they happen and what they do."""

from __future__ import annotations

import asyncio
import json
import zlib
from typing import get_args

import httpx
import pytest
from pydantic import ValidationError

from o365_exporter.simulator import Fault, Simulator, SimulatorOptions
from o365_exporter.simulator.faults import Spoiling
from tests.fakes import FakeClock
from tests.simulator.support import GRAPH, HEALTH, GraphUser, in_process

OVERVIEWS = f"{HEALTH}/healthOverviews"
APPS = "/v1.0/applications"


async def statuses(user: GraphUser, path: str, times: int) -> list[int]:
    """The statuses of so many answers."""
    return [(await user.get(path)).status_code for _ in range(times)]


# When -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"count": 2}, [503, 503, 200, 200, 200, 200]),
        ({"every": 3}, [200, 200, 503, 200, 200, 503]),
        ({"every": 2, "count": 1}, [200, 503, 200, 200, 200, 200]),
        ({"after": 4}, [200, 200, 200, 200, 503, 503]),
        ({"tenant": "fabrikam"}, [200] * 6),
        ({"tenant": "contoso", "method": "GET"}, [503] * 6),
        ({"method": "POST"}, [200] * 6),
        ({"query": "*skip*"}, [200] * 6),
    ],
)
async def test_conditions(
    simulator: Simulator, user: GraphUser, condition: dict[str, object], expected: list[int]
) -> None:
    """Count, rhythm, delay, tenant, method and query decide which requests go wrong."""
    await user.get(OVERVIEWS)
    simulator.add_fault(path="/v1.0/*", status=503, **condition)
    assert await statuses(user, OVERVIEWS, 6) == expected


async def test_a_probable_fault_happens_in_its_share_and_repeats(clock: FakeClock) -> None:
    """Chance is drawn from the seed: the same run has the same faults."""

    async def run() -> list[int]:
        simulator = Simulator(clock)
        simulator.add_fault(path="/v1.0/*", status=503, probability=0.5)
        async with in_process(simulator) as http:
            return await statuses(GraphUser(http, simulator.tenants["contoso"]), OVERVIEWS, 60)

    first = await run()
    assert 15 < first.count(503) < 45
    assert first == await run()


async def test_faults_go_when_removed(simulator: Simulator, user: GraphUser) -> None:
    """A fault lasts until it is removed; of two the older one happens."""
    older = simulator.add_fault(path=OVERVIEWS, status=500)
    simulator.add_fault(path=OVERVIEWS, status=503)
    assert await statuses(user, OVERVIEWS, 2) == [500, 500]
    assert simulator.faults.remove(older)
    assert not simulator.faults.remove(older)
    assert await statuses(user, OVERVIEWS, 1) == [503]
    simulator.faults.clear()
    assert await statuses(user, OVERVIEWS, 1) == [200]


@pytest.mark.parametrize("wrong", [{"statu": 503}, {"aadsts": 1}, {"every": 0}, {"status": 700}])
def test_a_fault_that_makes_no_sense_is_refused(simulator: Simulator, wrong: dict[str, int]) -> None:
    """Unknown keys and impossible values never become a fault that silently does nothing."""
    with pytest.raises(ValidationError):
        simulator.add_fault(**wrong)


# Instead of the answer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "InvalidAuthenticationToken"),
        (429, "TooManyRequests"),
        (503, "serviceNotAvailable"),
        (504, "GatewayTimeout"),
    ],
)
async def test_a_status_comes_with_the_usual_error(
    simulator: Simulator, user: GraphUser, status: int, code: str
) -> None:
    """An injected status looks like Graph's own, headers and all."""
    simulator.add_fault(path=OVERVIEWS, status=status)
    answer = await user.get(OVERVIEWS)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["innerError"]["request-id"] == answer.headers["request-id"]


async def test_code_and_message_may_be_given_or_empty(simulator: Simulator, user: GraphUser) -> None:
    """Graph sometimes leaves both empty."""
    simulator.add_fault(path=OVERVIEWS, status=400, code="", message="")
    error = (await user.get(OVERVIEWS)).json()["error"]
    assert (error["code"], error["message"]) == ("", "")


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"retry_after": 2.128}, "2.128"),
        ({"retry_after": 30}, "30"),
        ({"retry_after": "soon"}, "soon"),
        ({"retry_after_date": 60}, "Tue, 10 Mar 2026 12:01:00 GMT"),
        ({}, None),
    ],
)
async def test_retry_after_in_all_its_forms(
    simulator: Simulator, user: GraphUser, fault: dict[str, object], expected: str | None
) -> None:
    """Seconds, fractions, nonsense, a date, or nothing at all."""
    simulator.add_fault(path=OVERVIEWS, status=429, **fault)
    assert (await user.get(OVERVIEWS)).headers.get("retry-after") == expected


async def test_the_login_host_fails_in_its_own_shape(simulator: Simulator, user: GraphUser) -> None:
    """A status at the token endpoint is an OAuth error."""
    simulator.add_fault(path="*/token", status=500, retry_after=5)
    answer = await user.sign_in()
    assert (answer.status_code, answer.json()["error"]) == (500, "temporarily_unavailable")
    assert answer.headers["retry-after"] == "5"


@pytest.mark.parametrize(("page", "words"), [("login", "Sign in to your account"), ("proxy", "Network Proxy")])
async def test_html_pages(simulator: Simulator, user: GraphUser, page: str, words: str) -> None:
    """A proxy or a login page stands where JSON should."""
    simulator.add_fault(path=OVERVIEWS, page=page)
    answer = await user.get(OVERVIEWS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert words in answer.text


async def test_bodies_that_are_no_json(simulator: Simulator, user: GraphUser) -> None:
    """Empty bodies, cut JSON and other text."""
    simulator.add_fault(path=OVERVIEWS, text="", count=1)
    simulator.add_fault(path=OVERVIEWS, text="[1, 2", status=502, count=1)
    simulator.add_fault(path=OVERVIEWS, invalid_json=True, count=1)
    assert (await user.get(OVERVIEWS)).content == b""
    answer = await user.get(OVERVIEWS)
    assert (answer.status_code, answer.text) == (502, "[1, 2")
    with pytest.raises(json.JSONDecodeError):
        (await user.get(OVERVIEWS)).json()


async def test_a_wrong_content_type(simulator: Simulator, user: GraphUser) -> None:
    """The right JSON under a wrong name."""
    simulator.add_fault(path=OVERVIEWS, content_type="text/plain", headers={"x-cache": "HIT"})
    answer = await user.get(OVERVIEWS)
    assert (answer.headers["content-type"], answer.headers["x-cache"]) == ("text/plain", "HIT")
    assert len(answer.json()["value"]) == 30


# Inside the JSON ------------------------------------------------------------------------------------------------


async def test_fields_are_removed_nulled_and_replaced(simulator: Simulator, user: GraphUser) -> None:
    """Paths name one item or all; places that do not exist are passed over; the tenant itself is untouched."""
    simulator.add_fault(
        path=APPS,
        remove=["value.0.appId", "value.*.displayName", "value.9999.id", "nothing.here"],
        null=["value.*.passwordCredentials.*.endDateTime"],
        set={"value.1.keyCredentials": "not a list", "value.2.extra": {"deep": 1}, "@odata.context": 5},
        count=1,
    )
    body = (await user.get(APPS)).json()
    first, second, third = body["value"][:3]
    assert "appId" not in first
    assert "appId" in second
    assert all("displayName" not in one for one in body["value"])
    ends = {secret["endDateTime"] for one in body["value"] for secret in one["passwordCredentials"]}
    assert ends == {None}
    assert (second["keyCredentials"], third["extra"], body["@odata.context"]) == ("not a list", {"deep": 1}, 5)
    assert (await user.json(APPS))["value"][0]["appId"]


async def test_an_item_may_be_replaced_by_nonsense(simulator: Simulator, user: GraphUser) -> None:
    """A list item, or the list, is no longer what it was."""
    simulator.add_fault(path=OVERVIEWS, set={"value.0": 7}, remove=["value.1"], count=1)
    simulator.add_fault(path=OVERVIEWS, set={"value": {}}, count=1)
    assert (await user.json(OVERVIEWS))["value"][0] == 7
    assert (await user.json(OVERVIEWS))["value"] == {}


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("foreign", f"https://graph.example.net{APPS}?$top=50"),
        ("loop", f"{GRAPH}{APPS}?$top=50"),
        ("endless", f"{GRAPH}{APPS}?page=1"),
        ("ftp://elsewhere/x", "ftp://elsewhere/x"),
    ],
)
async def test_next_links_lead_astray(simulator: Simulator, user: GraphUser, link: str, expected: str) -> None:
    """To another origin, in a circle, or anywhere."""
    simulator.add_fault(path=APPS, next_link=link)
    assert (await user.json(f"{APPS}?$top=50"))["@odata.nextLink"] == expected


async def test_pages_without_end_differ_from_each_other(simulator: Simulator, user: GraphUser) -> None:
    """A client that looks for circles finds none."""
    simulator.add_fault(path=APPS, next_link="endless")
    assert (await user.json(f"{APPS}?page=7"))["@odata.nextLink"] == f"{GRAPH}{APPS}?page=8"


async def test_a_huge_page_shrinks_with_its_size(simulator: Simulator, user: GraphUser) -> None:
    """Ballast per item makes a page of 100 larger than 4 MiB, and one of 10 smaller."""
    simulator.add_fault(path=APPS, pad_item=50_000)
    assert len((await user.get(APPS)).content) > 4 * 1024 * 1024
    assert len((await user.get(f"{APPS}?$top=10")).content) < 1024 * 1024


# Time and wire, as far as they go without a socket --------------------------------------------------------------


async def test_a_delay_is_by_the_clock(simulator: Simulator, user: GraphUser, clock: FakeClock) -> None:
    """The answer comes when the clock has moved on, not before."""
    await user.sign_in()
    await user.get(OVERVIEWS)
    simulator.add_fault(path=OVERVIEWS, delay=30)
    waiting = asyncio.create_task(user.get(OVERVIEWS))
    await clock.advance(29)
    assert not waiting.done()
    assert simulator.requests[-1].status is None
    await clock.advance(1)
    assert (await waiting).status_code == 200


async def test_a_request_hangs_until_its_client_gives_up(
    simulator: Simulator, user: GraphUser, clock: FakeClock
) -> None:
    """No time makes it answer."""
    await user.get(OVERVIEWS)
    simulator.add_fault(path=OVERVIEWS, hang=True)
    waiting = asyncio.create_task(user.get(OVERVIEWS))
    await clock.advance(100_000)
    assert not waiting.done()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_without_a_socket_a_broken_connection_is_an_os_error(simulator: Simulator, user: GraphUser) -> None:
    """An in-process client meets the error that a socket would have raised."""
    await user.get(OVERVIEWS)
    simulator.add_fault(path=OVERVIEWS, wire="broken_connection")
    with pytest.raises(ConnectionResetError):
        await user.get(OVERVIEWS)


async def test_gzip_that_is_none(simulator: Simulator, user: GraphUser) -> None:
    """A body that only claims to be compressed."""
    await user.get(OVERVIEWS)
    simulator.add_fault(path=OVERVIEWS, wire="wrong_gzip")
    with pytest.raises(httpx.DecodingError):
        await user.get(OVERVIEWS)


async def test_faults_of_one_simulator_are_no_others(clock: FakeClock, simulator: Simulator) -> None:
    """Simulators share nothing."""
    other = Simulator(clock, SimulatorOptions())
    other.faults.add(Fault(status=503))
    async with in_process(simulator) as http:
        assert (await GraphUser(http, simulator.tenants["contoso"]).get(OVERVIEWS)).status_code == 200


# Hostility ------------------------------------------------------------------------------------------------------


async def test_a_raw_answer_is_sent_as_it_is(simulator: Simulator) -> None:
    """Whatever it is, in place of head and body, and the connection ends."""
    simulator.add_fault(path="*", raw="SSH-2.0-\xff\r\n")
    async with simulator.serve() as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"GET /v1.0/x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await reader.read() == b"SSH-2.0-\xff\r\n"
        writer.close()


async def test_a_text_can_be_long_and_in_another_charset(simulator: Simulator, user: GraphUser) -> None:
    """``repeat`` and ``charset`` make bodies that nobody would write down."""
    simulator.add_fault(path=APPS, text="\xe9x", repeat=3, charset="latin-1")
    assert (await user.get(APPS)).content == b"\xe9x\xe9x\xe9x"


async def test_pages_without_end_are_all_different(simulator: Simulator, user: GraphUser) -> None:
    """Each page's next link is another address, so that only their number tells."""
    simulator.add_fault(path=APPS, next_link="endless")
    seen, path = set[str](), f"{APPS}?$top=5"
    for _ in range(4):
        page = (await user.get(path)).json()
        path = page["@odata.nextLink"]
        seen.add(path)
    assert len(seen) == 4
    assert path.endswith("?page=4")


async def test_what_was_sent_comes_back(simulator: Simulator, user: GraphUser) -> None:
    """In texts, messages, headers and fields, in the spelling that is wanted; other braces stay."""
    simulator.add_fault(path=APPS, count=1, text="{x} {sent:token:upper} {sent:secret}")
    simulator.add_fault(path=APPS, set={"value.*.id": "{sent:token:cut}"}, headers={"x-odd": "{sent:token:base64}"})
    text = (await user.get(APPS)).text
    assert text.startswith("{x} EYJ")
    answer = await user.get(APPS)
    assert set(answer.headers["x-odd"]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    assert all(len(entry["id"]) > 100 for entry in answer.json()["value"])


@pytest.mark.parametrize("spoiling", get_args(Spoiling))
async def test_each_spoilt_file_differs_from_the_whole_one(
    simulator: Simulator, user: GraphUser, spoiling: str
) -> None:
    """The same file, with one thing wrong."""
    whole = (await user.report("getMailboxUsageDetail")).content
    simulator.add_fault(path="/data/*", csv=spoiling)
    assert (await user.report("getMailboxUsageDetail")).content != whole


async def test_a_bomb_is_small_on_its_way(simulator: Simulator) -> None:
    """Half a gigabyte of blanks in about half a megabyte, as gzip that any reader takes."""
    simulator.add_fault(path="*", wire="bomb")
    sent = unpacked = 0
    member = zlib.decompressobj(wbits=31)
    async with simulator.serve() as url, httpx.AsyncClient() as http, http.stream("GET", f"{url}/v1.0/x") as answer:
        async for piece in answer.aiter_raw():
            sent += len(piece)
            unpacked += len(member.decompress(piece)) if unpacked < 40_000_000 else 0
    assert unpacked > 10_000_000
    assert sent < 1_000_000


async def test_a_drip_takes_a_second_for_each_byte(simulator: Simulator, user: GraphUser, clock: FakeClock) -> None:
    """By the clock, and for as long as somebody listens."""
    simulator.add_fault(path=APPS, text="abc", wire="drip")
    asked = asyncio.ensure_future(user.get(APPS))
    await clock.advance(2.5)
    assert not asked.done()
    await clock.advance(1)
    assert (await asked).text == "abc"
