"""The message centre, service principals, secure scores, and apps that renew themselves."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from o365_exporter.simulator import Simulator, Tenant
from tests.fakes import FakeClock
from tests.simulator.support import HEALTH, GraphUser

MESSAGES = f"{HEALTH}/messages"
PRINCIPALS = "/v1.0/servicePrincipals"


# Messages -----------------------------------------------------------------------------------------------------------


async def test_messages_need_a_permission_of_their_own(user: GraphUser, contoso: Tenant) -> None:
    """Who may read service health may not read these; then pages of a hundred."""
    contoso.withdraw(["ServiceMessage.Read.All"])
    refused = await user.get(MESSAGES)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "UnknownError")
    assert (await user.get(f"{HEALTH}/issues")).status_code == 200
    contoso.grant(["ServiceMessage.Read.All"])
    user.forget_token()
    assert [len(page) for page in await user.all_pages(MESSAGES)] == [100, 100, 40]


async def test_messages_are_as_an_app_sees_them(user: GraphUser, contoso: Tenant) -> None:
    """No view point, hardly an action date, HTML bodies, and now and then no word whether it is major."""
    contoso.grant(["ServiceMessage.Read.All"])
    rows = [one for page in await user.all_pages(MESSAGES) for one in page]
    assert {one["viewPoint"] for one in rows} == {None}
    assert 0 < sum(one["actionRequiredByDateTime"] is not None for one in rows) < 20
    assert {one["isMajorChange"] for one in rows} == {True, False, None}
    kinds = Counter(one["body"]["contentType"] for one in rows)
    assert (kinds["text"], kinds["html"]) == (1, 239)
    assert max(len(one["body"]["content"]) for one in rows) > 30_000
    assert {one["severity"].lower() for one in rows} <= {"normal", "high", "critical", "unknownfuturevalue"}
    assert sum(one["services"] == [] for one in rows) == 1


async def test_a_message_is_changed_in_its_place(user: GraphUser, contoso: Tenant, clock: FakeClock) -> None:
    """A new one comes first; an update keeps the id and moves lastModifiedDateTime."""
    contoso.grant(["ServiceMessage.Read.All"])
    new = contoso.add_message("Retirement of basic sign-in", severity="critical", action_in_days=30)
    assert (await user.json(MESSAGES))["value"][0]["id"] == new
    await clock.advance(60)
    contoso.update_message(new, title="(Updated) Retirement of basic sign-in")
    found = await user.json(f"{MESSAGES}/{new}")
    assert (found["title"], found["lastModifiedDateTime"]) == (
        "(Updated) Retirement of basic sign-in",
        "2026-03-10T12:01:00.000Z",
    )
    contoso.remove_message(new)
    assert (await user.get(f"{MESSAGES}/{new}")).status_code == 404


# Service principals and apps ------------------------------------------------------------------------------------------


async def test_enterprise_apps_stand_behind_a_page_of_microsofts_own(user: GraphUser, contoso: Tenant) -> None:
    """Microsoft's show no credential; a SAML app has its one certificate three times, by its 40-digit thumbprint."""
    added = contoso.add_saml_app("Expenses", 30)
    pages = await user.all_pages(PRINCIPALS)
    assert len(pages) == 3
    assert all(not one["keyCredentials"] for one in pages[0])
    app = next(one for one in pages[1] if one["id"] == added)
    keys = [*app["keyCredentials"], *app["passwordCredentials"]]
    assert {one["customKeyIdentifier"] for one in keys} == {app["preferredTokenSigningKeyThumbprint"]}
    assert re.fullmatch(r"[0-9A-F]{40}", keys[0]["customKeyIdentifier"])
    assert Counter(one.get("usage") for one in keys) == {"Sign": 1, "Verify": 1, None: 1}
    assert len({one["endDateTime"] for one in keys}) == 1
    saml = await user.json(f"{PRINCIPALS}?$filter=preferredSingleSignOnMode%20eq%20'saml'".replace("'", "%27"))
    assert {one["displayName"] for one in saml["value"]} > {"Expenses", "Salesforce"}
    contoso.remove_saml_app(added)
    assert (await user.get(f"{PRINCIPALS}/{added}")).status_code == 404


async def test_each_app_registration_has_its_principal(user: GraphUser, contoso: Tenant) -> None:
    """Of the tenant's own apps it names this tenant as their owner; a new app has one at once."""
    added = contoso.add_application("Time sheets", [30])
    for app_id in (contoso.client_id, added):
        (one,) = (await user.json(f"{PRINCIPALS}?$filter=appId%20eq%20%27{app_id}%27"))["value"]
        assert (one["appId"], one["appOwnerOrganizationId"]) == (app_id, contoso.tenant_id)


async def test_thumbprints_come_in_both_forms(user: GraphUser) -> None:
    """Base64 as documented and 40 hexadecimal digits as measured."""
    pages = await user.all_pages("/v1.0/applications")
    shown = [key["customKeyIdentifier"] for page in pages for one in page for key in one["keyCredentials"]]
    lengths = Counter(len(one) for one in shown if one)
    assert lengths[40] > 3
    assert lengths[28] > 3


async def test_what_programs_register(user: GraphUser, contoso: Tenant) -> None:
    """Entra Connect leaves dead copies beside the app that it renews, Copilot Studio secrets without a hint."""
    living, *dead = contoso.add_connect_sync("AADC01", copies=3)
    agent = contoso.add_copilot_agent()
    rows = {one["appId"]: one for page in await user.all_pages("/v1.0/applications") for one in page}
    names = {rows[one]["displayName"] for one in (living, *dead)}
    assert len(names) == 4
    assert all(re.fullmatch(r"ConnectSyncProvisioning_AADC01_[0-9a-f]{12}", one) for one in names)
    ends = [rows[one]["keyCredentials"][0]["endDateTime"] for one in (living, *dead)]
    assert ends[0] > "2026-03-10T12:00:00Z" > max(ends[1:])
    assert [one["hint"] for one in rows[agent]["passwordCredentials"]] == [None]


# Scores -------------------------------------------------------------------------------------------------------------


async def test_the_newest_score_has_more_behind_it(user: GraphUser, contoso: Tenant, simulator: Simulator) -> None:
    """``$top=1`` is the newest, two days old, and still 89 more follow; numbers within are text, or not there."""
    contoso.grant(["SecurityEvents.Read.All"])
    first = await user.json("/v1.0/security/secureScores?$top=1")
    assert [one["createdDateTime"] for one in first["value"]] == ["2026-03-08T00:00:00Z"]
    assert "@odata.nextLink" in first
    assert {type(one.get("count")) for one in first["value"][0]["controlScores"]} == {str, type(None)}
    assert sum(len(page) for page in await user.all_pages("/v1.0/security/secureScores")) == 90
    simulator.advance(86_400)
    user.forget_token()
    later = await user.json("/v1.0/security/secureScores?$top=1")
    assert later["value"][0]["createdDateTime"] == "2026-03-09T00:00:00Z"


async def test_profiles_end_with_their_first_page_where_top_was_given(user: GraphUser, contoso: Tenant) -> None:
    """Without ``$top`` two pages; with it the next link is there, and refused."""
    contoso.grant(["SecurityEvents.Read.All"])
    path = "/v1.0/security/secureScoreControlProfiles"
    assert [len(page) for page in await user.all_pages(path)] == [200, 40]
    link = (await user.json(f"{path}?$top=50"))["@odata.nextLink"]
    refused = await user.get(link)
    assert refused.status_code == 400
    assert refused.json()["error"]["message"] == "Query option 'SkipToken' is not allowed."


# Service activity ---------------------------------------------------------------------------------------------------


def activity(function: str, minutes: object = 15, start: str = "2026-03-10T11:00:00Z") -> str:
    """The address of a call for the hour before now, and eight minutes of the next."""
    end = "2026-03-10T13:00:00Z"
    arguments = f"inclusiveIntervalStartDateTime={start},exclusiveIntervalEndDateTime={end}"
    return f"/beta/reports/serviceActivity/{function}({arguments},aggregationIntervalInMinutes={minutes})"


async def test_activity_comes_in_intervals_of_which_the_last_is_not_over(user: GraphUser, clock: FakeClock) -> None:
    """One function has numbers, the others zeros; nothing is there for the time to come."""
    await clock.advance(480)
    alive = (await user.json(activity("getMetricsForMfaSignInSuccess")))["value"]
    assert [one["intervalStartDateTime"][11:16] for one in alive] == ["11:00", "11:15", "11:30", "11:45", "12:00"]
    assert sum(one["value"] for one in alive) > 0
    dead = (await user.json(activity("getMetricsForSamlSignInSuccess")))["value"]
    assert {one["value"] for one in dead} == {0}


@pytest.mark.parametrize(
    "path",
    [
        activity("getMetricsForMfaSignInSuccess", 60),
        activity("getMetricsForMfaSignInSuccess", start="'2026-03-10T11:00:00Z'"),
        activity("getMetricsForMfaSignInSuccess", start="0001-01-01T00:00:00Z"),
        activity("getMetricsForNothing"),
        activity("getMetricsForMfaSignInSuccess").replace("/beta/", "/v1.0/"),
    ],
)
async def test_activity_that_cannot_be_had(user: GraphUser, path: str) -> None:
    """An hour, quoted times, unknown functions and v1.0 are a 400."""
    assert (await user.get(path)).status_code == 400


# Service health -----------------------------------------------------------------------------------------------------


async def test_microsoft_writes_about_what_is_over(user: GraphUser, contoso: Tenant) -> None:
    """A resolved issue gets a further post and another status; the service stays well."""
    issue = contoso.open_issue("Exchange", issue_id="EX1")
    contoso.resolve_issue(issue)
    before = await user.json(f"{HEALTH}/issues/EX1")
    contoso.publish_review(issue)
    after = await user.json(f"{HEALTH}/issues/EX1")
    assert (after["isResolved"], after["status"].lower()) == (True, "postincidentreviewpublished")
    assert len(after["posts"]) == len(before["posts"]) + 1
    assert contoso.services["Exchange"]["status"] != "postIncidentReviewPublished"
