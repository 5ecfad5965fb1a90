"""Large JSON is what ``json.loads`` makes of it, and nobody waits for its end."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from o365_exporter.graph import largejson

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=3), inner, max_size=4)),
    max_leaves=12,
)
LISTS = st.dictionaries(st.sampled_from(["value", "@odata.nextLink", ""]), st.lists(JSON, max_size=5))
BROKEN = st.text(st.sampled_from('{}[]:,"a1 \n'), max_size=14)


def read(body: bytes) -> Any:
    """What comes out, or the kind of error, where everything counts as large."""
    with mock.patch.object(largejson, "LARGE", -1):
        return outcome(lambda: asyncio.run(largejson.loads(body)))


def outcome(work: Any) -> Any:
    """A value, or the words of an error."""
    try:
        return work()
    except ValueError as error:
        return repr(error)


@given(st.one_of(LISTS, JSON), st.sampled_from([None, 1]), st.booleans())
def test_it_is_what_json_loads_makes_of_it(content: Any, indent: int | None, ascii_only: bool) -> None:
    """Members and entries in their order, with blanks or without, whatever encodes them."""
    body = json.dumps(content, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert read(body) == json.loads(body) == content
    assert read(b"\xef\xbb\xbf" + body) == content


@given(BROKEN)
@example('{"a":1,}')
@example('{"a":[1,]}')
@example('{"a":[1]} x')
@example("{1:2}")
@example('{"a":[1')
@example('{"a":1,"a":[2]}')
def test_what_is_no_json_has_the_error_of_json_loads(text: str) -> None:
    """Word by word."""
    assert read(text.encode()) == outcome(lambda: json.loads(text.encode()))


@pytest.mark.parametrize("text", ["", "[" * 100_000])
def test_nothing_and_too_deep_are_errors(text: str) -> None:
    """As with ``json.loads``."""
    with pytest.raises((ValueError, RecursionError)):
        asyncio.run(largejson.loads(text.encode() + b" " * largejson.LARGE))


async def test_others_have_their_turn() -> None:
    """One for each 128 KiB."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    entries = [{"id": "x" * 1000}] * 2000
    task = asyncio.create_task(other())
    assert await largejson.loads(json.dumps({"value": entries}).encode()) == {"value": entries}
    task.cancel()
    assert turns >= 15
