"""Signing in to Entra ID for one tenant, and the one home of msal: credentials go in, a token comes out."""

from o365_exporter.login.auth import TokenProvider
from o365_exporter.login.clouds import CLOUDS, Cloud, find_cloud
from o365_exporter.login.credentials import credential_source, secret_doubt
from o365_exporter.login.entra import DISCOVERY_ROUTE, TOKEN_ROUTE
from o365_exporter.login.identity import Identity
from o365_exporter.login.machine import MACHINE_ROUTE
from o365_exporter.login.options import SYSTEM_ASSIGNED, CredentialOptions

LOGIN_ROUTES = (DISCOVERY_ROUTE, TOKEN_ROUTE, MACHINE_ROUTE)
"""Values of the label ``api`` besides the routes of endpoints."""

__all__ = [
    "CLOUDS",
    "LOGIN_ROUTES",
    "SYSTEM_ASSIGNED",
    "Cloud",
    "CredentialOptions",
    "Identity",
    "TokenProvider",
    "credential_source",
    "find_cloud",
    "secret_doubt",
]
