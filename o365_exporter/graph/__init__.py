"""Microsoft Graph for many tenants: the only door to httpx and msal."""

from o365_exporter.graph.auth import TokenProvider
from o365_exporter.graph.budget import LIMITS
from o365_exporter.graph.client import GraphClient
from o365_exporter.graph.clouds import CLOUDS, Cloud
from o365_exporter.graph.download import DOWNLOAD_ROUTE, Download
from o365_exporter.graph.endpoints import Endpoint
from o365_exporter.graph.http import Http, open_http
from o365_exporter.graph.identity import Identity
from o365_exporter.graph.login import LOGIN_ROUTES
from o365_exporter.graph.options import SYSTEM_ASSIGNED, ConnectionOptions, CredentialOptions
from o365_exporter.graph.traffic import Traffic

__all__ = [
    "CLOUDS",
    "DOWNLOAD_ROUTE",
    "LIMITS",
    "LOGIN_ROUTES",
    "SYSTEM_ASSIGNED",
    "Cloud",
    "ConnectionOptions",
    "CredentialOptions",
    "Download",
    "Endpoint",
    "GraphClient",
    "Http",
    "Identity",
    "TokenProvider",
    "Traffic",
    "open_http",
]
