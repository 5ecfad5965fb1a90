"""What others have measured at Microsoft's, mood by mood, and what the exporter makes of it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.errors import ExporterError
from o365_exporter.graph import Endpoint
from o365_exporter.simulator import Simulator, SimulatorOptions
from o365_exporter.simulator.moods import MOODS
from o365_exporter.simulator.reports.operations import STATES
from tests.app.rig import RARELY, Rig, polling, rig, small
from tests.graph.simulated import client_of
from tests.graph.world import ImpatientClock

EMAIL, QUOTAS = "getEmailActivityUserDetail", "getMailboxUsageQuotaStatusMailboxCounts"
APPS, SKUS = "/v1.0/applications", "/v1.0/subscribedSkus"


def reading(part: str) -> set[str]:
    """Sources of the catalogue that read an address with this part."""
    return {
        f"{name}.{source.name}"
        for name, collector in all_collectors().items()
        for source in collector.sources(collector.options())
        if any(part in endpoint.route for endpoint in source.endpoints)
    }


DATED, REPORTS = reading("(date="), reading("/reports/")

REFUSED: Mapping[str, tuple[set[str], str, str]] = {
    "health_without_permission": (
        {"service_health.overviews", "service_health.issues"},
        "permission",
        "ServiceHealth.Read.All",
    ),
    "messages_without_permission": (
        {"message_center.messages", "message_center.bodies"},
        "permission",
        "ServiceMessage.Read.All",
    ),
    "settings_without_permission": ({"report_settings.settings"}, "unsupported", "ReportSettings.Read.All"),
    "permission_named": ({"subscriptions.skus"}, "permission", "LicenseAssignment.Read.All"),
    "licence_check_failed": (REPORTS, "permission", "Directory.Read.All"),
    "endpoint_401": ({"exchange_usage.mailbox_usage"}, "unavailable", "that it takes elsewhere"),
    "endpoint_401_empty": ({"exchange_usage.mailbox_usage"}, "unavailable", "that it takes elsewhere"),
    "reports_403_outage": (REPORTS, "unavailable", "MissingCredentials"),
    "reports_unknown_tenant": (REPORTS, "no_data", "has no usage data yet"),
    "gateway_refusal": (REPORTS, "unexpected_answer", "A gateway of Microsoft's"),
    "nul_body": ({"subscriptions.skus"}, "permission", "(403)"),
    "empty_200": ({"subscriptions.skus"}, "unavailable", "an outage of that address"),
}
"""Mood: which sources, in which state, and words of the sentence."""

ELSEWHERE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "free_tenant": (
        ("/deviceManagement/managedDeviceOverview", "UnlicensedError"),
        ("/deviceAppManagement/vppTokens", "UnlicensedError"),
        ("/security/alerts_v2", "UnlicensedError"),
        ("/roleManagement/directory/roleEligibilitySchedules", "UnlicensedError"),
        ("/auditLogs/signIns", "UnlicensedError"),
        ("/identityProtection/riskyUsers", "UnlicensedError"),
    ),
    "not_applicable": (("/deviceManagement/managedDeviceOverview", "UnlicensedError"),),
    "not_provisioned": (("/security/incidents", "UnlicensedError"),),
    "premium_needed": (("/roleManagement/directory/roleEligibilitySchedules", "UnlicensedError"),),
    "non_premium": (("/auditLogs/signIns", "UnlicensedError"),),
    "not_licensed": (("/identityProtection/riskyUsers", "UnlicensedError"),),
    "intune_without_permission": (("/deviceManagement/managedDeviceOverview", "PermissionMissingError"),),
    "not_supported": (("/deviceManagement/exchangeConnectors", "Unsupported"),),
    "backend_not_there": (("/deviceManagement/userExperienceAnalyticsOverview", "Unsupported"),),
    "not_for_work_accounts": (("/security/partner", "Unsupported"),),
    "query_broker": (("/deviceManagement/applePushNotificationCertificate", "ThrottledError"),),
    "data_insights_forbidden": (("/deviceManagement/userExperienceAnalyticsOverview", "PermissionMissingError"),),
}
"""Mood: addresses that no collector reads yet, and what each becomes."""


def sources(made: Rig, *, but: str = "ok") -> dict[str, str]:
    """Sources by their state, those that are ``but`` left out."""
    polls = made.app.store.of("contoso").items()
    return {f"{key.collector}.{key.source}": poll.state for key, poll in polls if poll.state != but}


def left_out(made: Rig) -> list[str]:
    """Sources that left something out."""
    return [line for line in made.lines("o365_exporter_source_entries_left_out") if not line.endswith(" 0.0")]


@pytest.mark.parametrize("mood", REFUSED)
async def test_a_refusal_is_told_for_what_it_is(mood: str) -> None:
    """The sources it meets have the state of its cause and a sentence that names it; no other source is touched."""
    met, state, words = REFUSED[mood]
    async with rig(small("contoso")) as made:
        made.simulator.begin(mood)
        async with polling(made):
            await made.clock.advance(120)  # what may pass is tried again
            assert sources(made) == dict.fromkeys(met, state)
            messages = made.messages("contoso")
    assert messages
    assert all(words in one for one in messages)


async def test_markup_in_a_message_is_not_shown() -> None:
    """What the page says is told, without its tags."""
    async with rig(small("contoso")) as made:
        made.simulator.begin("html_in_message", path="/v1.0/reports/getTeams*")
        async with polling(made):
            assert set(sources(made)) == {"teams_usage.users_activity", "teams_usage.devices_usage"}
            messages = made.messages("contoso")
    assert all("404 - Not Found" in one and "<" not in one for one in messages)


@pytest.mark.parametrize(
    ("mood", "route", "meaning"), [(mood, *pair) for mood, pairs in ELSEWHERE.items() for pair in pairs]
)
async def test_codes_of_products_to_come_are_known(mood: str, route: str, meaning: str) -> None:
    """What is not licensed, not set up, not allowed or too often asked is told apart, however it is coded."""
    clock = ImpatientClock()
    simulator = Simulator(clock, SimulatorOptions.many(1))
    simulator.begin(mood)
    async with client_of(simulator, clock) as graph:
        with pytest.raises(ExporterError) as raised:
            await graph.list(Endpoint(route, ("Documented.Read.All",)))
    assert type(raised.value).__name__ == meaning
    assert "report" not in str(raised.value)


async def test_a_free_tenant_is_watched_as_any_other() -> None:
    """Its one free SKU and subscription, and service health; what it has none of is an answer."""
    async with rig(small("contoso")) as made:
        made.simulator.begin("free_tenant")
        async with polling(made):
            assert set(sources(made).values()) <= {"no_data"}
            assert not {"service_health.overviews", "subscriptions.skus"} & sources(made).keys()
            assert len(made.lines("o365_sku_info{")) == len(made.lines("o365_subscription_status{")) == 1


@pytest.mark.parametrize(
    ("path", "source", "seconds"),
    [
        (APPS, "credential_expiry.applications", 7_000),
        (SKUS, "subscriptions.skus", 7_000),
        ("/v1.0/directory/subscriptions", "subscriptions.subscriptions", 7_000),
        ("/v1.0/admin/serviceAnnouncement/healthOverviews", "service_health.overviews", 400),
    ],
)
async def test_a_list_that_is_empty_for_a_while_takes_nothing_away(path: str, source: str, seconds: float) -> None:
    """The last good data stay, the source says that it does not believe it, and afterwards all is well by itself."""
    async with rig(small("contoso")) as made, polling(made):
        before = {line.rpartition(" ")[0] for line in made.lines("o365_") if not line.startswith("o365_exporter_")}
        made.simulator.begin("empty_list", path=path, seconds=seconds)
        await made.clock.advance(seconds - 100)
        assert sources(made) == {source: "unexpected_answer"}
        now = {line.rpartition(" ")[0] for line in made.lines("o365_") if not line.startswith("o365_exporter_")}
        assert before <= now
        await made.clock.advance(3_000)
        assert sources(made) == {}


async def test_a_bad_entry_costs_itself_alone() -> None:
    """Every source stays whole but for one entry, and says how many it left out."""
    async with rig(small("contoso", applications=100, issues=230)) as made:
        made.simulator.begin("bad_entry")
        async with polling(made):
            assert sources(made) == {}
            assert [line.rpartition(" ")[2] for line in left_out(made)] == ["1.0"] * 5


@pytest.mark.parametrize("mood", ["expired_page_token", "filter_breaks", "issue_not_found"])
async def test_another_way_is_found(mood: str) -> None:
    """A list whose token has expired is begun anew, a broken filter is left out, and a 404 alone ends no issue."""
    async with rig(small("contoso", applications=250)) as made:
        tenant = made.simulator.tenants["contoso"]
        if mood == "expired_page_token":
            made.simulator.begin(mood, count=1)
        async with polling(made):
            if mood != "expired_page_token":
                made.simulator.begin(mood)
            await made.clock.advance(600)
            assert sources(made) == {}
            assert made.lines("o365_applications{")[0].endswith(" 250.0")
            still = made.lines("o365_service_issue_open{", " 1.0")
            assert len(still) == len(tenant.open_issue_ids())


async def test_conditional_access_that_refuses_the_address_is_named() -> None:
    """The tenant is not ok, the sentence names Conditional Access, and tokens are not thrown away at each poll."""
    async with rig(small("contoso")) as made:
        made.simulator.begin("access_challenge")
        async with polling(made):
            await made.clock.advance(600)
            assert set(sources(made).values()) == {"auth"}
            assert made.lines("o365_exporter_tenant_state{", " 1.0") == [
                'o365_exporter_tenant_state{state="auth",tenant="contoso"} 1.0'
            ]
            assert all("Conditional Access" in one for one in made.messages("contoso"))
            asked = made.simulator.requests.find("/v1.0/*")
            assert len(made.simulator.requests.find("*/token")) < len(asked) / 4


async def test_a_deleted_tenant_is_named() -> None:
    """Nobody is sent to look for a wrong secret."""
    async with rig(small("contoso")) as made:
        made.simulator.begin("tenant_deleted")
        async with polling(made):
            (message,) = made.messages("contoso")
    assert "has been deleted or switched off" in message


async def test_a_bare_429_is_throttling_and_passes() -> None:
    """Without any header the client waits by itself; afterwards all is well."""
    async with rig(small("contoso")) as made:
        made.simulator.begin("bare_429", path=SKUS, seconds=300)
        async with polling(made):
            await made.clock.advance(120)
            assert sources(made) == {"subscriptions.skus": "throttled"}
            await made.clock.advance(3_600)
            assert sources(made) == {}


async def test_a_clock_that_is_off_is_seen() -> None:
    """Ours is a quarter of an hour late: the series says so, and all else is as usual."""
    async with rig(small("contoso")) as made:
        made.simulator.begin("clock_off")
        async with polling(made):
            ((_, _, skew),) = (line.rpartition(" ") for line in made.lines("o365_exporter_clock_skew_seconds{"))
            assert sources(made) == {}
    assert -901.5 < float(skew) < -898.5


async def test_apps_whose_credentials_a_program_renews_are_marked() -> None:
    """Entra Connect's app and its dead copies are; what Copilot Studio leaves behind is an app like any other."""
    async with rig(small("contoso")) as made:
        tenant = made.simulator.tenants["contoso"]
        sync = tenant.add_connect_sync(copies=2)
        agent = tenant.add_copilot_agent()
        async with polling(made):
            marked = made.lines("o365_application_rotates_itself{")
            assert all(any(one in line for line in marked) for one in sync)
            assert len(made.lines("o365_application_latest_credential_expiry_timestamp_seconds{", agent)) == 1


# Reports ------------------------------------------------------------------------------------------------------------

WEEK, DAY = "o365_exchange_email_users{", "o365_exchange_email_active_users{"


async def reported(function: str, state: Any, **more: Any) -> Rig:
    """What is served of a tenant whose report is in a state."""
    async with rig(small("contoso")) as made:
        made.simulator.tenants["contoso"].set_report_state(function, state, **more)
        async with polling(made):
            await made.clock.advance(30)
            return made


@pytest.mark.parametrize("refused", ["mood", "header_only_day", "stuck"])
async def test_a_day_that_is_not_there_takes_no_week(refused: str) -> None:
    """Refused, without rows under a live week, or frozen for 33 days: the week and its date stay, the day is absent."""
    async with rig(small("contoso")) as made:
        if refused == "mood":
            made.simulator.begin("day_refused")
        else:
            made.simulator.tenants["contoso"].set_report_state("*", refused, 33.0)  # type: ignore[arg-type]
        async with polling(made):
            assert len(made.lines(WEEK)) == 1
            assert made.lines("o365_report_refresh_timestamp_seconds{", EMAIL)
            assert made.lines(DAY) == []
            assert sources(made) == {}


async def test_the_newest_empty_row_is_no_zero() -> None:
    """Absent, or the newest whole day; never 0 mailboxes under limit."""
    made = await reported(QUOTAS, "empty_newest")
    lines = made.lines("o365_exchange_mailboxes_by_quota_status{", 'quota_status="under_limit"')
    assert not [line for line in lines if line.endswith(" 0.0")]


@pytest.mark.parametrize("state", ["direct", "undated_deletions"])
async def test_a_report_is_read_whole_all_the_same(state: str) -> None:
    """A file without a redirect, and deleted people without a date, give the same numbers as usual."""
    found, usual = await reported("*", state), await reported("*", "usual")
    assert sources(found) == {}
    assert found.lines("o365_exchange_") == usual.lines("o365_exchange_")


@pytest.mark.parametrize("state", ["short_row", "odd_dates"])
async def test_an_odd_row_costs_itself_alone(state: str) -> None:
    """All others are counted, and the one is told."""
    made = await reported(EMAIL, state)
    assert sources(made) == {}
    assert made.lines(WEEK)[0].endswith(" 249.0")
    assert [line for line in left_out(made) if "email_activity" in line]


async def test_the_usual_states_of_broken_files_are_failures() -> None:
    """A page, nothing, another header, a cut file, and refusals: each is an error, and none is a zero."""
    for state in ("html", "empty", "wrong_header", "truncated", "not_found", "bad_request"):
        made = await reported(EMAIL, state)
        assert set(sources(made)) == {"exchange_usage.email_activity"}, state
        assert made.lines(WEEK) == [], state
    made = await reported(EMAIL, "header_only")
    assert sources(made) == {"exchange_usage.email_activity": "no_data"}


async def test_an_issue_that_is_over_can_get_a_review() -> None:
    """A later post and status of a resolved issue are seen, and it stays resolved."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        tenant = made.simulator.tenants["contoso"]
        made.simulator.switch(pascal_case_rate=0)
        tenant.open_issue("Exchange", issue_id="EX1")
        await made.clock.advance(1_000)
        tenant.resolve_issue("EX1")
        await made.clock.advance(1_000)
        tenant.publish_review("EX1")
        await made.clock.advance(8 * 3_600)
        assert made.lines('issue_id="EX1"', 'status="postIncidentReviewPublished"')
        assert made.lines("o365_service_issue_open{", 'issue_id="EX1"')[0].endswith(" 0.0")
        assert made.lines("o365_service_issue_posts{", 'issue_id="EX1"')[0].endswith(" 2.0")


def test_every_mood_and_state_has_a_test() -> None:
    """Its name stands in this file: a mood that nobody tries is nobody's."""
    names = {
        node.value for node in ast.walk(ast.parse(Path(__file__).read_text("utf-8"))) if isinstance(node, ast.Constant)
    }
    assert MOODS.keys() | STATES.keys() <= names
