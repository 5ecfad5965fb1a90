"""The file behind a report: which host it may be on, and its bytes as they come.

Graph answers a report with the address of a file (302) that is good for a few minutes and needs no token. That address
is a secret while it is good: nothing shows more of it than its host, and the token never goes there.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from http import HTTPStatus
from urllib.parse import urlsplit

from o365_exporter.errors import ExporterError, RefusedRedirectError, TruncatedError
from o365_exporter.http.addresses import host_of, is_loopback, origin_of
from o365_exporter.http.client import Stream
from o365_exporter.http.quoting import printable
from o365_exporter.http.sender import Sender

DOWNLOAD_ROUTE = "/{report download}"
"""Value of the label ``api`` for the files behind reports, whose time is counted until they begin."""

_ENOUGH, _LONGEST_ERROR = 64, 65_536  # bytes: past a byte order mark and blanks; with all that Microsoft says

_ETAG = re.compile(r'(?:W/)?"?[\x21\x23-\x7e]{1,256}"?')  # RFC 9110, 8.8.3; some hosts leave the quotes out


@dataclass(frozen=True, slots=True)
class Download:
    """A file that is about to be read; without a stream it has not changed.

    Args:
        etag: its validator; empty where it has none that may be sent back.
        stream: its bytes.
        sender: reads them.
        judge: says what an object is that comes in their place.
    """

    etag: str
    stream: Stream | None
    sender: Sender = field(repr=False)
    judge: Callable[[bytes], ExporterError] = field(repr=False)

    @property
    def unchanged(self) -> bool:
        """Whether it is what the validator that was sent stands for."""
        return self.stream is None

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The bytes, decompressed. Whoever stops early leaves the rest unread.

        Raises:
            PollError, Nothing: the connection broke, the file ended before its end, or it is an error in JSON.
        """
        if self.stream is None:
            return
        rest = self.sender.pieces(self.stream)
        start = await start_of_file(rest)
        if is_object(start):
            raise self.judge(start)
        if start:
            yield start
        async for piece in rest:
            yield piece


async def start_of_file(pieces: AsyncIterator[bytes]) -> bytes:
    """Enough to tell a report by; of an object, which is none, as much as an error can have."""
    start = b""
    async for piece in pieces:
        start += piece
        if len(start) > (_LONGEST_ERROR if is_object(start) else _ENOUGH):
            break
    return start


def is_object(start: bytes) -> bool:
    """Whether a body begins as an object in JSON does, and no report."""
    return start.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"{"


def checked_address(address: str, root: str, hosts: tuple[str, ...]) -> str:
    """The address, if a file may be read from there.

    Args:
        address: where Graph points to.
        root: Graph's own address; where that is on loopback, any loopback address will do.
        hosts: patterns of the hosts that may be asked.

    Raises:
        RefusedRedirectError: https, port 443 and one of the hosts it is not.
    """
    origin, asked = origin_of(address), origin_of(root)
    match origin:
        case (_, host, _) if asked is not None and is_loopback(asked[1]) and is_loopback(host):
            return address
        case ("https", host, 443) if any(fnmatchcase(host, pattern.lower()) for pattern in hosts):
            return address
    place = printable(f"{_scheme_of(address)}://{host_of(address)}", limit=80)
    raise RefusedRedirectError(
        f"Graph points to {place} for a report, which is not among the download hosts ({', '.join(hosts) or 'none'}).",
        remedy="If that host is Microsoft's, add it to report_hosts in the settings; else find out who answers here.",
    )


def secret_part(address: str) -> str:
    """What of a file's address opens it to whoever knows it: its query, or its path where it has none."""
    parts = urlsplit(address)
    return parts.query or parts.path


def _scheme_of(address: str) -> str:
    try:
        return urlsplit(address).scheme or "no scheme"
    except ValueError:
        return "no scheme"


def checked_stream(stream: Stream) -> Stream | None:
    """The stream of a file, or None where it has not changed.

    Raises:
        TruncatedError: it would not be seen if its end were missing.
    """
    if stream.status == HTTPStatus.NOT_MODIFIED:
        return None
    if not stream.has_end:
        raise TruncatedError(
            f"{stream.host} gives neither the length of a report nor its end, so that a cut would not be seen.",
            remedy="Look for a proxy on the way that speaks HTTP/1.0.",
        )
    return stream


def may_be_file(stream: Stream) -> bool:
    """Whether an answer of Graph itself can be a report: some come without a redirect, pages and objects never do."""
    kind = stream.headers.get("content-type", "").lower()
    return stream.status == HTTPStatus.OK and "html" not in kind and "json" not in kind


def checked_etag(etag: str) -> str:
    """A validator that may be sent back; empty for one that is none, or that no header can hold."""
    return etag if _ETAG.fullmatch(etag) else ""
