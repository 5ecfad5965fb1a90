"""Wrong values: one sentence each with key, value, place and remedy; all at once; never a secret."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from pydantic import Field, SecretStr

from o365_exporter.commands.check_config import check_config
from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import inspect, schema
from o365_exporter.source import Collector, CollectorOptions
from tests.settings.desk import CLIENT, MANY, ONE_TENANT, Desk

HEALTH = "O365_COLLECTORS__SERVICE_HEALTH__"
AS_RE = "write it as Python's re module reads it, with \\ before . ( [ * + ?"
SKUS = "O365_COLLECTORS__SUBSCRIPTIONS__SKUS__"

VARIABLES = [
    ("O365_LOG_LEVEL", "loud", 'is not known: write "debug", "info", "warning" or "error"'),
    ("O365_LOG_FORMAT", "xml", 'is not known: write "json" or "console"'),
    ("O365_REQUEST_TIMEOUT", "soon", "is not a number: write digits, and a point if need be"),
    ("O365_REQUEST_TIMEOUT", "0", "is too small: write more than 0"),
    ("O365_REQUEST_TIMEOUT", "601", "is too large: write 600 or less"),
    (
        "O365_LISTEN",
        "10365",
        'is no address to listen on: write ":10365" for all addresses, "127.0.0.1:10365" or "[::1]:10365" '
        "for one, with a port from 0 (any free one) to 65535",
    ),
    (HEALTH + "ENABLED", "maybe", "is neither true nor false: write one of them"),
    (HEALTH + "MAX_SERIES", "many", "is not a whole number: write digits only"),
    (HEALTH + "MAX_SERIES", "0", "is too small: write 1 or more"),
    (HEALTH + "INTERVAL", "5x", 'is not a duration: write seconds, or a number with s, m, h, d or w, such as "5m"'),
    (HEALTH + "INTERVAL", "9", "is too small: write 10s or more"),
    (HEALTH + "STALE_AFTER", "5w", "is too large: write 30d or less"),
    (SKUS + "INCLUDE", "(", f"is not a regular expression: missing ), unterminated subpattern at position 0; {AS_RE}"),
    (SKUS + "EXCLUDE", "[a", f"is not a regular expression: unterminated character set at position 0; {AS_RE}"),
]


@pytest.mark.parametrize(("name", "value", "problem"), VARIABLES)
def test_wrong_value_of_a_variable(desk: Desk, name: str, value: str, problem: str) -> None:
    """A wrong value is told with the variable's name, itself, and what to write instead."""
    assert desk.faults(environ={**ONE_TENANT, name: value}) == [f'{name} = "{value}" in the environment {problem}.']


def test_list_that_is_no_json(desk: Desk) -> None:
    """A list with single backslashes is not taken for one strange pattern."""
    assert desk.faults(environ={**ONE_TENANT, SKUS + "INCLUDE": r'["^E\d"]'}) == [
        f'{SKUS}INCLUDE in the environment is not a JSON list: write ["one", "two"], with every backslash doubled.'
    ]


def test_wrong_types_in_the_file(desk: Desk) -> None:
    """The file has types, and a value of another one is shown as it is written."""
    toml = (
        MANY
        + """
    cloud = 365
    [tenants.a]
    tenant_id = 2026-01-01
    name = ["a"]
    [collectors.service_health]
    enabled = [true]
    max_series = 1.5
    interval = true
    services.include = 5
    services.exclude = ["ok", "*"]
    healthy_statuses = ["fine"]
    """
    )
    health = "collectors.service_health."
    assert [fault.partition(": choose")[0] for fault in desk.faults(toml)] == [
        "defaults.cloud = 365 in o365.toml is not a text: put it in quotes.",
        f"{health}enabled = [true] in o365.toml is neither true nor false: write one of them.",
        f"{health}interval = true in o365.toml is not a duration: "
        'write seconds, or a number with s, m, h, d or w, such as "5m".',
        f"{health}max_series = 1.5 in o365.toml is not a whole number: write digits only.",
        f'{health}healthy_statuses = "fine" in o365.toml is not a status of Graph',
        f'{health}services.include = 5 in o365.toml is not a list: write ["one", "two"].',
        f'{health}services.exclude = "*" in o365.toml is not a regular expression: nothing to repeat at position 0; '
        f"{AS_RE}.",
        "tenants.a.tenant_id = 2026-01-01 in o365.toml is not a text: put it in quotes.",
        'tenants.a.name = ["a"] in o365.toml is not a text: put it in quotes.',
    ]


def test_empty_and_nested_values_in_the_file(desk: Desk) -> None:
    """What is empty on purpose is no name and no label; a table is no value, and is shown as it stands."""
    toml = (
        MANY
        + """
    login_url = { host = "h", port = 1 }
    [tenants.a]
    tenant_id = "a.com"
    name = " "
    labels.country = ""
    """
    )
    assert desk.faults(toml) == [
        'defaults.login_url = {host = "h", port = 1} in o365.toml is not a text: put it in quotes.',
        'tenants.a.name = " " in o365.toml is empty: write a name, or leave it out to use the tenant id.',
        'tenants.a.labels.country = "" in o365.toml is empty, which means no label at all to Prometheus: leave it out.',
    ]


def test_long_value_is_cut(desk: Desk) -> None:
    """A sentence stays one line of bearable length."""
    (fault,) = desk.faults(environ={**ONE_TENANT, "O365_LOG_LEVEL": "x\n" * 100})
    assert fault.startswith('O365_LOG_LEVEL = "x\\nx\\n')
    assert len(fault) < 200


def test_stale_before_the_next_poll(desk: Desk) -> None:
    """Data that would be withdrawn before the next poll are refused, naming both keys where they were written."""
    toml = (
        MANY
        + """
    [tenants.a]
    tenant_id = "a.com"
    [tenants.a.collectors.subscriptions]
    interval = "12h"
    [tenants.b]
    tenant_id = "b.com"
    [collectors.service_health]
    issues_interval = "31m"
    """
    )
    assert desk.faults(toml) == [
        "collectors.service_health has a stale_after (30m) that is smaller than issues_interval (31m): raise "
        "stale_after, or poll more often (as variables: O365_COLLECTORS__SERVICE_HEALTH__STALE_AFTER, "
        "O365_COLLECTORS__SERVICE_HEALTH__ISSUES_INTERVAL).",
        "tenants.a.collectors.subscriptions has a stale_after (6h) that is smaller than interval (12h): raise "
        "stale_after, or poll more often (as variables: O365_TENANTS__A__COLLECTORS__SUBSCRIPTIONS__STALE_AFTER, "
        "O365_TENANTS__A__COLLECTORS__SUBSCRIPTIONS__INTERVAL).",
    ]


def test_data_may_be_withdrawn_as_the_next_poll_is_due(desk: Desk) -> None:
    """An age that is equal to the interval is taken; a second more of the interval is not."""
    tables = '[tenants.a]\ntenant_id = "a.com"\n[collectors.subscriptions]\nstale_after = "12h"\ninterval = '
    assert desk.tenant(f'{MANY}{tables}"12h"').collectors["subscriptions"].interval == 12 * 3600
    (fault,) = desk.faults(f'{MANY}{tables}"43201s"')
    assert "smaller than interval" in fault


def test_interval_and_stale_after_of_different_tables(desk: Desk) -> None:
    """What counts is what is in effect for the tenant, wherever its parts were written."""
    toml = (
        MANY
        + """
    [tenants.a]
    tenant_id = "a.com"
    collectors.subscriptions.interval = "12h"
    [collectors.subscriptions]
    stale_after = "1d"
    """
    )
    assert desk.tenant(toml).collectors["subscriptions"].interval == 12 * 3600


def test_contradiction_is_told_beside_other_faults(desk: Desk) -> None:
    """Nobody mends one fault to meet the next; what depends on a wrong value is not judged."""
    environ = {
        "O365_TENANT_ID": "contoso.com",
        HEALTH + "INTERVAL": "soon",
        HEALTH + "STALE_AFTER": "10s",
        "O365_COLLECTORS__SUBSCRIPTIONS__INTERVAL": "12h",
        SKUS + "INCLUDE": "(",
    }
    beginnings = [fault.split(" ")[0] for fault in desk.faults(environ=environ)]
    assert sorted(beginnings) == sorted(
        [
            HEALTH + "INTERVAL",
            SKUS + "INCLUDE",
            "client_id",
            "The",  # tenant: no credential
            "collectors.subscriptions",  # stale_after is smaller than interval
            "collectors.service_health",  # and stale_after is smaller than issues_interval, whatever interval is
        ]
    )


def test_secret_file_must_be_absolute(desk: Desk) -> None:
    """A relative path would depend on where the daemon was started; it is not shown, it could be the secret."""
    environ = {"O365_TENANT_ID": "contoso.com", "O365_CLIENT_ID": CLIENT, "O365_CLIENT_SECRET_FILE": "canary"}
    assert desk.faults(environ=environ) == [
        "O365_CLIENT_SECRET_FILE in the environment (not shown, it could be the secret) is not an absolute path: "
        "write where the file is from the root on."
    ]


@pytest.fixture
def mood_collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue with one collector that the settings have never heard of."""

    class Options(CollectorOptions):
        mood: str = Field("calm", max_length=6, description="How it feels.")
        password: SecretStr | None = Field(None, min_length=50, description="Whom it trusts.")

    catalogue = {"mood": Collector("mood", "How are you?", Options, (), lambda _: ())}
    monkeypatch.setattr(schema, "all_collectors", lambda: catalogue)
    for cached in (schema.schema, schema.document):
        cached.cache_clear()
    yield
    for cached in (schema.schema, schema.document):
        cached.cache_clear()


@pytest.mark.usefixtures("mood_collector")
def test_new_collector_brings_its_settings(desk: Desk) -> None:
    """A collector's options are settings as soon as the catalogue knows it; nothing else is edited."""
    environ = {**ONE_TENANT, "O365_COLLECTORS__MOOD__MOOD": "happy"}
    assert desk.tenant(environ=environ).collectors["mood"].model_dump()["mood"] == "happy"
    assert desk.faults(environ={**ONE_TENANT, "O365_COLLECTORS__MOOD__MODE": "happy"}) == [
        "O365_COLLECTORS__MOOD__MODE in the environment is not a setting: did you mean O365_COLLECTORS__MOOD__MOOD?"
    ]


@pytest.mark.usefixtures("mood_collector")
def test_kind_of_error_that_is_not_foreseen(desk: Desk) -> None:
    """A new kind of constraint still gives a sentence, and a secret's value is still masked."""
    environ = {**ONE_TENANT, "O365_COLLECTORS__MOOD__MOOD": "ecstatic", "O365_COLLECTORS__MOOD__PASSWORD": "canary"}
    assert desk.faults(environ=environ) == [
        'O365_COLLECTORS__MOOD__MOOD = "ecstatic" in the environment cannot be used: '
        "String should have at most 6 characters.",
        "O365_COLLECTORS__MOOD__PASSWORD = ******** in the environment cannot be used: "
        "Value should have at least 50 items after validation, not 6.",
    ]


@dataclass(frozen=True)
class Planted:
    """A secret in a place, beside a fault."""

    toml: str
    environ: dict[str, str]
    secret_file: str = ""


CANARY = "Canary~8Q~do-not-show"
PLANTED = [
    Planted("", {"O365_CLIENT_SECRET": CANARY}),
    Planted("", {"O365_CLIENT_SECERT": CANARY}),
    Planted("", {"O365_CLIENT_ID": CANARY, "O365_CLIENT_SECRET": "x"}),
    Planted("", {"O365_CLIENT_SECRET_FILE": CANARY}),
    Planted("", {"O365_DEFAULTS": CANARY}),
    Planted("", {"O365_TENANTS": f'{{"a": {{"client_secret": "{CANARY}", "oops": "{CANARY}"}}}}'}),
    Planted("", {"O365_PROXY": f"ftp://me:{CANARY}@proxy"}),
    Planted("", {"O365_LOGIN_URL": f"https://me:{CANARY}@host"}),
    Planted("", {"O365_CLIENT_SECRET": CANARY, "O365_TENANT_NAME": CANARY, "O365_LOG_LEVEL": CANARY}),
    Planted(f'client_secret = "{CANARY}"\nlisten = 5', {}),
    Planted(f'client_secret = ["{CANARY}"]', {}),
    Planted(f'client_secret = "{CANARY}', {}),
    Planted(f'client_sekret = "{CANARY}"', {}),
    Planted(f'[tenants.a]\nclient_secret = "{CANARY}"\nclient_secret_file = "{CANARY}"', {}),
    Planted("log_level = 1", {}, secret_file=CANARY),
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda planted: re.sub(r"\W+", "_", str(planted))[:60])
def test_no_fault_shows_a_secret(desk: Desk, capsys: pytest.CaptureFixture[str], planted: Planted) -> None:
    """A secret planted beside faults is in no sentence, representation, traceback or output."""
    desk.config.write_text(planted.toml)
    (desk.secrets / "o365_defaults__client_secret").write_text(planted.secret_file)
    environ = {**planted.environ, "O365_SECRETS_DIR": str(desk.secrets)}
    with pytest.raises(ConfigurationError) as caught:
        inspect(desk.config, environ)
    assert caught.value.__context__ is None
    shown = [*caught.value.faults, repr(caught.value), *traceback.format_exception(caught.value)]
    assert check_config(desk.config, environ) == 2
    output = capsys.readouterr()
    assert CANARY not in "\n".join([*shown, output.out, output.err])


def test_no_representation_shows_a_secret(desk: Desk) -> None:
    """The settings and their origins can be logged as they are."""
    desk.config.write_text(f'client_id = "{CLIENT}"\nproxy = "http://me:{CANARY}@proxy"')
    (desk.secrets / "o365_client_secret").write_text(CANARY)
    environ = {"O365_TENANT_ID": "contoso.com", "O365_SECRETS_DIR": str(desk.secrets)}
    assert CANARY not in repr(inspect(desk.config, environ))
