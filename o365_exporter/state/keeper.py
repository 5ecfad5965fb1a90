"""Keeps the state of all tenants on disk, and gives it back at the start.

What is written is gathered on the loop, which takes a moment, and turned into bytes and written in a thread. A tenant
is written again when something of it has changed, and all of them together take a small share of the time at most.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from o365_exporter.clock import Clock
from o365_exporter.errors import ConfigurationError
from o365_exporter.logs import get_logger
from o365_exporter.scheduler import Scheduler, Tenant
from o365_exporter.selfmetrics import SelfMetrics
from o365_exporter.state.folder import Folder, InUseError, NotOursError
from o365_exporter.state.form import Identity, LongLines, Read, Snapshot, UnusableStateError, read, written
from o365_exporter.state.options import StateOptions
from o365_exporter.store import Key, Store

GATHERED = 1.0
"""Seconds for which changes are gathered before they are written, so that a start is no hundred writes."""

REST = 4.0
"""How many times as long as a round of writing took nothing is written after it."""

_ENOUGH = 3
"""Tenants that cannot be written in one round, after which it is the disk, and not what stands in one's place."""

AGAIN = 30.0
"""Seconds until it is tried again where nothing can be written."""

CLEANED = 6 * 3600.0
"""Seconds between two looks at files that nobody needs any more."""

log = get_logger("state")

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Run what reads, writes or makes many bytes where it holds nobody up."""
    return await anyio.to_thread.run_sync(work)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A tenant whose state is kept."""

    tenant: Tenant
    identity: Identity


class Keeper:
    """The state of all tenants of this process.

    Args:
        folder: where it is kept.
        store: tells what has changed.
        scheduler: has what is to be remembered, and goes on with it.
        selfmetrics: is told how writing went.
        clock: tells the time.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        store: Store,
        scheduler: Scheduler,
        selfmetrics: SelfMetrics,
        clock: Clock,
    ) -> None:
        self._folder = folder
        self._store = store
        self._scheduler = scheduler
        self._selfmetrics = selfmetrics
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._waiting: dict[str, None] = {}
        self._fails = False
        self._long = LongLines()
        self._faulty: set[Key] = set()
        self._next_cleaning = clock.monotonic()

    async def open(self) -> None:
        """Take the folder.

        Raises:
            InUseError: another process has it; whatever else is wrong with it is told, and tried again later.
        """
        try:
            await in_thread(self._folder.open)
        except InUseError:
            raise
        except OSError as error:
            self._failed(error)

    async def recall(self, tenant: Tenant, identity: Identity) -> None:
        """Keep the state of a tenant from now on; one that is new here goes on where a former process ended."""
        name = tenant.facts.name
        is_new = name not in self._kept
        self._kept[name] = _Kept(tenant, identity)
        if not is_new:
            return
        try:
            content = await in_thread(partial(self._folder.read, name))
            if content is not None:
                work = partial(read, content, name, identity, tenant.jobs, self._clock.now())
                await self._go_on(tenant, await in_thread(work))
        except (UnusableStateError, NotOursError) as error:
            await self._refuse(name, str(error))
        except OSError as error:
            self._tell_refusal(name, f"cannot be read ({error.strerror})", "It stays where it is")
        except Exception:  # it begins anew, and the others are not its concern
            log.exception("fault of the exporter", tenant=name)

    async def _go_on(self, tenant: Tenant, found: Read) -> None:
        tenant.graph.recall(found.graph)
        lost = await self._scheduler.recall(tenant, found.memory)
        for key, why in found.refused.items():
            log.warning(
                "state of a source not used", message=f"What was kept {why}: it is polled anew.", **key._asdict()
            )
        for key, error in lost.items():
            sentence = "What was kept makes no lines: it is polled anew."
            log.warning("state of a source not used", exc_info=error, message=sentence, **key._asdict())

    async def _refuse(self, tenant: str, why: str) -> None:
        """Set a file aside, so that the next state does not overwrite what somebody may want to look at."""
        try:
            aside = await in_thread(partial(self._folder.set_aside, tenant))
        except OSError as error:
            self._tell_refusal(tenant, why, f"It cannot be set aside ({error.strerror})")
        else:
            self._tell_refusal(tenant, why, f"It is set aside as {aside.name}")

    def _tell_refusal(self, tenant: str, why: str, what: str) -> None:
        sentence = f"The file {self._folder.file_of(tenant)} {why}. {what}, and the tenant is polled anew."
        log.warning("state not used", tenant=tenant, message=sentence)

    def forget(self, tenant: str) -> None:
        """A tenant is watched no more; its file stays for a while, in case it comes back."""
        self._kept.pop(tenant, None)
        self._waiting.pop(tenant, None)
        self._long.forget(tenant)

    @asynccontextmanager
    async def keeping(self) -> AsyncIterator[None]:
        """Write what changes meanwhile, and at the end whatever is not written yet."""
        self._selfmetrics.keeps_state()
        self._selfmetrics.state_written(None, success=not self._fails)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep)
                yield
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await self._write_changes(last=True)
            self._folder.close()

    async def _keep(self) -> None:
        while True:
            if not (self._waiting or self._store.is_touched):
                await self._store.changed()
            await self._clock.sleep(AGAIN if self._fails else GATHERED)
            begun = self._clock.monotonic()
            await self._write_changes()
            await self._clean_up()
            await self._clock.sleep(REST * (self._clock.monotonic() - begun))

    async def _write_changes(self, *, last: bool = False) -> None:
        """One round; where one file is in the way the others are written, and a few failures show that none can be."""
        self._waiting |= dict.fromkeys(self._store.take_touched())
        if last:  # what a poll has asked that is cut off counts for Microsoft too
            self._waiting |= dict.fromkeys(name for name, kept in self._kept.items() if _is_being_polled(kept.tenant))
        errors: list[OSError] = []
        for name in list(self._waiting):
            if (kept := self._kept.get(name)) is not None:
                try:
                    await self._write(name, kept)
                except OSError as error:
                    errors.append(error)
                    if len(errors) == _ENOUGH:
                        break
                    continue
            self._waiting.pop(name, None)
        if errors:
            self._failed(errors[0])
        elif self._fails and not self._waiting:
            log.info("state is written again", state_dir=str(self._folder.path))
            self._fails = False

    async def _write(self, name: str, kept: _Kept) -> None:
        """Write one tenant.

        Raises:
            OSError: it cannot be written.
        """
        tenant, now = kept.tenant, self._clock.now()
        snapshot = Snapshot(
            name, kept.identity, tenant.graph.remembered(), self._scheduler.remembered(tenant), tenant.jobs
        )
        faulty = await in_thread(partial(self._write_down, snapshot, now))
        for key, fault in faulty.items():
            if key not in self._faulty:
                log.error("fault of the exporter", exc_info=fault, **key._asdict())
        self._faulty |= faulty.keys()
        self._selfmetrics.state_written(now, success=True)

    def _write_down(self, snapshot: Snapshot, now: float) -> dict[Key, Exception]:
        pieces, faulty = written(snapshot, now, self._long)
        self._folder.write(snapshot.tenant, pieces)
        return faulty

    def _failed(self, error: OSError) -> None:
        if not self._fails:
            where = f" at {Path(error.filename).name!r}" if isinstance(error.filename, str) else ""
            sentence = (
                f"State cannot be written to state_dir = {str(self._folder.path)!r} ({error.strerror}{where}): "
                "polls go on, and a restart will begin with what was written before. Make room there, or let the "
                "exporter's user write."
            )
            log.error("state cannot be written", message=sentence)
        self._fails = True
        self._selfmetrics.state_written(None, success=False)

    async def _clean_up(self) -> None:
        if self._fails or self._clock.monotonic() < self._next_cleaning:
            return
        self._next_cleaning = self._clock.monotonic() + CLEANED
        try:
            removed = await in_thread(partial(self._folder.clean_up, tuple(self._kept), self._clock.now()))
        except OSError as error:
            self._failed(error)
            return
        for path in removed:
            log.info("state removed", file=str(path), message="Its tenant has not been watched for a week.")


def _is_being_polled(tenant: Tenant) -> bool:
    return any(job.is_under_way for job in tenant.jobs)


async def open_keeper(
    options: StateOptions,
    shard: object | None,
    *,
    store: Store,
    scheduler: Scheduler,
    selfmetrics: SelfMetrics,
    clock: Clock,
) -> Keeper | None:
    """Keeps state where the options say so; each shard in a folder of its own, and None where no folder is set.

    Raises:
        ConfigurationError: another process has that folder.
    """
    if options.state_dir is None:
        return None
    path = options.state_dir
    if shard is not None:
        path /= f"shard-{shard}".replace("/", "-of-")
    keeper = Keeper(Folder(path), store=store, scheduler=scheduler, selfmetrics=selfmetrics, clock=clock)
    try:
        await keeper.open()
    except InUseError:
        fault = f"state_dir = {str(options.state_dir)!r} is in use: another process keeps its state there"
        raise ConfigurationError([f"{fault}. Stop it, or give each process a state_dir of its own."]) from None
    return keeper
