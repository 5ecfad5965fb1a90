"""``simulate``: the simulated Microsoft 365 alone."""

from __future__ import annotations

import re
import socket
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import anyio

from o365_exporter import logs
from o365_exporter.app import until_signal
from o365_exporter.clock import Clock, SystemClock
from o365_exporter.commands import TENANTS, USERS
from o365_exporter.commands.listening import address
from o365_exporter.errors import ConfigurationError
from o365_exporter.simulator import (
    Player,
    Scenario,
    ScenarioError,
    Simulator,
    SimulatorOptions,
    Step,
    ThrowawayAuthority,
    load_scenario,
    titles,
)
from o365_exporter.texts import without_login

LOGS = logs.LogOptions(format="console", level="warning")
"""A person watches: what goes wrong, in columns."""

QUICK = {
    "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL": "10s",
    "O365_COLLECTORS__SERVICE_HEALTH__ISSUES_INTERVAL": "10s",
    "O365_COLLECTORS__CREDENTIAL_EXPIRY__INTERVAL": "10s",
    "O365_COLLECTORS__SUBSCRIPTIONS__INTERVAL": "10s",
    "O365_COLLECTORS__MESSAGE_CENTER__INTERVAL": "10s",
    "O365_COLLECTORS__EXCHANGE_USAGE__INTERVAL": "60s",
}
"""Settings with which an exporter sees a scenario of seconds: the shortest intervals that it takes; reports less often,
because Graph gives each 14 times in ten minutes."""

_BASE_URL = re.compile(r"https?://[^/\s?#@]+/?")
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - only for who asks for it by leaving the host out


@dataclass(frozen=True)
class Front:
    """Where clients find the simulator, and whom they must trust.

    Args:
        listen: host and port.
        ca_file: where to write the authority of this run; None for HTTP.
        base_url: address by which clients come; None for the one of each request.
    """

    listen: str
    ca_file: str | None = None
    base_url: str | None = None


def simulate(tenants: int | None, users: int | None, front: Front, scenario: str | None = None) -> int:
    """Serve simulated tenants until SIGTERM or Ctrl-C.

    Args:
        tenants: how many; None for 2, or for those of the scenario.
        users: in each; None for 1532, or for those of the scenario.
        front: where.
        scenario: name or file of what happens to them; None for nothing, empty to list those that there are.

    Raises:
        ConfigurationError: an address is none, or cannot be used; the file cannot be written; or there is no such
            scenario.
    """
    if scenario == "":
        list_scenarios()
        return 0
    address(front.listen)
    _check_base_url(front.base_url)
    script = chosen(scenario, tenants, users)
    logs.configure(LOGS)
    simulator = simulator_of(script, tenants, users, front.base_url)
    anyio.run(until_signal, partial(_simulate, simulator, script, front, _tls(front)))
    return 0


def list_scenarios() -> None:
    """Print what can be played, for whoever has asked and named none."""
    print(f"Name one of these, or write one and name the file, which ends in .toml:\n{titles()}")


def _check_base_url(base_url: str | None) -> None:
    if base_url is not None and not _BASE_URL.fullmatch(base_url):
        fault = (
            f"--base-url {without_login(base_url)!r} is no address of a server: write it as https://graph.example or "
            "http://host:port."
        )
        raise ConfigurationError([fault])


def _tls(front: Front) -> ssl.SSLContext | None:
    """What an HTTPS server needs; None for HTTP. Writes whom its clients must trust."""
    if front.ca_file is None:
        return None
    authority = ThrowawayAuthority(SystemClock().now())
    try:
        Path(front.ca_file).write_bytes(authority.pem)
    except OSError as error:
        fault = (
            f"--tls: cannot write {front.ca_file} ({error.strerror}): name a file in a folder that you may write to."
        )
        raise ConfigurationError([fault]) from None
    host, _ = address(front.listen)
    return authority.server([host or socket.gethostname()])


def chosen(scenario: str | None, tenants: int | None, users: int | None) -> Scenario | None:
    """What the options ``--scenario``, ``--tenants`` and ``--users`` mean together.

    Raises:
        ConfigurationError: there is no such scenario, or it has tenants of its own.
    """
    if scenario is None:
        return None
    if tenants is not None or users is not None:
        raise ConfigurationError(["--scenario has tenants of its own: leave --tenants and --users out."])
    try:
        return load_scenario(scenario)
    except ScenarioError as error:
        raise ConfigurationError(f"--scenario: {error}".splitlines()) from None


def simulator_of(
    scenario: Scenario | None, tenants: int | None, users: int | None, base_url: str | None = None
) -> Simulator:
    """A simulator of a scenario's tenants, or of so many."""
    options = scenario.options() if scenario else SimulatorOptions.many(tenants or TENANTS, users=users or USERS)
    return Simulator(SystemClock(), options.model_copy(update={"base_url": base_url}))


def environment_of(simulator: Simulator, base_url: str, scenario: Scenario | None = None) -> dict[str, str]:
    """The settings with which the exporter watches every tenant of a simulator, quickly where there is a scenario."""
    values = {"O365_DEFAULTS__LOGIN_URL": base_url, "O365_DEFAULTS__GRAPH_URL": base_url}
    for key, tenant in simulator.tenants.items():
        prefix = f"O365_TENANTS__{key.upper()}__"
        values |= {
            f"{prefix}TENANT_ID": tenant.tenant_id,
            f"{prefix}NAME": key,
            f"{prefix}CLIENT_ID": tenant.client_id,
            f"{prefix}CLIENT_SECRET": tenant.client_secret,
        }
    return values | (QUICK if scenario else {})


def introduce(scenario: Scenario) -> None:
    """Print what a scenario is about."""
    print(f"\nScenario {scenario.name}: {scenario.title}.\n{scenario.description}", flush=True)


def tell(clock: Clock, step: Step) -> None:
    """Print a step, with the time in UTC and the seconds since the scenario began."""
    time = datetime.fromtimestamp(clock.now(), UTC)
    print(f"{time:%H:%M:%S}  {step.at:4g} s  {step.text}\n                  {step.action}", flush=True)


def _tell_settings(settings: dict[str, str], local: str, front: Front) -> None:
    print(f"Simulated Microsoft 365: {local} (control: {local}/control/)")
    if front.ca_file is not None:
        file = Path(front.ca_file).resolve()
        print(f"Clients must trust {file} (good for 30 days; its key is gone when this ends).")
        settings["O365_CA_FILE"] = str(file)
    print("The exporter watches it with these settings; the secrets are made up:")
    for name, value in settings.items():
        print(f"  {name}={value}")
    print("Stop with Ctrl-C.", flush=True)


class _Yours:
    """An exporter that somebody else runs: he is asked."""

    async def stop(self) -> None:
        print("                  (yours: stop it now)", flush=True)

    async def start(self) -> None:
        print("                  (yours: start it now)", flush=True)


async def _simulate(simulator: Simulator, scenario: Scenario | None, front: Front, tls: ssl.SSLContext | None) -> None:
    host, port = address(front.listen)
    player = Player(scenario, simulator, _Yours(), partial(tell, simulator.clock)) if scenario else None
    async with AsyncExitStack() as stack:
        if player:
            await player.begin()
        try:
            served = await stack.enter_async_context(simulator.serve(host or _EVERYWHERE, port, tls=tls))
        except OSError as error:
            fault = f"--listen: cannot listen on {host}:{port} ({error.strerror}): choose another address or port."
            raise ConfigurationError([fault]) from None
        local = served.replace(f"//{_EVERYWHERE}:", "//127.0.0.1:")  # as this machine reaches it
        _tell_settings(environment_of(simulator, front.base_url or local, scenario), local, front)
        if player:
            introduce(player.scenario)
            await player.play()
        await anyio.sleep_forever()
