"""Microsoft Graph as one app sees one tenant: limits, tokens in use, pages, files and what refusals mean."""

from o365_exporter.graph.budget import LIMITS
from o365_exporter.graph.client import GraphClient, Remembered
from o365_exporter.graph.download import DOWNLOAD_ROUTE, Download
from o365_exporter.graph.endpoints import Endpoint
from o365_exporter.graph.meanings import NoUsageYet
from o365_exporter.graph.roles import GRAPH_APP_ID, ROLES, WIDER

__all__ = [
    "DOWNLOAD_ROUTE",
    "GRAPH_APP_ID",
    "LIMITS",
    "ROLES",
    "WIDER",
    "Download",
    "Endpoint",
    "GraphClient",
    "NoUsageYet",
    "Remembered",
]
