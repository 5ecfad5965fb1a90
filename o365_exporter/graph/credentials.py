"""By what an app proves who it is. Each kind is one small class: what msal takes, and when it changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from o365_exporter.errors import AuthError
from o365_exporter.graph.options import CredentialOptions


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential as it is now.

    Args:
        for_msal: msal's ``client_credential``.
        fingerprint: differs from that of any other credential, and tells nothing of it.
        hint: the first three characters of a client secret, as Graph shows them; empty for other kinds.
        secrets: texts that may never show.
    """

    for_msal: str | dict[str, Any] = field(repr=False)
    fingerprint: str = field(repr=False)
    hint: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)


class CredentialSource(Protocol):
    """Where a credential comes from."""

    def read(self) -> Credential:
        """The credential as it is now; cheap enough for each request.

        Raises:
            AuthError: there is none.
        """
        ...


class ClientSecret:
    """A client secret given by value."""

    def __init__(self, secret: str) -> None:
        self._credential = _of_secret(secret)

    def read(self) -> Credential:
        return self._credential


class ClientSecretFile:
    """A client secret in a file, read again when the file changes."""

    def __init__(self, path: Path, tenant: str) -> None:
        self._path = path
        self._tenant = tenant
        self._state: tuple[int, int, int] | None = None
        self._credential: Credential | None = None

    def read(self) -> Credential:
        try:
            found = self._path.stat()
            state = (found.st_mtime_ns, found.st_ino, found.st_size)
            if self._credential is None or state != self._state:
                self._credential, self._state = self._parsed(self._path.read_bytes()), state
        except OSError as error:
            raise self._unusable(f"cannot be read ({error.strerror})") from None
        return self._credential

    def _parsed(self, content: bytes) -> Credential:
        try:
            secret = content.decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise self._unusable("is not text in UTF-8") from None
        if not secret.strip():
            raise self._unusable("is empty")
        return _of_secret(secret)

    def _unusable(self, why: str) -> AuthError:
        return AuthError(
            f"The client secret of tenant {self._tenant} is missing: client_secret_file {self._path} {why}.",
            remedy="Put the value of the secret into that file and let the exporter read it; no restart is needed.",
        )


def credential_source(options: CredentialOptions, tenant: str) -> CredentialSource:
    """The kind of credential that the options ask for."""
    if options.client_secret_file is not None:
        return ClientSecretFile(options.client_secret_file, tenant)
    assert options.client_secret is not None  # the options hold one of both
    return ClientSecret(options.client_secret.get_secret_value())


def _of_secret(secret: str) -> Credential:
    digest = hashlib.sha256(secret.encode()).hexdigest()
    return Credential(for_msal=secret, fingerprint=digest, hint=secret[:3], secrets=(secret,))
