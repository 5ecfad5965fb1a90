"""Ids of Microsoft 365 services by the names that people read.

An issue of service health names its service as people do ("Exchange Online"); the overviews know its id ("Exchange").
Names change with branding while ids stay, so old names stand here beside new ones. Source: examples in the
documentation of serviceHealth and serviceHealthIssue, and answers published in the issues of public projects.
"""

from __future__ import annotations

_IDS = {
    "Azure Information Protection": "RMS",
    "Dynamics 365 Apps": "DynamicsCRM",
    "Exchange Online": "Exchange",
    "Identity Service": "OrgLiveID",
    "Lync Online": "Lync",
    "Microsoft 365 Apps": "O365Client",
    "Microsoft 365 Defender": "Microsoft365Defender",
    "Microsoft 365 for the web": "officeonline",
    "Microsoft 365 suite": "OSDPPlatform",
    "Microsoft Bookings": "Bookings",
    "Microsoft Dataverse": "MicrosoftDataverse",
    "Microsoft Defender XDR": "Microsoft365Defender",
    "Microsoft Defender for Cloud Apps": "cloudappsecurity",
    "Microsoft Entra": "OrgLiveID",
    "Microsoft Forms": "Forms",
    "Microsoft Intune": "Intune",
    "Microsoft Power Automate": "MicrosoftFlow",
    "Microsoft Power Automate in Microsoft 365": "MicrosoftFlowM365",
    "Microsoft Stream": "Stream",
    "Microsoft Teams": "microsoftteams",
    "Mobile Device Management for Office 365": "MobileDeviceManagement",
    "Office for the web": "officeonline",
    "OneDrive for Business": "OneDriveForBusiness",
    "Planner": "Planner",
    "Power Apps": "PowerApps",
    "Power Apps in Microsoft 365": "PowerAppsM365",
    "Power BI": "PowerBIcom",
    "Privileged Access": "PAM",
    "Project Online": "ProjectOnline",
    "Project for the web": "ProjectForTheWeb",
    "SharePoint Online": "SharePoint",
    "Skype for Business": "Lync",
    "Sway": "SwayEnterprise",
}
_BY_FOLDED = {name.casefold(): service_id for name, service_id in _IDS.items()}
_BY_FOLDED |= {service_id.casefold(): service_id for service_id in _IDS.values()}


def known_service_id(name: str) -> str:
    """The id of a service by its name (or by its id in another case); empty where it is not known."""
    return _BY_FOLDED.get(name.casefold(), "")
