"""By what else than secrets the client's app proves itself, and which machines are identities of the tenant."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from o365_exporter.clock import Clock
from o365_exporter.simulator.domains.base import Json, SimulatorError, TenantPart, operation
from o365_exporter.simulator.timetext import graph_time

TOKEN_EXCHANGE = "api://AzureADTokenExchange"  # noqa: S105 - an audience
"""Audience of federated tokens, unless a federated credential says otherwise."""


@dataclass(frozen=True)
class FederatedCredential:
    """A token with exactly these claims stands for the app."""

    issuer: str
    subject: str
    audience: str


@dataclass(frozen=True)
class TrustedSubject:
    """Any certificate of this subject that this authority has issued stands for the app."""

    authority: x509.Certificate
    subject: str


class CredentialsPart(TenantPart):
    """The client's app beyond its secrets.

    Attributes:
        federated_credentials: by id.
        trusted_subjects: for sign-in by subject name and issuer.
        managed_identities: client ids of machines, by ``system`` or by themselves.
        assertion_ids: ``jti`` of each statement that was accepted, in their order. One that comes twice is accepted
            again, as Entra ID must: Microsoft's own libraries send a statement as often as its ten minutes allow.
    """

    client_id: str
    applications: dict[str, Json]

    def __init__(self, key: str, seed: str, clock: Clock) -> None:
        super().__init__(key, seed, clock)
        self._certificates: dict[str, x509.Certificate] = {}
        self.federated_credentials: dict[str, FederatedCredential] = {}
        self.trusted_subjects: list[TrustedSubject] = []
        self.managed_identities: dict[str, str] = {}
        self.assertion_ids: list[str] = []

    @operation
    def add_certificate(self, pem: str, display_name: str | None = None) -> str:
        """Register a certificate (PEM) with the client's app; answers its keyId. ``remove_credential`` removes it."""
        app = self._find("application", self.applications, self.client_id)
        found = _certificate(pem)
        key_id = self._draw.guid()
        self._certificates[key_id] = found
        app["keyCredentials"].append(
            {
                "customKeyIdentifier": base64.b64encode(found.fingerprint(SHA1())).decode(),  # noqa: S303 - as Graph does
                "displayName": display_name or found.subject.rfc4514_string(),
                "endDateTime": graph_time(found.not_valid_after_utc.timestamp()),
                "key": None,
                "keyId": key_id,
                "startDateTime": graph_time(found.not_valid_before_utc.timestamp()),
                "type": "AsymmetricX509Cert",
                "usage": "Verify",
            }
        )
        return key_id

    @operation
    def trust_subject(self, authority_pem: str, subject: str) -> None:
        """Accept each certificate of this subject (such as `CN=exporter`) that this authority (PEM) issued."""
        self.trusted_subjects.append(TrustedSubject(_certificate(authority_pem), subject))

    def registered_certificate(self, sha256: bytes) -> x509.Certificate | None:
        """The app's certificate with this thumbprint."""
        app = self.applications.get(self.client_id)
        registered = {one["keyId"] for one in (app["keyCredentials"] if app else ())}
        mine = (one for key_id, one in self._certificates.items() if key_id in registered)
        return next((one for one in mine if one.fingerprint(SHA256()) == sha256), None)

    @operation
    def add_federated_credential(self, issuer: str, subject: str, audience: str = TOKEN_EXCHANGE) -> str:
        """Accept tokens of another issuer with these claims for the client's app; answers an id."""
        made = self._draw.guid()
        self.federated_credentials[made] = FederatedCredential(issuer, subject, audience)
        return made

    @operation
    def remove_federated_credential(self, credential_id: str) -> None:
        """Accept such tokens no longer."""
        self._find("federated credential", self.federated_credentials, credential_id)
        del self.federated_credentials[credential_id]

    @operation
    def assign_managed_identity(self, client_id: str | None = None) -> str:
        """Give the machine an identity in this tenant: the system-assigned one, or this user-assigned one."""
        made = client_id or self._draw.guid()
        self.managed_identities[client_id or "system"] = made
        return made

    @operation
    def remove_managed_identity(self, client_id: str | None = None) -> None:
        """Take the machine the system-assigned identity, or this user-assigned one."""
        self._find("managed identity", self.managed_identities, client_id or "system")
        del self.managed_identities[client_id or "system"]


def _certificate(pem: str) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise SimulatorError("this is no certificate in PEM form; send -----BEGIN CERTIFICATE-----…") from None
    if not isinstance(found.public_key(), RSAPublicKey):
        raise SimulatorError("this certificate has no RSA key; Entra ID takes no other")
    return found
