"""Large JSON, read entry by entry: the json module holds the event loop up for 50 ms and longer with 4 MiB of it.

A thread would not help, for that module keeps the interpreter's lock. Graph's large answers are an object one member of
which is a long array; whatever else comes, or is no JSON, is left to ``json.loads``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator
from typing import Any

import anyio.lowlevel

LARGE = 128 * 1024
"""Bytes that are read at once, in a millisecond or two."""

_SPACE = re.compile(r"[ \t\n\r]*")
_value = json.JSONDecoder().raw_decode

Steps = Generator[None, None, tuple[Any, int]]


async def loads(body: bytes) -> Any:
    """As ``json.loads``, which others may interrupt.

    Raises:
        ValueError, RecursionError: as that does.
    """
    if len(body) <= LARGE:
        return json.loads(body)
    text = body.decode(json.detect_encoding(body), "surrogatepass")
    steps = _object(text)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found, at = end.value
            return found if at == len(text) else json.loads(body)
        except (ValueError, IndexError, RecursionError):
            return json.loads(body)  # which says what is wrong
        await anyio.lowlevel.checkpoint()


def _object(text: str) -> Steps:
    """An object and where what follows it begins; after each ``LARGE`` characters of an array it yields."""
    found: dict[str, Any] = {}
    at = _after(text, "{", _skipped(text, 0))
    while text[at] != "}":
        if text[at] != '"':
            raise ValueError(at)
        name, at = _value(text, at)
        at = _after(text, ":", _skipped(text, at))
        found[name], at = (yield from _array(text, at)) if text[at] == "[" else _value(text, at)
        at = _next(text, "}", _skipped(text, at))
    return found, _skipped(text, at + 1)


def _array(text: str, at: int) -> Steps:
    found: list[Any] = []
    at = turn = _after(text, "[", at)
    while text[at] != "]":
        entry, at = _value(text, at)
        found.append(entry)
        at = _next(text, "]", _skipped(text, at))
        if at - turn > LARGE:
            turn = at
            yield
    return found, at + 1


def _next(text: str, end: str, at: int) -> int:
    """Where the next entry begins, or the end stands."""
    if text[at] == end:
        return at
    at = _after(text, ",", at)
    if text[at] == end:
        raise ValueError(at)
    return at


def _after(text: str, expected: str, at: int) -> int:
    if text[at] != expected:
        raise ValueError(at)
    return _skipped(text, at + 1)


def _skipped(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at
