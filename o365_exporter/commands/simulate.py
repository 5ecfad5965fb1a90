"""``simulate``: the simulated Microsoft 365 alone."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import partial

import anyio

from o365_exporter import logs
from o365_exporter.app import until_signal
from o365_exporter.clock import SystemClock
from o365_exporter.errors import ConfigurationError
from o365_exporter.simulator import Simulator, SimulatorOptions
from o365_exporter.web import split_listen

LOGS = logs.LogOptions(format="console", level="warning")
"""A person watches: what goes wrong, in columns."""

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - only for who asks for it by leaving the host out


def simulate(tenants: int, users: int, listen: str) -> int:
    """Serve simulated tenants until SIGTERM or Ctrl-C.

    Raises:
        ConfigurationError: ``listen`` is not an address, or cannot be used.
    """
    host, port = address(listen)
    logs.configure(LOGS)
    anyio.run(until_signal, partial(_simulate, tenants, users, host, port))
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


def environment_of(simulator: Simulator, base_url: str) -> dict[str, str]:
    """The settings with which the exporter watches every tenant of a simulator."""
    values = {"O365_DEFAULTS__LOGIN_URL": base_url, "O365_DEFAULTS__GRAPH_URL": base_url}
    for key, tenant in simulator.tenants.items():
        prefix = f"O365_TENANTS__{key.upper()}__"
        values |= {
            f"{prefix}TENANT_ID": tenant.tenant_id,
            f"{prefix}NAME": key,
            f"{prefix}CLIENT_ID": tenant.client_id,
            f"{prefix}CLIENT_SECRET": tenant.client_secret,
        }
    return values


async def _simulate(tenants: int, users: int, host: str, port: int) -> None:
    simulator = Simulator(SystemClock(), SimulatorOptions.many(tenants, users=users))
    async with AsyncExitStack() as stack:
        try:
            served = await stack.enter_async_context(simulator.serve(host or _EVERYWHERE, port))
        except OSError as error:
            fault = f"--listen: cannot listen on {host}:{port} ({error.strerror}): choose another address or port."
            raise ConfigurationError([fault]) from None
        base_url = served.replace(f"//{_EVERYWHERE}:", "//127.0.0.1:")  # as this machine reaches it
        print(f"Simulated Microsoft 365: {base_url} (control: {base_url}/control/)")
        print("The exporter watches it with these settings; the secrets are made up:")
        for name, value in environment_of(simulator, base_url).items():
            print(f"  {name}={value}")
        print("Stop with Ctrl-C.", flush=True)
        await anyio.sleep_forever()
