"""A name that fits nothing is refused with the nearest right one; what Kubernetes sets is let pass."""

from __future__ import annotations

import pytest

from tests.settings.desk import MANY, ONE_TENANT, Desk

NEAREST = {
    "O365_TENNANT_ID": "O365_TENANT_ID",
    "O365_TENANTID": "O365_TENANT_ID",
    "O365_TENANT__ID": "O365_TENANT_ID",
    "O365_LOGLEVEL": "O365_LOG_LEVEL",
    "O365_LOG__LEVEL": "O365_LOG_LEVEL",
    "O365_CLIENT_SECRETS_FILE": "O365_CLIENT_SECRET_FILE",
    "O365_LISTEN__PORT": "O365_LISTEN",
    "O365_SERVICE_HEALTH_INTERVAL": "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL",
    "O365_COLLECTORS_SERVICE_HEALTH_INTERVAL": "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL",
    "O365_COLLECTORS__SERVICE_HELTH__INTERVAL": "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL",
    "O365_COLLECTORS__SERVICE_HEALTH__INTERVALL": "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL",
    "O365_COLLECTORS__SERVICE_HEALTH__SERVICES__INCLUDED": "O365_COLLECTORS__SERVICE_HEALTH__SERVICES__INCLUDE",
    "O365_TENANTS__CONTOSO__TENANTID": "O365_TENANTS__CONTOSO__TENANT_ID",
    "O365_TENANT__CONTOSO__TENANT_ID": "O365_TENANTS__CONTOSO__TENANT_ID",
    "O365_TENANTS__CONTOSO__COLLECTORS__SUBSCRIPTION__ENABLED": (
        "O365_TENANTS__CONTOSO__COLLECTORS__SUBSCRIPTIONS__ENABLED"
    ),
    "O365_NAME": "O365_TENANT_NAME",
    "O365_TENANTS__CONTOSO__TENANT_NAME": "O365_TENANTS__CONTOSO__NAME",
    "O365_DEFAULT__CLIENT_ID": "O365_DEFAULTS__CLIENT_ID",
}


@pytest.mark.parametrize(("wrong", "right"), NEAREST.items())
def test_misspelt_variable(desk: Desk, wrong: str, right: str) -> None:
    """A misspelt variable is refused, without its value, and the nearest right name is shown."""
    faults = desk.faults(environ={**ONE_TENANT, wrong: "canary"})
    assert faults == [f"{wrong} in the environment is not a setting: did you mean {right}?"]


def test_variable_without_a_nearest_name(desk: Desk) -> None:
    """What resembles nothing is told where the names stand."""
    assert desk.faults(environ={**ONE_TENANT, "O365_FROBNICATE": "1", "O365_PORT": "10365"}) == [
        f"{name} in the environment is not a setting: remove it, or look its name up: o365-exporter docs configuration."
        for name in ("O365_PORT", "O365_FROBNICATE")
    ]


def test_other_programs_variables_are_none_of_ours(desk: Desk) -> None:
    """Only names that begin with O365_ are looked at."""
    others = {"PATH": "/bin", "O365": "x", "OFFICE_365_KEY": "x", "XO365_A": "x"}
    assert desk.load(environ={**ONE_TENANT, **others}) == desk.load(environ=ONE_TENANT)


def test_misspelt_keys_in_the_file(desk: Desk) -> None:
    """The file is held to the same names, table by table."""
    toml = (
        MANY
        + """
    clientid = "x"
    [tenants.contoso]
    tenant_id = "contoso.com"
    tenant_name = "Contoso"
    [tenants.contoso.collectors.service_health]
    intervall = "5m"
    [collectors.servicehealth]
    interval = "5m"
    [collectors.subscriptions.skus]
    includes = "x"
    [logs]
    level = "info"
    """
    )
    assert desk.faults(toml) == [
        "defaults.clientid in o365.toml is not a setting: did you mean defaults.client_id?",
        "tenants.contoso.tenant_name in o365.toml is not a setting: did you mean tenants.contoso.name?",
        "tenants.contoso.collectors.service_health.intervall in o365.toml is not a setting: "
        "did you mean tenants.contoso.collectors.service_health.interval?",
        "collectors.servicehealth in o365.toml is not a setting: did you mean collectors.service_health?",
        "collectors.subscriptions.skus.includes in o365.toml is not a setting: "
        "did you mean collectors.subscriptions.skus.include?",
        "logs in o365.toml is not a setting: remove it, or look its name up: o365-exporter docs configuration.",
    ]


def test_misspelt_secret_file(desk: Desk) -> None:
    """A file that begins with o365_ in the secrets directory is a setting or a mistake."""
    (desk.secrets / "o365_client_secrt").write_text("canary")
    environ = {**ONE_TENANT, "O365_SECRETS_DIR": str(desk.secrets)}
    assert desk.faults(environ=environ) == [
        "O365_CLIENT_SECRT in secrets is not a setting: did you mean O365_CLIENT_SECRET?"
    ]


def test_value_in_place_of_a_table(desk: Desk) -> None:
    """A table cannot be a value; the value is not shown, since it may hold secrets."""
    assert desk.faults('collectors = "canary"\n[[tenants]]\nname = "x"', {"O365_DEFAULTS": "{canary"}) == [
        "O365_DEFAULTS in the environment is not a JSON object: "
        "set single keys of it, such as O365_DEFAULTS__CLIENT_ID.",
        "collectors in o365.toml is not a table: set single keys of it, such as collectors.credential_expiry.",
        "tenants in o365.toml is not a table: set single keys of it, such as tenants.NAME.",
        *desk.faults(),
    ]


def _service(name: str) -> dict[str, str]:
    """What Kubernetes sets for a Service with one TCP and one UDP port."""
    return {
        f"{name}_SERVICE_HOST": "10.0.0.1",
        f"{name}_SERVICE_PORT": "10365",
        f"{name}_SERVICE_PORT_HTTP": "10365",
        f"{name}_SERVICE_PORT_HTTP_METRICS": "10365",
        f"{name}_PORT": "tcp://10.0.0.1:10365",
        f"{name}_PORT_10365_TCP": "tcp://10.0.0.1:10365",
        f"{name}_PORT_10365_TCP_PROTO": "tcp",
        f"{name}_PORT_10365_TCP_PORT": "10365",
        f"{name}_PORT_10365_TCP_ADDR": "10.0.0.1",
        f"{name}_PORT_53_UDP": "udp://10.0.0.1:53",
        f"{name}_PORT_53_UDP_PROTO": "udp",
        f"{name}_PORT_53_UDP_PORT": "53",
        f"{name}_PORT_53_UDP_ADDR": "10.0.0.1",
    }


@pytest.mark.parametrize(
    "name", ["O365_EXPORTER", "O365_EXPORTER_METRICS", "O365_O365_EXPORTER", "O365", "O365_EXPORTER_2"]
)
def test_what_kubernetes_sets_for_a_service(desk: Desk, name: str) -> None:
    """The variables of Services called o365-exporter, or longer, are no settings."""
    assert desk.load(environ={**ONE_TENANT, **_service(name)}) == desk.load(environ=ONE_TENANT)


def test_port_that_is_no_service(desk: Desk) -> None:
    """What only looks like Kubernetes' is a mistake: somebody believes that it sets the port."""
    assert desk.faults(environ={**ONE_TENANT, "O365_EXPORTER_PORT": "10365"}) == [
        "O365_EXPORTER_PORT in the environment is not a setting: "
        "remove it, or look its name up: o365-exporter docs configuration."
    ]


def test_a_name_that_would_steer_a_terminal_is_shown_escaped(desk: Desk) -> None:
    """Names of variables are shown, and nothing in them moves a cursor or colours a log."""
    (fault, *_) = desk.faults(environ={**ONE_TENANT, "O365_\x1b[2JTENANT": "x"})
    assert fault.startswith("O365_\\x1b[2JTENANT in the environment is not a setting")


def test_a_file_whose_name_is_no_text_is_shown_escaped(desk: Desk) -> None:
    """Names of files are bytes, and one that is no UTF-8 can be written to any log."""
    (desk.secrets / "O365_\udcff").write_bytes(b"\xff")
    faults = desk.faults(environ={**ONE_TENANT, "O365_SECRETS_DIR": str(desk.secrets)})
    assert all(fault.isprintable() for fault in faults)
    assert any("O365_\\udcff" in fault for fault in faults)
