"""By what an app proves who it is. Each kind is a small class, and a source that knows when it has changed."""

from __future__ import annotations

from o365_exporter.login.credentials.base import (
    SOMEWHERE,
    AssertionCredential,
    Credential,
    CredentialSource,
    Fixed,
    Place,
)
from o365_exporter.login.credentials.federation import FederatedToken, FederatedTokenFile
from o365_exporter.login.credentials.files import CredentialFile
from o365_exporter.login.credentials.machine import MachineIdentity
from o365_exporter.login.credentials.secret import ClientSecret, ClientSecretFile, secret_doubt
from o365_exporter.login.options import CredentialOptions

__all__ = [
    "SOMEWHERE",
    "AssertionCredential",
    "ClientSecret",
    "Credential",
    "CredentialSource",
    "FederatedToken",
    "MachineIdentity",
    "Place",
    "credential_source",
    "secret_doubt",
]


def credential_source(options: CredentialOptions, tenant: str, place: Place = SOMEWHERE) -> CredentialSource:
    """Where the kind of credential that the options ask for comes from.

    Args:
        options: which kind.
        tenant: whose, for sentences.
        place: where the settings have it from, if it is a client secret.
    """
    if options.managed_identity is not None:
        return Fixed(MachineIdentity.named(options.managed_identity))
    if options.federated_token_file is not None:
        return FederatedTokenFile(tenant, CredentialFile("federated_token_file", options.federated_token_file))
    if options.certificate_file is not None:
        from o365_exporter.login.credentials.certificate import (  # noqa: PLC0415 - with cryptography and msal in tow
            CertificateFile,
        )

        return CertificateFile(tenant, options)
    if options.client_secret_file is not None:
        return ClientSecretFile(tenant, CredentialFile("client_secret_file", options.client_secret_file), place)
    assert options.client_secret is not None  # the options hold exactly one kind
    return Fixed(ClientSecret.of(options.client_secret.get_secret_value(), setting="client_secret", place=place))
