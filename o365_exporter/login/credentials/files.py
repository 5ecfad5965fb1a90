"""Files that settings name, and credentials that are read from them again when they change."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from o365_exporter.errors import AuthError
from o365_exporter.login.credentials.base import Credential
from o365_exporter.texts import UnusableError, content_of, line_of, text_of

State = tuple[int, int, int]


class UnusableFileError(Exception):
    """A file cannot be used; the text says which and why, and ``remedy`` what to do, where that is special."""

    def __init__(self, text: str, remedy: str = "") -> None:
        super().__init__(text)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class CredentialFile:
    """A file, and the setting that names it."""

    setting: str
    path: Path

    def __str__(self) -> str:
        return f"{self.setting} {self.path}"

    def state(self) -> State:
        """Differs whenever the file has changed.

        Raises:
            UnusableFileError: it is not there.
        """
        try:
            found = self.path.stat()
        except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
            why = error.strerror if isinstance(error, OSError) else "not the name of a file"
            raise self.unusable(f"cannot be read ({why})") from None
        return found.st_mtime_ns, found.st_ino, found.st_size

    def content(self) -> bytes:
        """All of it.

        Raises:
            UnusableFileError: it cannot be read.
        """
        try:
            return content_of(self.path)
        except UnusableError as error:
            raise self.unusable(error.what) from None

    def line(self) -> str:
        """The one line that it holds, without its end and without the mark that editors of Windows put in front.

        Raises:
            UnusableFileError: it cannot be read, is no text, is empty or holds more than one line.
        """
        try:
            return line_of(text_of(self.content()))
        except UnusableError as error:
            raise self.unusable(error.what) from None

    def unusable(self, why: str, remedy: str = "") -> UnusableFileError:
        """The error that says so of this file."""
        return UnusableFileError(f"{self} {why}", remedy)


class FileSource(ABC):
    """A credential in files, read again when one of them changes.

    Attributes:
        WHAT: the beginning of the sentence about files that cannot be used; ``{}`` stands for the tenant.
        REMEDY: its end.
    """

    WHAT: ClassVar[str]
    REMEDY: ClassVar[str]

    def __init__(self, tenant: str, *files: CredentialFile) -> None:
        self._tenant = tenant
        self._files = files
        self._state: tuple[State, ...] | None = None
        self._credential: Credential | None = None

    def read(self) -> Credential:
        try:
            state = tuple(file.state() for file in self._files)
            if self._credential is None or state != self._state:
                self._credential, self._state = self.parsed(), state
        except UnusableFileError as error:
            message, remedy = f"{self.WHAT.format(self._tenant)}: {error}.", error.remedy or self.REMEDY
            raise AuthError(message, remedy=remedy) from None
        return self._credential

    @abstractmethod
    def parsed(self) -> Credential:
        """The credential out of the files.

        Raises:
            UnusableFileError: there is none in them.
        """
