"""Every kind of credential in settings: alone, inherited, replaced, and told apart from what cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from o365_exporter.commands.check_config import check_config
from o365_exporter.settings import schema
from tests.settings.desk import CLIENT, Desk

OTHER = "22222222-2222-2222-2222-222222222222"
CANARY = "Canary~8Q~do-not-show"
APP = {"O365_TENANT_ID": "contoso.com", "O365_CLIENT_ID": CLIENT}
AZURE = {
    "AZURE_FEDERATED_TOKEN_FILE": "/var/run/secrets/azure/tokens/azure-identity-token",
    "AZURE_CLIENT_ID": CLIENT,
    "AZURE_TENANT_ID": OTHER,
    "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.us/",
}
UNSET = {
    "client_secret": None,
    "client_secret_file": None,
    "certificate_file": None,
    "certificate_key_file": None,
    "certificate_passphrase_file": None,
    "certificate_send_x5c": False,
    "federated_token_file": None,
    "managed_identity": None,
    "workload_identity": False,
}


def effective(desk: Desk, toml: str | None = None, environ: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The credential of each tenant, as far as something is set."""
    return [
        {name: value for name, value in tenant.credential.model_dump(mode="json").items() if UNSET.get(name) != value}
        for tenant in desk.load(toml, environ).tenants
    ]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"CERTIFICATE_FILE": "/a.pfx"}, {"certificate_file": "/a.pfx"}),
        (
            {
                "CERTIFICATE_FILE": "/a.pem",
                "CERTIFICATE_KEY_FILE": "/a.key",
                "CERTIFICATE_PASSPHRASE_FILE": "/a.txt",
                "CERTIFICATE_SEND_X5C": "true",
            },
            {
                "certificate_file": "/a.pem",
                "certificate_key_file": "/a.key",
                "certificate_passphrase_file": "/a.txt",
                "certificate_send_x5c": True,
            },
        ),
        ({"FEDERATED_TOKEN_FILE": "/token"}, {"federated_token_file": "/token"}),
    ],
)
def test_kinds_by_variables(desk: Desk, variables: dict[str, str], expected: dict[str, Any]) -> None:
    """One tenant is set by variables, whatever its credential."""
    environ = {**APP, **{f"O365_{name}": text for name, text in variables.items()}}
    assert effective(desk, environ=environ) == [{"client_id": CLIENT, **expected}]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("system", "system"), ("System", "system"), (OTHER.upper(), OTHER)],
)
def test_a_managed_identity_is_enough(desk: Desk, name: str, expected: str) -> None:
    """It needs no app beside it, and is told in one spelling."""
    environ = {"O365_TENANT_ID": "contoso.com", "O365_MANAGED_IDENTITY": name}
    assert effective(desk, environ=environ) == [{"client_id": expected, "managed_identity": expected}]


def test_a_tenants_own_credential_replaces_the_inherited_one_wholly(desk: Desk) -> None:
    """Whatever kind is inherited and whatever kind is the tenant's own; nothing of the inherited one is left."""
    toml = f"""
    [defaults]
    client_id = "{CLIENT}"
    certificate_file = "/shared.pem"
    certificate_passphrase_file = "/shared.txt"
    certificate_send_x5c = true
    [tenants.a]
    tenant_id = "a.com"
    [tenants.b]
    tenant_id = "b.com"
    client_secret_file = "/b.secret"
    [tenants.c]
    tenant_id = "c.com"
    client_id = "{OTHER}"
    federated_token_file = "/c.token"
    [tenants.d]
    tenant_id = "d.com"
    managed_identity = "system"
    [tenants.e]
    tenant_id = "e.com"
    certificate_file = "/e.pem"
    """
    shared = {
        "certificate_file": "/shared.pem",
        "certificate_passphrase_file": "/shared.txt",
        "certificate_send_x5c": True,
    }
    assert effective(desk, toml) == [
        {"client_id": CLIENT, **shared},
        {"client_id": CLIENT, "client_secret_file": "/b.secret"},
        {"client_id": OTHER, "federated_token_file": "/c.token"},
        {"client_id": "system", "managed_identity": "system"},
        {"client_id": CLIENT, "certificate_file": "/e.pem"},
    ]


def test_a_part_of_a_certificate_alone_replaces_nothing(desk: Desk) -> None:
    """A tenant, or a stronger place, may say more about the certificate that holds for it."""
    toml = f"""
    [defaults]
    client_id = "{CLIENT}"
    certificate_file = "/shared.pem"
    [tenants.a]
    tenant_id = "a.com"
    certificate_send_x5c = true
    """
    assert effective(desk, toml, {"O365_DEFAULTS__CERTIFICATE_PASSPHRASE_FILE": "/from/environment"}) == [
        {
            "client_id": CLIENT,
            "certificate_file": "/shared.pem",
            "certificate_passphrase_file": "/from/environment",
            "certificate_send_x5c": True,
        }
    ]


def test_a_stronger_place_replaces_a_kind_by_another(desk: Desk) -> None:
    """A variable's secret file wins over the certificate of the file, with all its parts."""
    toml = f"""
    tenant_id = "a.com"
    client_id = "{CLIENT}"
    certificate_file = "/a.pem"
    certificate_key_file = "/a.key"
    """
    environ = {"O365_CLIENT_SECRET_FILE": "/secret"}
    assert effective(desk, toml, environ) == [{"client_id": CLIENT, "client_secret_file": "/secret"}]


def test_one_variable_is_enough_in_aks(desk: Desk) -> None:
    """``workload_identity`` takes file, app and tenant from what Azure sets; the cloud stays what it is."""
    (tenant,) = desk.load(environ={"O365_WORKLOAD_IDENTITY": "true", **AZURE}).tenants
    assert (tenant.tenant_id, tenant.cloud.name) == (OTHER, "global")
    assert tenant.credential.client_id == CLIENT
    assert tenant.credential.federated_token_file == Path(AZURE["AZURE_FEDERATED_TOKEN_FILE"])


def test_what_is_set_wins_over_azure(desk: Desk) -> None:
    """In the table itself or inherited; and who does not ask for it gets nothing of Azure's."""
    toml = f"""
    [defaults]
    workload_identity = true
    [tenants.a]
    tenant_id = "a.com"
    [tenants.b]
    tenant_id = "b.com"
    client_id = "{OTHER}"
    [tenants.c]
    tenant_id = "c.com"
    client_secret_file = "/c"
    [tenants.d]
    tenant_id = "d.com"
    federated_token_file = "/d"
    """
    azure = {"federated_token_file": AZURE["AZURE_FEDERATED_TOKEN_FILE"], "workload_identity": True}
    assert effective(desk, toml, AZURE) == [
        {"client_id": CLIENT, **azure},
        {"client_id": OTHER, **azure},
        {"client_id": CLIENT, "client_secret_file": "/c"},
        {"client_id": CLIENT, "federated_token_file": "/d"},
    ]
    single = {**APP, "O365_CLIENT_ID": OTHER, "O365_WORKLOAD_IDENTITY": "1", **AZURE}
    assert desk.tenant(environ=single).credential.client_id == OTHER
    shared = {**single, "O365_CLIENT_ID": "", "O365_DEFAULTS__CLIENT_ID": OTHER}
    assert desk.tenant(environ=shared).credential.client_id == OTHER
    assert desk.tenant(environ=single).tenant_id == "contoso.com"


@pytest.mark.parametrize("azure", [{}, dict.fromkeys(AZURE, "")])
def test_workload_identity_without_azure(desk: Desk, azure: dict[str, str]) -> None:
    """Where Azure has set nothing, the sentence says what is missing, and that alone."""
    assert desk.faults(environ={**APP, **azure, "O365_WORKLOAD_IDENTITY": "true"}) == [
        "The tenant asks by workload_identity for AZURE_FEDERATED_TOKEN_FILE, which is not in the environment: "
        "label the pod azure.workload.identity/use, or set federated_token_file (as variables: O365_WORKLOAD_IDENTITY, "
        "O365_FEDERATED_TOKEN_FILE)."
    ]
    explicit = {**APP, "O365_WORKLOAD_IDENTITY": "true", "O365_FEDERATED_TOKEN_FILE": "/token"}
    assert effective(desk, environ=explicit) == [
        {"client_id": CLIENT, "federated_token_file": "/token", "workload_identity": True}
    ]


@pytest.mark.parametrize(
    ("variables", "fault"),
    [
        (
            {"CLIENT_SECRET_FILE": "/x", "CERTIFICATE_FILE": "/y"},
            "The tenant has two credentials: set client_secret_file or certificate_file, not both "
            "(as variables: O365_CLIENT_SECRET_FILE, O365_CERTIFICATE_FILE).",
        ),
        (
            {"CLIENT_SECRET_FILE": "/x", "WORKLOAD_IDENTITY": "true"},
            "The tenant has two credentials: set client_secret_file or workload_identity, not both "
            "(as variables: O365_CLIENT_SECRET_FILE, O365_WORKLOAD_IDENTITY).",
        ),
        (
            {"CLIENT_SECRET_FILE": "/x", "CERTIFICATE_KEY_FILE": "/y"},
            "The tenant has certificate_key_file, which is of no use without certificate_file: set that too, or remove "
            "it (as variables: O365_CERTIFICATE_KEY_FILE, O365_CERTIFICATE_FILE).",
        ),
        (
            {"MANAGED_IDENTITY": "system"},
            "The tenant has client_id and managed_identity, which do not go together: remove client_id, and for a "
            "user-assigned identity set managed_identity to its client ID (as variables: O365_CLIENT_ID, "
            "O365_MANAGED_IDENTITY).",
        ),
        (
            {"CERTIFICATE_FILE": "own.pem"},
            "O365_CERTIFICATE_FILE in the environment (not shown, it could be the secret) is not an absolute path: "
            "write where the file is from the root on.",
        ),
        (
            {"CLIENT_SECRET_FILE": "/x", "WORKLOAD_IDENTITY": "perhaps"},
            'O365_WORKLOAD_IDENTITY = "perhaps" in the environment is neither true nor false: write one of them.',
        ),
    ],
)
def test_what_does_not_go_together(desk: Desk, variables: dict[str, str], fault: str) -> None:
    """Each contradiction is one sentence that names its keys."""
    environ = {**APP, **AZURE, **{f"O365_{name}": text for name, text in variables.items()}}
    assert desk.faults(environ=environ) == [fault]


@pytest.mark.parametrize("name", ["SYSTEM-assigned", "true", "x"])
def test_a_managed_identity_that_is_none(desk: Desk, name: str) -> None:
    """One sentence, though the missing app hangs on it."""
    environ = {"O365_TENANT_ID": "contoso.com", "O365_MANAGED_IDENTITY": name}
    assert desk.faults(environ=environ) == [
        "O365_MANAGED_IDENTITY in the environment (not shown, it could be the secret) is no identity: write system, "
        "or the client ID (a GUID) of a user-assigned one."
    ]


@pytest.mark.parametrize("key", sorted(schema.PROOFS - {"certificate_send_x5c", "workload_identity"}))
def test_a_secret_in_the_wrong_place_is_not_shown(desk: Desk, capsys: pytest.CaptureFixture[str], key: str) -> None:
    """A secret, a key or a token that was put where a file's name belongs is in no sentence."""
    variables = {**APP, f"O365_{key.upper()}": CANARY, "O365_SECRETS_DIR": str(desk.secrets)}
    check_config(None, variables)
    output = capsys.readouterr()
    assert CANARY not in output.out + output.err


def test_check_config_says_where_workload_identity_comes_from(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What was taken from Azure's variables is shown with their names, and can be loaded again."""
    environ = {"O365_WORKLOAD_IDENTITY": "true", **AZURE, "O365_SECRETS_DIR": str(desk.secrets)}
    assert check_config(None, environ) == 0
    output = capsys.readouterr()
    assert f'client_id = "{CLIENT}"  # AZURE_CLIENT_ID in the environment' in output.out
    assert f'tenant_id = "{OTHER}"  # AZURE_TENANT_ID in the environment' in output.out
    file = AZURE["AZURE_FEDERATED_TOKEN_FILE"]
    assert f'federated_token_file = "{file}"  # AZURE_FEDERATED_TOKEN_FILE in the environment' in output.out
    assert output.err == f"warning: {file} cannot be read now (No such file or directory): polls fail until it can.\n"
    assert desk.tenant(output.out).credential.client_id == CLIENT


@pytest.mark.parametrize(
    ("key", "beside", "warned"),
    [
        ("certificate_file", {}, True),
        ("certificate_file", {"certificate_key_file": True}, False),
        ("certificate_key_file", {"certificate_file": True}, True),
        ("federated_token_file", {}, False),
    ],
)
def test_files_that_others_may_read(
    desk: Desk, capsys: pytest.CaptureFixture[str], key: str, beside: dict[str, bool], warned: bool
) -> None:
    """A private key is for the exporter alone; a certificate without one, and a pod's token, need not be."""
    environ = {**APP, "O365_SECRETS_DIR": str(desk.secrets)}
    for name, mode in ((key, 0o644), *((other, 0o600) for other in beside)):
        file = desk.folder / name
        file.write_text("x")
        file.chmod(mode)
        environ[f"O365_{name.upper()}"] = str(file)
    assert check_config(None, environ) == 0
    assert ("can be read by every user" in capsys.readouterr().err) == warned
