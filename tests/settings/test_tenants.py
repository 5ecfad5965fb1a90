"""One tenant by the shorthand, many by tables, and what they inherit."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from o365_exporter.login import CLOUDS
from tests.http.loopback import certificates
from tests.settings.desk import CLIENT, MANY, ONE_TENANT, Desk

OTHER = "22222222-2222-2222-2222-222222222222"


def test_three_variables_are_enough(desk: Desk) -> None:
    """One tenant needs its id, an app and a secret; everything else has a default."""
    settings = desk.load(environ=ONE_TENANT)
    (tenant,) = settings.tenants
    assert (settings.web.listen, settings.logs.level, settings.logs.format) == (":10365", "info", "json")
    assert (tenant.key, tenant.name, tenant.tenant_id) == ("default", "contoso.com", "contoso.com")
    assert (tenant.cloud, tenant.login_url, tenant.graph_url, tenant.labels) == (CLOUDS["global"], None, None, {})
    assert (tenant.credential.client_id, tenant.credential.client_secret) == (CLIENT, SecretStr("s3cret"))


def test_every_variable_of_the_shorthand(desk: Desk) -> None:
    """The shorthand sets name, cloud, addresses and the secret's file as well."""
    settings = desk.load(
        environ={
            "O365_TENANT_ID": CLIENT.upper(),
            "O365_TENANT_NAME": 'Contoso "Ltd." 🏢',
            "O365_CLIENT_ID": OTHER,
            "O365_CLIENT_SECRET_FILE": "/run/secret",
            "O365_CLOUD": "GCC_High",
            "O365_LOGIN_URL": "http://127.0.0.1:8443/",
            "O365_GRAPH_URL": "https://Graph.example",
            "O365_LISTEN": "[::1]:9000",
            "O365_LOG_LEVEL": "warning",
            "O365_LOG_FORMAT": "console",
            "O365_PROXY": "http://u:p@proxy:3128",
            "O365_CA_FILE": str(certificates(desk.folder)[0]),
            "O365_REQUEST_TIMEOUT": "12.5",
        }
    )
    (tenant,) = settings.tenants
    assert (tenant.tenant_id, tenant.name, tenant.cloud.name) == (CLIENT, 'Contoso "Ltd." 🏢', "us_gov_l4")
    assert (tenant.login_url, tenant.graph_url) == ("http://127.0.0.1:8443", "https://graph.example")
    assert tenant.credential.client_secret_file == Path("/run/secret")
    assert (settings.web.listen, settings.logs.level, settings.logs.format) == ("[::1]:9000", "warning", "console")
    assert settings.connection.proxy == SecretStr("http://u:p@proxy:3128")
    assert (settings.connection.ca_file, settings.connection.request_timeout) == (desk.folder / "ca.pem", 12.5)


def test_shorthand_at_the_top_of_the_file(desk: Desk) -> None:
    """The keys of a single tenant may stand in the file as well."""
    toml = f'tenant_id = "contoso.com"\ntenant_name = "Contoso"\nclient_id = "{CLIENT}"\nclient_secret = "x"'
    assert desk.tenant(toml).name == "Contoso"


@pytest.mark.parametrize(
    ("name", "cloud"),
    [
        *((alias, cloud.name) for cloud in CLOUDS.values() for alias in (cloud.name, *cloud.aliases)),
        *((name, "global") for name in ("AzureCloud", "azurecloud", "Public", "GCC", "Worldwide", "O365Default")),
        *((name, "us_gov_l4") for name in ("AzureUSGovernment", "usgov", "GCC High", "gcc-high", "GCCHigh", "USGov")),
        *((name, "us_gov_l5") for name in ("DoD", "USGovDoD", "USGovernmentL5", "us-gov-l5")),
        *((name, "china") for name in ("CHINA", "AzureChinaCloud", "AzureChina", "21Vianet", "O365China")),
    ],
)
def test_cloud_by_name_and_alias(desk: Desk, name: str, cloud: str) -> None:
    """Every name that Microsoft's tools have for a cloud is known, in any case and spelling."""
    assert desk.tenant(environ={**ONE_TENANT, "O365_CLOUD": name}).cloud is CLOUDS[cloud]


@pytest.mark.parametrize(
    "url", ["http://localhost:1", "http://127.8.9.1", "http://[::1]:1", "https://login.example:8443"]
)
def test_addresses_that_are_let_pass(desk: Desk, url: str) -> None:
    """Plain http is for loopback hosts, https for all."""
    tenant = desk.tenant(environ={**ONE_TENANT, "O365_LOGIN_URL": url, "O365_GRAPH_URL": url})
    assert (tenant.login_url, tenant.graph_url) == (url, url)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (
            "http://login.example",
            "would send the secret unencrypted: write https://, plain http is for loopback hosts only",
        ),
        (
            "http://127.0.0.1.example",
            "would send the secret unencrypted: write https://, plain http is for loopback hosts only",
        ),
        (
            "https://h.example/v1.0",
            "is more than an address: write https://HOST:PORT without user, path, query or fragment",
        ),
        ("ftp://h.example", "is not an address: write https://HOST or https://HOST:PORT"),
        ("h.example", "is not an address: write https://HOST or https://HOST:PORT"),
        ("https://h.example:99999", "is not an address: write https://HOST or https://HOST:PORT"),
        ("https://[::1", "is not an address: write https://HOST or https://HOST:PORT"),
    ],
)
def test_addresses_that_are_refused(desk: Desk, url: str, problem: str) -> None:
    """An address that would show the secret, or that is more than an origin, is refused."""
    assert desk.faults(environ={**ONE_TENANT, "O365_LOGIN_URL": url}) == [
        f'O365_LOGIN_URL = "{url}" in the environment {problem}.'
    ]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:canary@h.example", "https://********@h.example"),
        ("https://me: can@ary@h.example", "https://********@h.example"),
        ("https://h.example?sig=canary", "https://h.example?********"),
    ],
)
def test_password_in_an_address_is_not_shown(desk: Desk, url: str, shown: str) -> None:
    """An address with user and password, or with a signature, is refused without showing them."""
    assert desk.faults(environ={**ONE_TENANT, "O365_GRAPH_URL": url}) == [
        f'O365_GRAPH_URL = "{shown}" in the environment is more than an address: '
        "write https://HOST:PORT without user, path, query or fragment."
    ]


@pytest.mark.parametrize("tenant_id", [CLIENT, "contoso.onmicrosoft.com", "xn--mnchen-3ya.de", "A-b.co.uk"])
def test_tenant_ids_that_are_let_pass(desk: Desk, tenant_id: str) -> None:
    """A tenant is named by GUID or domain, and served in lower case."""
    assert desk.tenant(environ={**ONE_TENANT, "O365_TENANT_ID": tenant_id}).tenant_id == tenant_id.lower()


@pytest.mark.parametrize(
    "tenant_id", ["contoso", f"{{{CLIENT}}}", "https://contoso.com", "a b.com", "-a.com", "a..com"]
)
def test_tenant_ids_that_are_refused(desk: Desk, tenant_id: str) -> None:
    """What is neither GUID nor domain is refused."""
    assert desk.faults(environ={**ONE_TENANT, "O365_TENANT_ID": tenant_id}) == [
        f'O365_TENANT_ID = "{tenant_id}" in the environment is neither a GUID nor a domain name: '
        "write the tenant id, or contoso.onmicrosoft.com."
    ]


@pytest.mark.parametrize("tenant_id", ["common", "Organizations", "consumers"])
def test_tenant_ids_that_stand_for_any(desk: Desk, tenant_id: str) -> None:
    """The names of Entra's multi-tenant endpoints are refused with the reason."""
    assert desk.faults(environ={**ONE_TENANT, "O365_TENANT_ID": tenant_id}) == [
        f'O365_TENANT_ID = "{tenant_id}" in the environment stands for any tenant, and an application signs in to '
        "one: write the tenant's own GUID or domain name."
    ]


def test_tables_of_tenants_with_all_they_inherit(desk: Desk) -> None:
    """A tenant has its own values, then those of [defaults], then the collectors' tables, then the defaults of code."""
    toml = f"""
    [defaults]
    client_id = "{CLIENT}"
    client_secret = "shared"
    cloud = "dod"
    login_url = "https://login.example"

    [collectors.service_health]
    interval = "2m"
    services.include = ["exchange"]

    [collectors.subscriptions]
    enabled = false

    [tenants.contoso]
    tenant_id = "contoso.com"

    [tenants.fabrikam_eu]
    tenant_id = "fabrikam.com"
    name = "Fabrikam (EU)"
    cloud = "global"
    labels = {{ country = "de", Cost_Center = "4711" }}
    client_id = "{OTHER}"
    client_secret_file = "/etc/fabrikam"
    graph_url = "https://graph.example"
    [tenants.fabrikam_eu.collectors.service_health]
    services.exclude = "skype"
    interval = 30
    [tenants.fabrikam_eu.collectors.subscriptions]
    enabled = true
    """
    contoso, fabrikam = desk.load(toml).tenants
    assert (contoso.key, contoso.name, contoso.cloud.name) == ("contoso", "contoso.com", "us_gov_l5")
    assert (contoso.login_url, contoso.graph_url) == ("https://login.example", None)
    assert (fabrikam.key, fabrikam.name, fabrikam.cloud.name) == ("fabrikam_eu", "Fabrikam (EU)", "global")
    assert (fabrikam.login_url, fabrikam.graph_url) == ("https://login.example", "https://graph.example")
    assert fabrikam.labels == {"country": "de", "Cost_Center": "4711"}
    assert (fabrikam.credential.client_id, fabrikam.credential.client_secret) == (OTHER, None)
    assert fabrikam.credential.client_secret_file == Path("/etc/fabrikam")
    inherited = contoso.collectors["service_health"].model_dump(mode="json")
    own = fabrikam.collectors["service_health"].model_dump(mode="json")
    assert (inherited["interval"], inherited["services"]) == ("2m", {"include": ["exchange"], "exclude": []})
    assert (own["interval"], own["services"]) == ("30s", {"include": ["exchange"], "exclude": ["skype"]})
    assert not contoso.collectors["subscriptions"].enabled
    assert fabrikam.collectors["subscriptions"].enabled
    assert contoso.collectors["credential_expiry"].interval == 3600


def test_tenants_by_variables_alone(desk: Desk) -> None:
    """Everything of a table can be said by variables."""
    tenant = desk.tenant(
        environ={
            "O365_DEFAULTS__CLIENT_ID": CLIENT,
            "O365_DEFAULTS__CLIENT_SECRET": "s3cret",
            "O365_TENANTS__CONTOSO_EU__TENANT_ID": "contoso.com",
            "O365_TENANTS__CONTOSO_EU__NAME": "Contoso",
            "O365_TENANTS__CONTOSO_EU__LABELS__COUNTRY": "de",
            "O365_TENANTS__CONTOSO_EU__COLLECTORS__SERVICE_HEALTH__INTERVAL": "45s",
        }
    )
    assert (tenant.key, tenant.name, tenant.labels) == ("contoso_eu", "Contoso", {"country": "de"})
    assert tenant.collectors["service_health"].interval == 45


def test_two_hundred_customers_need_a_line_each(desk: Desk) -> None:
    """Many tenants of one application need nothing but their id, and keep their order."""
    lines = [f'customer_{number}.tenant_id = "customer{number}.com"' for number in range(200)]
    settings = desk.load("\n".join([MANY, "[tenants]", *lines]))
    assert [tenant.key for tenant in settings.tenants] == [f"customer_{number}" for number in range(200)]
    assert {tenant.credential.client_secret for tenant in settings.tenants} == {SecretStr("s3cret")}


def test_fault_that_all_tenants_inherit_is_told_once(desk: Desk) -> None:
    """What is wrong in [defaults] or [collectors] is one sentence, however many tenants it touches."""
    toml = """
    tenants.a.tenant_id = "a.com"
    tenants.b.tenant_id = "b.com"
    [defaults]
    client_id = "x"
    client_secret = "s3cret"
    cloud = "germany"
    [collectors.service_health]
    interval = "1h"
    """
    assert desk.faults(toml) == [
        "defaults.client_id in o365.toml (not shown, it could be the secret) is not a GUID: "
        "write it as 00000000-0000-0000-0000-000000000000, as the Azure portal shows it.",
        'defaults.cloud = "germany" in o365.toml is not a known cloud: choose from '
        "global, us_gov_l4, us_gov_l5, china, or write what Microsoft's tools call it, such as AzureUSGovernment.",
        "collectors.service_health has a stale_after (30m) that is smaller than interval (1h): raise stale_after, "
        "or poll more often (as variables: O365_COLLECTORS__SERVICE_HEALTH__STALE_AFTER, "
        "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL).",
    ]


def test_defaults_that_nobody_inherits_are_checked(desk: Desk) -> None:
    """A fault in [defaults] is told even where every tenant says otherwise."""
    toml = f"""
    [defaults]
    cloud = "germany"
    client_secret = "one"
    client_secret_file = "/two"
    [tenants.a]
    tenant_id = "a.com"
    cloud = "global"
    client_id = "{CLIENT}"
    client_secret = "s3cret"
    """
    assert [fault.split(" ")[0] for fault in desk.faults(toml)] == ["defaults", "defaults.cloud"]


def test_shorthand_and_tables_together(desk: Desk) -> None:
    """A single tenant's key beside tables of tenants is refused, and says where it belongs."""
    toml = MANY + '[tenants.a]\ntenant_id = "a.com"'
    assert desk.faults(toml, {"O365_CLIENT_SECRET": "canary", "O365_TENANT_ID": "b.com"}) == [
        "O365_TENANT_ID in the environment sets a single tenant, and there are tables of tenants: remove one of both.",
        "O365_CLIENT_SECRET in the environment sets a single tenant, and there are tables of tenants: "
        "for all tenants write O365_DEFAULTS__CLIENT_SECRET, or client_secret in [defaults].",
    ]


def test_no_tenant_at_all(desk: Desk) -> None:
    """Nothing to watch is an error that says what to set, and an empty table of tenants is nothing."""
    sentence = (
        "No tenant is set: for one, set O365_TENANT_ID, O365_CLIENT_ID and O365_CLIENT_SECRET or "
        "O365_CLIENT_SECRET_FILE; for many, write a table [tenants.NAME] for each into the configuration file."
    )
    assert desk.faults() == [sentence]
    assert desk.faults(MANY + "[tenants]") == [sentence]


def test_same_name_and_same_tenant_twice(desk: Desk) -> None:
    """Two tenants of one label would mix their series, one tenant twice would double them."""
    toml = (
        MANY
        + """
    [tenants.a]
    tenant_id = "a.com"
    [tenants.b]
    tenant_id = "b.com"
    name = "a.com"
    [tenants.c]
    tenant_id = "C.com"
    cloud = "gcc"
    [tenants.d]
    tenant_id = "c.com"
    name = "again"
    [tenants.e]
    tenant_id = "c.com"
    name = "elsewhere"
    cloud = "china"
    """
    )
    assert desk.faults(toml) == [
        "tenants.a and tenants.b have the same name, 'a.com': give each a name of its own (label `tenant`).",
        "tenants.c and tenants.d are the same tenant, c.com in the cloud global: keep one of them.",
    ]


def test_missing_values_of_a_single_tenant(desk: Desk) -> None:
    """Whatever is missing is told at once, in both spellings."""
    assert desk.faults(environ={"O365_TENANT_NAME": "Contoso"}) == [
        "tenant_id is missing: set O365_TENANT_ID, or tenant_id in the configuration file.",
        "client_id is missing: set O365_CLIENT_ID, or client_id in the configuration file.",
        "The tenant has no credential: set one of client_secret, client_secret_file, certificate_file, "
        "federated_token_file, managed_identity and workload_identity (as variables: O365_CLIENT_SECRET, "
        "O365_CLIENT_SECRET_FILE, O365_CERTIFICATE_FILE, O365_FEDERATED_TOKEN_FILE, O365_MANAGED_IDENTITY, "
        "O365_WORKLOAD_IDENTITY).",
    ]


def test_missing_values_of_a_table(desk: Desk) -> None:
    """An empty table is a tenant of which everything is missing; what can be inherited may stand in two tables."""
    assert desk.faults("[tenants.contoso]") == [
        "tenants.contoso.tenant_id is missing: set tenant_id in [tenants.contoso], "
        "or O365_TENANTS__CONTOSO__TENANT_ID.",
        "tenants.contoso.client_id is missing: set client_id in [tenants.contoso] or [defaults], "
        "or O365_TENANTS__CONTOSO__CLIENT_ID or O365_DEFAULTS__CLIENT_ID.",
        "tenants.contoso has no credential: set one of client_secret, client_secret_file, certificate_file, "
        "federated_token_file, managed_identity and workload_identity (as variables: "
        "O365_TENANTS__CONTOSO__CLIENT_SECRET, O365_TENANTS__CONTOSO__CLIENT_SECRET_FILE, "
        "O365_TENANTS__CONTOSO__CERTIFICATE_FILE, "
        "O365_TENANTS__CONTOSO__FEDERATED_TOKEN_FILE, O365_TENANTS__CONTOSO__MANAGED_IDENTITY, "
        "O365_TENANTS__CONTOSO__WORKLOAD_IDENTITY).",
    ]


def test_secret_by_value_and_by_file_in_one_place(desk: Desk) -> None:
    """Two proofs in one table of one place are an error, also beside other faults."""
    both = {**ONE_TENANT, "O365_CLIENT_SECRET_FILE": "/etc/secret", "O365_TENANT_ID": "x"}
    assert desk.faults(environ=both)[1:] == [
        "The tenant has two credentials: set client_secret or client_secret_file, not both "
        "(as variables: O365_CLIENT_SECRET, O365_CLIENT_SECRET_FILE)."
    ]


@pytest.mark.parametrize("key", ["Contoso", "a__b", "_a", "a_", "a-b", "a.b", "ä"])
def test_keys_of_tenants(desk: Desk, key: str) -> None:
    """A tenant's key can be part of a variable's name and of nothing else."""
    assert desk.faults(MANY + f'[tenants."{key}"]\ntenant_id = "a.com"') == [
        f'"{key}" under tenants in o365.toml is not a key of a tenant: use lower-case letters, digits and single '
        "underscores between them, and say the rest with `name`."
    ]


@pytest.mark.parametrize("label", ["tenant", "tenant_id", "cloud", "display_name", "job", "instance"])
def test_labels_that_are_taken(desk: Desk, label: str) -> None:
    """A label that is there already cannot be set."""
    assert desk.faults(MANY + f'[tenants.a]\ntenant_id = "a.com"\nlabels.{label} = "x"') == [
        f'"{label}" under tenants.a.labels in o365.toml is set by the exporter or by Prometheus: '
        f"choose another name than {label}."
    ]


@pytest.mark.parametrize("label", ["__meta", "1st", "cost-center", "ü"])
def test_labels_that_are_none(desk: Desk, label: str) -> None:
    """A label's name must be one to Prometheus."""
    assert desk.faults(MANY + f'[tenants.a]\ntenant_id = "a.com"\nlabels."{label}" = "x"') == [
        f'"{label}" under tenants.a.labels in o365.toml is not a label name: '
        "use letters, digits and underscores, and no digit or __ in front."
    ]
