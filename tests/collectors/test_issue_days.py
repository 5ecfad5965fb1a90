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
    records = await polled(stub, *(NOON + day * DAY for day in range(1, 11)), previous=records)
    assert not records.entries
    assert strip(records, EXCHANGE, NOON + 10 * DAY)[0] == "00051111111111"


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


async def test_what_cannot_be_read_costs_its_own_bar() -> None:
    """An entry without times, or that ends before it begins, hides no other."""
    odd = [issue(startDateTime=None), issue(startDateTime=7), {**OLD, "endDateTime": "2026-03-01T10:00:00Z"}]
    listed = strip(await polled(graph([], [*odd, OLDEST, OLD]), NOON, NOON + 300), EXCHANGE)[1]
    assert listed == "11111551111110"


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
