"""A new tenant: of live size, awkward, deterministic, and true to the official schema."""

from __future__ import annotations

import re
import time
from functools import partial
from pathlib import Path

import pytest
import yaml
from openapi_schema_validator import OAS30Validator

from o365_exporter.simulator import Simulator, SimulatorOptions, Tenant, TenantOptions
from tests.fakes import FakeClock
from tests.simulator.support import HEALTH, GraphUser, Json, in_process

SLICE = Path(__file__).resolve().parents[3] / "shared" / "graph" / "openapi-v1.0-slice.yaml"
DAY = 86_400.0

ENDPOINTS = {
    f"{HEALTH}/healthOverviews": "serviceHealthCollectionResponse",
    f"{HEALTH}/healthOverviews?$expand=issues": "serviceHealthCollectionResponse",
    f"{HEALTH}/healthOverviews/Exchange": "serviceHealth",
    f"{HEALTH}/healthOverviews/Exchange/issues": "serviceHealthIssueCollectionResponse",
    f"{HEALTH}/issues?$top=1000&$count=true": "serviceHealthIssueCollectionResponse",
    "/v1.0/applications": "applicationCollectionResponse",
    "/v1.0/applications?$select=id,appId,displayName,keyCredentials,passwordCredentials&$top=50": (
        "applicationCollectionResponse"
    ),
    "/v1.0/subscribedSkus": "subscribedSkuCollectionResponse",
    "/v1.0/directory/subscriptions": "companySubscriptionCollectionResponse",
    "/v1.0/organization": "organizationCollectionResponse",
    f"{HEALTH}/messages": "serviceUpdateMessageCollectionResponse",
    "/v1.0/servicePrincipals?$filter=preferredSingleSignOnMode%20eq%20%27saml%27": "servicePrincipalCollectionResponse",
    "/v1.0/security/secureScores": "secureScoreCollectionResponse",
    "/v1.0/nothing": "ODataErrors.ODataError",
}
MEASURED = {"directorySizeQuota", "SeatSizeRangeLowerValue", "SeatSizeRangeUpperValue"}
"""What live answers have and the description lacks (rknightion/graph2otel#120)."""


@pytest.fixture(scope="module")
def official() -> Json:
    """The official description, where it is at hand."""
    if not SLICE.exists():
        pytest.skip(f"{SLICE} is not there: it stands beside the project on the maintainers' machines only")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    description: Json = yaml.load(SLICE.read_text(encoding="utf-8"), loader)  # noqa: S506 - it is a safe loader, in C
    return description


def properties_of(schemas: Json, name: str) -> set[str]:
    """All properties of a type, inherited ones too."""
    schema = schemas[name]
    parts = [schema, *schema.get("allOf", [])]
    found: set[str] = set()
    for part in parts:
        found |= set(part.get("properties", {}))
        if "$ref" in part:
            found |= properties_of(schemas, part["$ref"].rsplit("/", 1)[-1])
    return found


@pytest.mark.parametrize(("path", "schema"), ENDPOINTS.items())
async def test_answers_validate_against_the_official_description(
    official: Json, simulator: Simulator, user: GraphUser, path: str, schema: str
) -> None:
    """With members in their documented case every answer is valid, and no property is made up."""
    simulator.switch(pascal_case_rate=0)
    user.tenant.grant(["ServiceMessage.Read.All", "SecurityEvents.Read.All"])
    body = (await user.get(path)).json()
    name = f"microsoft.graph.{schema}"
    validator = OAS30Validator({"$ref": f"#/components/schemas/{name}", "components": official["components"]})
    assert [error.message for error in validator.iter_errors(body)] == []
    items = body.get("value", [])
    if items:
        known = properties_of(official["components"]["schemas"], name.removesuffix("CollectionResponse"))
        assert {key for item in items for key in item} <= known | MEASURED


async def test_a_tenant_is_of_live_size(user: GraphUser) -> None:
    """30 services, 230 issues of which 6 are open, 100 apps, 20 SKUs, 24 subscriptions."""
    tenant = user.tenant
    assert (len(tenant.services), len(tenant.issues), len(tenant.open_issue_ids())) == (30, 230, 6)
    assert (len(tenant.applications), len(tenant.skus), len(tenant.subscriptions)) == (100, 20, 24)
    issues = [one for page in await user.all_pages(f"{HEALTH}/issues") for one in page]
    posts = [post["description"]["content"] for issue in issues for post in issue["posts"]]
    assert 7 <= len(posts) / len(issues) <= 9
    assert all(450 <= len(post.encode()) <= 2_100 for post in posts)
    assert all("<p>" in post for post in posts)


def test_equal_seeds_give_equal_tenants_and_others_differ(clock: FakeClock) -> None:
    """Seed and clock decide everything; another key or seed is another tenant."""

    def facts(seed: int, key: str = "contoso") -> tuple[object, ...]:
        options = SimulatorOptions(tenants=(TenantOptions(key=key),), seed=seed)
        tenant = Simulator(clock, options).tenants[key]
        posts = tenant.posts(tenant.open_issue_ids()[0])
        return tenant.tenant_id, tenant.client_secret, posts, tenant.skus, tenant.applications

    assert facts(1) == facts(1)
    assert all(one != other for one, other in zip(facts(1)[:3], facts(2)[:3], strict=True))
    assert all(one != other for one, other in zip(facts(1)[:2], facts(1, "other")[:2], strict=True))


def test_many_makes_named_tenants_first() -> None:
    """The demo's tenants have well-known names, then numbers."""
    keys = [tenant.key for tenant in SimulatorOptions.many(5).tenants]
    assert keys == ["contoso", "fabrikam", "tailspin", "tenant_004", "tenant_005"]
    assert [tenant.key for tenant in SimulatorOptions.many(2, users=9).tenants] == ["contoso", "fabrikam"]


def test_two_tenants_of_one_key_are_refused() -> None:
    """A key stands for one tenant."""
    with pytest.raises(ValueError, match="'a' is there twice; give each tenant a key of its own"):
        SimulatorOptions(tenants=(TenantOptions(key="a"), TenantOptions(key="a")))


def test_what_is_long_is_written_when_it_is_read(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of tenants are up in seconds: posts, messages and service principals wait until they are asked for."""
    written: list[str] = []
    for name in ("health.content.write_posts", "messages._message", "service_principals._principal"):
        monkeypatch.setattr(f"o365_exporter.simulator.domains.{name}", partial(_noted, written, name))
    tenant = Simulator(clock).tenants["contoso"]
    assert written == []
    tenant.posts(tenant.open_issue_ids()[0])
    assert written == ["health.content.write_posts"]


def _noted(written: list[str], name: str, *_: object) -> list[Json]:
    """Writes nothing, and notes that it was called."""
    written.append(name)
    return []


async def test_the_day_is_a_bad_one(contoso: Tenant) -> None:
    """A few services are degraded; the open issues are incidents and advisories, old and new."""
    bad = {key for key, one in contoso.services.items() if one["status"] != "serviceOperational"}
    assert {"Exchange", "microsoftteams", "SharePoint"} <= bad
    assert 4 <= len(bad) <= 10
    issues = [contoso.issues[issue_id] for issue_id in contoso.open_issue_ids()]
    assert {issue["classification"] for issue in issues} == {"incident", "advisory"}
    assert {issue["endDateTime"] for issue in issues} == {None}
    assert list(contoso.issues).index(issues[0]["id"]) < 100 < list(contoso.issues).index(issues[-1]["id"])


def test_issues_have_every_oddity(contoso: Tenant) -> None:
    """Null and missing features, unknown members and services, a resolved one that is still degraded, odd titles."""
    issues = list(contoso.issues.values())
    names = {one["service"] for one in contoso.services.values()}
    assert any("feature" in one and one["feature"] is None for one in issues)
    assert any("feature" not in one for one in issues)
    assert any(one["service"] not in names and not one["isResolved"] for one in issues)
    assert any(one["isResolved"] and one["status"] == "serviceDegradation" for one in issues)
    assert any(one["classification"] == "securityNotice" for one in issues)
    assert {one["origin"] for one in issues} == {"microsoft", "thirdParty", "customer"}
    titles = "".join(issue["title"] for issue in issues)
    assert all(mark in titles for mark in ('"', "{", "\n", "\\", "\u2028", "📱", "<"))
    digits = {len(one["startDateTime"].partition(".")[2].rstrip("Z")) for one in issues}
    assert digits == {0, 2, 3, 7}


async def test_posts_are_in_order_and_of_several_types(contoso: Tenant) -> None:
    """Posts lie within the issue's life, oldest first; types are the documented ones, now and then none."""
    kinds = set()
    for issue_id, issue in contoso.issues.items():
        posts = contoso.posts(issue_id)
        times = [post["createdDateTime"][:19] for post in posts]
        assert times == sorted(times)
        assert issue["startDateTime"][:19] <= times[0]
        assert times[-1] <= issue["lastModifiedDateTime"][:19]
        kinds |= {post["postType"] for post in posts}
    assert kinds == {"regular", "quick", "strategic", None}


def test_applications_have_every_oddity(contoso: Tenant, clock: FakeClock) -> None:
    """One expired, one about to, a rotated one, certificates, no end, far ends, equal and empty names."""
    apps = list(contoso.applications.values())
    secrets = [one for app in apps for one in app["passwordCredentials"]]
    keys = [one for app in apps for one in app["keyCredentials"]]
    ends = [one.get("endDateTime", "absent") for one in secrets + keys]
    assert {None, "absent", "0001-01-01T00:00:00Z", "2299-12-31T00:00:00Z"} < set(ends)
    assert "9999-12-31T23:59:59.9999999Z" in ends
    names = [app["displayName"] for app in apps]
    assert names.count("Legacy connector") == 3
    assert {"", None} < set(names)
    joined = "".join(name or "" for name in names)
    assert all(mark in joined for mark in ('"', "'", "{", "\n", "\\", "\u2028", "🚀", "<b>"))
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock.now()))
    expired = {app["displayName"] for app in apps if _all_ended(app, now)}
    assert expired == {"Payroll"}
    assert {one["usage"] for one in keys} == {"Sign", "Verify", "Encrypt"}
    assert any(re.search(r"\.\d{7}Z$", end or "") for end in ends)


def _all_ended(app: Json, now: str) -> bool:
    ends = [one.get("endDateTime") or "9" for one in app["passwordCredentials"] + app["keyCredentials"]]
    return bool(ends) and all("0002" < end < now for end in ends)


def test_licences_have_every_oddity(contoso: Tenant) -> None:
    """All statuses, units without lockedOut, more assigned than bought, a free million, trials, no next change."""
    skus = list(contoso.skus.values())
    assert {sku["capabilityStatus"] for sku in skus} == {"Enabled", "Warning", "Suspended", "Deleted", "LockedOut"}
    assert {sku["appliesTo"] for sku in skus} == {"User", "Company"}
    assert any("lockedOut" not in sku["prepaidUnits"] for sku in skus)
    assert any(sku["consumedUnits"] > sum(sku["prepaidUnits"].values()) for sku in skus)
    assert any(sku["prepaidUnits"]["enabled"] == 1_000_000 for sku in skus)
    subscriptions = list(contoso.subscriptions.values())
    assert {one["isTrial"] for one in subscriptions} == {True, False}
    assert any(one["nextLifecycleDateTime"] is None for one in subscriptions)
    known = {sku["skuId"] for sku in skus}
    assert any(one["skuId"] not in known for one in subscriptions)
    for sku in skus:
        bought = [contoso.subscriptions[one]["totalLicenses"] for one in sku["subscriptionIds"]]
        assert sum(bought) == sum(sku["prepaidUnits"].values())


async def test_tenant_options_are_kept(clock: FakeClock) -> None:
    """What is given is not made up: ids, names, secret and sizes."""
    options = TenantOptions(
        key="acme",
        tenant_id="11111111-2222-4333-8444-555555555555",
        domain="acme.example",
        display_name="Acme & Söhne",
        client_id="66666666-7777-4888-9999-aaaaaaaaaaaa",
        client_secret="xyz~given",
        issues=6,
        applications=20,
    )
    simulator = Simulator(clock, SimulatorOptions(tenants=(options,)))
    assert "xyz~given" not in repr(options)
    async with in_process(simulator) as http:
        user = GraphUser(http, simulator.tenants["acme"])
        organization = (await user.json("/v1.0/organization"))["value"][0]
        assert (organization["id"], organization["displayName"]) == (options.tenant_id, "Acme & Söhne")
        assert len((await user.json("/v1.0/applications"))["value"]) == 20
        assert len((await user.json(f"{HEALTH}/issues"))["value"]) == 6


async def test_a_calm_tenant() -> None:
    """All is well with services, issues, credentials, seats, subscriptions and mailboxes, and it is of live size."""
    simulator = Simulator(FakeClock(), SimulatorOptions(tenants=(TenantOptions(key="contoso", calm=True),)))
    tenant = simulator.tenants["contoso"]
    assert {one["status"] for one in tenant.services.values()} == {"serviceOperational"}
    assert (len(tenant.issues), tenant.open_issue_ids()) == (230, [])
    credentials = [
        one for app in tenant.applications.values() for one in (*app["passwordCredentials"], *app["keyCredentials"])
    ]
    assert len(credentials) > 20
    assert min(one["endDateTime"] for one in credentials) > "2026-05-08"
    for sku in tenant.skus.values():
        assert sku["capabilityStatus"] == "Enabled"
        assert sku["consumedUnits"] <= 0.8 * sku["prepaidUnits"]["enabled"]
    assert {(one["status"], one["isTrial"]) for one in tenant.subscriptions.values()} == {("Enabled", False)}
    assert min(one["nextLifecycleDateTime"] for one in tenant.subscriptions.values()) > "2026-09"
    async with in_process(simulator) as http:
        (today, *_) = await GraphUser(http, tenant).table("getMailboxUsageQuotaStatusMailboxCounts")
    assert (today["Send Prohibited"], today["Send/Receive Prohibited"]) == ("0", "0")
    assert int(today["Under Limit"]) > 100
