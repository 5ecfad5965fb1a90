"""Work, counted in instructions of the interpreter, so that a test can say how it grows without a clock."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from tests.facts.pages import ROOT

_PACKAGE = str(ROOT / "o365_exporter")


class Work:
    """Instructions that the package has executed.

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
    work, before = Work(), sys.gettrace()

    def local(_: FrameType, event: str, __: Any) -> Any:
        work.done += event == "opcode"
        return local

    def begin(frame: FrameType, _: str, __: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return local

    sys.settrace(begin)
    try:
        yield work
    finally:
        sys.settrace(before)
        work.turn()
