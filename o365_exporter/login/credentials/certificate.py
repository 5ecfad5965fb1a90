"""Certificates: the app signs a short statement with its private key, and Entra ID knows the certificate."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from msal.oauth2cli import JwtAssertionCreator

from o365_exporter.errors import AuthError
from o365_exporter.login.credentials.base import AssertionCredential, digest
from o365_exporter.login.credentials.files import CredentialFile, FileSource
from o365_exporter.login.credentials.keypair import Flaw, KeyPair, key_pair
from o365_exporter.login.options import CredentialOptions

_LIFETIME = 600  # seconds; Microsoft asks for five to ten minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate(AssertionCredential):
    """A certificate of the app registration, with its private key.

    Args:
        tenant: whose it is, for sentences.
        pair: key and certificates.
        send_x5c: whether the certificates themselves go into each statement, so that Entra ID can know the app by
            the certificate's subject and issuer alone.
    """

    tenant: str
    pair: KeyPair = field(repr=False)
    send_x5c: bool

    @property
    def starts(self) -> float:
        return self._own.not_valid_before_utc.timestamp()

    @property
    def ends(self) -> float:
        return self._own.not_valid_after_utc.timestamp()

    @property
    def _own(self) -> x509.Certificate:
        return self.pair.chain[0]

    def check(self, now: float) -> None:
        if now >= self.ends:
            raise AuthError(
                f"The certificate of tenant {self.tenant} has expired: {self.setting} ended at "
                f"{_time(self._own.not_valid_after_utc)}.",
                remedy="Put a new one into that file and upload its public part to the app; no restart is needed.",
            )
        if now < self.starts:
            raise AuthError(
                f"The certificate of tenant {self.tenant} is not valid yet: {self.setting} begins at "
                f"{_time(self._own.not_valid_before_utc)}.",
                remedy="Wait, use another certificate, or check the clock of the machine that runs the exporter.",
            )

    def assertion(self, audience: str, client_id: str, now: float) -> str:
        """Signed by PS256, with the certificate named by its SHA-256 thumbprint; SHA-1 has no part in it."""
        headers = {"x5c": [_base64(one) for one in self.pair.chain]} if self.send_x5c else None
        thumbprint = self._own.fingerprint(SHA256()).hex()
        signer = JwtAssertionCreator(self.pair.key, "PS256", headers=headers, sha256_thumbprint=thumbprint)
        signed: bytes = signer.create_normal_assertion(
            audience, client_id, issued_at=int(now), not_before=int(now), expires_at=int(now) + _LIFETIME
        )
        return signed.decode()


class CertificateFile(FileSource):
    """A certificate and its private key in one file, PEM or PFX, or in two PEM files."""

    WHAT = "The certificate of tenant {} cannot be used"
    REMEDY = (
        "Give a PEM or PFX file with the certificate and its private key (or the key in a PEM file of its own, by "
        "certificate_key_file) and let the exporter read it; no restart is needed."
    )

    def __init__(self, tenant: str, options: CredentialOptions) -> None:
        assert options.certificate_file is not None  # the factory looked
        self._file = CredentialFile("certificate_file", options.certificate_file)
        self._key = _file("certificate_key_file", options)
        self._passphrase = _file("certificate_passphrase_file", options)
        self._send_x5c = options.certificate_send_x5c
        super().__init__(tenant, *filter(None, (self._file, self._key, self._passphrase)))

    def parsed(self) -> Certificate:
        passphrase = self._passphrase.line().encode() if self._passphrase else None
        pair = key_pair(self._file.content(), self._key.content() if self._key else None, passphrase)
        if isinstance(pair, Flaw):
            blamed = self._key if pair.of_key and self._key else self._file
            raise blamed.unusable(pair.why, pair.remedy)
        return Certificate(
            setting=str(self._file),
            fingerprint=digest(*(one.public_bytes(Encoding.DER) for one in pair.chain)),
            tenant=self._tenant,
            pair=pair,
            send_x5c=self._send_x5c,
        )


def _file(setting: str, options: CredentialOptions) -> CredentialFile | None:
    path = getattr(options, setting)
    return CredentialFile(setting, path) if path is not None else None


def _base64(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
