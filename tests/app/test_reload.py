"""SIGHUP: all settings are read anew, and what cannot be used changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog

from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import Settings, needing_restart
from tests.app.rig import Rig, polling, rig, small

SUCCESSFUL = "o365_exporter_config_last_reload_successful"
WHEN = "o365_exporter_config_last_reload_success_timestamp_seconds"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Logging as it was before the test."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def value_of(made: Rig, name: str) -> float:
    """The value of a series about the process."""
    (line,) = (line for line in made.app.page().decode().splitlines() if line.startswith(f"{name} "))
    return float(line.split()[1])


def refusing() -> Settings:
    """Settings that cannot be used."""
    raise ConfigurationError(["o365.toml is not TOML: nonsense."])


def failing() -> Settings:
    """A fault of the program itself."""
    raise RuntimeError("canary")


async def test_everything_that_can_change_is_taken_over() -> None:
    """Tenants come and go, options and log level change, and the series say so."""
    async with rig(small("contoso", "fabrikam")) as made, polling(made):
        start = value_of(made, WHEN)
        assert value_of(made, SUCCESSFUL) == 1
        contoso, fabrikam = made.app.settings.tenants
        off = {name: options.model_copy(update={"enabled": False}) for name, options in contoso.collectors.items()}
        wanted = replace(
            made.app.settings,
            tenants=(replace(contoso, collectors={**off, "service_health": contoso.collectors["service_health"]}),),
            logs=made.app.settings.logs.model_copy(update={"level": "error"}),
        )
        await made.clock.advance(60)
        read_at = made.clock.now()
        await made.app.reload(lambda: wanted)
        await made.clock.advance(5)
        assert [tenant.facts.name for tenant in made.app.fleet.tenants] == [contoso.name]
        assert {collector for collector, _ in _polled(made, contoso.name)} == {"service_health"}
        assert not _polled(made, fabrikam.name)
        assert logging.getLogger().level == logging.ERROR
        assert start < read_at == value_of(made, WHEN)
        assert value_of(made, SUCCESSFUL) == 1


def _polled(made: Rig, tenant: str) -> set[tuple[str, str]]:
    lines = [line for line in made.page().splitlines() if line.startswith("o365_exporter_source_interval_seconds{")]
    found = [dict(part.split("=") for part in line.split("{")[1].split("}")[0].split(",")) for line in lines]
    return {(one["collector"].strip('"'), one["source"].strip('"')) for one in found if one["tenant"] == f'"{tenant}"'}


async def test_settings_that_cannot_be_used_change_nothing() -> None:
    """One line with every fault, the series at 0, the time of the last success as it was; then all is well again."""
    async with rig(small("contoso")) as made, polling(made):
        start, page = value_of(made, WHEN), made.page()
        await made.clock.advance(1)
        await made.app.reload(refusing)
        assert (value_of(made, SUCCESSFUL), value_of(made, WHEN)) == (0, start)
        assert [line.split(" ")[0] for line in made.page().splitlines()] == [
            line.split(" ")[0] for line in page.splitlines()
        ]
        await made.app.reload(lambda: made.app.settings)
        assert (value_of(made, SUCCESSFUL), value_of(made, WHEN)) == (1, made.clock.now())
    assert [line["faults"] for line in made.logs if line["event"] == "settings not read again"] == [
        ["o365.toml is not TOML: nonsense."]
    ]


async def test_a_fault_of_the_program_while_reading_ends_nothing() -> None:
    """Whatever goes wrong while settings are read, the daemon goes on with those it has."""
    async with rig(small("contoso")) as made, polling(made):
        await made.app.reload(failing)
        assert value_of(made, SUCCESSFUL) == 0
        assert "o365_tenant_info" in made.page()


async def test_what_needs_a_restart_is_said() -> None:
    """The address to listen on, proxy and certificates stay as they were, and the line names their keys."""
    async with rig(small("contoso")) as made:
        running = made.app.settings
        wanted = replace(
            running,
            web=running.web.model_copy(update={"listen": ":1"}),
            connection=running.connection.model_copy(update={"request_timeout": 5.0, "tls_strict": False}),
        )
        assert needing_restart(running, running) == []
        assert needing_restart(running, wanted) == ["listen", "tls_strict", "request_timeout"]
