"""The exact steps out of a problem, for whoever has a shell: what errors say in words, as commands to paste."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from o365_exporter.errors import PermissionMissingError, PollError
from o365_exporter.granting import azure, consent_address
from o365_exporter.graph import GRAPH_APP_ID, ROLES
from o365_exporter.settings import TenantSettings

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
SCRIPT = "o365-exporter permissions"
"""The command that prints what is to be granted, by the settings of the environment."""
_AZ = "az "
_DOD = "us_gov_l5"

_SECRETS = ("AADSTS7000215", "AADSTS7000222")
_CERTIFICATES = ("AADSTS700027", "AADSTS700030", "AADSTS7000214", "AADSTS1000502", "AADSTS50012")
_CONSENT = ("AADSTS700016", "AADSTS7000229", "AADSTS65001", "AADSTS650057")
_DISABLED = ("AADSTS7000112",)

_BY_ITSELF = "Wait some minutes and check again: this passes by itself, or stays Microsoft's to mend."
_WORDS = {
    "timeout": "Check again; if it stays, see which firewall or proxy stands between here and Microsoft.",
    "network": "Check again; if it stays, see which firewall or proxy stands between here and Microsoft.",
    "truncated": "Check again; if it stays, see which proxy cuts answers off.",
    "internal": "Please report it, with what this check has printed.",
}
"""What to do where an error has no remedy of its own, by its reason."""


def in_words(error: PollError) -> str:
    """What to do about an error, as a sentence; there is always one."""
    return error.remedy or _WORDS.get(error.reason, _BY_ITSELF)


def steps(
    error: PollError, tenant: TenantSettings, permissions: tuple[str, ...] = (), script: str = SCRIPT
) -> tuple[str, ...]:
    """Commands and addresses that mend what an error says; none where words must do.

    Args:
        error: of a sign-in or of Graph.
        tenant: whose.
        permissions: that are to be granted.
        script: the command that prints everything that is to be granted.
    """
    if not _GUID.fullmatch(tenant.credential.client_id):
        return ()  # the identity that a machine has by itself: no command knows it by that name
    found = tuple(_steps(error, tenant, permissions, script))
    cloud = tenant.cloud.name
    if cloud == _DOD:
        return tuple(step for step in found if not step.startswith(_AZ))  # the Azure CLI does not know DoD's Graph
    if not any(step.startswith(_AZ) for step in found):
        return found
    return (*steps_to_sign_in(tenant), *found)


def steps_to_sign_in(tenant: TenantSettings) -> tuple[str, ...]:
    """What whoever uses the Azure CLI for a tenant does first, and once."""
    cloud = tenant.cloud.name
    to_cloud = () if cloud == "global" else (f"az cloud set --name {azure.CLOUDS[cloud]}",)
    return (*to_cloud, azure.login(tenant.tenant_id))


def _steps(error: PollError, tenant: TenantSettings, permissions: tuple[str, ...], script: str) -> Iterator[str]:
    app = tenant.credential.client_id
    consent = consent_address(tenant.cloud, tenant.tenant_id, app)
    roles = [ROLES[name] for name in permissions if name in ROLES]
    if isinstance(error, PermissionMissingError) and roles:
        yield from _assigned(app, roles) if tenant.credential.managed_identity else _granted(app, roles)
        if not tenant.credential.managed_identity:
            yield f"Admin consent by an address instead: {consent}"
            yield f"All that is needed, as a script: {script} --format az (or powershell, terraform)"
    elif error.code in _SECRETS:
        yield f"az ad app credential reset --id {app} --append --years 1 --query password --output tsv"
    elif error.code in _CERTIFICATES:
        yield f"az ad app credential reset --id {app} --append --cert @CERTIFICATE.pem"
    elif error.code in _CONSENT:
        yield f"Admin consent: {consent}"
    elif error.code in _DISABLED:
        yield f"az ad sp update --id {app} --set accountEnabled=true"


def _granted(app: str, roles: Sequence[str]) -> Iterator[str]:
    wanted = " ".join(f"{role}=Role" for role in roles)
    yield f"az ad app permission add --id {app} --api {GRAPH_APP_ID} --api-permissions {wanted}"
    yield f"az ad app permission admin-consent --id {app}"


def _assigned(app: str, roles: Sequence[str]) -> Iterator[str]:
    """A managed identity is given the roles themselves."""
    wanted = ", ".join(f"'{role}'" for role in roles)
    yield (
        f"$me = Get-MgServicePrincipal -Filter \"appId eq '{app}'\"; "
        f"$graph = Get-MgServicePrincipal -Filter \"appId eq '{GRAPH_APP_ID}'\"; "
        f"foreach ($role in {wanted}) {{ "
        "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $me.Id -PrincipalId $me.Id "
        "-ResourceId $graph.Id -AppRoleId $role }"
    )
