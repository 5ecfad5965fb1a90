"""How far a poll of everything is, for a person at a terminal."""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable, Sequence
from typing import TextIO

import anyio

from o365_exporter.clock import Clock
from o365_exporter.scheduler import Tenant

_EVERY = 1.0  # seconds between two looks


class Progress:
    """One line that is written over and over while polls are under way; silent where nobody looks.

    Args:
        tenants: whose sources are polled.
        clock: tells how long it takes.
        stream: where it is said, if that is a terminal.
    """

    def __init__(self, tenants: Sequence[Tenant], clock: Clock, stream: TextIO) -> None:
        self._tenants = tenants
        self._clock = clock
        self._stream = stream
        self._started = clock.monotonic()
        self.is_shown = stream.isatty()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock.monotonic() - self._started

    async def during(self, work: Callable[[Sequence[Tenant]], Awaitable[None]]) -> None:
        """Do some work for the tenants, and say meanwhile how far it is."""
        async with anyio.create_task_group() as tasks:
            if self.is_shown:
                tasks.start_soon(self._keep_saying)
            await work(self._tenants)
            tasks.cancel_scope.cancel()

    async def _keep_saying(self) -> None:
        while True:
            self._write(self._line(), end="\r")  # what is logged meanwhile begins in the first column
            await self._clock.sleep(_EVERY)

    def say(self, sentence: str) -> None:
        """Something that stays."""
        self._write(sentence, end="\n")

    def _line(self) -> str:
        jobs = [job for tenant in self._tenants for job in tenant.jobs]
        alone = len(self._tenants) == 1
        waiting = [job.key.within_tenant if alone else str(job.key) for job in jobs if not job.tried.is_set()]
        done = f"{len(jobs) - len(waiting)} of {len(jobs)} sources polled, {self.seconds:.0f} s"
        return f"{done}; waiting for {', '.join(waiting)}" if waiting else done

    def _write(self, text: str, end: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        shown = text if len(text) <= width or end == "\n" else f"{text[: width - 1]}…"
        self._stream.write(f"{shown.ljust(width)}{end}")
        self._stream.flush()
