"""What was open of each service, day by day: as polls found it, and as Microsoft lists it afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from o365_exporter.collectors.service_health import ADVISORY, INCIDENT, KNOWN, Issues, IssuesSource, Options, Service
from o365_exporter.collectors.service_health.days import KEPT, Days
from o365_exporter.errors import NoData, UnavailableError
from o365_exporter.filters import Filter
from tests.collectors.test_service_health import ISSUES, issue
from tests.stubs import StubGraph

OPEN_ONLY = "isResolved eq false"
NOON, HOUR, DAY = 1773144000.0, 3_600.0, 86_400.0  # 2026-03-10T12:00Z
EXCHANGE, TEAMS = Service("Exchange", "Exchange Online", ""), Service("microsoftteams", "Microsoft Teams", "")

OLD = issue(id="EX1", isResolved=True, startDateTime="2026-03-02T10:00:00Z", endDateTime="2026-03-03T10:00:00Z")
OLDEST = issue(
    id="TM0",
    service="Microsoft Teams",
    classification="advisory",
    isResolved=True,
    startDateTime="2026-01-02T10:00:00Z",
    endDateTime="2026-01-03T10:00:00Z",
)
OPEN = issue(id="TM9", service="Microsoft Teams", classification="advisory", startDateTime="2026-03-09T10:00:00Z")


def graph(opened: list[dict[str, Any]], listed: Any) -> StubGraph:
    """Open issues for who asks for those, and all for who asks without a filter."""
    return StubGraph({f"{ISSUES}?{OPEN_ONLY}": opened, ISSUES: listed})


async def polled(stub: StubGraph, *moments: float, previous: Issues | None = None) -> Issues:
    """What is known after polls at these moments."""
    source = IssuesSource(Options())
    for now in moments:
        previous = await source.fetch(stub.client(), previous, now)
    assert previous is not None
    return previous


def strip(records: Issues, service: Service, now: float = NOON, options: Options | None = None) -> tuple[str, str]:
    """What polls and the list had of each day, the oldest first."""
    days = list(IssuesSource(options or Options()).history(records, service, now))
    assert [day for day, _, _ in days] == [int(now // DAY) - KEPT + 1 + place for place in range(KEPT)]
    return "".join(str(found) for _, found, _ in days), "".join(str(found) for _, _, found in days)


async def test_the_first_poll_asks_for_no_past() -> None:
    """Nobody waits for it: what is open since is known, and of other days nothing."""
    stub = graph([OPEN], [OLDEST, OLD, OPEN])
    first = await polled(stub, NOON)
    assert stub.asked == [f"{ISSUES}?{OPEN_ONLY}"]
    assert strip(first, EXCHANGE) == ("00000000000001", "0" * KEPT)
    assert strip(first, TEAMS) == ("00000000000023", "0" * KEPT)


async def test_the_second_poll_reads_the_past_once() -> None:
    """Days are known as Microsoft lists them; today goes on, and is ours alone. Nothing is asked for again."""
    stub = graph([OPEN], [OLDEST, OLD, OPEN])
    second = await polled(stub, NOON, NOON + 300)
    assert stub.asked == [f"{ISSUES}?{OPEN_ONLY}", f"{ISSUES}?{OPEN_ONLY}", ISSUES]
    assert strip(second, EXCHANGE) == ("00000000000001", "11111551111110")
    assert strip(second, TEAMS) == ("00000000000023", "11111111111132")
    await polled(stub, NOON + 600, NOON + 2 * DAY, NOON + 2 * DAY + 300, previous=second)
    assert stub.asked.count(ISSUES) == 2  # the whole day that was missed, when polls go on


async def test_what_a_restart_finds_written_down_is_enough() -> None:
    """Days outlive a restart as they are, and are not read again."""
    stub = graph([OPEN], [OLDEST, OLD, OPEN])
    adapter = TypeAdapter(Issues)
    kept = adapter.validate_json(adapter.dump_json(await polled(stub, NOON, NOON + 300)))
    after = await polled(stub, NOON + HOUR, NOON + HOUR + 300, previous=kept)
    assert strip(after, EXCHANGE) == ("00000000000001", "11111551111110")
    assert stub.asked.count(ISSUES) == 1


async def test_a_resolved_issue_stays_on_its_days() -> None:
    """When it is no longer served, the days on which it was open are as they were."""
    stub = graph([issue(id="EX5", startDateTime="2026-03-10T10:00:00Z")], [])
    records = await polled(stub, NOON)
    stub.lists[f"{ISSUES}?{OPEN_ONLY}"] = []
    stub.entries["EX5"] = issue(
        id="EX5", isResolved=True, startDateTime="2026-03-10T10:00:00Z", endDateTime="2026-03-10T13:00:00Z"
    )
    records = await polled(stub, *(NOON + hour * HOUR for hour in range(1, 241)), previous=records)
    assert not records.entries
    assert strip(records, EXCHANGE, NOON + 10 * DAY)[0] == "00041111111111"


async def test_a_list_that_begins_later_is_known_no_earlier() -> None:
    """Microsoft forgets: before the first end that it tells of, a day without an issue may have had one."""
    stub = graph([], [OLD])
    assert strip(await polled(stub, NOON, NOON + 300), EXCHANGE)[1] == "00000441111110"
    assert strip(await polled(graph([], []), NOON, NOON + 300), EXCHANGE)[1] == "0" * KEPT


async def test_a_list_that_cannot_be_read_costs_nothing_else() -> None:
    """The poll has its issues, says what is not known, and asks again after six hours."""
    source, stub = IssuesSource(Options()), graph([OPEN], UnavailableError("Graph is not there."))
    records = await polled(stub, NOON, NOON + 300, NOON + 600)
    assert [each.id for each in records] == ["TM9"]
    assert stub.asked.count(ISSUES) == 1
    assert list(source.remarks(records)) == [
        "The past of the issues is not known, for the status page alone: Graph is not there."
    ]
    stub.lists[ISSUES] = [OLDEST]
    later = [NOON + 300 * place for place in range(3, 80)]
    records = await polled(stub, *later, previous=records)
    assert stub.asked.count(ISSUES) == 2
    assert not list(source.remarks(records))


async def test_a_list_that_microsoft_has_nothing_for() -> None:
    """What is an answer elsewhere is none here: of these days nothing is known, and the poll has its issues."""
    records = await polled(graph([OPEN], NoData("Graph has none.")), NOON, NOON + 300)
    assert [each.id for each in records] == ["TM9"]
    assert records.days.trouble == "Graph has none."


async def test_what_cannot_be_read_costs_what_is_known_of_its_own_service() -> None:
    """Of that no listed day is called good, since the entry may have been of it; it hides nothing of the others."""
    backwards, endless = {**OLD, "endDateTime": "2026-03-01T10:00:00Z"}, {**OLD, "endDateTime": None}
    for odd in (issue(startDateTime=7), issue(startDateTime=None, isResolved=True), backwards, endless):
        records = await polled(graph([], [odd, OLDEST, OLD]), NOON, NOON + 300)
        assert strip(records, EXCHANGE)[1] == "00000440000000"
        assert strip(records, TEAMS)[1] == "11111111111110"
    of_whom = issue(
        service=None, isResolved=True, startDateTime="2026-03-05T10:00:00Z", endDateTime="2026-03-06T10:00:00Z"
    )
    records = await polled(graph([], [of_whom, OLDEST]), NOON, NOON + 300)
    assert strip(records, EXCHANGE)[1] == strip(records, TEAMS)[1] == "0" * KEPT


async def test_what_is_open_is_open_now_whenever_it_began() -> None:
    """Without a start, or with one to come by a clock that is wrong, an issue is on the day of the poll."""
    for start in (None, "2026-03-12T10:00:00Z", "9999-12-31T23:59:59.9999999Z"):
        odd = issue(startDateTime=start)
        records = await polled(graph([odd], [odd, OLDEST]), NOON, NOON + 300)
        assert strip(records, EXCHANGE) == ("00000000000005", "11111111111114")


async def test_an_issue_of_no_service_is_on_no_strip() -> None:
    """It is not painted on all of them."""
    assert strip(await polled(graph([issue(service=None)], []), NOON), EXCHANGE)[0] == "00000000000001"


async def test_a_day_with_a_gap_is_known_by_the_list_or_not_at_all() -> None:
    """What came and went while nobody looked was seen by no poll; a day with polls before or after that is not good."""
    gone = {**OLD, "startDateTime": "2026-03-10T14:00:00Z", "endDateTime": "2026-03-10T20:00:00Z"}
    stub = graph([], [OLDEST])
    before = await polled(stub, NOON, NOON + 300)
    tomorrow = NOON + DAY
    assert strip(before, EXCHANGE, tomorrow) == ("0" * KEPT, "11111111111100")
    after = await polled(stub, tomorrow, previous=before)
    assert strip(after, EXCHANGE, tomorrow) == ("0" * (KEPT - 1) + "1", "11111111111100")
    stub.lists[ISSUES] = [OLDEST, gone]
    found = await polled(stub, tomorrow + 300, previous=after)
    assert strip(found, EXCHANGE, tomorrow) == ("0" * (KEPT - 1) + "1", "11111111111150")
    assert stub.asked.count(ISSUES) == 2


async def test_a_gap_within_a_day_is_asked_for_too() -> None:
    """Also where the days before are known; without an answer that day is not known tomorrow."""
    stub = graph([], [OLDEST])
    before = await polled(stub, NOON - 9 * HOUR, NOON - 9 * HOUR + 300)
    stub.lists[ISSUES] = UnavailableError("Graph is not there.")
    polls = [NOON + HOUR * hour + late for hour in range(14) for late in (0, 300)]
    records = await polled(stub, *polls, previous=before)
    assert stub.asked.count(ISSUES) == 1 + 3  # at once, and twice again
    assert strip(records, EXCHANGE, polls[-1])[0] == "00000000000001"
    stub.lists[ISSUES] = [OLDEST]
    records = await polled(stub, *(polls[-1] + 300 * place for place in range(1, 73)), previous=records)
    assert strip(records, EXCHANGE, polls[-1])[1] == "11111111111110"


async def test_a_day_that_polls_no_longer_know_is_not_called_good() -> None:
    """While issues cannot be read, today is as unknown as they are."""
    records = await polled(graph([], []), NOON)
    assert strip(records, EXCHANGE, NOON + HOUR)[0] == "00000000000001"
    assert strip(records, EXCHANGE, NOON + HOUR + 1)[0] == "0" * KEPT


async def test_a_poll_that_leaves_an_issue_out_knows_no_day() -> None:
    """It may be of any service, and open."""
    stub = graph([issue(id="EX1"), issue(id="EX2", startDateTime=7)], [])
    assert strip(await polled(stub, NOON), TEAMS)[0] == "0" * KEPT
    stub.lists[f"{ISSUES}?{OPEN_ONLY}"] = []
    stub.entries["EX1"] = issue(id="EX1", isResolved=True)
    assert strip(await polled(stub, NOON, NOON + 300), TEAMS)[0] == "00000000000001"


async def test_a_clock_that_was_wrong_leaves_no_days_to_come() -> None:
    """What was written of them is dropped, and the past is read again, once the clock is set."""
    stub = graph([], [OLDEST, OLD])
    wrong = await polled(stub, NOON + DAY, NOON + DAY + 300)
    right = await polled(stub, NOON, NOON + 300, previous=wrong)
    assert strip(right, EXCHANGE) == ("00000000000001", "11111551111110")
    assert stub.asked.count(ISSUES) == 2
    far = await polled(stub, NOON + 400 * DAY, NOON + 400 * DAY + 300)
    right = await polled(stub, NOON, NOON + 300, previous=far)
    assert strip(right, EXCHANGE) == ("00000000000001", "11111551111110")


async def test_services_are_found_by_id_or_name() -> None:
    """A name that no list has an id for is the service's own; the filter on classifications hides what it hides."""
    listed = [OLDEST, {**OLD, "service": "Agent Hub (Preview)"}, {**OLD, "classification": "new"}]
    records = await polled(graph([], listed), NOON, NOON + 300)
    assert strip(records, Service("AgentHub365", "Agent Hub (Preview)", ""))[1] == "11111551111110"
    assert strip(records, EXCHANGE)[1] == "11111551111110"
    advisories = Options(classifications=Filter(include=("advisory",)))
    assert strip(records, EXCHANGE, options=advisories)[1] == "11111111111110"


async def test_days_share_their_texts_and_nothing_changes_in_vain() -> None:
    """A tenant's days cost no more than their services, and are replaced when they change."""
    records = await polled(graph([OPEN], [OLDEST, OLD]), NOON, NOON + 300)
    again = await polled(graph([OPEN], []), NOON + 600, previous=records)
    assert again.days is records.days
    late = replace(records, days=Days())
    assert strip(late, EXCHANGE) == ("0" * KEPT, "0" * KEPT)
    assert (KNOWN, ADVISORY, INCIDENT) == (1, 2, 4)
