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
        admin_center: where an administrator reads of incidents; source: msportals.io, 2025-10.
        report_hosts: patterns of the hosts that report files are on, as far as Microsoft or the field tells.
        v1_usage_reports: whether usage reports are in Graph v1.0; else only in beta.
        v1_report_settings: whether the setting that conceals names is in Graph v1.0; else only in beta.
    """

    name: str
    aliases: tuple[str, ...]
    login: str
    graph: str
    portal: str
    admin_center: str
    report_hosts: tuple[str, ...] = ()
    v1_usage_reports: bool = False
    v1_report_settings: bool = False

    @property
    def scope(self) -> str:
        """The scope of an app-only token for this Graph."""
        return f"{self.graph}/.default"


def _spelled(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


_ALL = (
    Cloud(
        name="global",
        aliases=(
            *("public", "worldwide", "commercial", "gcc"),  # GCC lives in the worldwide cloud
            *("azure", "AzureCloud", "AzurePublicCloud", "AzurePublic", "AzureGlobal", "AzureGlobalCloud"),
            *("O365Default", "default"),
        ),
        login="https://login.microsoftonline.com",
        graph="https://graph.microsoft.com",
        portal="https://portal.azure.com",
        admin_center="https://admin.microsoft.com",
        report_hosts=("reports.office.com", "reports*.office.com"),  # regional ones: reportsweu, reportsncu
        v1_usage_reports=True,
        v1_report_settings=True,
    ),
    Cloud(
        name="us_gov_l4",
        aliases=(
            *("gcc_high", "us_gov", "us_government", "us_government_l4", "government", "l4"),
            *("AzureUSGovernment", "AzureUSGovernmentCloud", "AzureGovernment", "AzureGov"),
            *("O365USGovGCCHigh", "us_gov_gcc_high"),
        ),
        login="https://login.microsoftonline.us",
        graph="https://graph.microsoft.us",
        portal="https://portal.azure.us",
        admin_center="https://portal.office365.us",
    ),
    Cloud(
        name="us_gov_l5",
        aliases=("dod", "us_gov_dod", "us_dod", "us_government_l5", "l5", "AzureDOD", "AzureUSDOD", "O365USGovDoD"),
        login="https://login.microsoftonline.us",
        graph="https://dod-graph.microsoft.us",
        portal="https://portal.azure.us",
        admin_center="https://portal.apps.mil",
    ),
    Cloud(
        name="china",
        aliases=("21vianet", "mooncake", "AzureChina", "AzureChinaCloud", "china_cloud", "O365China"),
        login="https://login.partner.microsoftonline.cn",
        graph="https://microsoftgraph.chinacloudapi.cn",
        portal="https://portal.azure.cn",
        admin_center="https://portal.partner.microsoftonline.cn",
    ),
)

CLOUDS: Mapping[str, Cloud] = MappingProxyType({cloud.name: cloud for cloud in _ALL})
"""Every cloud by its name."""

_BY_SPELLING = {_spelled(name): cloud for cloud in _ALL for name in (cloud.name, *cloud.aliases)}


def find_cloud(name: str) -> Cloud | None:
    """The cloud of that name, by whatever Microsoft's tools call it; capitals, blanks and hyphens are all one."""
    return _BY_SPELLING.get(_spelled(name))
