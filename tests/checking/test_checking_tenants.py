"""What a check makes of sign-ins, permissions and answers, by a fake Microsoft."""

from __future__ import annotations

import base64
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from o365_exporter.checking import Problem, Problems, Report, TenantCheck, WayCheck, check
from o365_exporter.checking.steps import Registration, in_words, steps
from o365_exporter.commands.check import registration
from o365_exporter.errors import AuthError, PermissionMissingError, ThrottledError
from o365_exporter.settings import Settings, TenantSettings, load
from tests.fakes import FakeClock
from tests.graph.world import APP, GRAPH, SECRET, TENANT_ID, Microsoft, entra_error, grant, graph_error, microsoft

WAYS = ("https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration", f"{GRAPH}/")


def settings(*collectors: str, **variables: str) -> Settings:
    """Of the tenant contoso, with these collectors alone."""
    every = load(
        None,
        {
            "O365_TENANT_ID": TENANT_ID,
            "O365_TENANT_NAME": "contoso",
            "O365_CLIENT_ID": APP,
            "O365_CLIENT_SECRET": SECRET,
            **variables,
        },
    )
    (tenant,) = every.tenants
    enabled = {
        name: options.model_copy(update={"enabled": name in collectors}) for name, options in tenant.collectors.items()
    }
    return replace(every, tenants=(replace(tenant, collectors=enabled),))


def tenant(**variables: str) -> TenantSettings:
    """One tenant's settings."""
    return settings(**variables).tenants[0]


def jwt(**claims: Any) -> str:
    """A token that states these claims."""
    return ".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims, {})
    )


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Microsoft whose names resolve and whose hosts answer."""
    monkeypatch.setattr("o365_exporter.http.way.Names.addresses", _resolved)
    with microsoft() as made:
        for url in WAYS:
            made.router.get(url).mock(return_value=httpx.Response(404))
        yield made


async def _resolved(_names: object, _host: str, _port: int) -> list[str]:
    return ["203.0.113.7"]


async def checked(wanted: Settings) -> tuple[Report, list[Problem]]:
    """What a check finds, and the problems in the order in which they are told."""
    told: list[Problem] = []
    report = Report((), problems=Problems(told.append))
    seen: list[WayCheck | TenantCheck] = []
    await check(wanted, None, FakeClock(), report, on_way=seen.append, on_tenant=seen.append)
    assert len(seen) == len(report.ways) + len(report.tenants)
    return report, told


def token(fake: Microsoft, *roles: str) -> None:
    """Let tokens state these roles."""
    made = jwt(tid=TENANT_ID, appid=APP, app_displayname="Exporter", roles=list(roles))
    fake.login.mock(return_value=httpx.Response(200, json=grant(made)))


async def test_permissions_are_compared(fake: Microsoft) -> None:
    """What is needed and held, needed and lacking, and held and needless; the token tells app and directory."""
    token(fake, "ServiceHealth.Read.All", "Mail.Read")
    fake.graph("/admin/serviceAnnouncement").mock(return_value=httpx.Response(200, json={"value": [{"id": "x"}]}))
    fake.graph("/subscribedSkus").mock(
        return_value=httpx.Response(403, json=graph_error("Authorization_RequestDenied"))
    )
    fake.graph("/directory/subscriptions").mock(
        return_value=httpx.Response(403, json=graph_error("Authorization_RequestDenied"))
    )
    report, told = await checked(settings("service_health", "subscriptions"))
    (found,) = report.tenants
    assert found.roles is not None
    assert (found.roles.granted, found.roles.missing, found.roles.needless) == (
        ("ServiceHealth.Read.All",),
        ("Organization.Read.All",),
        ("Mail.Read",),
    )
    assert (found.token.app_name, found.token.tenant_id, found.token.setting) == (
        "Exporter",
        TENANT_ID,
        "client_secret",
    )
    assert [doubt.message for doubt in found.doubts] == [
        "The app of tenant contoso may do more than anything enabled needs: Mail.Read."
    ]
    (problem,) = told
    assert (problem.reason, problem.sources, list(problem.tenants)) == ("permission", 2, ["contoso"])


async def test_no_permission_at_all_is_one_problem(fake: Microsoft) -> None:
    """However many are missing, one sentence names them, and one command and one consent grant them."""
    token(fake)
    fake.graph("/").mock(return_value=httpx.Response(403, json=graph_error("Authorization_RequestDenied")))
    report, told = await checked(settings("service_health", "credential_expiry"))
    assert [problem.message for problem in told] == [
        f"The app {APP} lacks application permissions in tenant contoso: Application.Read.All, ServiceHealth.Read.All. "
        "Its token states none at all, as where nobody has consented."
    ]
    assert (
        f"az ad app permission add --id {APP} --api 00000003-0000-0000-c000-000000000000 --api-permissions "
        "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30=Role 79c261e0-fe76-4144-aad5-bdc68fbe4037=Role"
    ) in told[0].remedies
    assert told[0].sources == len(report.tenants[0].sources) == 3


async def test_of_a_list_one_page_is_asked(fake: Microsoft) -> None:
    """However many pages there are, a source sends one request, and what it makes of them all is not judged."""
    token(fake)
    link = {"@odata.nextLink": f"{GRAPH}/applications?$skiptoken=2"}
    pages = fake.graph("/applications").mock(return_value=httpx.Response(200, json={"value": [{"appId": "x"}], **link}))
    report, told = await checked(settings("credential_expiry"))
    asked = [str(call.request.url) for call in pages.calls]
    assert told == []
    assert [each.state for each in report.tenants[0].sources] == ["ok"]
    assert len([url for url in asked if "filter" not in url]) == 1
    assert not [url for url in asked if "skiptoken" in url]


async def test_a_tenant_in_another_cloud_is_found_there(fake: Microsoft) -> None:
    """A login that does not know the tenant is not the end: the others are asked, and the cloud is named."""
    fake.discovery.mock(
        return_value=httpx.Response(400, json=entra_error(90002, "Tenant not found.", "invalid_tenant"))
    )
    path = f"{TENANT_ID}/v2.0/.well-known/openid-configuration"
    fake.router.get(f"https://login.microsoftonline.us/{path}").mock(
        return_value=httpx.Response(200, json={"token_endpoint": "https://login.microsoftonline.us/x"})
    )
    fake.router.get(f"https://login.partner.microsoftonline.cn/{path}").mock(return_value=httpx.Response(400))
    report, told = await checked(settings("service_health"))
    assert [problem.message for problem in told] == [
        f"There is no tenant {TENANT_ID} at login.microsoftonline.com (tenant contoso) (AADSTS90002)."
    ]
    assert told[0].remedies == (
        'https://login.microsoftonline.us knows this tenant: set cloud = "us_gov_l4" (O365_CLOUD).',
    )
    assert [each.state for each in report.tenants[0].sources] == ["not_asked", "not_asked"]


async def test_a_tenant_that_no_cloud_knows(fake: Microsoft) -> None:
    """Then the remedy is the usual one."""
    fake.router.get(url__regex=r".*openid-configuration").mock(
        return_value=httpx.Response(400, json=entra_error(90002, "Tenant not found.", "invalid_tenant"))
    )
    fake.discovery.mock(
        return_value=httpx.Response(400, json=entra_error(90002, "Tenant not found.", "invalid_tenant"))
    )
    _, told = await checked(settings("service_health"))
    assert told[0].remedies[0].startswith("Set tenant_id to the directory's ID")


async def test_a_fault_of_ours_is_one_source_s(fake: Microsoft, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever an answer brings about, the others are checked."""
    token(fake)
    fake.graph("/admin").mock(return_value=httpx.Response(200, json={"value": []}))
    monkeypatch.setattr("o365_exporter.checking.sources.records_of", _broken)
    report, told = await checked(settings("service_health"))
    assert [each.state for each in report.tenants[0].sources] == ["internal", "internal"]
    assert told[0].message == "A fault of the exporter itself (ZeroDivisionError) at service_health/overviews."
    assert told[0].remedies == ("Please report it, with what this check has printed.",)


async def _broken(*_: object) -> None:
    raise ZeroDivisionError


GRANT = (
    f"az ad app permission add --id {APP} --api 00000003-0000-0000-c000-000000000000 --api-permissions "
    "230c1aed-a721-4c5d-9cb4-a90514e508ef=Role"
)
ASSIGN = (
    f"$me = Get-MgServicePrincipal -Filter \"appId eq '{APP}'\"; "
    "$graph = Get-MgServicePrincipal -Filter \"appId eq '00000003-0000-0000-c000-000000000000'\"; "
    "foreach ($role in '230c1aed-a721-4c5d-9cb4-a90514e508ef') { "
    "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $me.Id -PrincipalId $me.Id "
    "-ResourceId $graph.Id -AppRoleId $role }"
)
SCOPES = "-Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'"
LOGIN = f"az login --tenant {TENANT_ID} --allow-no-subscriptions"
BY_AZ = "All that is needed, as a script: o365-exporter permissions --format az (or powershell, terraform)"
IN_GLOBAL = (
    LOGIN,
    GRANT,
    f"az ad app permission admin-consent --id {APP}",
    f"Admin consent by an address instead: https://login.microsoftonline.com/{TENANT_ID}/adminconsent?client_id={APP}",
    BY_AZ,
)


def _consent(host: str) -> str:
    """A sentence with the address, where the Azure CLI's own command is refused."""
    where = f"https://{host}/{TENANT_ID}/adminconsent?client_id={APP}"
    return f"Admin consent, which the Azure CLI cannot give in this cloud: {where}"


@pytest.mark.parametrize(
    ("cloud", "told"),
    [
        ("global", IN_GLOBAL),
        ("gcc", IN_GLOBAL),
        (
            "gcc_high",
            ("az cloud set --name AzureUSGovernment", LOGIN, GRANT, _consent("login.microsoftonline.us"), BY_AZ),
        ),
        (
            "dod",
            (
                f"Connect-MgGraph -Environment USGovDoD -TenantId '{TENANT_ID}' {SCOPES}",
                ASSIGN,
                "All that is needed, as a script: o365-exporter permissions --format powershell (or terraform)",
            ),
        ),
        (
            "china",
            (
                "az cloud set --name AzureChinaCloud",
                LOGIN,
                GRANT,
                _consent("login.partner.microsoftonline.cn"),
                BY_AZ,
            ),
        ),
    ],
)
def test_commands_are_those_of_the_cloud(cloud: str, told: tuple[str, ...]) -> None:
    """Each cloud has commands that know it, and its own address of consent where a command cannot give that."""
    assert steps(PermissionMissingError("x"), tenant(O365_CLOUD=cloud), ("Reports.Read.All",)) == told


@pytest.mark.parametrize(
    ("code", "command"),
    [
        (
            "AADSTS7000222",
            "(Add-MgApplicationPassword -ApplicationId "
            f"(Get-MgApplication -Filter \"appId eq '{APP}'\").Id).SecretText",
        ),
        (
            "AADSTS7000112",
            f"Update-MgServicePrincipal -ServicePrincipalId (Get-MgServicePrincipal -Filter \"appId eq '{APP}'\").Id "
            "-AccountEnabled:$true",
        ),
        ("AADSTS700027", ""),
    ],
)
def test_in_dod_powershell_mends_what_the_azure_cli_cannot(code: str, command: str) -> None:
    """It signs in to that cloud first; a certificate is uploaded in the portal, as the error itself says."""
    found = steps(AuthError("x", code=code), tenant(O365_CLOUD="dod"))
    assert found[:2] == (
        (f"Connect-MgGraph -Environment USGovDoD -TenantId '{TENANT_ID}' {SCOPES}", command) if command else ()
    )


def test_a_managed_identity_is_given_the_role_itself() -> None:
    """It has neither a registration nor a consent."""
    (machine,) = load(None, {"O365_TENANT_ID": TENANT_ID, "O365_MANAGED_IDENTITY": APP}).tenants
    assert steps(PermissionMissingError("x"), machine, ("Reports.Read.All",)) == (
        f"Connect-MgGraph -TenantId '{TENANT_ID}' {SCOPES}",
        ASSIGN,
    )


@pytest.mark.parametrize(
    ("code", "step"),
    [
        (
            "AADSTS7000222",
            f"az ad app credential reset --id {APP} --append --years 1 --query password --output tsv",
        ),
        ("AADSTS700027", f"az ad app credential reset --id {APP} --append --cert @CERTIFICATE.pem"),
        (
            "AADSTS700016",
            f"Admin consent: https://login.microsoftonline.com/{TENANT_ID}/adminconsent?client_id={APP}",
        ),
        ("AADSTS7000112", f"az ad sp update --id {APP} --set accountEnabled=true"),
        ("AADSTS53003", ""),
    ],
)
def test_a_refusal_has_its_command(code: str, step: str) -> None:
    """What Microsoft says by a number is mended by one command, where one does it."""
    login = (LOGIN,) if step.startswith("az ") else ()
    found = steps(AuthError("x", code=code), tenant())
    assert found[: len(login) + 1] == ((*login, step) if step else ())


@pytest.mark.parametrize("code", ["AADSTS7000215", "AADSTS7000222"])
def test_a_new_secret_has_a_place_to_go(code: str, tmp_path: Path) -> None:
    """After the command that prints it stands where the one in use was written, and how a new one takes effect."""
    file = tmp_path / "secret"
    file.write_text(SECRET)
    told = steps(AuthError("x", code=code), tenant())
    assert told[-1] == (
        "What it prints is the new secret: write it into O365_CLIENT_SECRET in the environment; then start the "
        "exporter anew."
    )
    told = steps(AuthError("x", code=code), tenant(O365_CLIENT_SECRET="", O365_CLIENT_SECRET_FILE=str(file)))
    assert told[-1] == (
        f"What it prints is the new secret: write it into the file {file}, which O365_CLIENT_SECRET_FILE in the "
        "environment names; no restart is needed."
    )


async def test_one_sign_in_is_enough_for_a_tenant(fake: Microsoft) -> None:
    """Its first problem that the Azure CLI mends begins with it, and the next does not."""
    fake.login.mock(return_value=httpx.Response(200, json=grant("states-no-roles")))
    fake.graph("/").mock(return_value=httpx.Response(403, json=graph_error("Authorization_RequestDenied")))
    _, told = await checked(settings("service_health", "credential_expiry"))
    assert [problem.remedies.count(LOGIN) for problem in told] == [1, 0]
    assert told[0].remedies[1] == LOGIN


def test_the_script_is_that_of_the_settings_at_hand() -> None:
    """Its command has the file that was checked, as a shell reads it, and the tenant where there are several."""
    one, other = ("global", APP), ("china", APP)
    assert registration(None, Counter([one]), tenant()) == Registration("o365-exporter permissions")
    found = registration(Path("my settings.toml"), Counter([one, other]), tenant())
    assert found == Registration("o365-exporter permissions --config 'my settings.toml' --tenant contoso")
    assert registration(None, Counter([one, one]), tenant()).is_shared
    assert steps(PermissionMissingError("x"), tenant(), ("Reports.Read.All",), found)[-1] == (
        f"All that is needed, as a script: {found.script} --format az (or powershell, terraform)"
    )


OR_ELSE = "Or, where nobody has the right one any more, make a new one:"


def test_an_app_of_several_tenants_is_mended_where_it_is_registered() -> None:
    """That may be another tenant, whose administrator signs in; the consent is this one's, and so is a lock."""
    shared, home = Registration(is_shared=True), "az login --allow-no-subscriptions # to the tenant in which the app is"
    told = steps(PermissionMissingError("x"), tenant(), ("Reports.Read.All",), shared)
    assert told[:3] == (
        f"{home} registered",
        GRANT,
        "Then admin consent of this tenant: "
        f"https://login.microsoftonline.com/{TENANT_ID}/adminconsent?client_id={APP}",
    )
    assert steps(AuthError("x", code="AADSTS7000215"), tenant(), (), shared)[:2] == (OR_ELSE, f"{home} registered")
    assert steps(AuthError("x", code="AADSTS7000112"), tenant(), (), shared)[0] == LOGIN
    in_dod = steps(AuthError("x", code="AADSTS7000222"), tenant(O365_CLOUD="dod"), (), shared)
    assert in_dod[0] == f"Connect-MgGraph -Environment USGovDoD {SCOPES} # to the tenant in which the app is registered"


def test_the_identity_of_a_machine_has_no_id_to_paste() -> None:
    """What is known by the machine alone stands in no command; words say what to do."""
    (machine,) = load(None, {"O365_TENANT_ID": TENANT_ID, "O365_MANAGED_IDENTITY": "system"}).tenants
    assert steps(PermissionMissingError("x"), machine, ("Reports.Read.All",)) == ()


def test_there_is_always_something_to_do() -> None:
    """Also where waiting is all."""
    assert in_words(ThrottledError("x")).startswith("Wait some minutes")
    assert in_words(AuthError("x", remedy="Do it.")) == "Do it."
