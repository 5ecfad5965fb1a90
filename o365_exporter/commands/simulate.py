"""``simulate``: the simulated Microsoft 365 alone."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial

import anyio

from o365_exporter import logs
from o365_exporter.app import until_signal
from o365_exporter.clock import Clock, SystemClock
from o365_exporter.errors import ConfigurationError
from o365_exporter.simulator import (
    Player,
    Scenario,
    ScenarioError,
    Simulator,
    SimulatorOptions,
    Step,
    load_scenario,
)
from o365_exporter.web import split_listen

LOGS = logs.LogOptions(format="console", level="warning")
"""A person watches: what goes wrong, in columns."""

TENANTS = 2
USERS = 1532

QUICK = {
    "O365_COLLECTORS__SERVICE_HEALTH__INTERVAL": "10s",
    "O365_COLLECTORS__SERVICE_HEALTH__ISSUES_INTERVAL": "10s",
    "O365_COLLECTORS__CREDENTIAL_EXPIRY__INTERVAL": "10s",
    "O365_COLLECTORS__SUBSCRIPTIONS__INTERVAL": "10s",
    "O365_COLLECTORS__EXCHANGE_USAGE__INTERVAL": "60s",
}
"""Settings with which an exporter sees a scenario of seconds: the shortest intervals that it takes; reports less often,
because Graph gives each 14 times in ten minutes."""

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - only for who asks for it by leaving the host out


def simulate(tenants: int | None, users: int | None, listen: str, scenario: str | None = None) -> int:
    """Serve simulated tenants until SIGTERM or Ctrl-C.

    Args:
        tenants: how many; None for 2, or for those of the scenario.
        users: in each; None for 1532, or for those of the scenario.
        listen: host and port.
        scenario: name or file of what happens to them; None for nothing.

    Raises:
        ConfigurationError: ``listen`` is not an address, or cannot be used; or there is no such scenario.
    """
    host, port = address(listen)
    script = chosen(scenario, tenants, users)
    logs.configure(LOGS)
    simulator = simulator_of(script, tenants, users)
    anyio.run(until_signal, partial(_simulate, simulator, script, host, port))
    return 0


def address(listen: str) -> tuple[str, int]:
    """Host and port of the option ``--listen``.

    Raises:
        ConfigurationError: it is not an address.
    """
    try:
        return split_listen(listen)
    except ValueError as error:
        raise ConfigurationError([f"--listen {error}"]) from None


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


def simulator_of(scenario: Scenario | None, tenants: int | None, users: int | None) -> Simulator:
    """A simulator of a scenario's tenants, or of so many."""
    options = scenario.options() if scenario else SimulatorOptions.many(tenants or TENANTS, users=users or USERS)
    return Simulator(SystemClock(), options)


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


class _Yours:
    """An exporter that somebody else runs: he is asked."""

    async def stop(self) -> None:
        print("                  (yours: stop it now)", flush=True)

    async def start(self) -> None:
        print("                  (yours: start it now)", flush=True)


async def _simulate(simulator: Simulator, scenario: Scenario | None, host: str, port: int) -> None:
    async with AsyncExitStack() as stack:
        try:
            served = await stack.enter_async_context(simulator.serve(host or _EVERYWHERE, port))
        except OSError as error:
            fault = f"--listen: cannot listen on {host}:{port} ({error.strerror}): choose another address or port."
            raise ConfigurationError([fault]) from None
        base_url = served.replace(f"//{_EVERYWHERE}:", "//127.0.0.1:")  # as this machine reaches it
        print(f"Simulated Microsoft 365: {base_url} (control: {base_url}/control/)")
        print("The exporter watches it with these settings; the secrets are made up:")
        for name, value in environment_of(simulator, base_url, scenario).items():
            print(f"  {name}={value}")
        print("Stop with Ctrl-C.", flush=True)
        if scenario:
            introduce(scenario)
            await Player(scenario, simulator, _Yours(), partial(tell, simulator.clock)).play()
        await anyio.sleep_forever()
