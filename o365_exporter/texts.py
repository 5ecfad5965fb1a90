"""The one reader of whatever people and other programs write for us: settings, secrets, tokens, certificates.

Windows puts marks of byte order in front, Notepad saves UTF-16, Docker makes a directory of a file that does not exist,
and a volume may name a disk. Each of them is read or named, and none of them is quoted: it may be a secret.
"""

from __future__ import annotations

import codecs
import os
import re
import select
from pathlib import Path
from time import monotonic

LARGEST = 16 * 1024 * 1024
"""Bytes that are read of a file; settings of ten thousand tenants are a tenth of that."""

PATIENCE = 10.0
"""Seconds in which a pipe must have given everything: one that nobody writes to would hold its reader for ever."""

MASK = "********"
"""What stands for a secret; its length says nothing."""

_PIECE = 64 * 1024

# One slash is what is left of two where an address was taken for the name of a file.
_PATH = re.compile(r"/[^/:][^:]*")
_ANY_NAME_AT = re.compile(r"[*.+^]{1,3}@[^@:/]*")
_LOGIN = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://?)?.*(?:@|%40)", re.IGNORECASE | re.DOTALL)
_QUERY = re.compile(r"(?P<place>[a-z][a-z0-9+.-]*://?[^?#]*[?#]).+", re.IGNORECASE | re.DOTALL)

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is its beginning
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class UnusableError(ValueError):
    """A file or a value cannot be used.

    Args:
        what: is wrong, as the predicate of a sentence about it. It quotes nothing that may be a secret.
        remedy: what to do.
        keys: which keys of a table contradict each other, where it is that.
    """

    def __init__(self, what: str, remedy: str, keys: tuple[str, ...] = ()) -> None:
        super().__init__(f"{what}: {remedy}")
        self.what = what
        self.remedy = remedy
        self.keys = keys


class NotThereError(UnusableError):
    """There is no file where one was named."""


def content_of(path: Path) -> bytes:
    """All bytes of a file.

    Raises:
        UnusableError: it is not there, may not be read, is no file, is too large, or a pipe that gives nothing.
    """
    try:
        content = _bytes_of(path)
    except FileNotFoundError:
        raise NotThereError("does not exist", "write the file, or mend the path that names it") from None
    except IsADirectoryError:
        raise NotThereError("is a directory", "name the file in it") from None
    except PermissionError as error:
        raise UnusableError(f"cannot be read ({error.strerror})", "let the exporter's user read it") from None
    except UnusableError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        why = error.strerror if isinstance(error, OSError) else "not the name of a file"
        raise UnusableError(f"cannot be read ({why})", "mend the path that names it") from None
    if len(content) > LARGEST:
        raise UnusableError(f"is larger than {LARGEST // 1024**2} MiB", "name the right file")
    return content


def _bytes_of(path: Path) -> bytes:
    """What a file holds, and a little more than may be."""
    if path.is_fifo() or path.is_char_device():
        return _piped(path)
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _piped(path: Path) -> bytes:
    """What a pipe or a device gives, which neither opening nor reading waits for as long as they might."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        content, end = bytearray(), monotonic() + PATIENCE
        poll = select.poll()
        poll.register(file, select.POLLIN)
        while len(content) <= LARGEST:
            if not poll.poll(max(0.0, end - monotonic()) * 1000):
                raise UnusableError(f"is a pipe that has no end after {PATIENCE:g} seconds", "write a plain file")
            if not (piece := os.read(file, _PIECE)):
                break
            content += piece
        return bytes(content)
    finally:
        os.close(file)


def text_of(content: bytes) -> str:
    """Bytes as text, with lines that end as on Unix and without a mark of byte order.

    Raises:
        UnusableError: they are no text.
    """
    mark, encoding = next(((mark, name) for mark, name in _MARKS if content.startswith(mark)), (b"", "utf-8"))
    if not mark and _looks_like_utf16(content):
        raise UnusableError("is UTF-16 without a mark that says so", "save it as UTF-8")
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-le").removesuffix("-be").upper()
        raise UnusableError(f"is not {name} (byte {len(mark) + error.start})", "save it as UTF-8") from None
    if "\0" in text:
        raise UnusableError(f"has a NUL in it (character {text.index(chr(0))})", "save it as UTF-8")
    return text.replace("\r\n", "\n")


def _looks_like_utf16(content: bytes) -> bool:
    """Every other byte of a Latin text is then a NUL."""
    return len(content) > 1 and 2 * max(content[::2].count(0), content[1::2].count(0)) > len(content) // 2


def text_in(path: Path) -> str:
    """The text of a file.

    Raises:
        UnusableError: it cannot be read, or is no text.
    """
    return text_of(content_of(path))


def line_of(text: str) -> str:
    """The one line that a text holds, without its end; blanks stay, they may belong to a passphrase.

    Raises:
        UnusableError: it holds none, or several.
    """
    line = text.rstrip("\r\n").lstrip("\ufeff")
    if not line.strip():
        raise UnusableError("is empty", "write the value into it")
    if "\n" in line or "\r" in line:
        raise UnusableError("holds more than one line", "write the value alone into it, on one line")
    return line


def given(text: str) -> str:
    """The value of a variable, without blanks around it and without the mark that editors of Windows put in front.

    Raises:
        UnusableError: it is not UTF-8, as the environment hands it over.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnusableError("is not UTF-8", "write it in UTF-8") from None
    return text.strip().lstrip("\ufeff").strip()


def without_login(text: str) -> str:
    """A value as a sentence may quote it: of an address, wherever somebody has put it, neither login nor query is left.

    A password can hold whatever addresses are cut at, so all up to the last @ goes; with a signature in its query an
    address is a secret as well. Where it has both, nobody knows what belongs to which. The name of a file can have
    an @, as units of systemd have, and so has a pattern for all names of a domain.
    """
    if _PATH.fullmatch(text) or _ANY_NAME_AT.fullmatch(text):
        return text
    login, query = _LOGIN.match(text), _QUERY.match(text)
    if login and query:
        return f"{login['scheme']}{MASK}"
    if login:
        return f"{login['scheme'] or ''}{MASK}@{text[login.end() :]}"
    return f"{query['place']}{MASK}" if query else text


def quotes_around(text: str) -> bool:
    """Whether a value has kept the quotes that its file put around it, as ``docker --env-file`` leaves them."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in "\"'"
