"""When issues were open: by their start and end, as far as these tell."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from o365_exporter.collectors.service_health import ISSUES, PAST_ISSUES, IssueHistory, Options, PastIssues
from o365_exporter.errors import PermissionMissingError, UnavailableError, UnexpectedAnswerError
from o365_exporter.filters import Filter
from o365_exporter.history import Window
from tests.collectors.test_service_health import EXCHANGE, OVERVIEWS, TEAMS, issue
from tests.collectors.test_service_health import ISSUES as ROUTE
from tests.stubs import StubGraph

NOON, HOUR, DAY = 1773144000.0, 3_600.0, 86_400.0  # 2026-03-10T12:00Z
WINDOW = Window(NOON - 10 * DAY, NOON)

OPEN = issue(id="EX9", startDateTime="2026-03-10T10:00:00Z")
RESOLVED = issue(
    id="TM1",
    service="Microsoft Teams",
    classification="advisory",
    isResolved=True,
    startDateTime="2026-03-01T12:00:00Z",
    endDateTime="2026-03-02T12:00:00Z",
)
Spans = dict[tuple[str, ...], list[tuple[float, float, float]]]


async def read(*issues: dict[str, Any], options: Options | None = None) -> tuple[IssueHistory, PastIssues]:
    """What is read of these issues, by way of what a run that goes on would find written down."""
    source = IssueHistory(options or Options())
    graph = StubGraph({OVERVIEWS: [EXCHANGE, TEAMS], ROUTE: list(issues)})
    adapter = TypeAdapter(PastIssues)
    return source, adapter.validate_json(adapter.dump_json(await source.read(graph.client(), NOON)))


async def spans(
    *issues: dict[str, Any], options: Options | None = None, family: str = "o365_service_issue_open"
) -> Spans:
    """Begin, end and value of each series of a family: hours before noon, by its labels."""
    source, records = await read(*issues, options=options)
    return {
        past.series.labels: [((NOON - s) / HOUR, (NOON - e) / HOUR, value) for s, e, value in past.stretches]
        for past in source.series(records, WINDOW)
        if past.series.metric.name == family
    }


async def test_an_issue_is_open_from_start_to_end_and_then_resolved() -> None:
    """After its end it is 0 for as long as polls serve it; an open one lasts until the end of the window."""
    assert await spans(OPEN, RESOLVED) == {
        ("Exchange", "EX9", "incident"): [(2, 0, 1)],
        ("microsoftteams", "TM1", "advisory"): [(216, 192, 1), (192, 24, 0)],
    }
    assert (await spans(RESOLVED, options=Options(keep_resolved=0)))["microsoftteams", "TM1", "advisory"] == [
        (216, 192, 1)
    ]


async def test_open_issues_begin_where_all_are_known() -> None:
    """Where the first issue that has ended did so; from there on each service has its count, 0 too."""
    assert await spans(OPEN, RESOLVED, family="o365_service_open_issues") == {
        ("Exchange", "Exchange Online", "incident"): [(192, 2, 0), (2, 0, 1)],
        ("Exchange", "Exchange Online", "advisory"): [(192, 0, 0)],
        ("microsoftteams", "Microsoft Teams", "incident"): [(192, 0, 0)],
        ("microsoftteams", "Microsoft Teams", "advisory"): [(192, 0, 0)],
    }
    source, records = await read(OPEN, RESOLVED)
    assert list(source.remarks(records, WINDOW)) == [
        "Graph tells of no issue that was resolved before; what was before that may be forgotten, so "
        "o365_service_open_issues begins on 2026-03-02."
    ]


async def test_without_a_resolved_issue_nothing_is_said_of_their_number() -> None:
    """Nobody knows how far back the list reaches."""
    assert await spans(OPEN, family="o365_service_open_issues") == {}
    source, records = await read(OPEN)
    assert [remark.rpartition("open_issues")[2] for remark in source.remarks(records, WINDOW)] == [
        " begins not at all: it lists none."
    ]


@pytest.mark.parametrize(
    "odd",
    [
        {"startDateTime": None},
        {"isResolved": True, "endDateTime": None},
        {"isResolved": True, "endDateTime": "2026-03-09T10:00:00Z"},
        {"startDateTime": "0001-01-01T00:00:00Z"},
    ],
    ids=["no start", "no end", "an end before the start", "never"],
)
async def test_issues_whose_times_do_not_tell(odd: dict[str, Any]) -> None:
    """They are left out and named."""
    odd_one = issue(id="EX7", **odd)
    assert await spans(RESOLVED, odd_one) == await spans(RESOLVED)
    source, records = await read(RESOLVED, odd_one)
    assert any("1 issues have no start" in remark and "EX7" in remark for remark in source.remarks(records, WINDOW))


async def test_an_open_issue_with_an_end_is_open() -> None:
    """isResolved decides, as for polls."""
    assert (await spans(issue(endDateTime="2026-03-10T11:00:00Z")))["Exchange", "EX1", "incident"] == [(2, 0, 1)]


async def test_what_is_still_to_come_has_no_history() -> None:
    """Nor has what was over before the window."""
    late = issue(startDateTime="2026-03-12T00:00:00Z")
    early = issue(isResolved=True, startDateTime="2026-01-01T00:00:00Z", endDateTime="2026-01-02T00:00:00Z")
    assert await spans(late) == await spans(early) == {}


async def test_filters_are_those_of_polls() -> None:
    """On services and on classifications; what Graph cannot classify is never hidden."""
    others = Options(services=Filter(exclude=("Teams",)), classifications=Filter(include=("advisory",)))
    odd = issue(id="EX2", classification="securityNotice")
    found = await spans(OPEN, RESOLVED, odd, options=others)
    assert found == {("Exchange", "EX2", "unknown"): [(2, 0, 1)]}
    assert await spans(RESOLVED, odd, options=others, family="o365_service_open_issues") == {
        ("Exchange", "Exchange Online", "advisory"): [(192, 0, 0)],
        ("Exchange", "Exchange Online", "incident"): [(192, 0, 0)],
        ("Exchange", "Exchange Online", "unknown"): [(2, 0, 1)],  # 0 is said of classes that are watched alone
    }


async def test_entries_that_cannot_be_read_are_named() -> None:
    """One of many is left out; where too many are odd, nothing is believed."""
    source, records = await read(OPEN, RESOLVED, issue(id="EX8", isResolved="perhaps"))
    assert "1 of 3 issues cannot be read and are left out." in next(iter(source.remarks(records, WINDOW)))
    with pytest.raises(UnexpectedAnswerError):
        await read(*(issue(id=f"EX{n}", isResolved="perhaps") for n in range(9)))


async def test_posts_are_asked_for_only_where_they_cannot_be_left_out() -> None:
    """Graph refuses the wish with 400: then the list is read with them. Other refusals are what they are."""

    class Picky(StubGraph):
        async def list(self, endpoint: Any, *, filter: str = "", **path: str) -> list[dict[str, Any]]:  # noqa: A002 - as GraphClient
            if endpoint.select and endpoint.route == ISSUES.route:
                self.asked.append("select")
                raise UnexpectedAnswerError("no", status=400)
            return await super().list(endpoint, filter=filter, **path)

    graph = Picky({OVERVIEWS: [EXCHANGE], ROUTE: [OPEN]})
    records = await IssueHistory(Options()).read(graph.client(), NOON)
    assert ([one.id for one in records.issues], graph.asked.count("select")) == (["EX9"], 1)
    assert "posts" not in PAST_ISSUES.select
    refused = StubGraph({OVERVIEWS: [EXCHANGE], ROUTE: PermissionMissingError("no", status=403)})
    with pytest.raises(PermissionMissingError):
        await IssueHistory(Options()).read(refused.client(), NOON)


async def test_a_name_that_cannot_be_placed_is_asked_for_once() -> None:
    """Ten thousand issues of an unknown service do not ask ten thousand times."""
    issues = [issue(id=f"MO{n}", service="Office of Old") for n in range(99)]
    down = UnavailableError("down", status=503)
    graph = StubGraph({OVERVIEWS: [EXCHANGE], ROUTE: issues, f"{OVERVIEWS}/{{id}}/issues": down})
    records = await IssueHistory(Options()).read(graph.client(), NOON)
    assert {one.service_id for one in records.issues} == {"Office of Old"}
    assert len(graph.asked) < 10
