"""Putting everything together, running it, stopping it."""

from __future__ import annotations

import os
import signal

import anyio
import httpx
import pytest
from structlog.testing import capture_logs

from o365_exporter.app import assemble, until_signal
from o365_exporter.catalogue import all_collectors
from o365_exporter.errors import ConfigurationError
from o365_exporter.settings import load
from tests.app.rig import polling, rig, small

TENANT = {
    "O365_TENANT_ID": "contoso.example",
    "O365_CLIENT_ID": "00000000-0000-0000-0000-000000000001",
    "O365_CLIENT_SECRET": "secret-canary",
    "O365_LOGIN_URL": "http://127.0.0.1:1",
    "O365_GRAPH_URL": "http://127.0.0.1:1",
    "O365_LISTEN": "127.0.0.1:0",
}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_cancels_the_work(number: signal.Signals) -> None:
    """Whatever runs is cancelled, told in the log, and is no error."""

    async def work() -> None:
        os.kill(os.getpid(), number)
        await anyio.sleep_forever()

    with capture_logs() as logs:
        await until_signal(work)
    assert [(line["event"], line["signal"]) for line in logs] == [("stopping", number.name)]


async def test_work_that_ends_ends_the_waiting() -> None:
    """Nothing waits for a signal once the work is done."""
    done: list[bool] = []

    async def work() -> None:
        done.append(True)

    await until_signal(work)
    assert done == [True]


async def test_wrong_settings_come_out_as_they_are() -> None:
    """The error that the command line explains is not wrapped into a group."""

    async def work() -> None:
        raise ConfigurationError(["listen is wrong"])

    with pytest.raises(ConfigurationError, match="listen is wrong"):
        await until_signal(work)


async def test_a_source_serves_what_it_says() -> None:
    """Each serves families of its own list alone, out of which the table of permissions is made."""
    async with rig(small("contoso")) as made, polling(made):
        declared = {
            (collector.name, source.name): {metric.name for metric in source.metrics}
            for collector in all_collectors().values()
            for source in collector.sources(collector.options())
        }
        polls = made.app.store.of("contoso")
        served = {(key.collector, key.source): poll.rendered.keys() for key, poll in polls.items()}
        assert served.keys() == declared.keys()
        assert {key: names - declared[key] for key, names in served.items() if names - declared[key]} == {}
        assert sum(map(len, served.values())) > len(served)


async def test_disabled_collectors_have_no_sources() -> None:
    """What is switched off is neither polled nor awaited nor served."""
    off = {"O365_COLLECTORS__SERVICE_HEALTH__ENABLED": "false"}
    async with rig(small("contoso"), off) as made, polling(made):
        assert made.lines("service_health") == []
        assert made.lines("o365_service_") == []
        assert made.app.scheduler.ready()[0]
        assert made.simulator.requests.find("/v1.0/admin/serviceAnnouncement/[hi]*") == []


async def test_before_the_first_poll_everything_is_pending() -> None:
    """Every source is known from the start, and readiness names what it waits for."""
    async with assemble(load(None, TENANT)) as app:
        assert {poll.state for poll in app.store.of("contoso.example").values()} == {"pending"}
        ready, sentence = app.scheduler.ready()
        page = app.page().decode()
    assert not ready
    assert sentence.startswith("not tried yet: contoso.example/")
    assert 'o365_exporter_tenant_state{state="pending",tenant="contoso.example"} 1.0' in page
    assert "o365_exporter_build_info{" in page


async def test_it_serves_while_login_cannot_be_reached() -> None:
    """The pages are there from the start, and say that the network is the trouble."""
    heard: list[str] = []
    async with assemble(load(None, TENANT)) as app, anyio.create_task_group() as tasks:
        listening = anyio.Event()

        def announce(addresses: object) -> None:
            heard.extend(map(str, addresses))  # type: ignore[call-overload] # a sequence
            listening.set()

        tasks.start_soon(app.serve, announce)
        await listening.wait()
        async with httpx.AsyncClient(base_url=heard[0]) as client:
            assert (await client.get("/-/healthy")).status_code == 200
            assert (await client.get("/-/ready")).status_code in (200, 503)
            assert "secret-canary" not in (await client.get("/")).text
        tasks.cancel_scope.cancel()
