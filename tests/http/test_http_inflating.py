"""Compressed bodies: decompressed in small pieces, and whole or not at all."""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import AsyncIterator, Callable
from random import Random

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.http.inflating import PIECE, CutError, inflated

CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
}


class Wire(httpx.AsyncByteStream):
    """A body that comes in pieces of any size."""

    def __init__(self, content: bytes, cuts: list[int] | None = None) -> None:
        self.content, self.cuts = content, cuts or []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        places = [0, *sorted(cut % (len(self.content) + 1) for cut in self.cuts), len(self.content)]
        for start, end in itertools.pairwise(places):
            yield self.content[start:end]


async def read(content: bytes, coding: str, cuts: list[int] | None = None) -> list[bytes]:
    """The pieces of a body."""
    response = httpx.Response(200, headers={"content-encoding": coding}, stream=Wire(content, cuts))
    return [piece async for piece in inflated(response).aiter_bytes()]


@pytest.mark.parametrize("coding", CODINGS)
@given(content=st.binary(max_size=2000), cuts=st.lists(st.integers(0, 5000), max_size=8), members=st.integers(1, 3))
async def test_whatever_was_compressed_comes_out(coding: str, content: bytes, cuts: list[int], members: int) -> None:
    """In whatever pieces the wire brings it, and in several members where the coding knows them."""
    packed = CODINGS[coding](content) * (members if coding != "deflate" else 1)
    assert b"".join(await read(packed, coding, cuts)) == content * (members if coding != "deflate" else 1)


@pytest.mark.parametrize("coding", CODINGS)
@given(content=st.binary(max_size=2000), cut=st.integers(1, 5000))
async def test_a_cut_anywhere_is_met(coding: str, content: bytes, cut: int) -> None:
    """One byte less than all is not all, the check sum at the end of gzip included."""
    packed = CODINGS[coding](content)
    with pytest.raises(CutError):
        await read(packed[: 1 + cut % (len(packed) - 1)], coding)


async def test_a_cut_at_the_end_of_a_row_is_met() -> None:
    """Every byte that was sent can be decompressed, and ends with a whole row: the end of gzip alone is missing."""
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(b"name,count\nann,1\n") + packer.flush(zlib.Z_SYNC_FLUSH)
    assert zlib.decompressobj(31).decompress(packed) == b"name,count\nann,1\n"
    with pytest.raises(CutError):
        await read(packed, "gzip")


async def test_pieces_stay_small_however_small_their_compression_is() -> None:
    """Sixteen megabytes of nothing take sixteen kilobytes on the wire, and never more than a piece in memory."""
    pieces = await read(gzip.compress(bytes(16 * 2**20)), "gzip")
    assert sum(map(len, pieces)) == 16 * 2**20
    assert max(map(len, pieces)) <= PIECE


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "nonsense"])
async def test_a_coding_that_nobody_asked_for_is_refused(coding: str) -> None:
    """It cannot be undone, so nothing of it is taken for an answer."""
    with pytest.raises(httpx.DecodingError):
        await read(b"content", coding)


@given(content=st.binary(min_size=1, max_size=200), coding=st.sampled_from(sorted(CODINGS)))
async def test_what_is_not_compressed_is_refused_or_cut(content: bytes, coding: str) -> None:
    """No bytes at all bring anything but the two ways to fail, or are compressed after all."""
    try:
        await read(content, coding)
    except (httpx.DecodingError, CutError):
        return
    assert content.strip(b"\0") == b"" or zlib.decompress(content, wbits=47) is not None


@pytest.mark.parametrize("coding", ["gzip", "", "identity"])
async def test_no_body_is_no_fault(coding: str) -> None:
    """304 has the header of its file and no body."""
    assert await read(b"", coding) == []


async def test_padding_behind_gzip_is_passed_over() -> None:
    """As gzip(1) does."""
    packed = gzip.compress(Random(1).randbytes(100)) + bytes(512)  # noqa: S311 - any bytes
    assert len(b"".join(await read(packed, "gzip", [50, 130, 300]))) == 100
