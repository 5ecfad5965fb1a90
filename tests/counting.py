"""Work, counted in instructions of the interpreter, so that a test can say how it grows without a clock."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import CodeType, FrameType
from typing import Any

from tests.facts.pages import ROOT

_PLACES = (str(ROOT / "o365_exporter"), "<template>")
"""The package, and what Jinja makes of its templates."""


class Work:
    """Instructions that the package, or one of its templates, has executed in this thread.

    Attributes:
        done: altogether.
        longest: most in one go, between two calls of ``turn``.
    """

    def __init__(self) -> None:
        self.done = 0
        self.longest = 0
        self._at_turn = 0

    def turn(self) -> None:
        """Somebody else has had a turn."""
        self.longest = max(self.longest, self.done - self._at_turn)
        self._at_turn = self.done


@contextmanager
def counted() -> Iterator[Work]:
    """Count what is executed inside, by all tasks of this thread; what they were in the middle of is left out."""
    work = Work()
    with _watched(work):
        yield work
    work.turn()


@contextmanager
def _traced(work: Work) -> Iterator[None]:
    """Where Python has no ``sys.monitoring``, before 3.12."""
    before = sys.gettrace()

    def local(_: FrameType, event: str, __: Any) -> Any:
        work.done += event == "opcode"
        return local

    def begin(frame: FrameType, _: str, __: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_PLACES):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return local

    sys.settrace(begin)
    try:
        yield
    finally:
        sys.settrace(before)


@contextmanager
def _monitored(work: Work) -> Iterator[None]:
    """Where it has, since 3.12, whose tracing of instructions misses some."""
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined,unused-ignore]
    begun: set[CodeType] = set()
    thread = threading.get_ident()

    def begin(code: CodeType, _: int) -> Any:
        if code.co_filename.startswith(_PLACES):
            monitoring.set_local_events(tool, code, monitoring.events.INSTRUCTION)
            begun.add(code)
        return monitoring.DISABLE

    def count(_: CodeType, __: int) -> None:
        work.done += threading.get_ident() == thread  # it is called in all of them

    tool = next(number for number in (3, 4) if monitoring.get_tool(number) is None)  # nobody has reserved these
    monitoring.use_tool_id(tool, "counting")
    monitoring.register_callback(tool, monitoring.events.PY_START, begin)
    monitoring.register_callback(tool, monitoring.events.INSTRUCTION, count)
    monitoring.restart_events()
    monitoring.set_events(tool, monitoring.events.PY_START)
    try:
        yield
    finally:
        monitoring.set_events(tool, 0)
        for code in begun:
            monitoring.set_local_events(tool, code, 0)
        monitoring.free_tool_id(tool)


_watched: Callable[[Work], AbstractContextManager[None]] = _monitored if sys.version_info >= (3, 12) else _traced
