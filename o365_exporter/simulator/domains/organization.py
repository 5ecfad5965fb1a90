"""The tenant's own entry in the directory."""

from __future__ import annotations

from typing import Any

from o365_exporter.simulator.domains.resource import DIRECTORY, Resource, names, show_as_is
from o365_exporter.simulator.draw import draw_for
from o365_exporter.simulator.timetext import DAY, graph_time

Json = dict[str, Any]


def build_organization(seed: str, now: float, tenant_id: str, domain: str, display_name: str) -> Json:
    """The one element of ``/organization``; directory synchronization was never set up."""
    founded = now - 3_000 * DAY
    return {
        "id": tenant_id,
        "deletedDateTime": None,
        "businessPhones": ["8006427676"],
        "city": "Redmond",
        "country": None,
        "countryLetterCode": "US",
        "createdDateTime": graph_time(founded),
        "defaultUsageLocation": None,
        "directorySizeQuota": {"used": 1_412, "total": 300_000},  # in v1.0 too, though documented for beta only
        "displayName": display_name,
        "onPremisesLastSyncDateTime": None,
        "onPremisesSyncEnabled": None,
        "preferredLanguage": "en",
        "technicalNotificationMails": [f"admin@{domain}"],
        "tenantType": "AAD",
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": True,
                "isInitial": True,
                "name": domain,
                "type": "Managed",
            }
        ],
        "assignedPlans": [
            {
                "assignedDateTime": graph_time(founded + DAY),
                "capabilityStatus": "Enabled",
                "service": "SharePoint",
                "servicePlanId": draw_for(seed, "organization").guid(),
            }
        ],
    }


RESOURCES = (
    Resource(
        path="/organization",
        type="organization",
        rows=lambda tenant, _: [tenant.organization],
        show=show_as_is,
        properties=names(
            "assignedPlans businessPhones city country countryLetterCode createdDateTime defaultUsageLocation "
            "deletedDateTime directorySizeQuota displayName id onPremisesLastSyncDateTime onPremisesSyncEnabled "
            "preferredLanguage technicalNotificationMails tenantType verifiedDomains"
        ),
        roles=DIRECTORY | {"Organization.Read.All", "Organization.ReadWrite.All", "User.Read.All"},
        service="identity",
        page=None,
    ),
)
"""The tenant itself."""
