"""Client secrets, by value or in a file."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from o365_exporter.login.credentials.base import SOMEWHERE, Credential, Place, digest
from o365_exporter.login.credentials.files import CredentialFile, FileSource
from o365_exporter.texts import quotes_around

_GUID = re.compile(r"\{?[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}\}?", re.IGNORECASE)
_PATH = re.compile(r"/[\w.-]+(/[\w.-]+)+")
_PLACEHOLDER = re.compile(
    r"<.*>|\$\{.*\}|\{\{.*\}\}|\*+|x{3,}|\.{3,}|(change|replace)[-_ ]?me|placeholder|to[-_ ]?do|tbd|dummy|example"
    r"|none|null|nil|undefined|true|false"
    r"|(your|my|the|a)?[-_ ]?(app|client)?[-_ ]?(secret|password)([-_ ]?(value|here|goes|key))*",
    re.IGNORECASE,
)
_REFERENCE = re.compile(
    r"@Microsoft\.KeyVault\(.*\)|ENC\[.*\]|\$[A-Za-z_]\w*|%\w+%|[%#]\{.*\}|!?vault[:|].+|ref\+\w+:.+"
    r"|(op|akv|azurekeyvault|awssm|gcpsm|keyvault|secret|file|https?)://.+",
    re.IGNORECASE | re.DOTALL,
)
_ASSIGNMENT = re.compile(
    r"(export\s+)?(\w+[-_.])*(client[-_]?secret|secret|password)\s*(=|:)\s*[^\s=:].*", re.IGNORECASE
)
_MADE_BY_MICROSOFT = re.compile(rb"[A-Za-z0-9._~-]{3,8}~[A-Za-z0-9._~-]{28,36}\s*")


def secret_doubt(value: str) -> str:
    """What makes a text an unlikely secret, with what to do, as a predicate; empty where nothing does.

    Microsoft makes secrets of 34 to 40 characters; other texts can be set by its older tools.
    """
    return next((doubt for is_so, doubt in _DOUBTS if is_so(value)), "")


def _is_piece(value: str) -> bool:
    return value.startswith("{") or _ASSIGNMENT.fullmatch(value) is not None


def _is_base64(value: str) -> bool:
    """Whether it is base64 of what Microsoft makes today: nothing else is told apart from a secret with certainty."""
    try:
        return _MADE_BY_MICROSOFT.fullmatch(base64.b64decode(value, validate=True)) is not None
    except ValueError:
        return False


_DOUBTS: tuple[tuple[Callable[[str], object], str], ...] = (
    (quotes_around, "has quotes around it, which would be taken for a part of it: remove them"),
    (
        _GUID.fullmatch,
        "is a GUID, as the ID of a secret is: write the secret's Value, which the portal shows only once",
    ),
    (
        _REFERENCE.fullmatch,
        "looks like a reference that nobody resolved: write the secret's Value, or have it put there",
    ),
    (
        _is_piece,
        "looks like a piece of another file with a name in it: write the secret's Value alone",
    ),
    (
        _is_base64,
        "looks like a secret in base64, as kubectl shows it: write what it stands for (base64 --decode)",
    ),
    (_PLACEHOLDER.fullmatch, "looks like a placeholder: write the secret's Value"),
    (_PATH.fullmatch, "looks like the name of a file: name it by client_secret_file"),
    (
        lambda value: value.startswith("eyJ"),
        "looks like a token: write the secret's Value, or name the token's file by federated_token_file",
    ),
)
"""What makes a text an unlikely secret, the surest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret(Credential):
    """A password of the app registration."""

    value: str = field(repr=False)

    @classmethod
    def of(cls, value: str, setting: str, place: Place = SOMEWHERE) -> Self:
        """This secret, as that setting gives it, and where it was written."""
        return cls(setting=setting, fingerprint=digest(value.encode()), secrets=(value,), place=place, value=value)

    @property
    def hint(self) -> str:
        return self.value[:3]

    def doubt(self) -> str:
        return secret_doubt(self.value)


class ClientSecretFile(FileSource):
    """A client secret in a file."""

    WHAT = "The client secret of tenant {} is missing"
    REMEDY = "Put the value of the secret into that file and let the exporter read it; no restart is needed."

    def __init__(self, tenant: str, file: CredentialFile, place: Place) -> None:
        super().__init__(tenant, file)
        self._file = file
        self._place = place

    def parsed(self) -> ClientSecret:
        return ClientSecret.of(self._file.line().strip(), setting=str(self._file), place=self._place)
