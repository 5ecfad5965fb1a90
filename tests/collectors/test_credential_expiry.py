"""``credential_expiry``: secrets and certificates of app registrations, as series."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import httpx
import pytest

from o365_exporter.collectors.credential_expiry import (
    OWN_CREDENTIAL,
    Application,
    ApplicationsSource,
    Credential,
    Options,
    own_secret,
)
from o365_exporter.errors import UnavailableError, UnexpectedAnswerError
from o365_exporter.filters import Filter
from o365_exporter.source import BELIEVED_AFTER
from tests.graph.world import client, microsoft
from tests.stubs import TENANT_ID, StubGraph, derived_text, polled, text_of

ROUTE = "/applications"
PRINCIPALS = "/servicePrincipals"
YEAR_2020 = 1577836800.0
YEAR_2099 = 4070908800.0


def app(**changes: Any) -> dict[str, Any]:
    """The oracle's application: one secret that ended in 2020, one of 2099, and a certificate of 2099."""
    return {
        "id": "object-1",
        "appId": "app-1",
        "displayName": "App One",
        "passwordCredentials": [
            {"keyId": "p1", "displayName": "old", "endDateTime": "2020-01-01T00:00:00Z", "hint": "abc"},
            {"keyId": "p2", "displayName": None, "endDateTime": "2099-01-01T00:00:00Z", "hint": "def"},
        ],
        "keyCredentials": [{"keyId": "k1", "displayName": "CN=one", "endDateTime": "2099-01-01T00:00:00Z"}],
        **changes,
    }


def lasting(end: str | None, **changes: Any) -> dict[str, Any]:
    """An application with one secret."""
    return app(keyCredentials=[], passwordCredentials=[{"keyId": "p1", "endDateTime": end}], **changes)


async def test_oracle_of_the_original_on_credentials() -> None:
    """compat: remaining time is end minus now for each credential; the latest end says that the app was rotated."""
    source = ApplicationsSource(Options())
    records = await polled(source, StubGraph({ROUTE: [app()]}))
    assert text_of(source, records) == (
        'o365_application_credential_expiry_timestamp_seconds{app_id="app-1",app_name="App One",credential_id="k1",'
        'credential_name="CN=one",kind="certificate",tenant="contoso"} 4.0709088e+09\n'
        'o365_application_credential_expiry_timestamp_seconds{app_id="app-1",app_name="App One",credential_id="p1",'
        'credential_name="old",kind="secret",tenant="contoso"} 1.5778368e+09\n'
        'o365_application_credential_expiry_timestamp_seconds{app_id="app-1",app_name="App One",credential_id="p2",'
        'credential_name="",kind="secret",tenant="contoso"} 4.0709088e+09\n'
        'o365_application_latest_credential_expiry_timestamp_seconds{app_id="app-1",app_name="App One",'
        'kind="certificate",tenant="contoso"} 4.0709088e+09\n'
        'o365_application_latest_credential_expiry_timestamp_seconds{app_id="app-1",app_name="App One",'
        'kind="secret",tenant="contoso"} 4.0709088e+09\n'
        'o365_applications{tenant="contoso"} 1.0\n'
    )


async def test_an_end_that_never_comes_is_infinite() -> None:
    """No end, a null end and 0001-01-01 are +Inf; the year 9999 and seven fraction digits are ordinary."""
    source = ApplicationsSource(Options())
    entries = [
        lasting(None, appId="a"),
        lasting("0001-01-01T00:00:00Z", appId="b"),
        app(appId="c", keyCredentials=[], passwordCredentials=[{"keyId": "p1"}]),
        lasting("9999-12-31T23:59:59.9999999Z", appId="d"),
    ]
    text = text_of(source, await polled(source, StubGraph({ROUTE: entries})))
    assert text.count("latest_credential_expiry") == 4
    assert text.count("} +Inf") == 6
    assert text.count("} 2.534023008e+11") == 2


async def test_two_credentials_of_the_same_or_no_name_are_two_series() -> None:
    """The id tells credentials apart; where even that is missing, the position does."""
    twins = [{"keyId": None, "displayName": "", "endDateTime": None}, {"displayName": "", "endDateTime": None}]
    source = ApplicationsSource(Options())
    records = await polled(source, StubGraph({ROUTE: [app(passwordCredentials=twins, keyCredentials=[])]}))
    text = text_of(source, records)
    assert 'credential_id="secret-1",credential_name=""' in text
    assert 'credential_id="secret-2",credential_name=""' in text


async def test_two_apps_of_one_name_are_told_apart_by_their_id() -> None:
    """The app id is Graph's appId."""
    source = ApplicationsSource(Options())
    records = await polled(source, StubGraph({ROUTE: [app(), app(id="object-2", appId="app-2")]}))
    text = text_of(source, records)
    assert 'o365_applications{tenant="contoso"} 2.0' in text
    assert text.count('app_id="app-2",app_name="App One"') == 5


async def test_apps_without_credentials_are_counted() -> None:
    """Null and missing collections are empty ones."""
    source = ApplicationsSource(Options())
    entries = [{"appId": "a"}, {"appId": "b", "passwordCredentials": None, "keyCredentials": []}]
    assert (
        text_of(source, await polled(source, StubGraph({ROUTE: entries})))
        == 'o365_applications{tenant="contoso"} 2.0\n'
    )


async def test_a_tenant_without_apps_is_an_answer() -> None:
    """No app registration at all is zero and not a failure, where the exporter's own app is registered elsewhere."""
    source = ApplicationsSource(Options())
    records = await polled(source, StubGraph({ROUTE: []}))
    assert text_of(source, records) == 'o365_applications{tenant="contoso"} 0.0\n'
    assert list(source.remarks(records)) == []


async def test_filters_look_at_name_and_ids_and_an_empty_match_is_visible() -> None:
    """A filter that lets nothing pass leaves the count at 0 and a remark."""
    records = await polled(ApplicationsSource(Options()), StubGraph({ROUTE: [app(), app(id="o2", appId="app-2")]}))
    by_id = ApplicationsSource(Options(applications=Filter(include=("^APP-2$",))))
    assert 'o365_applications{tenant="contoso"} 1.0' in text_of(by_id, records)
    nothing = ApplicationsSource(Options(applications=Filter(include=("payroll",))))
    assert text_of(nothing, records) == 'o365_applications{tenant="contoso"} 0.0\n'
    assert list(nothing.remarks(records)) == [
        "None of the 2 app registrations passes the filter collectors.credential_expiry.applications."
    ]


async def test_the_exporters_own_secret_is_found_by_its_hint_in_spite_of_filters() -> None:
    """The secret in use has a series of its own, whatever the filter on applications says."""
    graph = StubGraph({ROUTE: [app()]}, client_id="app-1", secret_hint="def")
    source = ApplicationsSource(Options(applications=Filter(exclude=(".",))))
    records = await polled(source, graph)
    assert text_of(source, records) == 'o365_applications{tenant="contoso"} 0.0\n'
    assert derived_text(OWN_CREDENTIAL, records) == (
        'o365_exporter_credential_expiry_timestamp_seconds{kind="secret",tenant="contoso"} 4.0709088e+09\n'
    )


async def test_the_app_by_which_the_exporter_signs_in_is_marked() -> None:
    """Whatever the case of its id, and no other; where the filter hides it, nothing is told of it among the others."""
    graph = StubGraph({ROUTE: [app(), app(id="o2", appId="app-2")]}, client_id="APP-1")
    records = await polled(ApplicationsSource(Options()), graph)
    marked = [line for line in text_of(ApplicationsSource(Options()), records).splitlines() if "used_by" in line]
    assert marked == ['o365_application_used_by_exporter{app_id="app-1",app_name="App One",tenant="contoso"} 1.0']
    hiding = ApplicationsSource(Options(applications=Filter(exclude=("^app-1$",))))
    assert "used_by" not in text_of(hiding, records)


def test_the_exporters_own_certificate_tells_its_time_itself() -> None:
    """Start and end, whatever is known of app registrations; of a secret beside it both are told."""
    graph = StubGraph()
    graph.auth.certificate_start, graph.auth.certificate_end = 100.0, 200.0
    assert derived_text(OWN_CREDENTIAL, "of another kind", graph=graph) == (
        'o365_exporter_credential_expiry_timestamp_seconds{kind="certificate",tenant="contoso"} 200.0\n'
        'o365_exporter_credential_start_timestamp_seconds{kind="certificate",tenant="contoso"} 100.0\n'
    )
    assert derived_text(OWN_CREDENTIAL) == ""


def test_of_secrets_that_begin_alike_the_careful_one_counts() -> None:
    """Our secret has just worked, so it has not ended: the earliest end to come is the answer that warns in time."""
    ends = (100.0, 300.0, 200.0)
    secrets = [Credential(str(end), "", "secret", None, end, "abc") for end in ends]
    other = Credential("x", "", "secret", None, 150.0, "xyz")
    application = Application("app-1", "object-1", "App One", (*secrets, other))
    assert own_secret(application, "abc", now=120.0) is secrets[2]
    assert own_secret(application, "abc", now=999.0) is secrets[1]
    assert own_secret(application, "nil", now=0.0) is None
    assert own_secret(application, "", now=0.0) is None


async def test_apps_without_the_lists_that_were_asked_for_are_remarked() -> None:
    """A list that is missing altogether is not the same as an empty one."""
    source = ApplicationsSource(Options())
    records = await polled(source, StubGraph({ROUTE: [{"appId": "a"}, app()]}))
    assert list(source.remarks(records)) == [
        "Graph gave 1 app registrations without the lists of their credentials, which were asked for."
    ]


LIFETIMES = (
    'o365_application_latest_credential_start_timestamp_seconds{app_id="app-1",app_name="App One",kind="secret",'
    'tenant="contoso"} 1.773144e+09\n'
)


async def test_a_credential_tells_how_long_it_was_made_to_last() -> None:
    """The start of the credential that ends last, of the exporter's own one too; one without a start has no series."""
    secrets = [
        {"keyId": "p1", "startDateTime": "2026-03-10T12:00:00Z", "endDateTime": "2026-03-12T12:00:00Z", "hint": "abc"},
        {"keyId": "p2", "startDateTime": "2026-03-09T12:00:00Z", "endDateTime": "2026-03-11T12:00:00Z"},
    ]
    graph = StubGraph({ROUTE: [app(passwordCredentials=secrets)]}, client_id="app-1", secret_hint="abc")
    source = ApplicationsSource(Options())
    records = await polled(source, graph)
    starts = [line for line in text_of(source, records).splitlines(keepends=True) if "_start_" in line]
    assert starts == [LIFETIMES]
    assert 'o365_exporter_credential_start_timestamp_seconds{kind="secret",tenant="contoso"} 1.773144e+09' in (
        derived_text(OWN_CREDENTIAL, records)
    )


@pytest.mark.parametrize(
    ("name", "marked"),
    [
        ("ConnectSyncProvisioning_DC01_0a1b2c3d4e5f", True),
        ("Holiday helper (Microsoft Copilot Studio)", True),
        ("Payroll", False),
        ("About ConnectSyncProvisioning_", False),
    ],
)
async def test_apps_that_rotate_themselves_are_marked(name: str, *, marked: bool) -> None:
    """What renews itself is served like all others, with a mark by which alerts leave it out."""
    source = ApplicationsSource(Options())
    text = text_of(source, await polled(source, StubGraph({ROUTE: [app(displayName=name)]})))
    mark = f'o365_application_rotates_itself{{app_id="app-1",app_name="{name}",tenant="contoso"}} 1.0'
    assert (mark in text) == marked
    assert "o365_application_latest_credential_expiry_timestamp_seconds" in text
    unmarked = ApplicationsSource(Options(rotate_themselves=()))
    assert "rotates_itself" not in text_of(unmarked, await polled(source, StubGraph({ROUTE: [app(displayName=name)]})))


async def test_a_list_without_the_app_that_asks_is_not_whole() -> None:
    """From the first poll on: an app that is registered in this tenant is among its registrations."""
    graph = StubGraph({ROUTE: [app()]}, client_id="our-own")
    graph.lists[PRINCIPALS] = [{"appId": "our-own", "appOwnerOrganizationId": TENANT_ID.upper()}]
    with pytest.raises(UnexpectedAnswerError, match=r"lists 1 app registrations, and not the one that asks"):
        await polled(ApplicationsSource(Options()), graph)


@pytest.mark.parametrize(
    "principals",
    [
        [{"appId": "our-own", "appOwnerOrganizationId": "11111111-2222-4333-8444-555555555555"}],
        [{"appId": "our-own", "appOwnerOrganizationId": None}],
        [],
        UnavailableError("Graph is down.", status=503),
    ],
    ids=["registered elsewhere", "told by nobody", "no principal", "not to be had"],
)
async def test_an_app_of_another_tenant_proves_nothing(principals: Any) -> None:
    """One app for many tenants is registered at home only, so a customer's list is whole without it."""
    graph = StubGraph({ROUTE: [app()]}, client_id="our-own")
    graph.lists[PRINCIPALS] = principals
    records = await polled(ApplicationsSource(Options()), graph)
    assert [each.app_id for each in records] == ["app-1"]


async def test_a_credential_that_cannot_be_read_costs_itself() -> None:
    """Its app keeps the others, and the loss is counted and told."""
    odd = {"keyId": "p1", "endDateTime": "next Tuesday"}
    good = {"keyId": "p2", "endDateTime": "2099-01-01T00:00:00Z"}
    source = ApplicationsSource(Options())
    records = await polled(source, StubGraph({ROUTE: [app(passwordCredentials=[odd, good], keyCredentials=[])]}))
    assert source.left_out(records) == 1
    assert [each.id for each in records.entries[0].credentials] == ["p2"]
    assert list(source.remarks(records)) == ["1 credentials of app registrations cannot be read and are left out."]


def bereft(nothing: Any, count: int) -> list[dict[str, Any]]:
    """App registrations whose lists of credentials are null, empty or missing."""
    lists = {} if nothing == "missing" else {"passwordCredentials": nothing, "keyCredentials": nothing}
    return [{"id": f"object-{n}", "appId": f"app-{n}", "displayName": "App"} | lists for n in range(count)]


@pytest.mark.parametrize("nothing", [None, [], "missing"])
async def test_that_every_credential_is_gone_at_once_is_not_believed_at_once(nothing: Any) -> None:
    """For a day of nothing else what was known stays, or each alert on an end would be over; then it is the answer."""
    source, graph = ApplicationsSource(Options()), StubGraph({ROUTE: [app(appId=f"app-{n}") for n in range(3)]})
    known = await polled(source, graph, now=0)
    graph.lists[ROUTE] = bereft(nothing, 3)
    for moment in (1000.0, 1000.0 + BELIEVED_AFTER - 1):
        with pytest.raises(UnexpectedAnswerError, match="3 app registrations without any credential, after 3") as error:
            await polled(source, graph, known, now=moment)
        known = error.value.unfinished
    assert "credential_id" not in text_of(source, await polled(source, graph, known, now=1000.0 + BELIEVED_AFTER))


async def test_a_credential_that_comes_back_begins_the_doubt_anew() -> None:
    """What counts is how long Graph has said so without a break."""
    source, graph = ApplicationsSource(Options()), StubGraph({ROUTE: [app(appId=f"app-{n}") for n in range(3)]})
    before = await polled(source, graph, now=0)
    graph.lists[ROUTE] = bereft(None, 3)
    with pytest.raises(UnexpectedAnswerError) as error:
        await polled(source, graph, before, now=1000)
    graph.lists[ROUTE] = [app(appId="app-9"), *bereft(None, 2)]
    again = await polled(source, graph, error.value.unfinished, now=2000)
    known = replace(again, own_secret=again.entries[0].credentials[0])
    graph.lists[ROUTE] = bereft(None, 3)
    with pytest.raises(UnexpectedAnswerError, match="without any credential") as error:
        await polled(source, graph, known, now=1500 + BELIEVED_AFTER)
    assert error.value.unfinished.without_since == 1500 + BELIEVED_AFTER


async def test_one_or_two_apps_can_lose_their_credentials_but_not_the_one_that_asks() -> None:
    """Who deletes a secret hears soon that its alert is over; a secret that has just opened the door is still there."""
    source, graph = ApplicationsSource(Options()), StubGraph({ROUTE: [app()]})
    before = await polled(source, graph, now=0)
    graph.lists[ROUTE] = bereft([], 1)
    assert len(await polled(source, graph, before, now=60)) == 1
    with pytest.raises(UnexpectedAnswerError, match="without any credential"):
        await polled(source, graph, replace(before, own_secret=before.entries[0].credentials[0]), now=60)


async def test_fifty_thousand_apps_take_sixty_requests_at_most() -> None:
    """Pages of 999, and one question about the exporter's own app, which is not among them."""
    asked = Counter[str]()

    def give(request: httpx.Request) -> httpx.Response:
        asked[request.url.path] += 1
        if request.url.path.endswith("/servicePrincipals"):
            return httpx.Response(200, json={"value": []})
        begin, size = int(request.url.params.get("$skiptoken", 0)), int(request.url.params["$top"])
        end = min(begin + size, 50_000)
        page = {"value": [{"appId": str(number), "passwordCredentials": []} for number in range(begin, end)]}
        more = request.url.copy_set_param("$skiptoken", str(end))
        return httpx.Response(200, json=page | ({"@odata.nextLink": str(more)} if end < 50_000 else {}))

    with microsoft() as world:
        world.graph("/").mock(side_effect=give)
        async with client() as graph:
            records = await ApplicationsSource(Options()).fetch(graph, None, 0.0)
    assert len(records) == 50_000
    assert asked.total() <= 60
