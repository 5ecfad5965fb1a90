"""Workload identity federation: a token of another issuer, which the app registration trusts."""

from __future__ import annotations

from dataclasses import dataclass, field

from o365_exporter.errors import AuthError
from o365_exporter.login.credentials.base import AssertionCredential, digest
from o365_exporter.login.credentials.files import CredentialFile, UnusableFileError

_DOTS = 2  # between header, claims and signature of a JWT
_WHAT = "The federated token of tenant {} is missing"
_REMEDY = (
    "Let whoever issues it (such as Kubernetes, by a projected service account token) keep a current one in that file, "
    "and let the exporter read it; no restart is needed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedToken(AssertionCredential):
    """A token as its issuer wrote it; it is sent as it is."""

    token: str = field(repr=False)

    def doubt(self) -> str:
        if self.token.count(".") == _DOTS:
            return ""
        return "holds no JWT, which has two dots in it: let its issuer write the token itself into that file"

    def assertion(self, audience: str, client_id: str, now: float) -> str:
        """The token: audience, subject and times are its issuer's affair."""
        del audience, client_id, now
        return self.token


class FederatedTokenFile:
    """A token in a file that its issuer renews every hour or so: read anew each time.

    The fingerprint is the file's name. Another token of the same issuer is no reason for another one of Entra ID.
    """

    def __init__(self, tenant: str, file: CredentialFile) -> None:
        self._tenant = tenant
        self._file = file
        self._fingerprint = digest(str(file).encode())

    def read(self) -> FederatedToken:
        try:
            token = self._file.line().strip()
            if not (token.isascii() and token.isprintable() and " " not in token):
                raise self._file.unusable("holds no token")
        except UnusableFileError as error:
            raise AuthError(f"{_WHAT.format(self._tenant)}: {error}.", remedy=_REMEDY) from None
        return FederatedToken(setting=str(self._file), fingerprint=self._fingerprint, token=token)
