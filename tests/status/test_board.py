"""What is known, as views for people, by a whole exporter that polls a simulated Microsoft."""

from __future__ import annotations

import pytest

from o365_exporter.collectors.service_health import POSTS_KEPT
from o365_exporter.status import Board, TenantDetail, TenantSummary
from o365_exporter.status.board import MOST_ISSUES, _due
from o365_exporter.status.due import SOON
from o365_exporter.status.matters import Matters
from o365_exporter.status.models import TenantState
from o365_exporter.status.sentences import of_all
from o365_exporter.store import Store
from tests.app.rig import Rig, only, polling, rig, small
from tests.fakes import NOON, FakeClock


async def detail(made: Rig, tenant: str = "contoso") -> TenantDetail:
    """The view of a tenant that is there."""
    found = await made.app.board.tenant(tenant)
    assert found is not None
    return found


async def test_nothing_sounds_well_before_anything_is_known() -> None:
    """Without tenants, and with tenants that were not polled yet, the sentence says so."""
    nobody = await Board(Store(), FakeClock(), dict).overview()
    assert nobody.sentence == "No tenant is watched: none is set up, or none belongs to this shard."
    assert nobody.state == "pending"
    async with rig(small("contoso")) as made:
        await made.app.fleet.assemble(made.app.fleet.settings)
        overview = await made.app.board.overview()
    assert overview.state == "pending"
    assert overview.sentence == (
        f"{overview.tenants[0].sources} sources not tried yet; "
        "nothing is known about the health of Microsoft's services. "
        "Microsoft has not been heard about its services yet."
    )


async def test_an_incident_is_trouble_until_it_is_over() -> None:
    """A calm tenant is well; an incident makes it trouble, with service, issue and words; then it is over."""
    async with rig(small("contoso", calm=True), only("service_health")) as made, polling(made):
        calm = await made.app.board.overview()
        assert (calm.state, calm.tenants[0].sentence) == ("ok", "All 30 services healthy.")
        assert calm.sentence == (
            "All is well in 1 tenant: every service is healthy and nothing is due. "
            "Service health was read 5 seconds ago."
        )
        contoso = made.simulator.tenants["contoso"]
        contoso.open_issue("Exchange", "Mail is late", issue_id="EX1", classification="incident")
        await made.clock.advance(120)
        trouble = await made.app.board.overview()
        assert trouble.state == "trouble"
        assert trouble.tenants[0].sentence == "Exchange Online not healthy; 1 open incident."
        found = await detail(made)
        assert found.services[0].id == "Exchange"
        assert (found.services[0].incidents, found.services[0].history[-1].state) == (1, "incident")
        issue = await made.app.board.issue("contoso", "EX1")
        assert issue is not None
        assert (issue.title, issue.is_open, issue.words_missing) == ("Mail is late", True, 0)
        assert issue.admin_url == "https://admin.microsoft.com/#/servicehealth/:/alerts/EX1"
        assert issue.words[0].html.startswith("<p>")
        assert "<" not in issue.words[0].text
        contoso.resolve_issue("EX1")
        await made.clock.advance(400)
        after = await made.app.board.overview()
        assert (after.state, after.tenants[0].incidents) == ("ok", 0)


NOTHING_PASSES = {"O365_COLLECTORS__SERVICE_HEALTH__SERVICES__INCLUDE": '["nobody"]'}


@pytest.mark.parametrize(
    ("environ", "state", "sentence"),
    [
        (only("subscriptions"), "failing", "Nothing is known about the health of Microsoft's services."),
        (
            only("service_health") | NOTHING_PASSES,
            "failing",
            "Which of Microsoft's services are healthy is not known.",
        ),
        (only(), "pending", "Nothing is known about the health of Microsoft's services."),
    ],
)
async def test_nothing_is_well_of_which_nothing_is_known(
    environ: dict[str, str], state: TenantState, sentence: str
) -> None:
    """Without the collector of service health, behind a filter that lets no service through, and without any."""
    async with rig(small("contoso", "fabrikam", calm=True), environ) as made, polling(made):
        overview = await made.app.board.overview()
    assert [(tenant.state, tenant.sentence) for tenant in overview.tenants] == [(state, sentence)] * 2
    assert "All is well" not in overview.sentence


@pytest.mark.parametrize(
    ("path", "missing", "known"),
    [
        ("*/issues", "which issues are open is not known", (30, False)),
        ("*/healthOverviews", "which of Microsoft's services are healthy is not known", (0, True)),
        ("*/service*", "nothing is known about the health of Microsoft's services", (0, False)),
    ],
)
async def test_half_of_health_is_told_as_half(path: str, missing: str, known: tuple[int, bool]) -> None:
    """Where services, issues or both may not be read, the sentence says which."""
    async with rig(small("contoso", calm=True), only("service_health")) as made:
        made.simulator.add_fault(path=path, status=403)
        async with polling(made):
            one = (await made.app.board.overview()).tenants[0]
    assert one.sentence.endswith(f"; {missing}.")
    assert (one.state, one.services, one.issues_known) == ("failing", *known)


async def test_a_service_that_cannot_be_read_is_not_taken_for_well() -> None:
    """It may be the one in trouble."""
    async with rig(small("contoso", calm=True), only("service_health")) as made:
        made.simulator.add_fault(path="*/healthOverviews", set={"value.0.status": 5})
        async with polling(made):
            one = (await made.app.board.overview()).tenants[0]
    assert (one.state, one.sentence) == ("failing", "1 entry on services or issues could not be read.")


async def test_what_ends_next_is_told_however_late() -> None:
    """A summary keeps no more of what ends than it may want soon, and always the next."""
    async with rig(small("contoso", applications=200)) as made, polling(made):
        one, found = (await made.app.board.overview()).tenants[0], await detail(made)
        later = await made.app.board.read(lambda seen: _due(seen[0]).endings, "contoso")
    assert one.next_ending == next(ending for ending in found.endings if not ending.is_over)
    assert later is not None
    assert [ending.at > NOON + SOON for ending in later[-3:]] == [False, False, True]
    assert found.endings[: len(later)] == tuple(later)
    assert len(later) < found.endings_in_all


@pytest.mark.parametrize(
    ("classification", "state", "counts"),
    [("incident", "trouble", (1, 0)), ("advisory", "attention", (0, 1)), ("plannedMaintenance", "trouble", (1, 0))],
)
async def test_what_is_of_no_known_kind_counts_as_an_incident(
    classification: str, state: TenantState, counts: tuple[int, int]
) -> None:
    """In the summary, of the service and on its day, as for the alerts: nobody should take it for the lesser one."""
    async with rig(small("contoso", calm=True), only("service_health")) as made, polling(made):
        contoso = made.simulator.tenants["contoso"]
        contoso.open_issue("Exchange", issue_id="EX1", status="serviceOperational", classification=classification)
        await made.clock.advance(400)
        found = await detail(made)
    service = next(each for each in found.services if each.id == "Exchange")
    assert (found.summary.state, (found.summary.incidents, found.summary.advisories)) == (state, counts)
    assert (service.incidents, service.advisories) == counts
    assert service.history[-1].state == ("incident" if counts[0] else "advisory")


async def test_history_says_of_which_days_it_knows() -> None:
    """Days before the first reading are unknown but for issues that were open then and are open still."""
    async with rig(small("contoso"), only("service_health")) as made, polling(made):
        services = {service.id: service for service in (await detail(made)).services}
    assert {day.state for day in services["Intune"].history} == {"advisory"}  # open for 120 days
    assert [day.state for day in services["SharePoint"].history[-5:]] == ["unknown", *["advisory"] * 4]
    assert [day.state for day in services["Planner"].history[-2:]] == ["unknown", "ok"]
    assert services["Planner"].history[-1].date == "2026-03-10"


async def test_one_cause_is_told_once_for_all_its_sources() -> None:
    """Where nobody can sign in there is one problem that names every source, and the tenant is failing."""
    async with rig(small("contoso", "fabrikam")) as made:
        made.simulator.add_fault(tenant="contoso", path="*/token", aadsts=700016)
        async with polling(made):
            overview = await made.app.board.overview()
            found = await detail(made)
    assert [(tenant.name, tenant.state) for tenant in overview.tenants][1] == ("contoso", "failing")
    assert len(found.problems) == 1
    assert len(found.problems[0].sources) == len(found.sources)


async def test_a_view_is_made_anew_only_of_what_has_changed() -> None:
    """Of two views at one moment the second has the summaries of the first."""
    async with rig(small("contoso"), only("service_health")) as made, polling(made):
        first = await made.app.board.overview()
        second = await made.app.board.overview()
        assert second.tenants[0] is first.tenants[0]
        await made.clock.advance(60)
        assert (await made.app.board.overview()).tenants[0] is not first.tenants[0]


async def test_what_is_not_there_is_none() -> None:
    """A tenant and an issue that are not known have no view."""
    async with rig(small("contoso"), only("service_health")) as made, polling(made):
        assert await made.app.board.tenant("fabrikam") is None
        assert await made.app.board.issue("fabrikam", "EX1") is None
        assert await made.app.board.issue("contoso", "EX0") is None


@pytest.mark.parametrize("posts", [POSTS_KEPT, POSTS_KEPT + 3])
async def test_posts_that_are_not_kept_are_counted(posts: int) -> None:
    """An issue with more posts than are kept says how many are missing."""
    async with rig(small("contoso", calm=True), only("service_health")) as made, polling(made):
        contoso = made.simulator.tenants["contoso"]
        contoso.open_issue("Exchange", "Mail is late", issue_id="EX1")
        for _ in range(posts - 1):
            contoso.add_post("EX1")
        await made.clock.advance(400)
        issue = await made.app.board.issue("contoso", "EX1")
    assert issue is not None
    assert (len(issue.words), issue.words_missing) == (POSTS_KEPT, posts - POSTS_KEPT)


async def test_a_secret_of_the_settings_is_masked() -> None:
    """The settings in effect are shown without what signs in."""
    async with rig(small("contoso")) as made, polling(made):
        found = await detail(made)
        secret = made.simulator.tenants["contoso"].client_secret
    assert found.settings["client_secret"] == "**********"
    assert secret not in found.model_dump_json()


def summary(name: str, state: TenantState) -> TenantSummary:
    """A tenant in a state."""
    return TenantSummary(
        name=name,
        state=state,
        sentence=f"{name} is as it is.",
        services=30,
        unhealthy=(),
        incidents=0,
        advisories=0,
        issues_known=True,
        next_ending=None,
        seats_in_trouble=0,
        seats_known=True,
        sources=13,
        sources_in_trouble=0,
        sources_pending=0,
        health_as_of=NOON - 40,
    )


@pytest.mark.parametrize(
    ("states", "sentence"),
    [
        (["ok"], "All is well in 1 tenant: every service is healthy and nothing is due."),
        (["ok"] * 3, "All is well in 3 tenants: every service is healthy and nothing is due."),
        (["failing"], "0 is as it is."),
        (["trouble"] * 3, "Microsoft reports trouble in all 3 tenants."),
        (["trouble", "ok", "ok"], "Microsoft reports trouble in 1 of 3 tenants."),
        (
            ["trouble", "failing", "failing", "attention", "pending", "ok"],
            "Microsoft reports trouble in 1 of 6 tenants, what we know of 2 is incomplete, 1 wants attention, "
            "1 not polled whole yet.",
        ),
        (["attention", "attention", "ok"], "2 of 3 tenants want attention."),
    ],
)
def test_one_sentence_says_whether_all_is_well(states: list[TenantState], sentence: str) -> None:
    """Of one tenant what is the matter with it, of many in how many what is; then how fresh that is."""
    summaries = [summary(str(number), state) for number, state in enumerate(states)]
    one, many = "Service health was read 40 seconds ago.", "Service health is 40 seconds old where it is oldest."
    fresh = one if len(states) == 1 else many
    assert of_all(summaries, NOON) == f"{sentence} {fresh}"


@pytest.mark.parametrize(
    ("age", "told"), [(0.4, "0 seconds"), (1, "1 second"), (119.9, "119 seconds"), (7200, "2 hours")]
)
def test_the_age_of_what_is_known(age: float, told: str) -> None:
    """In its largest unit; one is one."""
    assert of_all([summary("contoso", "ok")], NOON - 40 + age).endswith(f" Service health was read {told} ago.")


async def test_thousands_of_open_issues_are_counted_and_the_foremost_listed() -> None:
    """With the latest words first; what is not listed is counted, and each issue still has its own view."""
    async with rig(small("contoso", calm=True), only("service_health")) as made, polling(made):
        contoso = made.simulator.tenants["contoso"]
        for number in range(2_000):
            contoso.open_issue("Exchange", f"Issue {number}", issue_id=f"EX{number}")
        made.simulator.switch(throttling=False)
        await made.clock.advance(400)
        found = await detail(made)
        assert found.summary.incidents == found.issues_in_all == 2_000
        assert len(found.issues) == MOST_ISSUES
        last = await made.app.board.issue("contoso", "EX1999")
    assert last is not None
    assert last.title == "Issue 1999"


async def test_the_worst_service_is_named_first_and_so_is_the_cause_of_what_fails() -> None:
    """An interruption before what is degraded, an incident before an advisory; a wrong secret is named."""
    async with rig(small("contoso", "fabrikam"), only("service_health")) as made:
        made.simulator.add_fault(tenant="fabrikam", path="*/token", aadsts=7000215)
        async with polling(made):
            overview = await made.app.board.overview()
    contoso, fabrikam = overview.tenants
    assert contoso.unhealthy[:2] == ("Microsoft Teams", "Exchange Online")
    assert contoso.sentence.startswith("Microsoft Teams, Exchange Online, ")
    assert fabrikam.sentence == (
        "2 of 2 sources in trouble: The client secret of tenant fabrikam is wrong (AADSTS7000215); "
        "nothing is known about the health of Microsoft's services."
    )


def test_the_first_sentence_of_a_failure_keeps_its_brackets() -> None:
    """Microsoft's own words stand in them, and may be several sentences themselves."""
    why = "Graph is not available (503 unavailable: It is down. Try again.; request-id 1). Wait."
    matters = Matters(
        unhealthy=(),
        incidents=0,
        advisories=0,
        soon=0,
        seats=0,
        unread=0,
        services=30,
        issues_known=True,
        troubled=2,
        why=why,
        pending=0,
        sources=15,
    )
    assert matters.sentence == "2 of 15 sources in trouble: Graph is not available (503 unavailable: It is down)."


async def test_a_wrong_clock_is_on_the_first_page() -> None:
    """By how much it differs, as the tenants' answers tell; a right one is not worth a word."""
    async with rig(small("contoso", calm=True), only("service_health")) as made, polling(made):
        assert (await made.app.board.overview()).clock == ""
        made.simulator.switch(date_skew=3600)
        await made.clock.advance(400)
        assert (await made.app.board.overview()).clock == "60 minutes behind Microsoft's"
