"""The composition root: builds everything out of the settings, runs it, stops it."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from functools import partial

import anyio
from anyio.abc import TaskStatus

from o365_exporter import __version__, web
from o365_exporter.catalogue import all_derived, all_metrics
from o365_exporter.clock import Clock, SystemClock
from o365_exporter.errors import ConfigurationError
from o365_exporter.exposition import Assembler, Format, shown
from o365_exporter.fleet import Fleet
from o365_exporter.graph import GraphClient
from o365_exporter.http import open_http
from o365_exporter.logs import get_logger
from o365_exporter.reloading import Changed, Read, Reloads
from o365_exporter.scheduler import Scheduler
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.settings import Settings
from o365_exporter.state import Keeper, open_keeper
from o365_exporter.status import Board
from o365_exporter.store import Store

log = get_logger("app")

Announce = Callable[[Sequence[str]], None]


@dataclass(frozen=True, slots=True)
class App:
    """Everything that runs, put together and not yet started."""

    settings: Settings
    clock: Clock
    store: Store
    selfmetrics: SelfMetrics
    scheduler: Scheduler
    fleet: Fleet
    reloads: Reloads
    board: Board
    keeper: Keeper | None = None

    def page(self) -> bytes:
        """What ``/metrics`` would serve now, in the text format, but for the series about the process.

        It may have ended when they are read, and node_exporter has series of the same names for itself.
        """
        metrics = Assembler(all_metrics().values())
        process_wide = self.selfmetrics.render(openmetrics=False, process=False)
        return b"".join(metrics.page(Format.TEXT, shown(self.store, self.clock.now()), process_wide).chunks())

    async def serve(
        self, announce: Announce = lambda _: None, changed: Changed = lambda: None, read: Read | None = None
    ) -> None:
        """Poll and serve until cancelled.

        Args:
            announce: is told the addresses once the web side listens.
            changed: gives the tenants' settings when they have changed, else None.
            read: reads all settings anew, which SIGHUP and ``POST /-/reload`` ask for; None to leave both alone.

        Raises:
            ConfigurationError: the address to listen on or the web configuration file cannot be used.
        """
        async with (
            web.listening(self.settings.web) as sockets,
            self.keeper.keeping() if self.keeper is not None else nullcontext(),
            anyio.create_task_group() as tasks,
        ):
            door = await web.open_door(self.settings.web, self.clock, self.selfmetrics)
            web_app = web.create_app(
                store=self.store,
                board=self.board,
                clock=self.clock,
                metrics=all_metrics().values(),
                selfmetrics=self.selfmetrics,
                version=__version__,
                ready=self.scheduler.ready,
                tenants=lambda: [tenant.facts for tenant in self.fleet.tenants],
                reload=partial(self.reloads.reload, read) if read and self.settings.web.reload_endpoint else None,
                poll_now=self.fleet.poll_now if self.settings.web.poll_now else None,
                refused=door.refusals.note,
            )
            await tasks.start(web.serve, web_app, sockets, door)
            addresses = [address.url_by(door.scheme) for address in web.addresses(sockets)]
            log.info("listening", version=__version__, addresses=addresses, tenants=len(self.fleet.tenants))
            announce(addresses)
            tasks.start_soon(self.reloads.follow, changed)
            if read is not None:
                await tasks.start(self.reloads.on_signal, read)
            await self.scheduler.run(self.fleet.tenants)


@asynccontextmanager
async def assemble(settings: Settings, clock: Clock | None = None, *, keeps_state: bool = False) -> AsyncIterator[App]:
    """Build everything; the connections to Microsoft are closed at the end.

    Args:
        settings: what it is made of.
        clock: another one than the machine's.
        keeps_state: whether to go on where a former process ended, if the settings have a folder for that.

    Raises:
        ConfigurationError: another process uses that folder.
    """
    clock = clock or SystemClock()
    rng = random.Random()  # noqa: S311 - jitter, not a secret
    store = Store()
    selfmetrics = SelfMetrics(__version__, settings.web.runbooks_url)
    scheduler = Scheduler(store, clock, rng, all_derived())
    async with open_http(settings.connection, settings.surroundings) as http:
        client = partial(GraphClient, http=http, clock=clock, observe=selfmetrics.observe, random=rng)
        keep = partial(open_keeper, store=store, scheduler=scheduler, selfmetrics=selfmetrics, clock=clock)
        keeper = await keep(settings.state, settings.sharding.shard) if keeps_state else None
        fleet = Fleet(scheduler, client, clock, keeper)
        reloads = Reloads(settings, fleet, selfmetrics, clock)
        await reloads.begin()
        board = Board(
            store,
            clock,
            lambda: fleet.watched,
            version=__version__,
            shard=str(settings.sharding.shard or ""),
            faults=lambda: reloads.faults,
        )
        yield App(settings, clock, store, selfmetrics, scheduler, fleet, reloads, board, keeper)


async def until_signal(work: Callable[[], Awaitable[None]], last_moment: float | None = None) -> signal.Signals | None:
    """Run something until it ends, or until SIGTERM or SIGINT cancels it, whatever is in flight.

    Args:
        work: is run.
        last_moment: seconds after the signal at which the process ends in any case, with exit code 0; None to wait.

    Returns:
        The signal that came, None where the work came to its end by itself.

    Raises:
        ConfigurationError: as ``work`` raised it.
    """
    refusal: ConfigurationError | None = None
    came: list[signal.Signals] = []
    async with anyio.create_task_group() as tasks:
        await tasks.start(_cancel_on_signal, tasks.cancel_scope, came, last_moment)
        try:
            await work()
        except ConfigurationError as error:  # raised below: the task group would wrap it
            refusal = error
        tasks.cancel_scope.cancel()
    if refusal is not None:
        raise refusal
    return came[0] if came else None


async def _cancel_on_signal(
    scope: anyio.CancelScope,
    came: list[signal.Signals],
    last_moment: float | None,
    *,
    task_status: TaskStatus[None],
) -> None:
    with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
        if last_moment is not None:
            _end_after(last_moment)
        task_status.started()
        async for number in signals:
            came.append(signal.Signals(number))
            log.info("stopping", signal=came[0].name)
            scope.cancel()
            return


def _end_after(seconds: float) -> None:
    """Count from the signal itself: on a busy machine the loop may come to it ten seconds later (14 s were measured).

    In place of the handler by which asyncio does nothing: the loop is told by the file descriptor for wakeups anyway.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: _end_at(seconds))


def _end_at(seconds: float) -> None:
    """See that the process ends by then: to cancel hundreds of requests takes long where the machine is busy."""
    watchdog = threading.Timer(seconds, os._exit, (0,))
    watchdog.daemon = True
    watchdog.start()
