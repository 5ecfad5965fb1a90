"""Report files that are not as they should be; each is made of the whole file, which is small where this is of use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from o365_exporter.simulator.faults import Spoiling
from o365_exporter.simulator.http import Stream

_DATE = re.compile(rb"20\d\d-\d\d-\d\d")
_NUMBER = re.compile(rb"(?<=,)\d+(?=,|\r)")
_LONG_LINE = 10_000_000  # bytes


def spoilt(what: Spoiling, stream: Stream) -> Stream:
    """The file with one thing wrong."""
    return replace(stream, pieces=lambda: iter([_WAYS[what](b"".join(stream.pieces()))]))


def _header(file: bytes) -> bytes:
    return file[: file.index(b"\n") + 1]


def _rows(file: bytes) -> bytes:
    return file[file.index(b"\n") + 1 :]


def _column_gone(file: bytes) -> bytes:
    """The last column of all lines."""
    return b"".join(line.rpartition(b",")[0] + b"\r\n" for line in file.splitlines())


def _column_new(file: bytes) -> bytes:
    """One more in front of the last."""
    lines = (line.rpartition(b",") for line in file.splitlines())
    return b"".join(
        head + (b",Brand New," if number == 0 else b",7,") + tail + b"\r\n"
        for number, (head, _, tail) in enumerate(lines)
    )


_WAYS: Mapping[Spoiling, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "header_only": _header,
    "header_changed": lambda file: b",".join(b"Column" for _ in _header(file).split(b",")) + b"\r\n" + _rows(file),
    "header_again": lambda file: file + file.removeprefix(b"\xef\xbb\xbf"),
    "column_gone": _column_gone,
    "column_new": _column_new,
    "rows_twice": lambda file: file + _rows(file),
    "row_cut": lambda file: file.rstrip(b"\r\n")[:-9],
    "stray_quote": lambda file: _header(file) + _rows(file).replace(b",", b',"', 1),
    "quoted_newlines": lambda file: _header(file) + b'"' + b"a\r\n" * 20_000 + b'",' + _rows(file),
    "nul": lambda file: _header(file) + b"\0" * 100 + _rows(file).replace(b"a", b"\0"),
    "invalid_utf8": lambda file: _header(file) + _rows(file).replace(b",", b"\xff\xfe,", 1),
    "long_line": lambda file: _header(file) + b"x" * _LONG_LINE + b"\r\n" + _rows(file),
    "no_numbers": lambda file: _header(file) + _NUMBER.sub(b"1_000", _rows(file)),
    "far_dates": lambda file: _header(file) + _DATE.sub(b"2999-12-31", _rows(file)),
}
