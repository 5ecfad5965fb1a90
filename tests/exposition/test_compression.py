"""A compressed page is put together from segments, of which those that changed are compressed and no others."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterable
from unittest import mock

from hypothesis import given
from hypothesis import strategies as st

from o365_exporter.exposition import Assembler, Compressor, Format, Packed, Page, compression, gzipped
from o365_exporter.metrics import Metric
from o365_exporter.store import Rendered

METRICS = [Metric(f"o365_m{number}", "A metric.", ("app",)) for number in range(20)]
ASSEMBLER = Assembler(METRICS)


def packed(compressor: Compressor, page: Page) -> tuple[bytes, int]:
    """The page compressed, and how many bytes were for that."""
    segments = compressor.segments(page)
    fresh = [segment for segment in segments if not segment.packed]
    for segment in fresh:
        segment.pack()
    return b"".join(gzipped(Packed(segments[:-1]), segments[-1]).pieces), sum(segment.length for segment in fresh)


def lines(poll: int, change: int = 0) -> Rendered:
    """What a poll has, some 8 KiB in each of two families; what changes has the same length or another one."""
    return {
        METRICS[number % len(METRICS)].name: b"".join(
            b"line %d of %d, %d\n" % (line, poll, change) for line in range(400)
        )
        for number in (poll, poll + 1)
    }


def page(polls: Iterable[Rendered], process: bytes = b"") -> Page:
    """As one exporter puts it together."""
    return ASSEMBLER.page(Format.TEXT, polls, process)


@given(
    st.lists(st.lists(st.binary(max_size=30), max_size=12), min_size=1, max_size=5),
    st.integers(1, 60),
    st.integers(1, 60),
)
def test_every_reader_gets_the_page(pages: list[list[bytes]], long: int, short: int) -> None:
    """Page after page, wherever segments end, the bytes are those of the page in one member, checksum included."""
    compressor = Compressor()
    with mock.patch.object(compression, "_LONG", long), mock.patch.object(compression, "_SHORT", short):
        for pieces in pages:
            found, _ = packed(compressor, Page([*pieces, b"x"], range(0, len(pieces), 3)))
            reader = zlib.decompressobj(zlib.MAX_WBITS | 16)  # reads one member, and verifies it
            assert reader.decompress(found) + reader.flush() == b"".join((*pieces, b"x"))
            assert reader.eof
            assert not reader.unused_data


def test_only_what_changed_is_compressed() -> None:
    """A poll among 300 costs the segments that its lines stand in, at each scrape the process-wide series, no more."""
    compressor = Compressor()
    polls = [lines(poll) for poll in range(300)]
    _, whole = packed(compressor, page(polls, b"up 1\n"))
    assert whole > 4_000_000
    again, nothing = packed(compressor, page(polls, b"up 2\n"))
    assert nothing < 2 * (32 + 8) * 1024
    assert gzip.decompress(again).endswith(b"up 2\n")
    polls[150] = lines(150, change=12_345)
    changed, some = packed(compressor, page(polls, b"up 2\n"))
    assert gzip.decompress(changed) == b"".join(page(polls, b"up 2\n").pieces)
    assert some < 5 * (32 + 16) * 1024


def test_what_is_gone_is_forgotten() -> None:
    """Segments of a page that is no more take no memory."""
    compressor = Compressor()
    packed(compressor, page(lines(poll) for poll in range(300)))
    packed(compressor, page([lines(1)]))
    assert len(compressor._known) == 1
