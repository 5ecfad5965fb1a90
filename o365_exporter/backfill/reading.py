"""Asks Graph for every part of a plan that the work file does not have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import anyio

from o365_exporter.backfill.plan import Part, Plan
from o365_exporter.backfill.work import WorkFile
from o365_exporter.clock import Clock
from o365_exporter.errors import InternalError, Nothing, PollError, PollTimeoutError, ThrottledError, let_go
from o365_exporter.fleet import client_of
from o365_exporter.graph import GraphClient
from o365_exporter.logs import get_logger
from o365_exporter.settings import TenantSettings

log = get_logger("backfill")

_AT_ONCE = 8
"""Tenants that are asked at once."""

_DEADLINE = 900.0
"""Seconds that one part may take, waits for Microsoft's limits included."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Parts of one tenant that could not be had, and why."""

    tenant: str
    parts: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{self.tenant}: {', '.join(self.parts)} could not be had. {self.why}"


class Reader:
    """Asks for the parts of a plan.

    Args:
        work: has what was read, and gets what is read.
        client: makes a ``GraphClient`` of what is particular to a tenant.
        clock: for deadlines.
        done: is called after each part.
    """

    def __init__(
        self, work: WorkFile, client: Callable[..., GraphClient], clock: Clock, done: Callable[[], None]
    ) -> None:
        self._work = work
        self._client = client
        self._clock = clock
        self._done = done
        self._failures: list[Failure] = []

    async def read(self, plan: Plan) -> list[Failure]:
        """Read what is lacking; what could not be had.

        Raises:
            OSError: the work file cannot be written.
        """
        limiter = anyio.CapacityLimiter(_AT_ONCE)
        async with anyio.create_task_group() as tasks:
            for tenant, parts in plan.by_tenant():
                tasks.start_soon(self._tenant, limiter, tenant, [part for part in parts if part not in self._work])
        return sorted(self._failures, key=lambda failure: (failure.tenant, failure.parts))

    async def _tenant(self, limiter: anyio.CapacityLimiter, tenant: TenantSettings, parts: Sequence[Part]) -> None:
        async with limiter:
            if not parts:
                return
            graph = client_of(tenant, self._client)
            graph.recall(self._work.limits(tenant.name))
            for position, part in enumerate(parts):
                error = await self._part(graph, part)
                self._work.note_limits(tenant.name, graph.remembered())
                if error is not None:
                    stopped = parts[position:] if error.signing_in else [part]
                    names = tuple(one.history.name for one in stopped)
                    self._failures.append(Failure(tenant.name, names, graph.without_secrets(str(error))))
                    if error.signing_in:  # no other part would have a token either
                        return

    async def _part(self, graph: GraphClient, part: Part) -> PollError | None:
        """Read a part into the work file; why it could not be had, if so."""
        try:
            with self._clock.deadline(_DEADLINE):
                records = await self._read(graph, part)
        except Nothing as nothing:
            self._work.add_nothing(part, str(nothing))
        except TimeoutError:
            return PollTimeoutError(f"There was no answer within {_DEADLINE:g} s.")
        except PollError as error:
            let_go(error)
            return error
        except Exception:
            log.exception("fault of the exporter", tenant=part.tenant.name)
            return InternalError("A fault of the exporter; the log has more.")
        else:
            self._work.add(part, records)
        self._done()
        return None

    async def _read(self, graph: GraphClient, part: Part) -> Any:
        """What Graph knows, once Microsoft's limits allow to ask for it; a poll would leave that to the next one."""
        while True:
            try:
                return await part.history.read(graph, self._clock.now())
            except ThrottledError as error:
                wait = error.retry_after
                if wait is None or wait >= self._clock.time_left():
                    raise
                log.info("waits for Microsoft's limits", tenant=part.tenant.name, part=part.history.name, seconds=wait)
            await self._clock.sleep(max(wait, 1.0))
