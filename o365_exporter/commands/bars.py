"""A bar for people who wait at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def bar(what: str, total: int, stream: TextIO, *, is_bytes: bool = False) -> Iterator[Callable[[int], None]]:
    """Shows how much of a total is done, while the context lasts; gives what is called with each advance.

    Args:
        what: is done, in plain words.
        total: of what is done.
        stream: where it is shown, if that is a terminal.
        is_bytes: whether that is counted in bytes.
    """
    if not stream.isatty():
        yield lambda _: None
        return
    columns = (
        TextColumn(what),
        BarColumn(),
        DownloadColumn() if is_bytes else MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.advance(task, done)
