"""Told to reload, all settings are read anew, and what cannot be used changes nothing."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from o365_exporter.errors import ConfigurationError
from o365_exporter.fleet import Fleet
from o365_exporter.scheduler import Tenant
from o365_exporter.settings import Reloader, Settings, TenantSettings, load, needing_restart
from tests.app.rig import Rig, polling, rig, small
from tests.certificates import key_pem, on_unknown_curve

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
        await made.app.reloads.reload(lambda: wanted)
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
        await made.app.reloads.reload(refusing)
        assert (value_of(made, SUCCESSFUL), value_of(made, WHEN)) == (0, start)
        assert [line.split(" ")[0] for line in made.page().splitlines()] == [
            line.split(" ")[0] for line in page.splitlines()
        ]
        await made.app.reloads.reload(lambda: made.app.settings)
        assert (value_of(made, SUCCESSFUL), value_of(made, WHEN)) == (1, made.clock.now())
    assert [line["faults"] for line in made.logs if line["event"] == "settings not read again"] == [
        ["o365.toml is not TOML: nonsense."]
    ]


async def test_a_fault_of_the_program_while_reading_ends_nothing() -> None:
    """Whatever goes wrong while settings are read, the daemon goes on with those it has."""
    async with rig(small("contoso")) as made, polling(made):
        await made.app.reloads.reload(failing)
        assert value_of(made, SUCCESSFUL) == 0
        assert "o365_tenant_info" in made.page()


CONFIG = """
[defaults]
client_id = "11111111-1111-1111-1111-111111111111"
client_secret = "s3cret-canary"
[tenants.contoso]
tenant_id = "contoso.com"
"""
BAD: dict[str, bytes | None] = {
    "an integer of 5 000 digits": b"request_timeout = " + b"9" * 5000,
    "deep brackets": b"a = " + b"[" * 20_000,
    "deep tables": b"[" + b".".join([b"a"] * 20_000) + b"]",
    "NUL": b'log_level = "a\0b"',
    "half written": CONFIG.encode()[:-7],
    "invalid UTF-8": b'log_level = "\xff"',
    "empty": b"",
    "gone": None,
    "a directory": None,
}


@pytest.mark.parametrize("named_by", ["--config", "tenants_file"])
@pytest.mark.parametrize("kind", BAD)
async def test_a_bad_file_of_whatever_kind_changes_nothing(tmp_path: Path, kind: str, named_by: str) -> None:
    """The settings from before stay, and a line, the series and the page say so, until the file is mended."""
    file, config = tmp_path / "file.toml", tmp_path / "o365.toml"
    text = CONFIG if named_by == "--config" else CONFIG[CONFIG.index("[tenants") :]
    config.write_text(f'tenants_file = "{file}"\n' + CONFIG[: CONFIG.index("[tenants")])
    config = file if named_by == "--config" else config
    file.write_text(text)
    settings = load(config, {})
    reloader = Reloader(config, {}, settings)
    async with rig(small("contoso")) as made:
        await made.app.fleet.follow(settings.tenants)
        file.unlink()
        if kind == "a directory":
            file.mkdir()
        elif (content := BAD[kind]) is not None:
            file.write_bytes(content)
        succeeded, answer = await made.app.reloads.reload(reloader.read)
        assert not succeeded
        assert made.app.fleet.settings == settings.tenants
        assert value_of(made, SUCCESSFUL) == 0
        (line,) = (line for line in made.logs if line["event"] == "settings not read again")
        assert made.app.reloads.faults == [f"The settings were not read again: {fault}" for fault in line["faults"]]
        assert answer == "\n".join(made.app.reloads.faults)
        assert "s3cret-canary" not in answer
        file.rmdir() if kind == "a directory" else file.unlink(missing_ok=True)
        file.write_text(text)
        assert await made.app.reloads.reload(reloader.read) == (True, "Nothing has changed.")
        assert (value_of(made, SUCCESSFUL), made.app.reloads.faults) == (1, [])


async def test_what_changed_is_answered() -> None:
    """Tenants that came, went and changed by name, and keys that need a restart."""
    async with rig(small("contoso", "fabrikam")) as made:
        contoso, fabrikam = made.app.settings.tenants
        wanted = replace(
            made.app.settings,
            tenants=(replace(contoso, labels={"country": "Italy"}), replace(fabrikam, name="tailspin")),
            web=made.app.settings.web.model_copy(update={"listen": ":1"}),
        )
        assert await made.app.reloads.reload(lambda: wanted) == (
            True,
            "New: tailspin.\nGone: fabrikam.\nChanged: contoso.\nThey need a restart and stay as they were: listen.",
        )


@pytest.mark.parametrize("when", ["start", "reload"])
async def test_a_tenant_that_cannot_be_made_is_no_success(monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """A fault of the program in one tenant's settings: the others are polled, and series and page say who is not."""
    make = Fleet._tenant

    def brittle(fleet: Fleet, settings: TenantSettings) -> Tenant:
        if settings.name == "contoso":
            raise ValueError("canary")
        return make(fleet, settings)

    if when == "start":
        monkeypatch.setattr(Fleet, "_tenant", brittle)
    async with rig(small("contoso", "fabrikam")) as made, polling(made):
        if when == "reload":
            monkeypatch.setattr(Fleet, "_tenant", brittle)
            contoso, fabrikam = made.app.settings.tenants
            wanted = replace(made.app.settings, tenants=(replace(contoso, tenant_id="other.com"), fabrikam))
            assert not (await made.app.reloads.reload(lambda: wanted))[0]
        assert made.states("fabrikam") == {"ok"}
        assert value_of(made, SUCCESSFUL) == 0
        assert made.app.reloads.faults == [
            "The settings were not read again: those of tenant contoso met a fault of the exporter, of which its log "
            "has more."
        ]


@pytest.mark.parametrize(
    ("kind", "when"), [("unknown curve", "reload"), *((kind, "start") for kind in ("unknown curve", *BAD))]
)
@pytest.mark.parametrize("named_by", ["CERTIFICATE_FILE", "CLIENT_SECRET_FILE", "FEDERATED_TOKEN_FILE"])
async def test_one_tenants_bad_file_is_its_own_affair(tmp_path: Path, kind: str, named_by: str, when: str) -> None:
    """Credentials of whatever kind that cannot be used: that tenant fails with a sentence, the others are polled."""
    file = tmp_path / "file"
    if kind == "a directory":
        file.mkdir()
    elif (content := on_unknown_curve() + key_pem() if kind == "unknown curve" else BAD[kind]) is not None:
        file.write_bytes(content)
    bad = {"O365_TENANTS__CONTOSO__CLIENT_SECRET": "", f"O365_TENANTS__CONTOSO__{named_by}": str(file)}
    async with rig(small("contoso", "fabrikam"), bad) as broken:
        wanted = broken.app.settings
    async with rig(small("contoso", "fabrikam"), bad if when == "start" else None) as made, polling(made):
        if when == "reload":
            await made.app.reloads.reload(lambda: wanted)
            await made.clock.advance(5)
        assert made.states("contoso") == {"auth"}
        assert any(str(file) in message for message in made.messages("contoso")) or named_by != "CERTIFICATE_FILE"
        assert made.states("fabrikam") == {"ok"}
        assert not [line for line in made.logs if line["event"] == "fault of the exporter"]


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
