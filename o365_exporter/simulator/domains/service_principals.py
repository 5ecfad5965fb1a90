"""Service principals: Microsoft's own by the hundred, those of the tenant's apps, and enterprise apps with SAML."""

from __future__ import annotations

from functools import cached_property
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from o365_exporter.simulator.domains.applications import certificate, secret, show_application
from o365_exporter.simulator.domains.base import TenantPart, operation
from o365_exporter.simulator.domains.resource import DIRECTORY, Resource, names
from o365_exporter.simulator.draw import Draw, draw_for

Json = dict[str, Any]

MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""Tenant of Microsoft's own apps; their credentials are never shown."""

_MICROSOFTS = 130
_SAML_APPS = (("Salesforce", 200.0), ("ServiceNow", 12.0), ("Old intranet", -40.0), ("Café, “Travel”", 700.0))


def build_service_principals(seed: str, now: float, tenant_id: str, *, calm: bool) -> dict[str, Json]:
    """Service principals by id: Microsoft's own first, so that the others stand on a later page."""
    draw = draw_for(seed, "service principals")
    made = [_principal(draw, f"Microsoft service {number:03}", MICROSOFT) for number in range(_MICROSOFTS)]
    apps = [(name, 300.0) for name, _ in _SAML_APPS] if calm else _SAML_APPS
    made += [saml_app(draw, now, tenant_id, name, days) for name, days in apps]
    return {one["id"]: one for one in made}


def principal_of(application: Json, tenant_id: str) -> Json:
    """What stands for an app registration of the tenant's own; its credentials stay with the registration."""
    app_id = application["appId"]
    shape = _shape(str(uuid5(NAMESPACE_URL, app_id)), app_id, application["displayName"], tenant_id)
    return {**shape, "signInAudience": application["signInAudience"]}


def _principal(draw: Draw, name: str, owner: str) -> Json:
    app_id = draw.guid()
    return _shape(draw.guid(), app_id, name, owner)


def _shape(object_id: str, app_id: str, name: str | None, owner: str) -> Json:
    return {
        "id": object_id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "alternativeNames": [],
        "appDisplayName": name,
        "appId": app_id,
        "applicationTemplateId": None,
        "appOwnerOrganizationId": owner,
        "appRoleAssignmentRequired": False,
        "displayName": name,
        "homepage": None,
        "loginUrl": None,
        "notificationEmailAddresses": [],
        "preferredSingleSignOnMode": None,
        "preferredTokenSigningKeyThumbprint": None,
        "replyUrls": [],
        "servicePrincipalNames": [app_id],
        "servicePrincipalType": "Application",
        "signInAudience": "AzureADMultipleOrgs",
        "tags": [],
        "keyCredentials": [],
        "passwordCredentials": [],
    }


def saml_app(draw: Draw, now: float, tenant_id: str, name: str, days: float) -> Json:
    """An enterprise app that signs by SAML.

    Its one certificate is three entries: Sign, Verify, and the password of the private key, with the same
    customKeyIdentifier, which is the thumbprint in 40 hexadecimal digits.
    """
    thumbprint = draw.randbytes(20).hex().upper()
    shared = {"customKeyIdentifier": thumbprint, "displayName": "CN=Microsoft Azure Federated SSO Certificate"}
    keys = [
        certificate(draw, now, days) | shared | {"usage": "Sign", "type": "X509CertAndPassword"},
        certificate(draw, now, days) | shared | {"usage": "Verify"},
    ]
    password = secret(draw, now, days) | shared | {"hint": None, "startDateTime": keys[0]["startDateTime"]}
    return _principal(draw, name, tenant_id) | {
        "notificationEmailAddresses": ["identity@contoso.example"],
        "preferredSingleSignOnMode": "saml",
        "preferredTokenSigningKeyThumbprint": thumbprint,
        "tags": [
            "WindowsAzureActiveDirectoryIntegratedApp",
            "WindowsAzureActiveDirectoryCustomSingleSignOnApplication",
        ],
        "keyCredentials": keys,
        "passwordCredentials": [password],
    }


class ServicePrincipalsPart(TenantPart):
    """``service_principals`` by id, in Graph's own shape."""

    tenant_id: str
    calm: bool
    applications: dict[str, Json]

    @cached_property
    def service_principals(self) -> dict[str, Json]:
        """Made when they are asked for: most clients never read them."""
        return build_service_principals(self._seed, self._founded, self.tenant_id, calm=self.calm)

    def all_principals(self) -> list[Json]:
        """Those of the tenant's own app registrations last: they come and go with these."""
        own = (principal_of(application, self.tenant_id) for application in self.applications.values())
        return [*self.service_principals.values(), *own]

    @operation
    def add_saml_app(self, display_name: str, days: float = 365.0) -> str:
        """Add an enterprise app whose SAML signing certificate ends in so many days; answers its id."""
        made = saml_app(self._draw, self._clock.now(), self.tenant_id, display_name, days)
        self.service_principals[made["id"]] = made
        return str(made["id"])

    @operation
    def remove_saml_app(self, object_id: str) -> None:
        """Take an enterprise app away, given by the id of its service principal."""
        self._find("service principal", self.service_principals, object_id)
        del self.service_principals[object_id]


RESOURCES = (
    Resource(
        path="/servicePrincipals",
        type="servicePrincipal",
        rows=lambda tenant, _: tenant.all_principals(),
        show=show_application,
        properties=names(
            "id deletedDateTime accountEnabled alternativeNames appDisplayName appId applicationTemplateId "
            "appOwnerOrganizationId appRoleAssignmentRequired displayName homepage loginUrl notificationEmailAddresses "
            "preferredSingleSignOnMode preferredTokenSigningKeyThumbprint replyUrls servicePrincipalNames "
            "servicePrincipalType signInAudience tags keyCredentials passwordCredentials"
        ),
        roles=DIRECTORY | {"Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"},
        service="identity",
        countable=True,
    ),
)
"""Service principals."""
