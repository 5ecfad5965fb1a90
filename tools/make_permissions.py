"""The blocks about permissions in docs/registration.md, between markers, out of the collectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from o365_exporter.catalogue import all_collectors
from o365_exporter.granting import App, azure, families, lost_without, powershell, terraform, wanted
from o365_exporter.graph import ROLES
from o365_exporter.login import CLOUDS
from o365_exporter.permissions import needs_of, required
from o365_exporter.source import Collector, Source
from tools.blocks import filled


def documents() -> dict[str, str]:
    """The page with its blocks as they should be."""
    blocks = {"permissions": _table(), "azure": _azure(), "powershell": _powershell()}
    blocks |= {"terraform": _terraform(), "least": _least()}
    return {"docs/registration.md": filled("docs/registration.md", blocks)}


def permissions_of(collector: Collector) -> tuple[str, ...]:
    """The fewest and least permissions that open all its endpoints: one where one is enough."""
    return required(needs_of(collector.sources(collector.options())))


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
    lost = collector.without or _spans(lost_without(collector, [source]))
    return f"`{named}`", f"`{collector.name}` `{source.name}`", lost, _spans(name for name in common if name != named)


def _row(collector: Collector) -> Iterable[str]:
    permissions = permissions_of(collector)
    yield f"`{collector.name}`"
    yield _spans(source.name for source in collector.sources(collector.options()))
    yield _spans(permissions)
    yield _spans(ROLES[name] for name in permissions)
    yield collector.without or _spans(families(collector))


def _azure() -> str:
    """For a new app, as the command ``permissions`` prints it, and what the exporter is started with."""
    return f"""\
```sh
{azure.script([_app()])}
export O365_TENANT_ID=$(az account show --query tenantId --output tsv)
export O365_CLIENT_ID=$APP_ID
export O365_CLIENT_SECRET=$({_RESET})
```
"""


_RESET = (
    'az ad app credential reset --id "$APP_ID" --display-name o365-exporter --years 1 --append --query password '
    "--output tsv"
)


def _powershell() -> str:
    return f"""\
```powershell
{powershell.script([_app()])}
$secret = Add-MgApplicationPassword -ApplicationId $app.Id `
  -PasswordCredential @{{ DisplayName = 'o365-exporter'; EndDateTime = (Get-Date).AddYears(1) }}

"O365_TENANT_ID=$((Get-MgContext).TenantId)", "O365_CLIENT_ID=$($app.AppId)", "O365_CLIENT_SECRET=$($secret.SecretText)"
```
"""


def _terraform() -> str:
    return f"""\
```terraform
{terraform.script([_app()])}```
"""


def _app() -> App:
    """One that is to be made, for all collectors."""
    needed = wanted({each: each.options() for each in all_collectors().values()})
    return App(CLOUDS["global"], tuple(permission.name for permission in needed))


def _spans(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in texts)
