"""``check-config`` prints what is in effect as TOML, with secrets masked, or every fault."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from o365_exporter.commands.check_config import check_config
from tests.settings.desk import CLIENT, ONE_TENANT, Desk

CANARY = "Canary~8Q~do-not-show"


def test_settings_in_effect(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Defaults are filled in, every tenant has what it inherits, and each written value tells where it stands."""
    desk.config.write_text(f"""
    log_level = "debug"
    [defaults]
    client_id = "{CLIENT}"
    [tenants.contoso]
    tenant_id = "contoso.com"
    name = "Contoso #1"
    labels = {{ country = "de" }}
    [collectors.service_health]
    interval = 90
    """)
    (desk.secrets / "o365_defaults__client_secret").write_text(CANARY)
    (desk.secrets / "o365_defaults__client_secret").chmod(0o600)
    environ = {
        "O365_SECRETS_DIR": str(desk.secrets),
        "O365_PROXY": f"http://me:{CANARY}@proxy",
        "o365_tenants__contoso__cloud": "dod",
    }
    assert check_config(desk.config, environ) == 0
    output = capsys.readouterr()
    lines = output.out.replace(str(desk.folder), "").splitlines()
    assert lines[: lines.index("[tenants.contoso.collectors.credential_expiry]") + 5] == [
        "# Settings in effect, each tenant with all that it inherits; secrets are masked.",
        "# A comment says where a value was written; all others are defaults.",
        'listen = ":10365"',
        "reload_endpoint = false",
        "poll_now = false",
        'runbooks_url = ""',
        "# web_config_file is not set",
        'log_level = "debug"  # log_level in /o365.toml',
        'log_format = "json"',
        'proxy = "********"  # O365_PROXY in the environment',
        "# ca_file is not set",
        "tls_strict = true",
        "report_hosts = []",
        "request_timeout = 30.0",
        "# tenants_file is not set",
        "# shard is not set",
        "# state_dir is not set",
        "",
        "[tenants.contoso]",
        'name = "Contoso #1"  # tenants.contoso.name in /o365.toml',
        'tenant_id = "contoso.com"  # tenants.contoso.tenant_id in /o365.toml',
        'cloud = "us_gov_l5"  # o365_tenants__contoso__cloud in the environment',
        'login_url = "https://login.microsoftonline.us"',
        'graph_url = "https://dod-graph.microsoft.us"',
        f'client_id = "{CLIENT}"  # defaults.client_id in /o365.toml',
        'client_secret = "********"  # o365_defaults__client_secret in /secrets',
        "# client_secret_file is not set",
        "# certificate_file is not set",
        "# certificate_key_file is not set",
        "# certificate_passphrase_file is not set",
        "certificate_send_x5c = false",
        "# federated_token_file is not set",
        "# managed_identity is not set",
        "workload_identity = false",
        "",
        "[tenants.contoso.labels]",
        'country = "de"  # tenants.contoso.labels.country in /o365.toml',
        "",
        "[tenants.contoso.collectors.credential_expiry]",
        "enabled = true",
        'interval = "1h"',
        'stale_after = "6h"',
        "max_series = 100000",
    ]
    health = lines.index("[tenants.contoso.collectors.service_health]")
    assert lines[health : lines.index("[tenants.contoso.collectors.service_health.services]") + 2] == [
        "[tenants.contoso.collectors.service_health]",
        "enabled = true",
        'interval = "90s"  # collectors.service_health.interval in /o365.toml',
        'stale_after = "30m"',
        "max_series = 100000",
        'issues_interval = "5m"',
        'keep_resolved = "7d"',
        'healthy_statuses = ["serviceOperational", "serviceRestored", "postIncidentReviewPublished", "falsePositive"]',
        "",
        "[tenants.contoso.collectors.service_health.services]",
        "include = []",
    ]
    assert CANARY not in output.out + output.err
    assert output.err == ""


def test_output_is_a_configuration_file(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed can be loaded again, and gives the same but for the secret."""
    name = 'a "b"\\c\t\x7f\u2028\N{RIGHT-TO-LEFT OVERRIDE}\U000e0001 🏢'
    assert check_config(None, {**ONE_TENANT, "O365_TENANT_NAME": name, "O365_SECRETS_DIR": str(desk.secrets)}) == 0
    printed = capsys.readouterr().out
    assert all(line.isprintable() for line in printed.split("\n"))
    assert tomllib.loads(printed)["tenants"]["default"]["name"] == name
    again, first = desk.tenant(printed), desk.tenant(environ={**ONE_TENANT, "O365_TENANT_NAME": name})
    assert (again.key, again.name, again.collectors) == (first.key, first.name, first.collectors)


def test_faults_are_printed_one_per_line(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong configuration is exit code 2, and every fault a line on standard error."""
    environ = {**ONE_TENANT, "O365_LISTEN": "x", "O365_CLOUD": "x", "O365_SECRETS_DIR": str(desk.secrets)}
    assert check_config(None, environ) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert [line.split(" ")[0] for line in output.err.splitlines()] == ["O365_LISTEN", "O365_CLOUD"]


def test_secret_in_the_file_is_worth_a_warning(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A secret's value in the configuration file is legal, and warned of."""
    desk.config.write_text(f'tenant_id = "a.com"\nclient_id = "{CLIENT}"\nclient_secret = "{CANARY}"')
    desk.config.chmod(0o600)
    assert check_config(desk.config, {"O365_SECRETS_DIR": str(desk.secrets)}) == 0
    assert capsys.readouterr().err.replace(f"{desk.folder}/", "") == (
        "warning: client_secret stands in o365.toml, where backups and colleagues find it: "
        "name a file by client_secret_file instead.\n"
    )


@pytest.mark.parametrize(
    ("mode", "warning"),
    [
        (0o600, ""),
        (0o640, ""),
        (0o644, "warning: secret can be read by every user of this machine (mode 0644): chmod 600 secret.\n"),
        (None, "warning: secret cannot be read now (No such file or directory): polls fail until it can.\n"),
    ],
)
def test_secret_file_that_others_can_read(
    desk: Desk, capsys: pytest.CaptureFixture[str], mode: int | None, warning: str
) -> None:
    """A secret's file is looked at: it should be there, and for the exporter alone."""
    secret: Path = desk.folder / "secret"
    if mode is not None:
        secret.write_text(CANARY)
        secret.chmod(mode)
    environ = {**ONE_TENANT, "O365_CLIENT_SECRET": "", "O365_CLIENT_SECRET_FILE": str(secret)}
    assert check_config(None, {**environ, "O365_SECRETS_DIR": str(desk.secrets)}) == 0
    output = capsys.readouterr()
    assert output.err.replace(f"{desk.folder}/", "") == warning
    assert CANARY not in output.out
