"""How CPython is set up for a process that must not hold up its event loop."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG, _MIDDLE, _FULL = 700, 10, 100
"""CPython's own thresholds but for the last, which is 10: a full pass after 700 000 objects more, not after 70 000."""

_TURN = 0.001
"""Seconds after which a thread that runs Python lets the loop have its turn, where CPython says 5 ms. Threads read
settings anew and compress; with 5 ms the loop waited for one turn after the other."""


@contextmanager
def as_if_missing(package: str) -> Iterator[None]:
    """Meanwhile a package cannot be imported: some take along what is installed, whether or not anybody needs it."""
    before = sys.modules.get(package)
    sys.modules[package] = None  # type: ignore[assignment] # as the import system wants it
    try:
        yield
    finally:
        del sys.modules[package]
        if before is not None:
            sys.modules[package] = before


def spare_the_loop() -> None:
    """To be called once everything is there that lives as long as the process.

    A full pass walks every object at once. That of what is there now took 54 ms with one tenant and 276 ms with a
    thousand, so it is left out from here on. The 80 000 objects of one large answer of Graph were enough for a full
    pass of 20 ms and more while it was read; they hold no cycles and are freed without any.

    Cycles mostly die young, in passes of less than a millisecond; one that does not, say of an exception that holds an
    answer, waits for the full pass: for nine such answers at most.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _FULL)
    sys.setswitchinterval(_TURN)
