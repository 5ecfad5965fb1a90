"""An exporter of simulated tenants whose pages a browser can open; its clock only moves when told."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
from anyio.abc import TaskStatus

from o365_exporter import web
from o365_exporter.simulator import SimulatorOptions
from tests.app.rig import Rig, only, polling, rig, small

HEALTH = only("service_health")


@dataclass
class Shown(Rig):
    """The exporter, and where it is.

    Args:
        address: of its pages, which ends in a slash.
        server: cancelled to end the web side alone.
    """

    address: str = ""
    server: anyio.CancelScope | None = None

    async def get(self, path: str) -> httpx.Response:
        """A page, as a program has it."""
        return await self._asked("GET", path)

    async def post(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        """What comes of a form."""
        return await self._asked("POST", path, headers)

    async def _asked(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        async with httpx.AsyncClient(trust_env=False) as client:
            answer: httpx.Response = await client.request(method, self.address + path, headers=headers)
            return answer

    async def minutes(self, number: float = 2) -> None:
        """Let time pass, in which everything of importance is polled."""
        await self.clock.advance(60 * number)


@asynccontextmanager
async def shown(
    options: SimulatorOptions,
    environ: Mapping[str, str] = HEALTH,
    *,
    polls: bool = True,
    web_config_file: Path | None = None,
    poll_now: bool = False,
) -> AsyncIterator[Shown]:
    """The exporter, its first polls done if it polls, with its web side on a socket of this machine.

    Args:
        options: of the simulator.
        environ: further settings.
        polls: whether it does; else nothing is known.
        web_config_file: who is let in, and how.
        poll_now: whether pages have buttons for that.
    """
    async with rig(options, environ) as made, anyio.create_task_group() as tasks:
        options_of_web = web.WebOptions(listen="127.0.0.1:0", web_config_file=web_config_file)
        async with web.listening(options_of_web) as sockets:
            found = Shown(**vars(made), address=f"{web.addresses(sockets)[0].url}/")
            await tasks.start(_serve, found, sockets, options_of_web, poll_now)
            if polls:
                async with polling(found):
                    yield found
            else:
                await found.app.fleet.assemble(found.app.fleet.settings)
                yield found
            tasks.cancel_scope.cancel()


async def _serve(
    made: Shown,
    sockets: list[socket.socket],
    options: web.WebOptions,
    poll_now: bool,
    *,
    task_status: TaskStatus[None],
) -> None:
    with anyio.CancelScope() as made.server:
        app = web.create_app(
            store=made.app.store,
            board=made.app.board,
            clock=made.clock,
            metrics=(),
            selfmetrics=made.app.selfmetrics,
            version="1.2.3",
            ready=made.app.scheduler.ready,
            poll_now=made.app.fleet.poll_now if poll_now else None,
        )
        door = await web.open_door(options, made.clock, made.app.selfmetrics)
        await web.serve(app, sockets, door, task_status=task_status)


def calm(*keys: str) -> SimulatorOptions:
    """Tenants in which all is well."""
    return small(*keys, calm=True)


def numbered(count: int) -> SimulatorOptions:
    """Many of them."""
    return calm(*(f"tenant{number:03}" for number in range(count)))
