"""In which order tests run, so that no worker waits for another at the end."""

from __future__ import annotations

import pytest


def long_ones_first(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The order in which each worker of ``--dist worksteal`` begins with long tests of its own.

    A worker is given a run of neighbours, and steals from the end of another's. Tests of one ``long(block, seconds)``
    stay together, since they share what took so long to start.
    """
    blocks: dict[tuple[str, int], list[pytest.Item]] = {}
    short = list[pytest.Item]()
    for item in items:
        mark = item.get_closest_marker("long")
        (blocks.setdefault(mark.args, []) if mark else short).append(item)
    loads, heads = [0] * workers, [list[pytest.Item]() for _ in range(workers)]
    for block, seconds in sorted(blocks, key=lambda each: -each[1]):
        least = loads.index(min(loads))
        loads[least] += seconds
        heads[least] += blocks[block, seconds]
    ordered = list[pytest.Item]()
    for number, head in enumerate(heads):
        size = (len(items) - len(ordered)) // (workers - number)
        rest = max(0, size - len(head))
        ordered += head + short[:rest]
        short = short[rest:]
    return ordered + short
