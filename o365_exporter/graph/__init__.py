"""Microsoft Graph for many tenants: the only door to httpx and msal."""

from o365_exporter.graph.auth import TokenProvider
from o365_exporter.graph.budget import LIMITS
from o365_exporter.graph.client import LOGIN_ROUTES, GraphClient
from o365_exporter.graph.clouds import CLOUDS, Cloud, find_cloud
from o365_exporter.graph.credentials import credential_source, secret_doubt
from o365_exporter.graph.download import DOWNLOAD_ROUTE, Download
from o365_exporter.graph.endpoints import Endpoint
from o365_exporter.graph.http import Http, open_http, path_to, proxies_of
from o365_exporter.graph.identity import Identity
from o365_exporter.graph.meanings import NoUsageYet
from o365_exporter.graph.options import (
    CERTIFICATE_FILE,
    CERTIFICATE_FOLDERS,
    SYSTEM_ASSIGNED,
    ConnectionOptions,
    CredentialOptions,
    Surroundings,
)
from o365_exporter.graph.proxies import Bypass, Proxies, Proxy, parse_bypasses, parse_proxy
from o365_exporter.graph.roles import GRAPH_APP_ID, ROLES
from o365_exporter.graph.traffic import Traffic
from o365_exporter.graph.trust import authority_defects, check_folder, load_authorities

__all__ = [
    "CERTIFICATE_FILE",
    "CERTIFICATE_FOLDERS",
    "CLOUDS",
    "DOWNLOAD_ROUTE",
    "GRAPH_APP_ID",
    "LIMITS",
    "LOGIN_ROUTES",
    "ROLES",
    "SYSTEM_ASSIGNED",
    "Bypass",
    "Cloud",
    "ConnectionOptions",
    "CredentialOptions",
    "Download",
    "Endpoint",
    "GraphClient",
    "Http",
    "Identity",
    "NoUsageYet",
    "Proxies",
    "Proxy",
    "Surroundings",
    "TokenProvider",
    "Traffic",
    "authority_defects",
    "check_folder",
    "credential_source",
    "find_cloud",
    "load_authorities",
    "open_http",
    "parse_bypasses",
    "parse_proxy",
    "path_to",
    "proxies_of",
    "secret_doubt",
]
