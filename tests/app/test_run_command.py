"""``run``: what it does around the exporter that it serves."""

from __future__ import annotations

import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from o365_exporter.commands import run


async def test_what_lives_as_long_as_the_process_is_not_looked_through_for_garbage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Once it serves, a full collection has nothing of modules, settings and clients to walk, and so does not stall."""
    frozen: list[int] = []

    async def serve(**_: Any) -> None:
        frozen.append(gc.get_freeze_count())

    @asynccontextmanager
    async def assembled(_: Any, **__: Any) -> AsyncIterator[Any]:
        yield SimpleNamespace(serve=serve)

    monkeypatch.setattr(run, "assemble", assembled)
    before, thresholds, turn = gc.get_freeze_count(), gc.get_threshold(), sys.getswitchinterval()
    try:
        await run._serve(cast("Any", None), cast("Any", SimpleNamespace(changed=None, read=None)))
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(turn)
    assert frozen[0] > before
