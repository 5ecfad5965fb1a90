"""No wait of a client outlasts its poll: when the time is up, it is told what was waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from math import isinf

from o365_exporter.clock import Clock
from o365_exporter.errors import PollError

_MARGIN = 0.1  # of the time that is left, and a second at most: the cause must be told before the poll's own deadline


@dataclass(slots=True)
class _Wait:
    """What one task waits for. It is shared with the tasks that it starts, so it is changed in place."""

    what: Callable[[], str] = str


_wait: ContextVar[_Wait | None] = ContextVar("wait", default=None)


def waiting() -> str:
    """What this task is waiting for, or was when it was cancelled; empty for nothing."""
    wait = _wait.get()
    return wait.what() if wait else ""


def begin_waiting() -> None:
    """Let what is waited for from here on be seen by this task."""
    _wait.set(_Wait())


@contextmanager
def patience(clock: Clock, what: Callable[[], str], late: Callable[[float], PollError]) -> Iterator[None]:
    """Wait inside, and give up shortly before the nearest deadline.

    Args:
        clock: knows how much time is left.
        what: says what is waited for, such as "an answer of graph.microsoft.com:443 (directly)".
        late: makes the error of it, given the seconds that were waited.
    """
    wait, start, left = _wait.get() or _Wait(), clock.monotonic(), clock.time_left()
    before, wait.what = wait.what, what
    try:
        with _deadline(clock, left):
            yield
    except TimeoutError:
        raise late(clock.monotonic() - start) from None
    except Exception:
        wait.what = before
        raise
    wait.what = before


def _deadline(clock: Clock, left: float) -> AbstractContextManager[None]:
    return nullcontext() if isinf(left) else clock.deadline(max(0.0, left - min(1.0, left * _MARGIN)))
