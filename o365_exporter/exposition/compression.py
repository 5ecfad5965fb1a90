"""A page as one gzip stream of segments, each compressed when it changes and kept until then.

Segments are raw deflate that refers to nothing before it (``Z_FULL_FLUSH``), so they stand behind each other in one
member: several members in one body are not read by every client. The checksum of the whole is made of those of the
segments, as zlib's ``crc32_combine`` does, for Python does not offer that.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache

from o365_exporter.exposition.pages import Page

_LEVEL = 4
"""Half the time of level 6 for five per cent more bytes."""

_LONG = 32 * 1024
"""Bytes after which a segment ends, which is what one changed line costs to compress: a tenth of a millisecond. With
twice as many a scrape after a poll takes half as long again, with half as many the page grows by 5 %."""

_SHORT = 16 * 1024
"""Bytes after which a segment ends where a family does, so that what follows does not depend on what stands before."""

_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # RFC 1952: deflate, no name, no time, unknown system
_END = b"\x03\0"  # RFC 1951: an empty last block

_POLYNOMIAL = 0xEDB88320
_ONE = 0x80000000


class _Sum:
    """Length and checksum of some bytes."""

    def __init__(self) -> None:
        self.length = 0
        self.checksum = 0

    def append(self, other: _Sum) -> None:
        """Those of these bytes and others behind them."""
        self.checksum = _times(_shift(other.length), self.checksum) ^ other.checksum
        self.length += other.length


class Segment(_Sum):
    """Some pieces of a page; ``pack`` is for any thread.

    Args:
        pieces: as they stand in the page.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        super().__init__()
        self.pieces = pieces
        self.packed = b""
        self._joined = b""

    def joined(self) -> bytes:
        """The pieces as one, made once: a page that is sent slowly shares it with those that come after."""
        self._joined = self._joined or b"".join(self.pieces)
        return self._joined

    def pack(self) -> None:
        """Compress."""
        content = b"".join(self.pieces)
        compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.checksum, self.length = zlib.crc32(content), len(content)
        self.packed = compressor.compress(content) + compressor.flush(zlib.Z_FULL_FLUSH)


class Packed(_Sum):
    """The beginning of a gzip member: what segments have packed, which it shares with other pages."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        super().__init__()
        for segment in segments:
            self.append(segment)
        self.pieces = [_HEADER, *(segment.packed for segment in segments)]


class Compressor:
    """Keeps the segments of the latest page; what comes again in the next one is not compressed again."""

    def __init__(self) -> None:
        self._known: dict[int, Segment] = {}

    def segments(self, page: Page) -> list[Segment]:
        """The page in segments, of which those that are new are still to be packed."""
        segments = [self._segment(pieces) for pieces in _cut(page)]
        self._known = {id(segment.pieces[0]): segment for segment in segments}
        return segments

    def _segment(self, pieces: Sequence[bytes]) -> Segment:
        """The one that has these very pieces; it holds them, so that no other object has their identity."""
        known = self._known.get(id(pieces[0]))
        return known if known is not None and known.pieces == pieces else Segment(pieces)


def gzipped(beginning: Packed, last: Segment | None = None) -> Page:
    """One gzip member; what was packed is not copied."""
    whole = _Sum()
    whole.append(beginning)
    if last is not None:
        whole.append(last)
    trailer = whole.checksum.to_bytes(4, "little") + (whole.length & 0xFFFFFFFF).to_bytes(4, "little")
    return Page([*beginning.pieces, (last.packed if last is not None else b"") + _END + trailer])


def _cut(page: Page) -> Iterator[list[bytes]]:
    """The pieces of each segment."""
    starts, begin, size = set(page.families), 0, 0
    for position, piece in enumerate(page.pieces):
        if size >= _LONG or (size >= _SHORT and position in starts):
            yield page.pieces[begin:position]
            begin, size = position, 0
        size += len(piece)
    yield page.pieces[begin:]


def _times(a: int, b: int) -> int:
    """The product of two polynomials modulo that of CRC-32, whose bits stand in reverse."""
    product = 0
    while a:
        if a & _ONE:
            product ^= b
        a = (a << 1) & 0xFFFFFFFF
        b = (b >> 1) ^ _POLYNOMIAL if b & 1 else b >> 1
    return product


@lru_cache(maxsize=4096)
def _shift(length: int) -> int:
    """What a checksum is multiplied with when so many bytes follow: x to the power of their bits."""
    result, power = _ONE, _ONE >> 8
    while length:
        if length & 1:
            result = _times(result, power)
        power = _times(power, power)
        length >>= 1
    return result
