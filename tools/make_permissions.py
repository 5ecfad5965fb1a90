"""The blocks about permissions in docs/registration.md, between markers, out of the collectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from o365_exporter.catalogue import all_collectors, all_metrics
from o365_exporter.graph import GRAPH_APP_ID, ROLES
from o365_exporter.reports import METRICS
from o365_exporter.source import Collector, Source
from tools.blocks import filled

_SHARED = {metric.name for metric in METRICS}


def documents() -> dict[str, str]:
    """The page with its blocks as they should be."""
    blocks = {"permissions": _table(), "azure": _azure(), "powershell": _powershell(), "least": _least()}
    return {"docs/registration.md": filled("docs/registration.md", blocks)}


def permissions_of(collector: Collector) -> tuple[str, ...]:
    """The fewest and least permissions that open all its endpoints: one where one is enough."""
    wanted = [
        endpoint.permissions
        for source in collector.sources(collector.options())
        for endpoint in source.endpoints
        if endpoint.permissions
    ]
    common = [name for name in wanted[0] if all(name in each for each in wanted)] if wanted else []
    return tuple(common[:1]) or tuple(dict.fromkeys(each[0] for each in wanted))


def _table() -> str:
    head = "| Collector | Source | Permission | Role id | Lost without it |\n| --- | --- | --- | --- | --- |\n"
    return head + "".join(f"| {' | '.join(_row(each))} |\n" for each in all_collectors().values())


def _least() -> str:
    head = "| Permission | Source | Lost without it | Would do instead |\n| --- | --- | --- | --- |\n"
    rows = (_least_of(each, source) for each in all_collectors().values() for source in each.sources(each.options()))
    return head + "".join(f"| {' | '.join(row)} |\n" for row in sorted(rows))


def _least_of(collector: Collector, source: Source[Any]) -> tuple[str, ...]:
    """Whatever opens all that the source asks, the permission that the table of collectors names first."""
    sets = [endpoint.permissions for endpoint in source.endpoints if endpoint.permissions]
    common = [name for name in dict.fromkeys(sets[0]) if all(name in each for each in sets)]
    named = next(name for name in permissions_of(collector) if name in common)
    own = [metric.name for metric in source.metrics if metric.name not in _SHARED]
    own += [metric.name for derived in collector.derived for metric in derived.metrics]
    others = [name for name in all_metrics() if name not in own]
    lost = collector.without or _spans(dict.fromkeys(_family(name, own, others) for name in own))
    return f"`{named}`", f"`{collector.name}` `{source.name}`", lost, _spans(name for name in common if name != named)


def _row(collector: Collector) -> Iterable[str]:
    permissions = permissions_of(collector)
    yield f"`{collector.name}`"
    yield _spans(source.name for source in collector.sources(collector.options()))
    yield _spans(permissions)
    yield _spans(ROLES[name] for name in permissions)
    yield collector.without or _spans(_families(collector))


def _families(collector: Collector) -> list[str]:
    """Its metrics by the shortest beginnings that no other collector's have."""
    own = [metric.name for metric in collector.all_metrics if metric.name not in _SHARED]
    others = [name for name in all_metrics() if name not in own]
    return list(dict.fromkeys(_family(name, own, others) for name in own))


def _family(name: str, own: list[str], others: list[str]) -> str:
    words = name.split("_")
    for count in range(2, len(words)):
        beginning = "_".join(words[:count]) + "_"
        if not any(other.startswith(beginning) for other in others):
            return f"{beginning}*" if sum(each.startswith(beginning) for each in own) > 1 else name
    return name


_RESET = (
    'az ad app credential reset --id "$APP_ID" --display-name o365-exporter --years 1 --append --query password '
    "--output tsv"
)


def _azure() -> str:
    roles = " \\\n".join(f"  {role}=Role" for role in _roles())
    return f"""\
```sh
az login --allow-no-subscriptions
APP_ID=$(az ad app create --display-name o365-exporter --sign-in-audience AzureADMyOrg --query appId --output tsv)
az ad app permission add --id "$APP_ID" --api {GRAPH_APP_ID} --api-permissions \\
{roles}
az ad sp create --id "$APP_ID"
sleep 30 # a new app is not known everywhere at once
az ad app permission admin-consent --id "$APP_ID"

export O365_TENANT_ID=$(az account show --query tenantId --output tsv)
export O365_CLIENT_ID=$APP_ID
export O365_CLIENT_SECRET=$({_RESET})
```
"""


def _powershell() -> str:
    roles = ",\n".join(f'  "{role}"' for role in _roles())
    return f"""\
```powershell
Connect-MgGraph -Scopes "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"
$roles = @(
{roles}
)
$access = @($roles | ForEach-Object {{ @{{ Id = $_; Type = "Role" }} }})
$app = New-MgApplication -DisplayName "o365-exporter" -SignInAudience "AzureADMyOrg" `
  -RequiredResourceAccess @{{ ResourceAppId = "{GRAPH_APP_ID}"; ResourceAccess = $access }}
$principal = New-MgServicePrincipal -AppId $app.AppId
$graph = Get-MgServicePrincipal -Filter "appId eq '{GRAPH_APP_ID}'"
foreach ($role in $roles) {{ # this is the admin consent
  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id `
    -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $role
}}
$secret = Add-MgApplicationPassword -ApplicationId $app.Id `
  -PasswordCredential @{{ DisplayName = "o365-exporter"; EndDateTime = (Get-Date).AddYears(1) }}

"O365_TENANT_ID=$((Get-MgContext).TenantId)", "O365_CLIENT_ID=$($app.AppId)", "O365_CLIENT_SECRET=$($secret.SecretText)"
```
"""


def _roles() -> list[str]:
    """Ids of all permissions, each once."""
    names = (name for collector in all_collectors().values() for name in permissions_of(collector))
    return [ROLES[name] for name in dict.fromkeys(names)]


def _spans(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)
