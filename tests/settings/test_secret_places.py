"""Where a client secret was written, as sentences name it: never a word of the secret itself."""

from __future__ import annotations

import pytest

from o365_exporter.login import SOMEWHERE, Place
from tests.settings.desk import CLIENT, Desk

SECRET = "abc8Q~canary-canary-canary-canary-canary"
TENANT = "11111111-2222-3333-4444-555555555555"
SINGLE = {"O365_TENANT_ID": TENANT, "O365_CLIENT_ID": CLIENT}
RELOAD = "then reload the settings (SIGHUP) or start the exporter anew"
RESTART = "then start the exporter anew"
POD = " (in this pod it may come out of a Secret of Kubernetes: change that)"


def place(desk: Desk, toml: str | None = None, **environ: str) -> Place:
    """Of the first tenant; a secret shows in no place."""
    found = desk.load(toml, environ).tenants[0].secret_place
    assert SECRET not in str(found)
    return found


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {**SINGLE, "O365_CLIENT_SECRET": SECRET},
            Place("O365_CLIENT_SECRET in the environment", RESTART),
        ),
        (
            {**SINGLE, "O365_CLIENT_SECRET": SECRET, "KUBERNETES_SERVICE_HOST": "10.0.0.1"},
            Place("O365_CLIENT_SECRET in the environment", RESTART + POD),
        ),
        (
            {**SINGLE, "O365_CLIENT_SECRET_FILE": "/nowhere/secret"},
            Place(
                "the file /nowhere/secret, which O365_CLIENT_SECRET_FILE in the environment names",
                "no restart is needed",
            ),
        ),
        (
            {f"O365_TENANTS__A__{name}": text for name, text in (("TENANT_ID", TENANT), ("CLIENT_ID", CLIENT))}
            | {"O365_DEFAULTS__CLIENT_SECRET": SECRET},
            Place("O365_DEFAULTS__CLIENT_SECRET in the environment", RESTART),
        ),
        ({"O365_TENANT_ID": TENANT, "O365_MANAGED_IDENTITY": "system"}, SOMEWHERE),
    ],
    ids=["variable", "pod", "file", "defaults", "no secret"],
)
def test_in_the_environment(desk: Desk, environ: dict[str, str], told: Place) -> None:
    """The variable is named, or the file and the variable that names it."""
    assert place(desk, **environ) == told


def test_in_the_configuration_file(desk: Desk) -> None:
    """Key and file are named, the tenant's own key before an inherited one."""
    app = f'tenant_id = "{TENANT}"\nclient_id = "{CLIENT}"\n'
    own = place(desk, f'[tenants.contoso]\n{app}client_secret = "{SECRET}"\n[defaults]\nclient_secret = "x"\n')
    assert own == Place(f"tenants.contoso.client_secret in {desk.config}", RELOAD)
    inherited = place(desk, f'[tenants.contoso]\n{app}[defaults]\nclient_secret = "{SECRET}"\n')
    replaced = place(
        desk, f'[tenants.contoso]\n{app}client_secret_file = "/own"\n[defaults]\nclient_secret = "{SECRET}"\n'
    )
    assert replaced.name == f"the file /own, which tenants.contoso.client_secret_file in {desk.config} names"
    assert inherited == Place(f"defaults.client_secret in {desk.config}", RELOAD)


def test_in_the_secrets_directory(desk: Desk) -> None:
    """The file is named, which Docker, Podman or Kubernetes has put there."""
    folder = desk.secrets
    (folder / "o365_client_secret").write_text(SECRET)
    found = place(desk, **SINGLE, O365_SECRETS_DIR=str(folder))
    assert found == Place(str(folder / "o365_client_secret"), RELOAD)
