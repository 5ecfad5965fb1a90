"""One real request of each source of a tenant, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import anyio

from o365_exporter.checking.asking import OnePage, records_of, seconds_for
from o365_exporter.checking.doubts import age
from o365_exporter.checking.report import NOT_ASKED, Problem, RolesCheck, SourceCheck
from o365_exporter.checking.telling import Teller
from o365_exporter.clock import Clock
from o365_exporter.errors import InternalError, Nothing, PollError, PollTimeoutError
from o365_exporter.reports import Usage
from o365_exporter.source import Source


@dataclass(frozen=True, slots=True)
class Asked:
    """What a source has brought, and its records where they are whole."""

    check: SourceCheck
    records: Any = None


class Sources:
    """Asks the sources of one tenant.

    Args:
        tenant: the label ``tenant``.
        sources: with the names of their collectors.
        graph: is asked.
        clock: bounds it.
        teller: makes problems of what is wrong.
    """

    def __init__(
        self,
        tenant: str,
        sources: Sequence[tuple[str, Source[Any]]],
        *,
        graph: OnePage,
        clock: Clock,
        teller: Teller,
    ) -> None:
        self._tenant = tenant
        self._sources = sources
        self._graph = graph
        self._clock = clock
        self._teller = teller

    def not_asked(self, stops: Sequence[Problem]) -> list[Asked]:
        """Nothing is asked because of these problems."""
        for problem in dict.fromkeys(stops):
            problem.stops(self._tenant, len(self._sources))
        return [Asked(SourceCheck(name, source.name, NOT_ASKED, problem=stops[0])) for name, source in self._sources]

    async def all_asked(self, roles: RolesCheck | None) -> list[Asked]:
        """All at once; the client's budget bounds how many are under way."""
        found: dict[int, Asked] = {}

        async def ask(place: int, collector: str, source: Source[Any]) -> None:
            found[place] = await self._asked(collector, source, roles)

        async with anyio.create_task_group() as tasks:
            for place, (collector, source) in enumerate(self._sources):
                tasks.start_soon(ask, place, collector, source)
        return [found[place] for place in sorted(found)]

    async def _asked(self, collector: str, source: Source[Any], roles: RolesCheck | None) -> Asked:
        started = self._clock.monotonic()
        check, records, error = SourceCheck(collector, source.name, "ok"), None, None
        name = f"{collector}/{source.name}"
        try:
            with self._clock.deadline(seconds_for(source)):
                records = await records_of(source, self._graph, self._clock.now())
            check = replace(check, note=self._about(records))
        except Nothing as nothing:
            check = replace(check, state=nothing.state, note=self._graph.without_secrets(str(nothing)))
        except PollError as failure:
            error = failure
        except TimeoutError:
            error = self._too_late(name, seconds_for(source))
        except Exception as fault:  # noqa: BLE001 - nothing that a tenant sends may end the check of others
            error = InternalError(f"A fault of the exporter itself ({type(fault).__name__}) at {name}.")
        if error is not None:
            check = replace(check, state=error.reason, problem=self._teller.of_source(error, name, source, roles))
        return Asked(replace(check, seconds=self._clock.monotonic() - started), records)

    def _too_late(self, name: str, seconds: float) -> PollError:
        waiting = f": it was waiting for {self._graph.waiting}" if self._graph.waiting else ""
        return PollTimeoutError(f"{name} of tenant {self._tenant} had no answer within {seconds:g} s{waiting}.")

    def _about(self, records: Any) -> str:
        if isinstance(records, Usage):
            return f"covers the days until {records.week.refreshed}, {age(records, self._clock.now())} days ago"
        return ""
