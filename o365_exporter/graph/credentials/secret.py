"""Client secrets, by value or in a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from o365_exporter.graph.credentials.base import Credential, digest
from o365_exporter.graph.credentials.files import CredentialFile, FileSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret(Credential):
    """A password of the app registration."""

    value: str = field(repr=False)

    @classmethod
    def of(cls, value: str, setting: str) -> Self:
        """This secret, as that setting gives it."""
        return cls(setting=setting, fingerprint=digest(value.encode()), secrets=(value,), value=value)

    @property
    def hint(self) -> str:
        return self.value[:3]


class ClientSecretFile(FileSource):
    """A client secret in a file."""

    WHAT = "The client secret of tenant {} is missing"
    REMEDY = "Put the value of the secret into that file and let the exporter read it; no restart is needed."

    def __init__(self, tenant: str, file: CredentialFile) -> None:
        super().__init__(tenant, file)
        self._file = file

    def parsed(self) -> ClientSecret:
        return ClientSecret.of(self._file.text(), setting=str(self._file))
