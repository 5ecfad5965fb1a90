"""Commands of the PowerShell module Microsoft.Graph."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from o365_exporter.errors import one_line
from o365_exporter.granting.apps import DISPLAY_NAME, App
from o365_exporter.graph import GRAPH_APP_ID, ROLES
from o365_exporter.login import Cloud

CLOUDS = {"global": "Global", "us_gov_l4": "USGov", "us_gov_l5": "USGovDoD", "china": "China"}
"""Environments of ``Connect-MgGraph``, by our name; source: ``Get-MgEnvironment``."""

_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")
"""All that PowerShell takes for a single quote."""


def script(apps: Iterable[App]) -> str:
    """All that grants what these need, app by app; what is granted already is left alone."""
    return "\n".join(f"{chr(10).join(block(app))}\n" for app in apps)


def block(app: App) -> Iterator[str]:
    """The lines for one app."""
    if app.tenant:
        yield f"# {one_line(app.tenant)}"
    yield from login(app.cloud, app.tenant_id)
    yield "$roles = @("
    yield from (f"  '{ROLES[name]}' # {name}" for name in app.permissions)
    yield ")"
    yield from _made() if app.is_new else _found(app)
    yield f"$graph = Get-MgServicePrincipal -Filter \"appId eq '{GRAPH_APP_ID}'\""
    yield "$granted = @(Get-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id -All).AppRoleId"
    yield "foreach ($role in $roles) { # this is the admin consent"
    yield "  if ($granted -contains $role) { continue }"
    yield "  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id `"
    yield "    -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $role"
    yield "}"


def login(cloud: Cloud, tenant_id: str = "") -> tuple[str, ...]:
    """What signs an administrator in."""
    environment = "" if cloud.name == "global" else f" -Environment {CLOUDS[cloud.name]}"
    where = f" -TenantId {quoted(tenant_id)}" if tenant_id else ""
    scopes = "'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'"
    return (f"Connect-MgGraph{environment}{where} -Scopes {scopes}",)


def quoted(text: str) -> str:
    """A text in which nothing is expanded."""
    return "'" + _QUOTES.sub(r"\1\1", text) + "'"


def _made() -> Iterator[str]:
    yield "$access = @($roles | ForEach-Object { @{ Id = $_; Type = 'Role' } })"
    yield f"$app = New-MgApplication -DisplayName '{DISPLAY_NAME}' -SignInAudience 'AzureADMyOrg' `"
    yield f"  -RequiredResourceAccess @{{ ResourceAppId = '{GRAPH_APP_ID}'; ResourceAccess = $access }}"
    yield "$principal = New-MgServicePrincipal -AppId $app.AppId"


def _found(app: App) -> Iterator[str]:
    if app.is_of_the_machine:
        yield "$id = Read-Host 'Object ID of the identity of the machine'"
        yield "$principal = Get-MgServicePrincipal -ServicePrincipalId $id"
        return
    of_app = quoted(f"appId eq '{app.client_id}'")
    yield f"$principal = Get-MgServicePrincipal -Filter {of_app}"
    if not app.managed:
        yield f"if (-not $principal) {{ $principal = New-MgServicePrincipal -AppId {quoted(app.client_id)} }}"
