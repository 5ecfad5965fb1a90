"""National clouds: which host signs in and which Graph root a token is for.

Source: Microsoft, "National cloud deployments" and "Microsoft Entra authentication & national clouds" (2025-01-15).
"""

from __future__ import annotations

from dataclasses import dataclass

from o365_exporter.simulator.options import Cloud


@dataclass(frozen=True)
class CloudEndpoints:
    """Origins without a trailing slash."""

    login: str
    graph: str


CLOUDS: dict[Cloud, CloudEndpoints] = {
    "global": CloudEndpoints("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    "us_gov_l4": CloudEndpoints("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    "us_gov_l5": CloudEndpoints("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    "china": CloudEndpoints("https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
}


def audiences(cloud: CloudEndpoints, origin: str) -> set[str]:
    """What a token may be for: Graph of the tenant's cloud, or the simulator under an address of its own."""
    return {cloud.graph} | ({origin} - {one.graph for one in CLOUDS.values()})
