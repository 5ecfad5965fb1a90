"""What to grant, for what, and scripts that can be pasted: for a new app, for those of settings, in every cloud."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.granting import App, azure, consent_address, powershell, terraform, wanted
from o365_exporter.graph import GRAPH_APP_ID, ROLES
from o365_exporter.login import CLOUDS

APP, TENANT = "66666666-7777-8888-9999-aaaaaaaaaaaa", "11111111-2222-3333-4444-555555555555"
TWO = ("Reports.Read.All", "ServiceHealth.Read.All")
NASTY = "x'y\u2019z\"$(id)`id`${a}%{b}\n#"
"""A text that means something to each of the three."""

NEW = App(CLOUDS["global"], TWO)
APPS = [
    App(CLOUDS["global"], TWO, "contoso", TENANT, APP),
    App(CLOUDS["us_gov_l5"], TWO[:1], "a\nb", "fabrikam.onmicrosoft.us", APP),
    App(CLOUDS["us_gov_l4"], TWO, "of GCC High", "agency.onmicrosoft.us", APP),
    App(CLOUDS["china"], TWO, "of a VM", TENANT, APP, managed=True),
    App(CLOUDS["us_gov_l4"], TWO, "of the machine", TENANT, "system", managed=True),
]
SCRIPTS = {"sh": azure.script, "ps1": powershell.script, "tf": terraform.script}
TERRAFORM = shutil.which("terraform")


@pytest.mark.parametrize("form", SCRIPTS)
@pytest.mark.parametrize(("name", "apps"), [("new", [NEW]), ("settings", APPS)], ids=["new", "settings"])
def test_the_scripts(name: str, apps: list[App], form: str, golden: Callable[[str, str], None]) -> None:
    """Exact text: a new app, and an app, an app of DoD, a managed identity and that of the machine out of settings."""
    golden(f"{name}.{form}", SCRIPTS[form](apps))


@pytest.mark.parametrize("apps", [[NEW], APPS, [App(CLOUDS["global"], TWO, NASTY, NASTY, NASTY)]])
def test_a_shell_reads_it(apps: list[App]) -> None:
    """No syntax error, whatever names and ids hold."""
    done = subprocess.run(["bash", "-n"], input=azure.script(apps), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_nothing_is_expanded_in_a_shell() -> None:
    """Ids stand as they are, in quotes, and a tenant's name stays in its comment, whatever line ends it holds."""
    lines = azure.script([App(CLOUDS["global"], TWO, "a\nrm -r /", "$(id)", "`id`'")]).split("\n")
    assert lines[:3] == ["# a\\nrm -r /", "az login --tenant '$(id)' --allow-no-subscriptions", "APP_ID='`id`'\"'\"''"]


def test_an_app_of_several_tenants_is_changed_where_it_is_registered() -> None:
    """The Azure CLI knows an app's registration in its own tenant alone; the others consent by their address."""
    apps = [App(CLOUDS["global"], TWO[:1], "a", "a.com", APP), App(CLOUDS["global"], TWO[1:], "b", "b.com", APP)]
    assert (
        azure.script(apps)
        == f"""\
# a, b
# Sign in to the tenant in which the app is registered.
az login --allow-no-subscriptions
APP_ID={APP}
# {ROLES[TWO[0]]} is Reports.Read.All
# {ROLES[TWO[1]]} is ServiceHealth.Read.All
az ad app permission add --id "$APP_ID" --api {GRAPH_APP_ID} --api-permissions \\
  {ROLES[TWO[0]]}=Role \\
  {ROLES[TWO[1]]}=Role
# Then an administrator of each tenant consents, in a browser:
# a: https://login.microsoftonline.com/a.com/adminconsent?client_id={APP}
# b: https://login.microsoftonline.com/b.com/adminconsent?client_id={APP}
"""
    )


def test_the_azure_cli_gets_each_role_once() -> None:
    """Words as the shell takes them apart: role ids with the kind of an application permission."""
    line = next(line for line in azure.script([NEW]).replace("\\\n", "").split("\n") if "permission add" in line)
    words = shlex.split(line)
    assert words[words.index("--api") + 1] == GRAPH_APP_ID
    assert words[words.index("--api-permissions") + 1 :] == [f"{ROLES[name]}=Role" for name in TWO]


@pytest.mark.parametrize("text", ["a", "a'b", "a\u2018b\u2019c\u201ad\u201be"])
def test_powershell_quotes(text: str) -> None:
    """Each kind of single quote is doubled, since PowerShell takes all of them for one."""
    inner = powershell.quoted(text)[1:-1]
    assert re.sub("(['\u2018\u2019\u201a\u201b])\\1", r"\1", inner) == text
    assert len(inner) - len(text) == len(re.findall("['\u2018\u2019\u201a\u201b]", text))


def test_terraform_quotes() -> None:
    """Quotes, line ends and templates are escaped."""
    assert terraform.quoted('a"b\n${c}%{d}\\') == r'"a\"b\n$${c}%%{d}\\"'


if TERRAFORM:  # there is no package of it in Debian, so that CI may be without; the text is compared above in any case

    @pytest.mark.parametrize("apps", [[NEW], APPS, [App(CLOUDS["global"], TWO, NASTY, NASTY, NASTY)]])
    def test_terraform_formats_it_so(apps: list[App], tmp_path: Path) -> None:
        """``terraform fmt`` reads it and has nothing to change."""
        file = tmp_path / "main.tf"
        file.write_text(terraform.script(apps), "utf-8")
        command = [str(TERRAFORM), "fmt", "-check", "-diff", str(file)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_every_cloud_has_its_name_in_every_tool() -> None:
    """A cloud that is added later is not forgotten."""
    assert azure.CLOUDS.keys() == powershell.CLOUDS.keys() == terraform.CLOUDS.keys() == CLOUDS.keys()


def test_consent_is_given_in_the_cloud_of_the_tenant() -> None:
    """At the login of that cloud; ids are percent-encoded. A managed identity has no consent."""
    assert consent_address(CLOUDS["china"], "contoso.cn", APP) == (
        f"https://login.partner.microsoftonline.cn/contoso.cn/adminconsent?client_id={APP}"
    )
    assert consent_address(CLOUDS["global"], "a/b", "c&d").endswith("/a%2Fb/adminconsent?client_id=c%26d")
    assert NEW.consent == "https://login.microsoftonline.com/TENANT_ID/adminconsent?client_id=CLIENT_ID"
    assert [app.consent == "" for app in APPS] == [False, False, False, True, True]


def test_each_permission_says_what_it_is_for() -> None:
    """By name; with the collectors that need it, their sources, and the series that are lost."""
    collectors = [all_collectors()[name] for name in ("teams_usage", "service_health")]
    reports, health = wanted({each: each.options() for each in collectors})
    assert (reports.name, reports.role_id) == (TWO[0], ROLES[TWO[0]])
    (use,) = health.uses
    assert (use.collector, use.sources, use.lost) == ("service_health", ("overviews", "issues"), ("o365_service_*",))
    (use,) = reports.uses
    assert (use.collector, use.lost, use.without) == ("teams_usage", ("o365_teams_*",), "")


def test_what_loses_nothing_says_what_it_means() -> None:
    """The setting that conceals names is told from the reports, too."""
    settings = all_collectors()["report_settings"]
    ((use,),) = (permission.uses for permission in wanted({settings: settings.options()}))
    assert (use.lost, use.without) == ((), settings.without)
