"""The national clouds of Microsoft 365: which login and which Graph belong together.

Source: Microsoft Graph "National cloud deployments" and Entra "National clouds" (2025-01-15). Tokens of one cloud
are void in another. Germany closed on 2021-10-29.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Cloud:
    """One deployment of Microsoft 365. Addresses have neither path nor trailing slash.

    Args:
        name: as it stands in settings and in the label ``cloud``.
        aliases: other names by which settings may call it.
        login: where tokens are had.
        graph: where Graph answers; also the resource of the token.
        portal: where an administrator grants permissions.
    """

    name: str
    aliases: tuple[str, ...]
    login: str
    graph: str
    portal: str

    @property
    def scope(self) -> str:
        """The scope of an app-only token for this Graph."""
        return f"{self.graph}/.default"


_ALL = (
    Cloud(
        name="global",
        aliases=("public", "worldwide", "gcc"),
        login="https://login.microsoftonline.com",
        graph="https://graph.microsoft.com",
        portal="https://portal.azure.com",
    ),
    Cloud(
        name="us_gov_l4",
        aliases=("gcc_high",),
        login="https://login.microsoftonline.us",
        graph="https://graph.microsoft.us",
        portal="https://portal.azure.us",
    ),
    Cloud(
        name="us_gov_l5",
        aliases=("dod",),
        login="https://login.microsoftonline.us",
        graph="https://dod-graph.microsoft.us",
        portal="https://portal.azure.us",
    ),
    Cloud(
        name="china",
        aliases=("21vianet", "mooncake"),
        login="https://login.partner.microsoftonline.cn",
        graph="https://microsoftgraph.chinacloudapi.cn",
        portal="https://portal.azure.cn",
    ),
)

CLOUDS: Mapping[str, Cloud] = MappingProxyType({name: cloud for cloud in _ALL for name in (cloud.name, *cloud.aliases)})
"""Every cloud by its name and by each of its aliases."""
