"""Signing in to Entra ID for one tenant, and the one home of msal: credentials go in, a token comes out."""

from o365_exporter.login.auth import TokenProvider
from o365_exporter.login.clouds import CLOUDS, Cloud, find_cloud
from o365_exporter.login.credentials import SOMEWHERE, Place, credential_source, secret_doubt
from o365_exporter.login.identity import Identity
from o365_exporter.login.options import SYSTEM_ASSIGNED, CredentialOptions
from o365_exporter.login.signin import LOGIN_ROUTES, token_provider

__all__ = [
    "CLOUDS",
    "LOGIN_ROUTES",
    "SOMEWHERE",
    "SYSTEM_ASSIGNED",
    "Cloud",
    "CredentialOptions",
    "Identity",
    "Place",
    "TokenProvider",
    "credential_source",
    "find_cloud",
    "secret_doubt",
    "token_provider",
]
