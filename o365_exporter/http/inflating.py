"""Bodies decompressed piece by piece: a bounded piece at a time, and never one that is cut taken for whole.

httpx decompresses whatever one read brings at once, which a few kilobytes can make to be many megabytes, and does not
look whether the compressed data came to their end: a file that is cut there, by a proxy that counts its bytes anew,
looks whole to HTTP.
"""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator

import httpx

PIECE = 64 * 1024
"""Bytes of a decompressed piece at most."""

_CODINGS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
"""What we ask for, and what hosts answer with all the same (RFC 9110, 8.4.1), as zlib wants to be told."""


class CutError(httpx.RemoteProtocolError):
    """The compressed data end before their end."""


def inflated(response: httpx.Response) -> httpx.Response:
    """The response with a body that is decompressed while it is read, if it is compressed."""
    coding = response.headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity") or not isinstance(response.stream, httpx.AsyncByteStream):
        return response
    headers = httpx.Headers([pair for pair in response.headers.raw if pair[0].lower() != b"content-encoding"])
    body = _Inflated(response.stream, coding)
    return httpx.Response(response.status_code, headers=headers, stream=body, extensions=response.extensions)


class _Inflated(httpx.AsyncByteStream):
    """A compressed body.

    Args:
        stream: the body as it comes.
        coding: its Content-Encoding, in small letters.
    """

    def __init__(self, stream: httpx.AsyncByteStream, coding: str) -> None:
        self._stream = stream
        self._coding = coding

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """The decompressed pieces.

        Raises:
            httpx.DecodingError: they cannot be decompressed.
            CutError: their end is missing.
        """
        if self._coding not in _CODINGS:
            raise httpx.DecodingError("a coding that nobody asked for")
        inflating = _Inflating(_CODINGS[self._coding])
        async for compressed in self._stream:
            for piece in inflating.pieces(compressed):
                yield piece
        if not inflating.is_whole:
            raise CutError("the compressed data end before their end")

    async def aclose(self) -> None:
        await self._stream.aclose()


class _Inflating:
    """Members of gzip one behind the other (RFC 1952, 2.2), or one stream of zlib."""

    def __init__(self, wbits: int) -> None:
        self._wbits = wbits
        self._member = zlib.decompressobj(wbits)
        self.is_whole = True
        """Whether what came so far may be all; nothing at all is whole, too: the body of a 304 or of HEAD."""

    def pieces(self, compressed: bytes) -> Iterator[bytes]:
        """What some more bytes hold."""
        while compressed:
            if self._member.eof:
                compressed = compressed.lstrip(b"\0")  # gzip(1) passes over such padding
                if not compressed:
                    return
                self._member = zlib.decompressobj(self._wbits)
            try:
                piece = self._member.decompress(compressed, PIECE)
            except zlib.error as error:
                raise httpx.DecodingError("no such data") from error
            self.is_whole = self._member.eof
            compressed = self._member.unused_data if self._member.eof else self._member.unconsumed_tail
            if piece:
                yield piece
