"""The exact steps out of a problem, for whoever has a shell: what errors say in words, as commands to paste."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from o365_exporter.errors import PermissionMissingError, PollError
from o365_exporter.granting import azure, consent_address, powershell
from o365_exporter.graph import GRAPH_APP_ID, ROLES
from o365_exporter.settings import TenantSettings

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
SCRIPT = "o365-exporter permissions"
"""The command that prints what is to be granted, by the settings of the environment."""
_DOD = "us_gov_l5"
_AT_HOME = " # to the tenant in which the app is registered"
_SIGN_INS = ("az cloud set ", "az login ", "Connect-MgGraph ")

_WRONG, _EXPIRED = "AADSTS7000215", "AADSTS7000222"
_SECRETS = (_WRONG, _EXPIRED)
_CERTIFICATES = ("AADSTS700027", "AADSTS700030", "AADSTS7000214", "AADSTS1000502", "AADSTS50012")
_CONSENT = ("AADSTS700016", "AADSTS7000229", "AADSTS65001", "AADSTS650057")
_DISABLED = ("AADSTS7000112",)

_OF_AZURE = {
    **dict.fromkeys(_SECRETS, "az ad app credential reset --id {app} --append --years 1 --query password --output tsv"),
    **dict.fromkeys(_CERTIFICATES, "az ad app credential reset --id {app} --append --cert @CERTIFICATE.pem"),
    **dict.fromkeys(_DISABLED, "az ad sp update --id {app} --set accountEnabled=true"),
}
_OF_POWERSHELL = {
    **dict.fromkeys(
        _SECRETS,
        "(Add-MgApplicationPassword -ApplicationId (Get-MgApplication -Filter \"appId eq '{app}'\").Id).SecretText",
    ),
    **dict.fromkeys(
        _DISABLED,
        "Update-MgServicePrincipal -ServicePrincipalId (Get-MgServicePrincipal -Filter \"appId eq '{app}'\").Id "
        "-AccountEnabled:$true",
    ),
}
"""Commands by what a login says. A certificate is uploaded in DoD's portal: PowerShell would replace all others."""

_BY_ITSELF = "Wait some minutes and check again: this passes by itself, or stays Microsoft's to mend."
_WORDS = {
    "timeout": "Check again; if it stays, see which firewall or proxy stands between here and Microsoft.",
    "network": "Check again; if it stays, see which firewall or proxy stands between here and Microsoft.",
    "truncated": "Check again; if it stays, see which proxy cuts answers off.",
    "internal": "Please report it, with what this check has printed.",
}
"""What to do where an error has no remedy of its own, by its reason."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What is known of an app's registration besides the settings of one tenant.

    Args:
        script: the command that prints everything that is to be granted to the app.
        is_shared: whether it serves several tenants, so that it is registered in one of them or elsewhere.
    """

    script: str = SCRIPT
    is_shared: bool = False


ALONE = Registration()
"""Of one tenant, by the settings of the environment."""


def in_words(error: PollError) -> str:
    """What to do about an error, as a sentence; there is always one."""
    return error.remedy or _WORDS.get(error.reason, _BY_ITSELF)


def steps(
    error: PollError, tenant: TenantSettings, permissions: tuple[str, ...] = (), registration: Registration = ALONE
) -> tuple[str, ...]:
    """Commands and addresses that mend what an error says; none where words must do.

    Args:
        error: of a sign-in or of Graph.
        tenant: whose.
        permissions: that are to be granted.
        registration: of its app.
    """
    app = tenant.credential.client_id
    if not _GUID.fullmatch(app):
        return ()  # the identity that a machine has by itself: no command knows it by that name
    roles = [ROLES[name] for name in permissions if name in ROLES]
    if isinstance(error, PermissionMissingError):
        return tuple(_granted(tenant, roles, registration)) if roles else ()
    if error.code in _CONSENT:
        return (f"Admin consent: {consent_address(tenant.cloud, tenant.tenant_id, app)}",)
    at_home = registration.is_shared and error.code not in _DISABLED
    if tenant.cloud.name == _DOD:
        command = _OF_POWERSHELL.get(error.code, "").format(app=app)
        signed_in = _powershell_login(tenant, at_home=at_home)
    else:
        command = _OF_AZURE.get(error.code, "").format(app=app)
        signed_in = _azure_login(tenant, at_home=at_home)
    place = tenant.secret_place
    goes = (f"What it prints is the new secret: write it into {place.name}; {place.then}.",)
    or_else = ("Or, where nobody has the right one any more, make a new one:",) if error.code == _WRONG else ()
    return (*or_else, *signed_in, command, *(goes if error.code in _SECRETS else ())) if command else ()


def signs_in(step: str) -> bool:
    """Whether it is what whoever uses the commands for a tenant does first, and once."""
    return step.startswith(_SIGN_INS)


def _powershell_login(tenant: TenantSettings, *, at_home: bool = False) -> tuple[str, ...]:
    if at_home:
        return tuple(f"{line}{_AT_HOME}" for line in powershell.login(tenant.cloud))
    return powershell.login(tenant.cloud, tenant.tenant_id)


def _azure_login(tenant: TenantSettings, *, at_home: bool = False) -> tuple[str, ...]:
    cloud = tenant.cloud.name
    to_cloud = () if cloud == "global" else (f"az cloud set --name {azure.CLOUDS[cloud]}",)
    return (*to_cloud, f"{azure.login()}{_AT_HOME}" if at_home else azure.login(tenant.tenant_id))


def _granted(tenant: TenantSettings, roles: Sequence[str], registration: Registration) -> Iterator[str]:
    """A managed identity has no registration, and the Azure CLI does not know DoD's Graph: there PowerShell grants."""
    app, cloud, managed = tenant.credential.client_id, tenant.cloud, tenant.credential.managed_identity
    if managed or cloud.name == _DOD:
        yield from _powershell_login(tenant)
        yield _assigned(app, roles)
    else:
        yield from _azure_login(tenant, at_home=registration.is_shared)
        wanted = " ".join(f"{role}=Role" for role in roles)
        yield f"az ad app permission add --id {app} --api {GRAPH_APP_ID} --api-permissions {wanted}"
    if managed:
        return
    consent = consent_address(cloud, tenant.tenant_id, app)
    if registration.is_shared and cloud.name != _DOD:
        yield f"Then admin consent of this tenant: {consent}"
    elif azure.consents_in(cloud):
        yield f"az ad app permission admin-consent --id {app}"
        yield f"Admin consent by an address instead: {consent}"
    elif cloud.name != _DOD:
        yield f"Admin consent, which the Azure CLI cannot give in this cloud: {consent}"
    forms = "powershell (or terraform)" if cloud.name == _DOD else "az (or powershell, terraform)"
    yield f"All that is needed, as a script: {registration.script} --format {forms}"


def _assigned(app: str, roles: Sequence[str]) -> str:
    """The roles themselves are given, which is a consent, too."""
    wanted = ", ".join(f"'{role}'" for role in roles)
    return (
        f"$me = Get-MgServicePrincipal -Filter \"appId eq '{app}'\"; "
        f"$graph = Get-MgServicePrincipal -Filter \"appId eq '{GRAPH_APP_ID}'\"; "
        f"foreach ($role in {wanted}) {{ "
        "New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $me.Id -PrincipalId $me.Id "
        "-ResourceId $graph.Id -AppRoleId $role }"
    )
