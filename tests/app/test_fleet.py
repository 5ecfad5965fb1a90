"""Tenants come, go and change while the exporter runs."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import anyio
import anyio.lowlevel
import pytest
from pydantic import SecretStr

from o365_exporter.catalogue import all_collectors
from o365_exporter.errors import ConfigurationError
from o365_exporter.fleet import Fleet
from o365_exporter.reloading import FOLLOW_INTERVAL
from o365_exporter.scheduler import Scheduler, Tenant
from o365_exporter.settings import TenantSettings
from o365_exporter.store import Poll, Store
from tests.app.rig import RARELY, Rig, polling, rig, small
from tests.counting import Work, counted
from tests.fakes import FakeClock, settle
from tests.stubs import StubGraph

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


async def test_tenants_of_equal_options_share_their_sources() -> None:
    """What is made of options is made once; another interval makes other sources of that collector alone."""
    slower = {"O365_TENANTS__FABRIKAM__COLLECTORS__SUBSCRIPTIONS__INTERVAL": "2h"}
    async with rig(small("contoso", "fabrikam"), RARELY | slower) as made:
        one, two = ({str(job.key)[len(t.facts.name) :]: job.source for job in t.jobs} for t in made.app.fleet.tenants)
        others = {name for name in one if one[name] is not two[name]}
        assert others == {"/subscriptions/skus", "/subscriptions/subscriptions"}


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


def with_options(settings: TenantSettings, collector: str, **changes: object) -> TenantSettings:
    """The same tenant, with other options of one collector."""
    options = settings.collectors[collector].model_copy(update=changes)
    return replace(settings, collectors={**settings.collectors, collector: options})


def with_secret(settings: TenantSettings, secret: str) -> TenantSettings:
    """The same tenant, with another client secret."""
    return replace(settings, credential=settings.credential.model_copy(update={"client_secret": SecretStr(secret)}))


def known(made: Rig) -> dict[str, Poll]:
    """What is known of each source of contoso."""
    return {key.within_tenant: poll for key, poll in made.app.store.of("contoso").items()}


async def test_a_changed_credential_counts_on() -> None:
    """Requests and waits of a tenant are counted since the start of the process, whatever it signs in with."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        (before,) = made.lines("o365_exporter_graph_requests_total", "/subscribedSkus")
        (contoso,) = settings_of(made, "contoso")
        made.simulator.tenants["contoso"].rotate_secret("another", keep_old=True)
        await made.app.fleet.follow([with_secret(contoso, "another")])
        await made.clock.advance(60)
        (after,) = made.lines("o365_exporter_graph_requests_total", "/subscribedSkus")
    assert (before.rpartition(" ")[2], after.rpartition(" ")[2]) == ("1.0", "2.0")


async def test_changed_options_touch_their_collector_alone() -> None:
    """Its records, made under the old options, are gone and made anew; all else goes on and asks nothing."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        before = known(made)
        (contoso,) = settings_of(made, "contoso")
        made.simulator.requests.clear()
        await made.app.fleet.follow([with_options(contoso, "subscriptions", max_series=1)])
        pending = {name for name, poll in known(made).items() if poll.state == "pending"}
        assert pending == {name for name in before if name.startswith("subscriptions/")}
        assert all(known(made)[name].records is None for name in pending)
        await made.clock.advance(5)
        after = known(made)
        assert after.keys() == before.keys()
        assert {name for name, poll in after.items() if poll is not before[name]} == pending
        assert {request.path for request in made.simulator.requests} == {
            "/v1.0/subscribedSkus",
            "/v1.0/directory/subscriptions",
        }
        assert len(made.lines("o365_sku_info")) <= 1


async def test_a_collector_is_switched_off_and_on() -> None:
    """Its series go and come back; the others' polls go on as planned."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        (contoso,) = settings_of(made, "contoso")
        planned = {name: poll.next_run for name, poll in known(made).items()}
        await made.app.fleet.follow([with_options(contoso, "subscriptions", enabled=False)])
        assert made.lines("o365_sku_") == made.lines('collector="subscriptions"') == []
        await made.app.fleet.follow([contoso])
        await made.clock.advance(5)
        assert made.lines("o365_sku_")
        kept = {name: poll.next_run for name, poll in known(made).items() if not name.startswith("subscriptions/")}
        assert kept == {name: planned[name] for name in kept}
        assert made.app.scheduler.ready()[0]


async def test_a_changed_label_asks_nothing() -> None:
    """It is a matter of one series."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        before = known(made)
        (contoso,) = settings_of(made, "contoso")
        made.simulator.requests.clear()
        await made.app.fleet.follow([replace(contoso, labels={"country": "Germany"})])
        await made.clock.advance(5)
        assert known(made) == before
        assert not list(made.simulator.requests)
        assert made.lines("o365_tenant_info", 'country="Germany"')


async def test_a_changed_credential_breaks_no_limit() -> None:
    """What the same app has used counts on, so that credentials that change often ask no more than Microsoft allows."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        (contoso,) = settings_of(made, "contoso")
        used = {(use.route, use.amount) for use in made.app.fleet.tenants[0].graph.remembered().uses}
        assert used
        await made.app.fleet.follow([with_secret(contoso, "another")])
        assert {(use.route, use.amount) for use in made.app.fleet.tenants[0].graph.remembered().uses} >= used
        other = contoso.credential.model_copy(update={"client_id": "00000000-0000-0000-0000-000000000001"})
        await made.app.fleet.follow([replace(contoso, credential=other)])
        assert made.app.fleet.tenants[0].graph.remembered().uses == ()


async def test_a_changed_credential_and_changed_options_together() -> None:
    """Records hold under another credential, but not under other options."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        (contoso,) = settings_of(made, "contoso")
        changed = with_options(with_secret(contoso, "another-secret"), "subscriptions", max_series=1)
        await made.app.fleet.follow([changed])
        lost = {name for name, poll in known(made).items() if poll.records is None}
        assert lost == {name for name in known(made) if name.startswith("subscriptions/")}
        assert made.lines(HEALTHY)
        await made.clock.advance(5)
        assert made.states("contoso") == {"auth"}
        assert made.lines(HEALTHY)
        assert made.lines("o365_sku_") == []


async def test_a_tenant_without_collectors_is_told() -> None:
    """Nothing to poll is a warning in the log, because no series of it can ever fail."""
    off = {f"O365_COLLECTORS__{name.upper()}__ENABLED": "false" for name in all_collectors()}
    async with rig(small("contoso"), off) as made:
        assert [line["tenant"] for line in made.logs if line["event"] == "nothing to poll"] == ["contoso"]
        assert made.lines("o365_tenant_info")


async def following(number: int) -> tuple[Work, Work]:
    """What it takes to read the settings of so many tenants again of which one has changed, and to change them all."""
    clock, store = FakeClock(), Store()
    scheduler = Scheduler(store, clock, Random(1))  # noqa: S311 - jitter
    fleet = Fleet(scheduler, lambda **_: StubGraph().client(), clock)
    async with rig(small("contoso"), RARELY) as made, anyio.create_task_group() as tasks:
        (contoso,) = settings_of(made, "contoso")
        all_of_them = [replace(contoso, name=f"t{index}", key=f"t{index}") for index in range(number)]
        await fleet.assemble(all_of_them)
        tasks.start_soon(scheduler.run, [])
        await settle()
        with counted() as one:
            await fleet.follow([with_options(all_of_them[0], "subscriptions", max_series=1), *all_of_them[1:]])
        with counted() as whole:

            async def others() -> None:
                while True:
                    whole.turn()
                    await anyio.lowlevel.checkpoint()

            tasks.start_soon(others)
            await fleet.follow([])
            await fleet.follow(all_of_them)
        tasks.cancel_scope.cancel()
    return one, whole


async def test_reading_settings_again_holds_nobody_up() -> None:
    """The work is in proportion to the tenants, and others have their turns while all of them go and come."""
    few, many = await following(20), await following(160)
    assert many[0].done < 8 * few[0].done
    assert many[1].done < 1.1 * 8 * few[1].done
    assert many[1].longest < 1.5 * few[1].longest


async def test_a_tenant_that_cannot_be_made_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault in one tenant's settings ends neither the program nor the others' changes, and is told."""
    async with rig(small("contoso", "fabrikam"), RARELY) as made, polling(made):
        contoso, fabrikam = settings_of(made, "contoso", "fabrikam")
        make = Fleet._tenant

        def brittle(fleet: Fleet, settings: TenantSettings) -> Tenant:
            if settings.name == "contoso":
                raise ValueError("canary")
            return make(fleet, settings)

        monkeypatch.setattr(Fleet, "_tenant", brittle)
        before = known(made)
        await made.app.fleet.follow([with_secret(contoso, "another"), replace(fabrikam, labels={"country": "Italy"})])
        await made.clock.advance(5)
        assert known(made) == before
        assert made.lines("o365_tenant_info", 'country="Italy"')
    assert [line["tenant"] for line in made.logs if line["event"] == "fault of the exporter"] == ["contoso"]


async def test_whatever_reading_tenants_raises_ends_nothing() -> None:
    """It is told, counts as a reload that failed, and the next look may succeed."""
    async with rig(small("contoso", "fabrikam"), RARELY) as made, polling(made):
        answers: list[object] = [RecursionError("canary"), settings_of(made, "contoso")]

        def changed() -> tuple[TenantSettings, ...] | None:
            answer = answers.pop(0) if answers else None
            if isinstance(answer, Exception):
                raise answer
            return tuple(answer) if isinstance(answer, list) else None

        async with made.following(changed):
            await made.clock.advance(FOLLOW_INTERVAL)
            assert "o365_exporter_tenants_reload_success 0.0" in made.app.page().decode()
            await made.clock.advance(FOLLOW_INTERVAL)
            assert tenants_shown(made) == {"contoso"}
    assert len([line for line in made.logs if line["event"] == "fault of the exporter"]) == 1


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
