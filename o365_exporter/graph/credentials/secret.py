"""Client secrets, by value or in a file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self

from o365_exporter.graph.credentials.base import Credential, digest
from o365_exporter.graph.credentials.files import CredentialFile, FileSource
from o365_exporter.texts import quotes_around

_GUID = re.compile(r"\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_PATH = re.compile(r"/[\w.-]+(/[\w.-]+)+")
_PLACEHOLDER = re.compile(
    r"<.*>|\$\{.*\}|\{\{.*\}\}|\*+|x{3,}|\.{3,}|(change|replace)[-_ ]?me|placeholder|to[-_ ]?do|tbd|dummy|example"
    r"|(your|my|the|a)?[-_ ]?(app|client)?[-_ ]?(secret|password)([-_ ]?(value|here|goes|key))*",
    re.IGNORECASE,
)


def secret_doubt(value: str) -> str:
    """What makes a text an unlikely secret, with what to do, as a predicate; empty where nothing does.

    Microsoft makes secrets of 34 to 40 characters; other texts can be set by its older tools.
    """
    if quotes_around(value):
        return "has quotes around it, which would be taken for a part of it: remove them"
    if _GUID.fullmatch(value):
        return "is a GUID, as the ID of a secret is: write the secret's Value, which the portal shows only once"
    if _PLACEHOLDER.fullmatch(value):
        return "looks like a placeholder: write the secret's Value"
    if _PATH.fullmatch(value):
        return "looks like the name of a file: name it by client_secret_file"
    if value.startswith("eyJ"):
        return "looks like a token: write the secret's Value, or name the token's file by federated_token_file"
    return ""


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

    def doubt(self) -> str:
        return secret_doubt(self.value)


class ClientSecretFile(FileSource):
    """A client secret in a file."""

    WHAT = "The client secret of tenant {} is missing"
    REMEDY = "Put the value of the secret into that file and let the exporter read it; no restart is needed."

    def __init__(self, tenant: str, file: CredentialFile) -> None:
        super().__init__(tenant, file)
        self._file = file

    def parsed(self) -> ClientSecret:
        return ClientSecret.of(self._file.line().strip(), setting=str(self._file))
