"""What CPython is set to in a process that must not hold up its loop."""

from __future__ import annotations

import gc
import importlib
import json
import subprocess
import sys

import pytest

from o365_exporter.graph import largejson
from o365_exporter.http.client import MAX_BODY
from o365_exporter.interpreter import as_if_missing, spare_the_loop


async def test_a_large_answer_sets_off_no_full_collection() -> None:
    """Set up as the exporter does it, Python reads the largest answer without a full pass, whichever Python it is."""
    assert await full_passes(spared=True) == 0


async def test_without_that_python_3_11_makes_one() -> None:
    """So that it is known what the set-up is for; later ones make fewer passes by themselves."""
    assert await full_passes(spared=False) > 0 or sys.version_info >= (3, 12)


_AT_START = (700, 10, 10)
"""Thresholds of CPython 3.11; what ran before in this process may have others."""


async def full_passes(*, spared: bool) -> int:
    """How often all objects are looked at while two large answers are read."""
    entry = {"id": "0" * 36, "displayName": "An application", "passwordCredentials": []}
    body = json.dumps({"value": [entry] * (MAX_BODY // len(json.dumps(entry)) - 1)}).encode()
    generations: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            generations.append(info["generation"])

    thresholds, turn = gc.get_threshold(), sys.getswitchinterval()
    gc.collect()
    gc.freeze()  # or the size of the heap decides
    gc.set_threshold(*_AT_START)
    try:
        gc.collect()
        if spared:
            spare_the_loop()
        gc.callbacks.append(note)
        kept = [await largejson.loads(body) for _ in range(2)]
    finally:
        gc.callbacks.remove(note)
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(turn)
        gc.unfreeze()
    assert len(kept[0]["value"]) > 30_000
    assert generations, "passes are seen"
    return generations.count(2)


def test_a_package_can_be_as_if_missing() -> None:
    """It cannot be imported meanwhile, and is there afterwards as it was."""
    with as_if_missing("json"), pytest.raises(ModuleNotFoundError):
        importlib.import_module("json")
    assert importlib.import_module("json") is json


def test_the_log_does_not_import_what_draws_tables() -> None:
    """Rich, which shows local variables in tracebacks, is not in a process that only writes a log."""
    code = "import sys, o365_exporter.app; print([name for name in sys.modules if name.partition('.')[0] == 'rich'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
