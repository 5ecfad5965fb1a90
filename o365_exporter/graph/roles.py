"""Ids of Graph's application permissions, which scripts and portals want in place of the names.

From Microsoft's provisioningInfo.json (microsoft-graph-devx-content); a test compares them with it. They never change.
"""

from __future__ import annotations

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
"""The app id of Microsoft Graph itself, in every tenant."""

ROLES = {
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "Device.Read.All": "7438b122-aefc-4978-80ed-43db9fcc7715",
    "DeviceManagementManagedDevices.Read.All": "2f51be20-0bb4-4fed-bf7b-db946066c75e",
    "DeviceManagementServiceConfig.Read.All": "06a5fe6d-c49d-46a7-b082-56b1b14103c7",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Domain-InternalFederation.Read.All": "c0e5a7b0-e8b7-40a7-b8e0-8249e6ea81d5",
    "Domain.Read.All": "dbb9058a-0e50-45d7-ae91-66909b5d4664",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "IdentityRiskyUser.Read.All": "dc5007c0-2d7d-4c42-879c-2dab87571379",
    "LicenseAssignment.Read.All": "e2f98668-2877-4f38-a2f4-8202e0717aa1",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    "ReportSettings.Read.All": "ee353f83-55ef-4b78-82da-555bfa2b4b95",
    "Reports.Read.All": "230c1aed-a721-4c5d-9cb4-a90514e508ef",
    "SecurityEvents.Read.All": "bf394140-e372-4bf9-a898-299cfc7564e5",
    "ServiceHealth.Read.All": "79c261e0-fe76-4144-aad5-bdc68fbe4037",
    "ServiceMessage.Read.All": "1b620472-6534-4fe6-9df2-4680e8aa28ec",
    "Synchronization.Read.All": "5ba43d2f-fa88-4db2-bd1c-a67c5f0fb1ce",
    "User.ReadBasic.All": "97235f07-e226-4f63-ace3-39588e11d3a1",
}
"""Those of today's collectors and of endpoints that the next ones are likely to read."""

WIDER = {
    "Application.Read.All": ("Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.Read.All"),
    "LicenseAssignment.Read.All": ("Directory.Read.All", "Directory.ReadWrite.All", "Organization.ReadWrite.All"),
    "Organization.Read.All": ("Directory.Read.All", "Directory.ReadWrite.All", "Organization.ReadWrite.All"),
    "ReportSettings.Read.All": ("ReportSettings.ReadWrite.All",),
}
"""By which other permissions Graph serves the same: nobody should grant them for that, but who has them lacks nothing.

From Microsoft's permissions.json (microsoft-graph-devx-content), and "List companySubscriptions" where that has none.
"""

KNOWN = frozenset(ROLES).union(*WIDER.values())
"""All that a token is looked through for."""
