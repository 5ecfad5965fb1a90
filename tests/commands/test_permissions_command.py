"""``permissions``: what is printed for whom, without asking anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.commands.permissions import Wish, permissions
from o365_exporter.errors import ConfigurationError
from o365_exporter.granting import App, azure, powershell, terraform
from o365_exporter.graph import ROLES
from o365_exporter.login import CLOUDS

APP, TENANT = "66666666-7777-8888-9999-aaaaaaaaaaaa", "11111111-2222-3333-4444-555555555555"
HEALTH, REPORTS = "ServiceHealth.Read.All", "Reports.Read.All"
SETTINGS = f"""
[defaults]
client_id = "{APP}"
client_secret = "canary-secret-1234567890"

[tenants.contoso]
name = "contoso"
tenant_id = "{TENANT}"

[tenants.fabrikam]
name = "fabrikam"
tenant_id = "fabrikam.onmicrosoft.us"
cloud = "gcc_high"
"""
OTHERS_OFF = "".join(
    f"[tenants.{{}}.collectors.{name}]\nenabled = false\n" for name in all_collectors() if name != "service_health"
)


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Two tenants in two clouds; fabrikam polls service health alone."""
    file = tmp_path / "o365.toml"
    file.write_text(SETTINGS + OTHERS_OFF.replace("{}", "fabrikam"), "utf-8")
    file.chmod(0o600)
    return file


def environ(path: Path) -> dict[str, str]:
    """Nothing of this machine's."""
    return {"O365_SECRETS_DIR": str(path.parent)}


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    """What was printed as JSON."""
    return json.loads(capsys.readouterr().out)


def test_without_settings_it_is_for_a_new_app(capsys: pytest.CaptureFixture[str]) -> None:
    """All collectors; each permission with its id, and the address of the consent."""
    assert permissions(None, {}, Wish(), "json") == 0
    found = told(capsys)
    assert {each["name"]: each["id"] for each in found["permissions"]}.items() <= ROLES.items()
    needed_by = {use["collector"] for each in found["permissions"] for use in each["needed_by"]}
    assert needed_by == all_collectors().keys()
    assert found["apps"] == [
        {
            "tenant": "",
            "tenant_id": "",
            "cloud": "global",
            "client_id": "",
            "managed_identity": False,
            "permissions": [each["name"] for each in found["permissions"]],
            "admin_consent": "https://login.microsoftonline.com/TENANT_ID/adminconsent?client_id=CLIENT_ID",
            "portal": "https://portal.azure.com",
        }
    ]


@pytest.mark.parametrize(
    ("form", "script"), [("az", azure.script), ("powershell", powershell.script), ("terraform", terraform.script)]
)
def test_scripts_are_those_of_the_room(form: str, script: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """For the cloud and the collectors that were named; a cloud has the names that settings take."""
    assert permissions(None, {}, Wish(collectors=["service_health"], cloud="GCC High"), form) == 0
    assert capsys.readouterr().out == script([App(CLOUDS["us_gov_l4"], (HEALTH,))])


def test_settings_say_which_app_needs_what(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each tenant's own app, cloud and enabled collectors; no secret."""
    assert permissions(settings, environ(settings), Wish(), "json") == 0
    out = capsys.readouterr().out
    contoso, fabrikam = json.loads(out)["apps"]
    assert (contoso["tenant"], contoso["tenant_id"], contoso["client_id"]) == ("contoso", TENANT, APP)
    assert {HEALTH, REPORTS} < set(contoso["permissions"])
    assert fabrikam["permissions"] == [HEALTH]
    assert fabrikam["admin_consent"] == (
        f"https://login.microsoftonline.us/fabrikam.onmicrosoft.us/adminconsent?client_id={APP}"
    )
    assert "canary" not in out


def test_a_tenant_that_needs_nothing_is_left_out(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the collector that was named."""
    assert permissions(settings, environ(settings), Wish(collectors=["teams_usage"]), "json") == 0
    assert [app["tenant"] for app in told(capsys)["apps"]] == ["contoso"]


def test_the_table(settings: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Permission and id to be copied, what for, what is lost; then where to consent, in whole lines."""
    monkeypatch.setenv("COLUMNS", "100")
    assert permissions(settings, environ(settings), Wish(collectors=["service_health"]), "table") == 0
    text = [line.rstrip() for line in capsys.readouterr().out.split("\n")]
    assert text == [
        "",
        " Permission and role id                 For              Lost without it",
        " ───────────────────────────────────────────────────────────────────────",
        " ServiceHealth.Read.All                 service_health   o365_service_*",
        " 79c261e0-fe76-4144-aad5-bdc68fbe4037",
        "",
        "All are application permissions of Microsoft Graph. What grants them: --format az, powershell,",
        "terraform.",
        "Consent of an administrator to what the app's registration asks for:",
        f"  contoso: https://login.microsoftonline.com/{TENANT}/adminconsent?client_id={APP}",
        f"  fabrikam: https://login.microsoftonline.us/fabrikam.onmicrosoft.us/adminconsent?client_id={APP}",
        "",
    ]


@pytest.mark.parametrize(
    ("names", "cloud", "fault"),
    [
        (None, "mars", "--cloud 'mars' is no cloud: write one of global, us_gov_l4, us_gov_l5, china."),
        (None, "a\x1b[2J", "--cloud 'a\\x1b[2J' is no cloud: write one of global, us_gov_l4, us_gov_l5, china."),
    ],
)
def test_an_unknown_cloud_is_named(names: list[str] | None, cloud: str, fault: str) -> None:
    """With those that there are."""
    with pytest.raises(ConfigurationError) as raised:
        permissions(None, {}, Wish(collectors=names, cloud=cloud), "az")
    assert raised.value.faults == [fault]


def test_settings_know_their_clouds(settings: Path) -> None:
    """An option that would mean nothing is refused."""
    with pytest.raises(ConfigurationError) as raised:
        permissions(settings, environ(settings), Wish(cloud="china"), "az")
    assert raised.value.faults == [
        "--cloud is for an app without settings: leave it out, or add --new-app for an app that is to be made."
    ]


TEAMS = "--collector teams_usage"
NO_TENANTS = (
    "--tenant names a tenant of the settings, and an app that is to be made has none: name the settings (--config or "
    "O365_CONFIG), or leave --tenant out."
)
OWN = {"O365_TENANT_ID": TENANT, "O365_CLIENT_ID": APP, "O365_CLIENT_SECRET": "canary-secret-1234567890"}


def test_settings_of_the_environment_are_meant(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The app of the variables is mended, by whichever of them it is set, and no second one is made."""
    wish = Wish(collectors=["service_health"])
    assert permissions(None, OWN, wish, "az") == 0
    own = App(CLOUDS["global"], (HEALTH,), TENANT, TENANT, APP)
    assert capsys.readouterr().out == azure.script([own])
    assert permissions(None, {**environ(settings), "O365_CONFIG": str(settings)}, wish, "json") == 0
    assert [app["tenant"] for app in told(capsys)["apps"]] == ["contoso", "fabrikam"]


def test_a_new_app_for_all_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the environment names one already, somebody has to say that another is to be made."""
    assert permissions(None, OWN, Wish(collectors=["service_health"], cloud="china", is_new=True), "az") == 0
    assert capsys.readouterr().out == azure.script([App(CLOUDS["china"], (HEALTH,))])


def test_what_says_nothing_about_tenants_is_no_settings(capsys: pytest.CaptureFixture[str]) -> None:
    """An image sets where to listen; the app is still to be made."""
    assert permissions(None, {"O365_LISTEN": "127.0.0.1:0", "O365_CONFIG": ""}, Wish(), "json") == 0
    assert [app["client_id"] for app in told(capsys)["apps"]] == [""]


def test_one_tenant_of_the_settings(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As check advises for the one that lacks something."""
    assert permissions(settings, environ(settings), Wish(tenants=["fabrikam"]), "json") == 0
    assert [app["tenant"] for app in told(capsys)["apps"]] == ["fabrikam"]


@pytest.mark.parametrize(
    ("file", "variables", "wish", "faults"),
    [
        (
            None,
            {"O365_TENANT_ID": TENANT, "O365_CLIENT_SECRET": "canary-secret-1234567890"},
            Wish(),
            [
                "client_id is missing: set O365_CLIENT_ID, or client_id in the configuration file.",
                "For an app that is to be made, whatever the settings say: --new-app.",
            ],
        ),
        (
            Path("o365.toml"),
            {},
            Wish(is_new=True),
            ["--new-app is for an app without settings: leave out one of --new-app and --config."],
        ),
        (
            None,
            {},
            Wish(tenants=["contoso"]),
            [NO_TENANTS],
        ),
        (
            None,
            OWN,
            Wish(collectors=["teams_usage"]),
            [f"No tenant of the environment has {TEAMS} enabled: set enabled = true, or ask without it."],
        ),
    ],
)
def test_options_that_do_not_go_together(
    file: Path | None, variables: dict[str, str], wish: Wish, faults: list[str]
) -> None:
    """Each is named with what to do instead."""
    off = {"O365_COLLECTORS__TEAMS_USAGE__ENABLED": "false"} if variables is OWN else {}
    with pytest.raises(ConfigurationError) as raised:
        permissions(file, {**variables, **off}, wish, "az")
    assert raised.value.faults == faults


def test_a_collector_that_nobody_has_enabled_is_named(settings: Path) -> None:
    """An empty script would look as if nothing were needed."""
    off = OTHERS_OFF.replace("{}", "contoso") + OTHERS_OFF.replace("{}", "fabrikam")
    settings.write_text(SETTINGS + off, "utf-8")
    with pytest.raises(ConfigurationError) as raised:
        permissions(settings, environ(settings), Wish(collectors=["teams_usage"]), "table")
    assert raised.value.faults == [
        f"No tenant of {settings} has --collector teams_usage enabled: set enabled = true, or ask without it."
    ]
