"""How far a poll of everything is, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import TextIO, cast

import anyio
from rich.console import Console
from rich.file_proxy import FileProxy
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Column

from o365_exporter.clock import Clock
from o365_exporter.errors import one_line
from o365_exporter.scheduler import Tenant

_EVERY = 0.2  # seconds between two looks
_NAMED = 8  # sources that are waited for; what does not fit the line is cut


class Progress:
    """A line that is drawn over and over while polls are under way; silent where nobody looks.

    Args:
        console: where it is said.
        clock: tells how long it takes.
        is_shown: whether somebody looks.
    """

    def __init__(self, console: Console, clock: Clock, *, is_shown: bool) -> None:
        self.is_shown = is_shown
        self.clock = clock
        self._console = console
        self._started = clock.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self.clock.monotonic() - self._started

    async def during(self, tenants: Sequence[Tenant], work: Callable[[], Awaitable[None]]) -> None:
        """Do some work for the tenants, and say meanwhile how far it is."""
        if not self.is_shown:
            await work()
            return
        if self._console.is_dumb_terminal:  # which cannot draw a line over another
            self._console.print(f"Polling {sum(len(tenant.jobs) for tenant in tenants)} sources …")
            await work()
            return
        with self._bar() as bar:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_saying, tenants, bar)
                await work()
                tasks.cancel_scope.cancel()

    def _bar(self) -> Bar:
        """Drawn when it is told to, not by a thread; gone when it is over."""
        return Bar(
            TextColumn("{task.fields[done]}"),
            BarColumn(bar_width=20),
            TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1)),
            console=self._console,
            auto_refresh=False,
            transient=True,
            expand=True,
            redirect_stdout=False,
            redirect_stderr=False,
            get_time=self.clock.monotonic,
        )

    async def _keep_saying(self, tenants: Sequence[Tenant], bar: Bar) -> None:
        jobs = [job for tenant in tenants for job in tenant.jobs]
        task = bar.add_task("", total=len(jobs), done="")
        alone = len(tenants) == 1
        while True:
            waiting = [job.key for job in jobs if not job.tried]
            names = ", ".join(key.within_tenant if alone else str(key) for key in islice(waiting, _NAMED))
            done = len(jobs) - len(waiting)
            said = f"{done} of {len(jobs)} sources polled, {self.seconds:.0f} s"
            bar.update(task, completed=done, description=one_line(f"waiting for {names}"), done=said)
            bar.refresh()
            await self.clock.sleep(_EVERY)


def above(console: Console) -> TextIO:
    """A stream whose lines come to stand above the progress."""
    return cast("TextIO", FileProxy(console, console.file))
