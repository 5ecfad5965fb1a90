"""``service_health``: what Graph says of services and issues, as series."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from o365_exporter.collectors.service_health import (
    CHARACTERS_KEPT,
    POSTS_KEPT,
    STATUSES,
    Issues,
    IssuesSource,
    Options,
    OverviewsSource,
    Service,
)
from o365_exporter.collectors.service_health.places import _ISSUES_KNOWN
from o365_exporter.errors import (
    NoData,
    PermissionMissingError,
    PollError,
    PollTimeoutError,
    ThrottledError,
    UnavailableError,
    UnexpectedAnswerError,
)
from o365_exporter.fields import LONGEST_BODY
from o365_exporter.filters import Filter
from o365_exporter.listing import Listing
from tests.stubs import StubGraph, polled, text_of

OVERVIEWS = "/admin/serviceAnnouncement/healthOverviews"
ISSUES = "/admin/serviceAnnouncement/issues"
DAY = 86400.0

EXCHANGE = {"id": "Exchange", "service": "Exchange Online", "status": "serviceDegradation"}
TEAMS = {"id": "microsoftteams", "service": "Microsoft Teams", "status": "serviceOperational"}
SERVICES = Listing(
    (
        Service("Exchange", "Exchange Online", "serviceDegradation"),
        Service("microsoftteams", "Microsoft Teams", "serviceOperational"),
    ),
    left_out=0,
    example="",
    read_at=0.0,
)


def issue(**changes: Any) -> dict[str, Any]:
    """An open incident of Exchange as Graph would give it."""
    return {
        "id": "EX1",
        "title": "Mail is late",
        "service": "Exchange Online",
        "classification": "incident",
        "origin": "microsoft",
        "status": "serviceDegradation",
        "feature": "Delivery",
        "featureGroup": "E-Mail",
        "isResolved": False,
        "startDateTime": "2026-03-10T10:00:00Z",
        "endDateTime": None,
        "lastModifiedDateTime": "2026-03-10T11:30:00.5Z",
        "posts": [
            {"createdDateTime": "2026-03-10T11:00:00.1234567Z"},
            {"createdDateTime": "2026-03-10T10:15:00Z"},
        ],
        **changes,
    }


async def test_each_service_has_one_status_and_is_healthy_or_not() -> None:
    """Every service is served with its present status alone, and with whether that status counts as healthy."""
    source = OverviewsSource(Options())
    records = await polled(source, StubGraph({OVERVIEWS: [EXCHANGE, TEAMS]}))
    assert text_of(source, records) == (
        'o365_service_health_status{service_id="Exchange",service_name="Exchange Online",'
        'status="serviceDegradation",tenant="contoso"} 1.0\n'
        'o365_service_health_status{service_id="microsoftteams",service_name="Microsoft Teams",'
        'status="serviceOperational",tenant="contoso"} 1.0\n'
        'o365_service_healthy{service_id="Exchange",service_name="Exchange Online",tenant="contoso"} 0.0\n'
        'o365_service_healthy{service_id="microsoftteams",service_name="Microsoft Teams",tenant="contoso"} 1.0\n'
    )


async def test_statuses_are_told_without_regard_to_case_and_new_ones_are_unknown() -> None:
    """PascalCase is Graph's own member; a member that is not in the list becomes unknown, unhealthy and a remark."""
    source = OverviewsSource(Options())
    entries = [{**EXCHANGE, "status": "ServiceRestored"}, {**TEAMS, "status": "onFire"}, {"id": "Intune"}]
    records = await polled(source, StubGraph({OVERVIEWS: entries}))
    text = text_of(source, records)
    assert 'service_id="Exchange",service_name="Exchange Online",status="serviceRestored"' in text
    assert 'service_id="microsoftteams",service_name="Microsoft Teams",status="unknown"' in text
    assert 'o365_service_health_status{service_id="Intune",service_name="Intune",status="unknown"' in text
    assert (
        'o365_service_healthy{service_id="microsoftteams",service_name="Microsoft Teams",tenant="contoso"} 0.0' in text
    )
    assert list(source.remarks(records)) == [
        "The service microsoftteams has the status 'onFire', which is served as unknown.",
        "The service Intune has the status '', which is served as unknown.",
    ]


async def test_an_entry_without_id_stays_the_service_that_it_was() -> None:
    """It has the id of its name at the last poll, or the one that is known for that name; else its name, as before."""
    source = OverviewsSource(Options())
    names = ["Exchange Online", "Newest Name", "Nobody Knows"]
    graph = StubGraph({OVERVIEWS: [EXCHANGE, BRAND_NEW]})
    first = await polled(source, graph)
    graph.lists[OVERVIEWS] = [{"service": name, "status": "serviceOperational"} for name in names]
    second = await polled(source, graph, first, now=60)
    assert [(each.id, each.name) for each in second] == list(
        zip(["Exchange", "newservice", "Nobody Knows"], names, strict=True)
    )
    assert [each.id for each in await polled(source, graph)] == ["Exchange", "Newest Name", "Nobody Knows"]


async def test_an_id_is_given_to_one_service_alone() -> None:
    """An entry without id beside one that has it is a service of its own, so that neither hides the other."""
    source = OverviewsSource(Options())
    nameless = {"service": "Exchange Online", "status": "serviceInterruption"}
    records = await polled(source, StubGraph({OVERVIEWS: [nameless, EXCHANGE]}))
    assert [(each.id, each.status) for each in records] == [
        ("Exchange Online", "serviceInterruption"),
        ("Exchange", "serviceDegradation"),
    ]


@pytest.mark.parametrize("status", STATUSES)
async def test_healthy_equals_the_plugin_with_the_first_two_statuses(status: str) -> None:
    """compat: with the plugin's two statuses, healthy is 1 exactly where the plugin's default is not critical."""
    source = OverviewsSource(Options(healthy_statuses=("serviceOperational", "serviceRestored")))
    records = await polled(source, StubGraph({OVERVIEWS: [{**EXCHANGE, "status": status}]}))
    plugin_is_critical = not re.search("serviceOperational|serviceRestored", status, re.IGNORECASE)
    expected = 'service_name="Exchange Online",tenant="contoso"} ' + ("0.0" if plugin_is_critical else "1.0")
    assert f'o365_service_healthy{{service_id="Exchange",{expected}' in text_of(source, records)


async def test_oracle_of_the_original_on_health() -> None:
    """A service with only a resolved issue stays visible and healthy; a falsePositive is no alarm by default."""
    overviews = OverviewsSource(Options())
    entries = [{**EXCHANGE, "status": "serviceOperational"}, {**TEAMS, "status": "falsePositive"}]
    services = await polled(overviews, StubGraph({OVERVIEWS: entries}))
    issues = IssuesSource(Options())
    records = await polled(issues, StubGraph({ISSUES: [issue(isResolved=True)]}))
    assert list(records) == []
    assert text_of(overviews, services).count("} 1.0") == 4
    assert text_of(issues, records, overviews=services).count("o365_service_open_issues") == 4


async def test_a_tenant_without_any_service_is_no_data() -> None:
    """An empty overview is not a healthy tenant: it is a state of its own."""
    with pytest.raises(NoData):
        await polled(OverviewsSource(Options()), StubGraph({OVERVIEWS: []}))


async def test_issues_carry_everything_a_person_needs_to_act() -> None:
    """An open issue has its facts, times and posts; each service has a count for incidents and advisories."""
    source = IssuesSource(Options())
    records = await polled(source, StubGraph({ISSUES: [issue()]}))
    assert text_of(source, records, overviews=SERVICES) == (
        'o365_service_issue_info{classification="incident",feature="Delivery",feature_group="E-Mail",issue_id="EX1",'
        'origin="microsoft",service_id="Exchange",service_name="Exchange Online",tenant="contoso",'
        'title="Mail is late"} 1.0\n'
        'o365_service_issue_last_modified_timestamp_seconds{issue_id="EX1",service_id="Exchange",'
        'tenant="contoso"} 1.7731422005e+09\n'
        'o365_service_issue_last_post_timestamp_seconds{issue_id="EX1",service_id="Exchange",'
        'tenant="contoso"} 1.773140400123456e+09\n'
        'o365_service_issue_open{classification="incident",issue_id="EX1",service_id="Exchange",tenant="contoso"} 1.0\n'
        'o365_service_issue_posts{issue_id="EX1",service_id="Exchange",tenant="contoso"} 2.0\n'
        'o365_service_issue_start_timestamp_seconds{issue_id="EX1",service_id="Exchange",'
        'tenant="contoso"} 1.7731368e+09\n'
        'o365_service_issue_status{issue_id="EX1",service_id="Exchange",status="serviceDegradation",'
        'tenant="contoso"} 1.0\n'
        'o365_service_open_issues{classification="advisory",service_id="Exchange",service_name="Exchange Online",'
        'tenant="contoso"} 0.0\n'
        'o365_service_open_issues{classification="advisory",service_id="microsoftteams",'
        'service_name="Microsoft Teams",tenant="contoso"} 0.0\n'
        'o365_service_open_issues{classification="incident",service_id="Exchange",service_name="Exchange Online",'
        'tenant="contoso"} 1.0\n'
        'o365_service_open_issues{classification="incident",service_id="microsoftteams",'
        'service_name="Microsoft Teams",tenant="contoso"} 0.0\n'
    )


async def test_is_resolved_decides_what_is_open_whatever_the_filter_did() -> None:
    """Resolved issues that a filter let through are not open, and an odd status does not close an issue."""
    source = IssuesSource(Options())
    entries = [issue(), issue(id="EX2", isResolved=True), issue(id="EX3", status="serviceRestored")]
    records = await polled(source, StubGraph({ISSUES: entries}))
    assert [each.id for each in records] == ["EX1", "EX3"]


@pytest.mark.parametrize("status", [400, 500, 501, 502, 503])
async def test_a_refused_filter_costs_pages_and_no_issue(status: int) -> None:
    """Where Graph refuses the filter, or breaks over it, all issues are listed and ours decides."""
    graph = StubGraph({f"{ISSUES}?isResolved eq false": UnexpectedAnswerError("bad filter", status=status)})
    graph.lists[ISSUES] = [issue(), issue(id="EX2", isResolved=True)]
    records = await polled(IssuesSource(Options()), graph)
    assert [each.id for each in records] == ["EX1"]
    assert graph.asked == [f"{ISSUES}?isResolved eq false", ISSUES]


@pytest.mark.parametrize(
    ("error", "requests"),
    [
        (PermissionMissingError("no", status=403), 1),
        (ThrottledError("slower", status=429), 1),
        (PollTimeoutError("late"), 1),
        (UnavailableError("down", status=503), 2),
    ],
)
async def test_other_failures_of_the_list_are_not_hidden(error: PollError, requests: int) -> None:
    """Only where Graph may have stumbled over the filter is there a second request, and the first failure is told."""
    graph = StubGraph({f"{ISSUES}?isResolved eq false": error, ISSUES: UnavailableError("all of it", status=503)})
    with pytest.raises(type(error)) as raised:
        await polled(IssuesSource(Options()), graph)
    assert raised.value is error
    assert len(graph.asked) == requests


async def test_an_issue_that_leaves_the_open_ones_is_read_once_more_and_kept() -> None:
    """Its end comes from the issue itself, it is served as resolved for keep_resolved, and then it is gone."""
    source = IssuesSource(Options(keep_resolved=7 * DAY))
    graph = StubGraph({ISSUES: [issue()]})
    opened = await polled(source, graph, now=0)
    graph.lists[ISSUES] = []
    graph.entries["EX1"] = issue(isResolved=True, status="serviceRestored", endDateTime="2026-03-10T12:00:00Z")
    resolved = await polled(source, graph, opened, now=300)
    assert graph.asked[-2] == f"{ISSUES}/EX1"
    text = text_of(source, resolved, overviews=SERVICES)
    assert (
        'o365_service_issue_open{classification="incident",issue_id="EX1",service_id="Exchange",tenant="contoso"} 0.0'
        in text
    )
    assert (
        'o365_service_issue_end_timestamp_seconds{issue_id="EX1",service_id="Exchange",tenant="contoso"} 1.773144e+09'
        in text
    )
    asked = len(graph.asked)
    soon = await polled(source, graph, resolved, now=600)
    assert list(soon) == list(resolved)
    assert len(graph.asked) == asked + 1, "a resolved issue is not read at each poll"
    kept = await polled(source, graph, soon, now=300 + 7 * DAY)
    assert [each.left_at for each in kept] == [300]
    assert list(await polled(source, graph, kept, now=301 + 7 * DAY)) == []


async def test_a_resolved_issue_is_read_now_and_then_for_later_posts() -> None:
    """A review is posted days after the end, and its status changes with it; the day on which it left stays."""
    source = IssuesSource(Options())
    graph = StubGraph({ISSUES: [issue()]})
    opened = await polled(source, graph, now=0)
    graph.lists[ISSUES] = []
    graph.entries["EX1"] = issue(isResolved=True, status="serviceRestored")
    resolved = await polled(source, graph, opened, now=300)
    graph.entries["EX1"] = issue(isResolved=True, status="postIncidentReviewPublished", posts=[{}, {}, {}])
    (later,) = await polled(source, graph, resolved, now=300 + 6 * 3600)
    assert (later.status, later.posts, later.left_at) == ("postIncidentReviewPublished", 3, 300)


async def test_an_issue_that_microsoft_deleted_counts_as_resolved() -> None:
    """Graph's own word that there is no such issue keeps what was known, as resolved."""
    source = IssuesSource(Options())
    opened = await polled(source, StubGraph({ISSUES: [issue()]}))
    gone = await polled(source, StubGraph(), opened, now=300)
    assert list(gone) == [replace(opened.entries[0], is_resolved=True, left_at=300.0, read_at=300.0)]


async def test_a_404_of_another_kind_counts_when_it_comes_twice() -> None:
    """Several services answer 404 UnknownError for what exists, so once is no proof that an issue was resolved."""
    source = IssuesSource(Options())
    graph = StubGraph({ISSUES: [issue()]})
    opened = await polled(source, graph)
    graph.lists[ISSUES] = []
    graph.entries["EX1"] = UnexpectedAnswerError("Not known.", status=404)
    once = await polled(source, graph, opened, now=300)
    assert [(each.is_resolved, each.unread) for each in once] == [(False, "Not known.")]
    graph.entries["EX1"] = UnavailableError("Graph is down.", status=503)
    between = await polled(source, graph, once, now=600)
    graph.entries["EX1"] = UnexpectedAnswerError("Not known.", status=404)
    again = await polled(source, graph, between, now=900)
    assert [each.is_resolved for each in again] == [False], "not twice in a row"
    twice = await polled(source, graph, again, now=1200)
    assert [(each.is_resolved, each.left_at, each.unread) for each in twice] == [(True, 1200, "")]


async def test_an_issue_missing_from_the_list_that_says_it_is_open_stays_open() -> None:
    """isResolved of the issue itself outweighs its absence from the list."""
    source = IssuesSource(Options())
    graph = StubGraph({ISSUES: [issue()]})
    opened = await polled(source, graph)
    graph.lists[ISSUES] = []
    graph.entries["EX1"] = issue()
    assert list(await polled(source, graph, opened, now=300)) == list(opened)


async def test_a_reopened_issue_is_open_again() -> None:
    """What comes back into the open list is served as open with no memory of having left."""
    source = IssuesSource(Options())
    opened = await polled(source, StubGraph({ISSUES: [issue()]}))
    gone = await polled(source, StubGraph(), opened, now=300)
    assert list(await polled(source, StubGraph({ISSUES: [issue()]}), gone, now=600)) == list(opened)


NEWER = "Brand New Service"
BRAND_NEW = {"id": "newservice", "service": "Newest Name", "status": "serviceDegradation"}
ISSUES_OF = f"{OVERVIEWS}/{{id}}/issues"


def ids_of(records: Issues) -> list[str]:
    """The services' ids of these issues."""
    return [each.service_id for each in records]


async def test_an_issue_has_the_id_of_its_service_while_the_overviews_cannot_be_had() -> None:
    """After a restart in an outage, too: what another source last heard changes no label."""
    graph = StubGraph({ISSUES: [issue()], OVERVIEWS: UnavailableError("down", status=503)})
    records = await polled(IssuesSource(Options()), graph)
    alone = text_of(IssuesSource(Options()), records)
    assert 'o365_service_issue_open{classification="incident",issue_id="EX1",service_id="Exchange"' in alone
    assert graph.asked == [f"{ISSUES}?isResolved eq false"], "a known name costs no request"
    beside = text_of(IssuesSource(Options()), records, overviews=SERVICES)
    assert [line for line in beside.splitlines() if "issue_" in line] == [
        line for line in alone.splitlines() if "issue_" in line
    ]


async def test_a_name_that_we_do_not_know_is_looked_up_in_the_overviews_once() -> None:
    """The overview of that name gives the id; the next issue of that service costs no request."""
    source = IssuesSource(Options())
    graph = StubGraph({ISSUES: [issue(service="newest name")], OVERVIEWS: [EXCHANGE, BRAND_NEW]})
    records = await polled(source, graph)
    assert ids_of(records) == ["newservice"]
    graph.lists[ISSUES] = [issue(id="EX2", service="Newest Name")]
    graph.entries["EX1"] = issue(service="newest name")
    assert ids_of(await polled(source, graph, records, now=300)) == ["newservice", "newservice"]
    assert graph.asked.count(OVERVIEWS) == 1


async def test_an_issue_goes_to_the_overview_that_carries_it() -> None:
    """Where no name matches, the issues of each overview are looked through, those in trouble first."""
    graph = StubGraph({ISSUES: [issue(service=NEWER)], OVERVIEWS: [TEAMS, BRAND_NEW], ISSUES_OF: [{"id": "EX1"}]})
    assert ids_of(await polled(IssuesSource(Options()), graph)) == ["newservice"]
    assert graph.asked[1:] == [OVERVIEWS, ISSUES_OF], "the service in trouble was asked about first"


@pytest.mark.parametrize("carried", [[{"id": "EX1"}], []])
async def test_which_overview_carries_an_issue_is_asked_once_for_all_tenants(carried: list[dict[str, str]]) -> None:
    """Also that none does; an overview that only another tenant has is asked there."""
    first = StubGraph({ISSUES: [issue(service=NEWER)], OVERVIEWS: [BRAND_NEW], ISSUES_OF: carried})
    second = StubGraph(first.lists)
    third = StubGraph({**first.lists, OVERVIEWS: [TEAMS, BRAND_NEW]})
    second.common = third.common = first.common
    found = [ids_of(await polled(IssuesSource(Options()), graph)) for graph in (first, second, third)]
    assert [graph.asked.count(ISSUES_OF) for graph in (first, second, third)] == [1, 0, 0 if carried else 1]
    assert found == [["newservice" if carried else NEWER]] * 3


async def test_of_how_many_issues_that_is_kept_is_bounded() -> None:
    """The oldest go first."""
    graph = StubGraph({OVERVIEWS: [BRAND_NEW], ISSUES_OF: []})
    graph.lists[ISSUES] = [issue(id=f"EX{number}", service=f"name {number}") for number in range(_ISSUES_KNOWN + 5)]
    await polled(IssuesSource(Options()), graph)
    ((_, known),) = graph.common.items()
    assert list(known) == [f"EX{number}" for number in range(5, _ISSUES_KNOWN + 5)]


async def test_an_issue_keeps_the_id_under_which_it_was_first_served() -> None:
    """What the overviews say later is for the next issue: a changed label would end its alert and begin another."""
    source = IssuesSource(Options())
    graph = StubGraph({ISSUES: [issue(service="Newest Name")], OVERVIEWS: UnavailableError("down", status=503)})
    first = await polled(source, graph)
    assert ids_of(first) == ["Newest Name"]
    graph.lists[OVERVIEWS] = [BRAND_NEW]
    graph.lists[ISSUES] = [issue(service="Newest Name"), issue(id="EX2", service="Newest Name")]
    assert ids_of(await polled(source, graph, first, now=300)) == ["Newest Name", "newservice"]


async def test_a_service_name_that_does_not_map_is_kept() -> None:
    """An issue of a service that the overviews lack is counted and served under its own name."""
    source = IssuesSource(Options())
    records = await polled(source, StubGraph({ISSUES: [issue(service="Brand New Service")], OVERVIEWS: [TEAMS]}))
    text = text_of(source, records, overviews=SERVICES)
    assert (
        'o365_service_open_issues{classification="incident",service_id="Brand New Service",'
        'service_name="Brand New Service",tenant="contoso"} 1.0'
    ) in text
    assert 'o365_service_issue_open{classification="incident",issue_id="EX1",service_id="Brand New Service"' in text


async def test_the_filter_on_classifications_never_hides_a_service_or_the_unknown() -> None:
    """Wanting incidents drops advisories; what Graph cannot classify is still served, and no service vanishes."""
    source = IssuesSource(Options(classifications=Filter(include=("INCIDENT",))))
    entries = [issue(), issue(id="EX2", classification="advisory"), issue(id="EX3", classification="catastrophe")]
    text = text_of(source, await polled(source, StubGraph({ISSUES: entries})), overviews=SERVICES)
    assert "EX2" not in text
    assert 'o365_service_issue_open{classification="unknown",issue_id="EX3"' in text
    assert text.count('o365_service_open_issues{classification="advisory"') == 2


async def test_the_filter_on_services_takes_their_issues_along() -> None:
    """An excluded service has neither status nor issues, and an empty match is a remark."""
    options = Options(services=Filter(exclude=("exchange",)))
    overviews, issues = OverviewsSource(options), IssuesSource(options)
    assert "Exchange" not in text_of(overviews, SERVICES)
    assert "Exchange" not in text_of(issues, await polled(issues, StubGraph({ISSUES: [issue()]})), overviews=SERVICES)
    nothing = OverviewsSource(Options(services=Filter(include=("no such service",))))
    assert next(nothing.remarks(SERVICES)) == (
        "None of the 2 services passes the filter collectors.service_health.services."
    )


async def test_a_changed_status_polls_the_issues_at_once() -> None:
    """Only a change of the overviews wakes the other source."""
    source = OverviewsSource(Options())
    exchange, teams = SERVICES
    changed = replace(SERVICES, entries=(replace(exchange, status="serviceRestored"), teams))
    assert source.wakes(SERVICES, replace(SERVICES, entries=(teams, exchange))) == ()
    assert source.wakes(SERVICES, changed) == ("issues",)
    assert source.wakes(None, changed) == (), "the issues follow the first overviews anyhow"


async def test_what_is_the_same_in_all_tenants_is_kept_once() -> None:
    """A thousand tenants have as many texts of services and issues as ten; an answer is read anew in each."""
    answers = json.dumps([EXCHANGE, TEAMS, BRAND_NEW | {"status": "newest"}]), json.dumps([issue(), issue(id="EX2")])
    texts, kept = set[int](), list[Any]()
    for tenant in range(1000):
        services, issues = map(json.loads, answers)
        kept.append(await polled(OverviewsSource(Options()), StubGraph({OVERVIEWS: services})))
        kept.append(await polled(IssuesSource(Options()), StubGraph({ISSUES: issues, OVERVIEWS: services})))
        texts |= {id(text) for listing in kept[-2:] for text in _texts(listing)}
        if tenant == 9:
            after_ten = len(texts)
    assert len(texts) == after_ten == len({text for listing in kept for text in _texts(listing)})


def _texts(listing: Listing[Any]) -> Iterator[str]:
    return (text for record in listing for text in asdict(record).values() if isinstance(text, str))


async def test_titles_are_cut_and_nulls_are_empty() -> None:
    """A title of 300 characters is cut at 200, and an issue of nulls is served with what is known."""
    bare = {"id": "MO1", "title": "x" * 300, "feature": None, "posts": None}
    text = text_of(IssuesSource(Options()), await polled(IssuesSource(Options()), StubGraph({ISSUES: [bare]})))
    assert f'title="{"x" * 200}"' in text
    assert 'feature="",feature_group="",issue_id="MO1",origin="unknown",service_id=""' in text
    assert "timestamp" not in text


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"isResolved": "no"}, "Graph answered with isResolved = 'no', which is not true or false."),
        ({"posts": "none"}, "Graph answered with posts = 'none', which is not a list of objects."),
        ({"startDateTime": "soon"}, "Graph answered with startDateTime = 'soon', which is not a date-time."),
        ({"title": 7}, "Graph answered with title = '7', which is not a string."),
        ({"id": None}, "Graph answered with an entry that has none of the fields id."),
        ({"id": "EX1\u200b"}, "which is not an identifier: it has characters that none of Graph's has."),
    ],
)
async def test_an_issue_with_a_field_of_the_wrong_type_is_left_out(changes: dict[str, Any], complaint: str) -> None:
    """What a field of another type means is not known, so its issue is not shown; the others are, and it is told."""
    source = IssuesSource(Options())
    records = await polled(source, StubGraph({ISSUES: [issue(**changes), issue(id="EX2")]}))
    assert [each.id for each in records] == ["EX2"]
    assert source.left_out(records) == 1
    (remark,) = source.remarks(records)
    assert remark.startswith("1 of 2 entries cannot be read and are left out. The first: ")
    assert complaint in remark
    with pytest.raises(UnexpectedAnswerError, match=re.escape(complaint)):
        await polled(source, StubGraph({ISSUES: [issue(**changes)]}))


async def test_an_issue_listed_twice_is_served_once() -> None:
    """Pages can shift while they are read: the later entry wins, and no series is served twice."""
    entries = [issue(), issue(title="Mail is very late")]
    records: Issues = await polled(IssuesSource(Options()), StubGraph({ISSUES: entries}))
    assert [each.title for each in records] == ["Mail is very late"]


def test_a_healthy_status_that_graph_does_not_have_is_a_configuration_error() -> None:
    """A misspelt status would silently never be healthy; its case does not matter."""
    with pytest.raises(ValidationError, match="is not a status of Graph: choose from serviceOperational"):
        Options(healthy_statuses=("serviceFine",))
    assert Options(healthy_statuses=("SERVICERESTORED",)).healthy_statuses == ("serviceRestored",)


async def test_services_do_not_vanish_all_at_once() -> None:
    """An empty overview of a tenant that had services is an answer that cannot be, not a tenant without any."""
    with pytest.raises(UnexpectedAnswerError, match="suddenly lists no service"):
        await polled(OverviewsSource(Options()), StubGraph({OVERVIEWS: []}), SERVICES)


async def test_an_issue_that_cannot_be_read_hides_no_other() -> None:
    """It is served as last known with a remark, and read at the next poll; new issues are served meanwhile."""
    source = IssuesSource(Options())
    graph = StubGraph({ISSUES: [issue()]})
    opened = await polled(source, graph)
    graph.lists[ISSUES] = [issue(id="EX2")]
    graph.entries["EX1"] = UnavailableError("Graph is down.", status=503)
    records = await polled(source, graph, opened, now=300)
    assert [(each.id, each.is_resolved) for each in records] == [("EX2", False), ("EX1", False)]
    assert list(source.remarks(records)) == [
        "The issue EX1 is no longer listed as open and is served as last known: Graph is down."
    ]
    graph.entries["EX1"] = issue(isResolved=True)
    later = await polled(source, graph, records, now=600)
    assert [(each.id, each.is_resolved, each.unread) for each in later] == [("EX2", False, ""), ("EX1", True, "")]


def post(at: str, html: str, **changes: Any) -> dict[str, Any]:
    """A post as Graph would give it."""
    return {
        "createdDateTime": f"2026-03-10T{at}:00Z",
        "postType": "regular",
        "description": {"contentType": "html", "content": html},
        **changes,
    }


async def test_what_microsoft_wrote_is_kept_with_the_issue() -> None:
    """Posts in the order of their times, without what nobody may see; one without text is counted alone."""
    posts = [post("11:00", "<p>Later\u202e</p>\n"), post("10:15", "First\x00"), post("10:30", "", description=None)]
    records = await polled(IssuesSource(Options()), StubGraph({ISSUES: [issue(posts=posts)]}))
    (found,) = records
    assert [(each.at, each.kind, each.html) for each in found.words] == [
        (1773137700.0, "regular", "First"),
        (1773140400.0, "regular", "<p>Later</p>"),
    ]
    assert found.posts == 3


async def test_equal_posts_of_two_tenants_are_kept_once() -> None:
    """Also where one of them comes from the file of a former process."""
    text = "<p>" + "x" * 100
    one, other = [
        await polled(IssuesSource(Options()), StubGraph({ISSUES: [issue(posts=[post("11:00", "".join(text))])]}))
        for _ in range(2)
    ]
    adapter = TypeAdapter(IssuesSource.form)
    recalled = adapter.validate_json(adapter.dump_json(one))
    assert recalled == one
    assert len({id(records.entries[0].words[0].html) for records in (one, other, recalled)}) == 1


async def test_posts_are_bounded_in_length_number_and_sum() -> None:
    """The latest are kept, and of many issues those that were written of last."""
    many = [post(f"{hour:02}:{minute:02}", f"{hour}:{minute}") for hour in range(10) for minute in (0, 30)] * 3
    long = [post(f"{hour:02}:00", "x" * 10**6) for hour in range(12)]
    lists = {ISSUES: [issue(id="EX1", posts=many), *(issue(id=f"EX{n}", posts=long) for n in range(2, 12))]}
    records = await polled(IssuesSource(Options()), StubGraph(lists))
    kept = {each.id: each.words for each in records}
    assert len(kept["EX1"]) == 0  # the others have used up what a tenant may keep, and were written of later
    lengths = {len(each.html) for words in kept.values() for each in words}
    assert lengths == {LONGEST_BODY}
    assert sum(len(each.html) for words in kept.values() for each in words) == CHARACTERS_KEPT
    assert [each.posts for each in records] == [60, *[12] * 10]
    (alone,) = await polled(IssuesSource(Options()), StubGraph({ISSUES: [issue(posts=many)]}))
    assert [len(alone.words), alone.words[-1].html] == [POSTS_KEPT, "9:30"]


async def test_a_post_is_news_once() -> None:
    """What was there at the first reading is not; a later post is, in plain text, and so are all of a new issue."""
    source, first = IssuesSource(Options()), post("10:15", "<p>First</p>")
    graph = StubGraph({ISSUES: [issue(posts=[first])]})
    before = await polled(source, graph)
    graph.lists[ISSUES] = [
        issue(posts=[first, post("11:00", "<p><b>Now</b>&nbsp;&lt;fixed&gt;</p><script>x</script>")]),
        issue(id="EX2", posts=[post("09:00", "Old")]),
    ]
    after = await polled(source, graph, before)
    assert list(source.news(None, before)) == []
    assert [(news.event, news.fields) for news in source.news(before, after)] == [
        (
            "post",
            {
                "issue": "EX1",
                "at": "2026-03-10T11:00:00Z",
                "service": "Exchange Online",
                "classification": "incident",
                "status": "serviceDegradation",
                "title": "Mail is late",
                "text": "Now <fixed>",
            },
        ),
        (
            "post",
            {
                "issue": "EX2",
                "at": "2026-03-10T09:00:00Z",
                "service": "Exchange Online",
                "classification": "incident",
                "status": "serviceDegradation",
                "title": "Mail is late",
                "text": "Old",
            },
        ),
    ]
    assert list(source.news(after, after)) == []


async def test_a_post_of_the_moment_of_a_known_one_is_news() -> None:
    """Also one without a moment; no news is a text that was changed, or that was there before and is kept only now."""
    source, first = IssuesSource(Options()), post("10:15", "First")
    graph = StubGraph({ISSUES: [issue(posts=[first])]})
    before = await polled(source, graph)
    timeless = {**post("10:15", "Timeless"), "createdDateTime": None}
    for posts, told in (
        ([post("10:15", "First, with a comma")], []),
        ([first, post("10:15", "Second"), timeless], ["Timeless", "Second"]),
        ([first, timeless], ["Timeless"]),
        ([first, post("09:00", "Earlier")], []),
    ):
        graph.lists[ISSUES] = [issue(posts=posts)]
        after = await polled(source, graph, before)
        assert [news.fields["text"] for news in source.news(before, after)] == told
    (known,) = before
    unkept = replace(before, entries=(replace(known, words=()),))
    assert list(source.news(unkept, before)) == []


async def test_posts_of_what_is_not_watched_are_no_news() -> None:
    """The filters of services and classifications hold for the log as for the series."""
    graph = StubGraph({ISSUES: [issue(posts=[])]})
    source = IssuesSource(Options(services=Filter(exclude=("Exchange.*",))))
    before = await polled(source, graph)
    graph.lists[ISSUES] = [issue(posts=[post("11:00", "Now")])]
    assert list(source.news(before, await polled(source, graph, before))) == []
