"""What goes wrong with a tenant is visible, harms nobody else, and passes by itself once it is put right."""

from __future__ import annotations

from pathlib import Path

import pytest

from o365_exporter.catalogue import all_collectors
from o365_exporter.reports import METRICS
from tests.app.rig import RARELY, Rig, only, polling, rig, small

UP = "o365_exporter_tenant_up"
STATE = "o365_exporter_tenant_state"


def tenant_lines(made: Rig, tenant: str = "contoso") -> list[str]:
    """Up and state of a tenant."""
    return made.lines(f'{UP}{{tenant="{tenant}"') + made.lines(STATE, f'tenant="{tenant}"')


def up(tenant: str = "contoso") -> list[str]:
    """How they are when all is well."""
    return [f'{UP}{{tenant="{tenant}"}} 1.0', f'{STATE}{{state="ok",tenant="{tenant}"}} 1.0']


async def test_wrong_credentials_are_a_state_and_pass() -> None:
    """A wrong secret is told by series and one log line; once Entra ID takes it, all works again within a minute."""
    wrong = {"O365_TENANTS__CONTOSO__CLIENT_SECRET": "not-yet-right"}
    async with rig(small("contoso"), wrong) as made:
        async with polling(made):
            assert tenant_lines(made) == [
                'o365_exporter_tenant_up{tenant="contoso"} 0.0',
                'o365_exporter_tenant_state{state="auth",tenant="contoso"} 1.0',
            ]
            assert made.states("contoso") == {"auth"}
            assert made.app.scheduler.ready()[0]
            await made.clock.advance(440)  # by now the hourly sources would be tried again in minutes only
            made.simulator.tenants["contoso"].rotate_secret("not-yet-right")
            await made.clock.advance(65)
            assert tenant_lines(made) == up()
            assert made.states("contoso") == {"ok"}
        told = [line["event"] for line in made.logs if line["log_level"] in ("error", "info")]
        assert told.count("tenant cannot be polled") == told.count("tenant recovered") == 1


async def test_a_secret_that_expires_reads_as_a_sentence() -> None:
    """The secret's end in the middle of the run becomes the sentence that says what to do."""
    async with rig(small("contoso", secret_days=0.02), RARELY) as made, polling(made):
        assert made.states("contoso") == {"ok"}
        await made.clock.advance(2 * 3600)
        assert tenant_lines(made)[0].endswith(" 0.0")
        (message,) = made.messages("contoso")
    assert message.startswith(
        "The client secret of tenant contoso has expired (AADSTS7000222). Create a new one at https://portal.azure.com"
    )


async def test_a_rotated_secret_file_needs_no_restart(tmp_path: Path) -> None:
    """A new secret in the file is used at the next poll, and no poll fails."""
    file = tmp_path / "secret"
    variables = {
        **RARELY,
        "O365_TENANTS__CONTOSO__CLIENT_SECRET": "",
        "O365_TENANTS__CONTOSO__CLIENT_SECRET_FILE": str(file),
    }
    file.write_text("first-secret")
    async with rig(small("contoso", client_secret="first-secret"), variables) as made, polling(made):
        file.write_text(made.simulator.tenants["contoso"].rotate_secret() + "\n")
        made.simulator.requests.clear()
        await made.clock.advance(660)
        assert len(made.simulator.requests.find("*/token")) == 1
        await made.clock.advance(2 * 3600)
        logins = made.simulator.requests.find("*/token")
        assert {login.status for login in logins} == {200}
        assert len(logins) <= 4
        assert made.lines("o365_exporter_source_failures_total") == []
        assert tenant_lines(made) == up()


async def test_a_secret_file_may_come_later(tmp_path: Path) -> None:
    """A file that is not there yet is no wrong setting: it is named, and once it is there everything works."""
    file = tmp_path / "secret"
    variables = {"O365_TENANTS__CONTOSO__CLIENT_SECRET": "", "O365_TENANTS__CONTOSO__CLIENT_SECRET_FILE": str(file)}
    async with rig(small("contoso", client_secret="late-secret"), variables) as made, polling(made):
        (message,) = made.messages("contoso")
        assert message.startswith(
            f"The client secret of tenant contoso is missing: client_secret_file {file} cannot be read"
        )
        file.write_text("late-secret\n")
        await made.clock.advance(65)
        assert tenant_lines(made) == up()


async def test_a_permission_granted_later_needs_no_restart() -> None:
    """What is missing is named; a few minutes after the grant, with a younger token, the source works."""
    async with rig(small("contoso")) as made:
        tenant = made.simulator.tenants["contoso"]
        tenant.withdraw(["Application.Read.All"])
        async with polling(made):
            assert made.lines("o365_exporter_source_state", 'source="applications"') == [
                'o365_exporter_source_state{collector="credential_expiry",source="applications",state="permission",'
                'tenant="contoso"} 1.0'
            ]
            (message,) = made.messages("contoso")
            assert f"The app {tenant.client_id} lacks the application permission Application.Read.All" in message
            assert tenant_lines(made) == up()
            tenant.grant(["Application.Read.All"])
            await made.clock.advance(480)
            assert made.states("contoso") == {"ok"}
            assert made.lines("o365_applications{") == ['o365_applications{tenant="contoso"} 20.0']


async def test_a_token_is_renewed_ahead_of_its_end() -> None:
    """In five hours no request is ever refused, and an hour takes about one token at most."""
    async with rig(small("contoso"), RARELY) as made, polling(made):
        await made.clock.advance(5 * 3600)
        assert {request.status for request in made.simulator.requests} == {200, 302}
        assert 4 <= len(made.simulator.requests.find("*/token")) <= 7


NO_REPORTS = only("service_health", "credential_expiry", "subscriptions")
"""A usage report may take a quarter of an hour, and is not read by pages; it has stories of its own below."""

BREAKAGES = {
    "login hangs": {"path": "*/token", "hang": True},
    "login refuses": {"path": "*/token", "aadsts": 700016},
    "login is a page": {"path": "*/token", "page": "login"},
    "Graph hangs": {"path": "/v1.0/*", "hang": True},
    "Graph is down": {"path": "/v1.0/*", "status": 503},
    "Graph throttles": {"path": "/v1.0/*", "status": 429, "retry_after": 20},
    "Graph answers nonsense": {"path": "/v1.0/*", "text": "nonsense"},
    "Graph pages for ever": {"path": "/v1.0/*", "next_link": "loop"},
}


@pytest.mark.parametrize("breakage", BREAKAGES.values(), ids=BREAKAGES)
async def test_one_tenants_trouble_is_its_own(breakage: dict[str, object]) -> None:
    """Whatever is wrong with a tenant, its neighbour is complete and as young as ever, and it recovers itself."""
    async with rig(small("broken", "healthy"), NO_REPORTS) as made:
        made.simulator.add_fault(tenant="broken", **breakage)
        async with polling(made):
            started = made.clock.now()
            await made.clock.advance(300)
            assert "ok" not in made.states("broken")
            assert made.states("healthy") == {"ok"}
            assert made.lines("o365_exporter_source_failures_total", "healthy") == []
            assert all(poll.duration == 0 for poll in made.app.store.of("healthy").values())
            taken = [poll.taken_at or 0 for poll in made.app.store.of("healthy").values() if poll.interval == 60]
            assert all(at > started + 230 for at in taken)
            made.simulator.faults.clear()
            await made.clock.advance(600)
            assert made.states("broken") == {"ok"}
            assert tenant_lines(made, "broken") == up("broken")


REPORT_BREAKAGES = {
    "login refuses": {"path": "*/token", "aadsts": 700016},
    "Graph hangs": {"path": "/v1.0/reports/*", "hang": True},
    "Graph is down": {"path": "/v1.0/reports/*", "status": 503},
    "Graph refuses": {"path": "/v1.0/reports/*", "status": 403},
    "files are pages": {"path": "/data/*", "page": "login"},
    "files are refused": {"path": "/data/*", "status": 404},
}


@pytest.mark.parametrize("breakage", REPORT_BREAKAGES.values(), ids=REPORT_BREAKAGES)
async def test_trouble_with_reports_is_a_failure_and_passes(breakage: dict[str, object]) -> None:
    """No report of any product is taken for retired or empty; all are there again when the trouble is over."""
    usage = [name for name, collector in all_collectors().items() if set(METRICS) <= set(collector.metrics)]
    async with rig(small("broken", "healthy", users=20), only(*usage, "report_settings")) as made:
        made.simulator.add_fault(tenant="broken", **breakage)
        async with polling(made):
            await made.clock.advance(1000)
            states = {poll.state for key, poll in made.app.store.of("broken").items() if key.source != "settings"}
            assert not states & {"ok", "no_data", "unsupported", "pending"}
            assert made.lines("o365_skype_", "broken") == []
            assert made.states("healthy") == {"ok"}
            made.simulator.faults.clear()
            await made.clock.advance(1900)
            assert made.states("broken") == {"ok"}


async def test_one_sources_trouble_is_its_own() -> None:
    """A source that always fails leaves the collector's other source, and the other collectors, alone."""
    async with rig(small("contoso")) as made:
        made.simulator.add_fault(path="/v1.0/subscribedSkus", status=500)
        async with polling(made):
            await made.clock.advance(120)
            states = {key.source: poll.state for key, poll in made.app.store.of("contoso").items()}
    assert states.pop("skus") == "unavailable"
    assert set(states.values()) == {"ok"}
