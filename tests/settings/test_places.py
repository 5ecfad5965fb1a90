"""The file, the secrets directory and the environment: which wins, and what each may look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from o365_exporter.settings import load, sources
from tests.settings.desk import CLIENT, MANY, ONE_TENANT, Desk


def test_environment_wins_over_secrets_over_file(desk: Desk) -> None:
    """A key takes its value from the strongest place that has it."""
    (desk.secrets / "o365_log_level").write_text("error\n")
    (desk.secrets / "o365_listen").write_text(":3\n")
    environ = {**ONE_TENANT, "O365_SECRETS_DIR": str(desk.secrets), "O365_LISTEN": ":4"}
    settings = desk.load('log_level = "debug"\nlog_format = "console"\nlisten = ":2"', environ)
    assert (settings.logs.format, settings.logs.level, settings.web.listen) == ("console", "error", ":4")


def test_places_complete_each_other_inside_a_table(desk: Desk) -> None:
    """A table can be written in part in each place."""
    (desk.secrets / "o365_tenants__contoso__client_secret").write_text("from-a-secret")
    environ = {
        "O365_SECRETS_DIR": str(desk.secrets),
        "O365_TENANTS__CONTOSO__CLOUD": "china",
        "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL": "2m",
    }
    toml = f"""
    [tenants.contoso]
    tenant_id = "contoso.cn"
    client_id = "{CLIENT}"
    [collectors.service_health]
    stale_after = "2h"
    """
    tenant = desk.tenant(toml, environ)
    assert (tenant.tenant_id, tenant.cloud.name) == ("contoso.cn", "china")
    assert tenant.credential.client_secret == SecretStr("from-a-secret")
    health = tenant.collectors["service_health"]
    assert (health.interval, health.stale_after) == (120, 7200)


def test_secret_files_are_named_like_variables_in_any_case(desk: Desk) -> None:
    """Files that do not begin with o365_ and directories are no settings; an empty file is not set."""
    (desk.secrets / "O365_Tenant_ID").write_text("contoso.com\n")
    (desk.secrets / "o365_client_id").write_text(CLIENT)
    (desk.secrets / "o365_client_secret").write_text(" s3cret\r\n")
    (desk.secrets / "o365_log_level").write_text("\n")
    (desk.secrets / "database_password").write_bytes(b"\xff")
    (desk.secrets / "o365_data").mkdir()
    tenant = desk.tenant(environ={"o365_secrets_dir": str(desk.secrets)})
    assert tenant.credential.client_secret == SecretStr("s3cret")


def test_secrets_directory_of_containers_is_the_default(desk: Desk) -> None:
    """Without O365_SECRETS_DIR the directory of Docker's secrets is read, and missed by nobody."""
    assert desk.faults()[0].startswith("No tenant is set")
    sources.DEFAULT_SECRETS_DIR.mkdir()
    for name, text in ONE_TENANT.items():
        (sources.DEFAULT_SECRETS_DIR / name.lower()).write_text(text)
    assert desk.tenant().tenant_id == "contoso.com"


def test_secrets_directory_is_run_secrets() -> None:
    """The default is where Docker and Podman mount secrets."""
    assert Path("/run/secrets") == sources.DEFAULT_SECRETS_DIR


def test_file_that_a_setting_names_is_no_setting_itself(desk: Desk) -> None:
    """A secret's file may lie in the secrets directory under a name that would not be a setting."""
    secret = desk.secrets / "o365_app_secret_of_contoso"
    secret.write_text("s3cret")
    environ = {
        "O365_TENANT_ID": "contoso.com",
        "O365_CLIENT_ID": CLIENT,
        "O365_CLIENT_SECRET_FILE": str(secret),
        "O365_SECRETS_DIR": str(desk.secrets),
    }
    assert desk.tenant(environ=environ).credential.client_secret_file == secret


def test_stronger_place_replaces_the_proof_of_a_weaker_one(desk: Desk) -> None:
    """A secret's file in the environment replaces a secret's value in the file, instead of contradicting it."""
    credential = desk.tenant(
        f'tenant_id = "contoso.com"\nclient_id = "{CLIENT}"\nclient_secret = "old"',
        {"O365_CLIENT_SECRET_FILE": "/etc/secret"},
    ).credential
    assert (credential.client_secret, credential.client_secret_file) == (None, Path("/etc/secret"))


def test_config_is_named_by_option_or_variable(desk: Desk) -> None:
    """O365_CONFIG names the file; the argument wins over it."""
    other = desk.folder / "other.toml"
    other.write_text('log_level = "debug"')
    environ = {**ONE_TENANT, "O365_CONFIG": str(other)}
    assert load(None, environ).logs.level == "debug"
    assert desk.load('log_level = "error"', environ).logs.level == "error"


def test_variables_count_in_any_case_and_trimmed(desk: Desk) -> None:
    """Names of variables are not case-sensitive, and space around a value is an accident."""
    environ = {name.lower(): f" {text}\r" for name, text in ONE_TENANT.items()}
    tenant = desk.tenant(environ=environ)
    assert (tenant.tenant_id, tenant.credential.client_secret) == ("contoso.com", SecretStr("s3cret"))


def test_one_setting_under_two_spellings_is_refused(desk: Desk) -> None:
    """Which of two spellings would win is not left to chance."""
    assert desk.faults(environ={**ONE_TENANT, "O365_LISTEN": ":1", "o365_listen": ":2"}) == [
        "O365_LISTEN and o365_listen in the environment are the same setting: keep one of them."
    ]


def test_empty_variable_counts_as_not_set(desk: Desk) -> None:
    """Docker compose passes empty variables for what its user left out."""
    environ = {
        **ONE_TENANT,
        "O365_LISTEN": "",
        "O365_CLIENT_SECRET_FILE": "",
        "O365_CONFIG": " ",
        "O365_SECRETS_DIR": "",
    }
    assert desk.load(environ=environ).web.listen == ":10365"


def test_lists_and_tables_are_json_in_variables(desk: Desk) -> None:
    """A list is JSON, a table may be, and a lone pattern needs neither; the single key wins over its table."""
    environ = {
        "O365_DEFAULTS": f'{{"client_id": "{CLIENT}", "client_secret": "s3cret"}}',
        "O365_TENANTS__CONTOSO": '{"tenant_id": "contoso.com", "name": "from the table"}',
        "O365_TENANTS__CONTOSO__NAME": "from the key",
        "O365_TENANTS__CONTOSO__LABELS": '{"Country": "de"}',
        "O365_COLLECTORS__SERVICE_HEALTH__SERVICES": '{"include": ["exchange", "teams"]}',
        "O365_COLLECTORS__SERVICE_HEALTH__SERVICES__EXCLUDE": "^[Ss]kype",
        "O365_COLLECTORS__SUBSCRIPTIONS__SKUS__INCLUDE": "[AE]3$",
        "O365_COLLECTORS__SUBSCRIPTIONS__SKUS__EXCLUDE": '["^FLOW\\\\d", "X"]',
    }
    tenant = desk.tenant(environ=environ)
    collectors = {name: options.model_dump() for name, options in tenant.collectors.items()}
    assert (tenant.name, tenant.labels) == ("from the key", {"Country": "de"})
    assert collectors["service_health"]["services"] == {"include": ("exchange", "teams"), "exclude": ("^[Ss]kype",)}
    assert collectors["subscriptions"]["skus"] == {"include": ("[AE]3$",), "exclude": (r"^FLOW\d", "X")}


def test_lone_pattern_in_the_file(desk: Desk) -> None:
    """One pattern needs no list in the file either."""
    toml = MANY + '[tenants.a]\ntenant_id = "a.com"\n[collectors.subscriptions.skus]\ninclude = "E3"'
    assert desk.tenant(toml).collectors["subscriptions"].model_dump()["skus"]["include"] == ("E3",)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "o365.toml does not exist: name the file by --config or O365_CONFIG."),
        (b'a = "\xff"', "o365.toml is not UTF-8 (byte 5): save it as UTF-8."),
        (
            b"a = 1\nb = oops",
            "o365.toml is not TOML: Invalid value (at line 2, column 5); put the value of this line in quotes if it is "
            "a text.",
        ),
    ],
)
def test_unreadable_file(desk: Desk, content: bytes | None, fault: str) -> None:
    """A file that cannot be read is one sentence, with the line where there is one, and no guess at what it lacks."""
    if content is not None:
        desk.config.write_bytes(content)
    assert desk.faults(environ={"O365_CONFIG": str(desk.config)}) == [fault]


def test_directory_in_place_of_a_file(desk: Desk) -> None:
    """What Docker makes of a volume whose file does not exist is told as such."""
    desk.config.mkdir()
    assert desk.faults(environ={"O365_CONFIG": str(desk.config)}) == [
        "o365.toml is a directory: name the file by --config or O365_CONFIG."
    ]


def test_file_without_permission(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that the exporter's user may not read says so."""

    def refuse(_: Path, *__: str) -> str:
        raise PermissionError(13, "Permission denied")  # root, as whom tests may run, would be let in

    monkeypatch.setattr(Path, "open", refuse)
    assert desk.faults(environ={"O365_CONFIG": str(desk.config)}) == [
        "o365.toml cannot be read (Permission denied): let the exporter's user read it."
    ]


def test_secrets_directory_that_is_none(desk: Desk) -> None:
    """A directory that was named must be there; the other place's trouble is told at once."""
    desk.config.write_text("x")
    nowhere = {"O365_CONFIG": str(desk.config), "O365_SECRETS_DIR": str(desk.folder / "nowhere"), "O365_X": "1"}
    assert desk.faults(environ=nowhere) == [
        "o365.toml is not TOML: Expected '=' after a key in a key/value pair (at end of document).",
        "nowhere does not exist: let O365_SECRETS_DIR name the directory with the secrets.",
        "O365_X in the environment is not a setting: remove it, or look its name up: o365-exporter docs configuration.",
    ]
    assert desk.faults(environ={"O365_SECRETS_DIR": str(desk.config)}) == [
        "o365.toml is not a directory: let O365_SECRETS_DIR name the directory with the secrets."
    ]


def test_secret_file_that_is_no_text(desk: Desk) -> None:
    """A secret file in another encoding is named."""
    (desk.secrets / "o365_client_secret").write_bytes(b"\xfa\xfe")
    assert desk.faults(environ={"O365_SECRETS_DIR": str(desk.secrets)}) == [
        "secrets/o365_client_secret is not UTF-8 (byte 0): save it as UTF-8."
    ]


def test_secret_file_without_permission(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret file that the exporter's user may not read is named, and never taken for one that is not there."""
    (desk.secrets / "o365_client_secret").write_text("s3cret")

    def refuse(path: Path, *_: str) -> str:
        raise PermissionError(13, "Permission denied", str(path))  # as above: root would be let in

    monkeypatch.setattr(Path, "open", refuse)
    assert desk.faults(environ={"O365_SECRETS_DIR": str(desk.secrets)}) == [
        "secrets/o365_client_secret cannot be read (Permission denied): let the exporter's user read it."
    ]


@pytest.mark.parametrize("make", [Path.mkdir, lambda file: file.symlink_to("nowhere")], ids=["directory", "link"])
def test_a_secret_that_is_no_file_is_named(desk: Desk, make: Callable[[Path], None]) -> None:
    """Docker makes a directory of a file that is missing: that, and not a setting that nobody set, is what to mend."""
    make(desk.secrets / "o365_client_secret")
    make(desk.secrets / "o365_notes")
    (fault,) = desk.faults(environ={**ONE_TENANT, "O365_SECRETS_DIR": str(desk.secrets)})
    assert "o365_client_secret " in fault
    assert fault.split("o365_client_secret ")[1].startswith(("is a directory: ", "does not exist: "))


def test_a_secret_that_is_called_with_hyphens_is_named(desk: Desk) -> None:
    """Kubernetes likes them in keys of secrets, and nothing would be read of it."""
    (desk.secrets / "o365-client-secret").write_text("s3cret")
    (desk.secrets / "o365-notes").write_text("of another program")
    assert desk.faults(environ={**ONE_TENANT, "O365_SECRETS_DIR": str(desk.secrets)}) == [
        "o365-client-secret in secrets is not a setting: did you mean o365_client_secret?"
    ]
    used = {**ONE_TENANT, "O365_CLIENT_SECRET_FILE": str(desk.secrets / "o365-client-secret"), "O365_CLIENT_SECRET": ""}
    assert desk.load(environ={**used, "O365_SECRETS_DIR": str(desk.secrets)}).tenants
