"""Tenants come, go and change while the exporter runs."""

from __future__ import annotations

from dataclasses import replace

from o365_exporter.app import FOLLOW_INTERVAL
from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import TenantSettings
from tests.app.rig import RARELY, Rig, polling, rig, small

HEALTHY = "o365_service_healthy"


def settings_of(made: Rig, *names: str) -> list[TenantSettings]:
    """The settings of these tenants."""
    return [each for each in made.app.settings.tenants if each.name in names]


def tenants_shown(made: Rig) -> set[str]:
    """Tenants that have data on the page."""
    return {line.split('tenant="')[1].split('"')[0] for line in made.lines(HEALTHY)}


async def test_a_tenant_that_is_new_is_polled_and_ready_stays() -> None:
    """It is pending for a moment, then served beside the others; the program was ready and stays so."""
    async with rig(small("contoso", "fabrikam"), RARELY) as made:
        await made.app.fleet.assemble(settings_of(made, "contoso"))
        made.app.store.forget("fabrikam")
        made.app.scheduler.ready()
        async with polling(made):
            assert tenants_shown(made) == {"contoso"}
            await made.app.fleet.follow(settings_of(made, "contoso", "fabrikam"))
            assert made.lines("o365_exporter_tenant_state", 'state="pending"', 'tenant="fabrikam"')
            await made.clock.advance(5)
            assert tenants_shown(made) == {"contoso", "fabrikam"}


async def test_a_tenant_that_is_gone_leaves_nothing_behind() -> None:
    """Its series end with its settings, even with a poll in flight, and Graph hears no more of it."""
    async with rig(small("contoso", "fabrikam"), RARELY) as made, polling(made):
        made.simulator.add_fault(path="*/healthOverviews", tenant="fabrikam", hang=True)
        await made.clock.advance(660)
        await made.app.fleet.follow(settings_of(made, "contoso"))
        made.simulator.requests.clear()
        await made.clock.advance(1200)
        assert 'tenant="fabrikam"' not in made.page()
        assert not made.simulator.requests.find("*", tenant="fabrikam")
        assert tenants_shown(made) == {"contoso"}


async def test_a_changed_credential_keeps_what_is_known() -> None:
    """Data of the same tenant are shown on while the new credential is tried."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        before = made.lines(HEALTHY)
        (contoso,) = settings_of(made, "contoso")
        await made.app.fleet.follow([replace(contoso, labels={"country": "Germany"})])
        assert made.lines(HEALTHY) == before
        assert made.lines("o365_tenant_info", 'country="Germany"')


async def test_another_tenant_under_the_same_name_starts_from_nothing() -> None:
    """What was known of one directory is never shown as that of another."""
    async with rig(small("contoso", "fabrikam"), RARELY) as made, polling(made):
        contoso, fabrikam = settings_of(made, "contoso", "fabrikam")
        await made.app.fleet.follow([replace(fabrikam, name="contoso")])
        assert tenants_shown(made) == set()
        await made.clock.advance(5)
        assert tenants_shown(made) == {"contoso"}
        assert made.lines("o365_tenant_info", f'tenant_id="{fabrikam.tenant_id}"')
        assert contoso.tenant_id not in made.page()


async def test_unchanged_tenants_are_left_alone() -> None:
    """A change elsewhere neither polls nor blanks a tenant."""
    async with rig(small("contoso", "fabrikam"), RARELY) as made, polling(made):
        made.simulator.requests.clear()
        await made.app.fleet.follow(settings_of(made, "fabrikam"))
        await made.clock.advance(5)
        assert not list(made.simulator.requests)
        assert tenants_shown(made) == {"fabrikam"}


async def test_the_app_follows_and_a_fault_changes_nothing() -> None:
    """Every few seconds it looks; settings that cannot be used are told, and the tenants stay as they were."""
    async with rig(small("contoso", "fabrikam"), RARELY) as made, polling(made):
        answers: list[object] = [None, ConfigurationError(["tenants_file: nonsense"]), settings_of(made, "contoso")]

        def changed() -> tuple[TenantSettings, ...] | None:
            answer = answers.pop(0) if answers else None
            if isinstance(answer, ConfigurationError):
                raise answer
            return tuple(answer) if isinstance(answer, list) else None

        async with made.following(changed):
            await made.clock.advance(2 * FOLLOW_INTERVAL)
            assert tenants_shown(made) == {"contoso", "fabrikam"}
            assert "o365_exporter_tenants_reload_success 0.0" in made.app.page().decode()
            await made.clock.advance(FOLLOW_INTERVAL)
            assert tenants_shown(made) == {"contoso"}
            assert "o365_exporter_tenants_reload_success 1.0" in made.app.page().decode()
    assert [line["faults"] for line in made.logs if line["event"] == "tenants not read again"] == [
        ["tenants_file: nonsense"]
    ]
