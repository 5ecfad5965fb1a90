"""What CPython is set to in a process that must not hold up its loop."""

from __future__ import annotations

import gc
import json
import sys

import pytest

from o365_exporter.graph import largejson
from o365_exporter.http.client import MAX_BODY
from o365_exporter.interpreter import spare_the_loop


@pytest.mark.parametrize("spared", [True, False])
async def test_a_large_answer_sets_off_no_full_collection(*, spared: bool) -> None:
    """Set up as the exporter does it, Python reads the largest answer without a full pass, which it would not else."""
    entry = {"id": "0" * 36, "displayName": "An application", "passwordCredentials": []}
    body = json.dumps({"value": [entry] * (MAX_BODY // len(json.dumps(entry)) - 1)}).encode()
    generations: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            generations.append(info["generation"])

    thresholds, turn = gc.get_threshold(), sys.getswitchinterval()
    gc.collect()
    gc.freeze()  # or the size of the heap decides
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
    assert generations.count(1) > 10
    assert (generations.count(2) == 0) is spared
