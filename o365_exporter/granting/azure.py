"""The Azure CLI's commands, for a POSIX shell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from shlex import quote

from o365_exporter.errors import one_line
from o365_exporter.granting.apps import DISPLAY_NAME, App
from o365_exporter.graph import GRAPH_APP_ID, ROLES
from o365_exporter.login import Cloud

CLOUDS = {
    "global": "AzureCloud",
    "us_gov_l4": "AzureUSGovernment",
    "us_gov_l5": "AzureUSGovernment",
    "china": "AzureChinaCloud",
}
"""What the Azure CLI calls a cloud, by our name; source: ``az cloud list``. It has none for DoD's own Graph."""

_NOT_DOD = "# The Azure CLI does not know DoD's Graph, but GCC High's alone: take --format powershell, or terraform."
_MAKE = f"az ad app create --display-name {DISPLAY_NAME} --sign-in-audience AzureADMyOrg --query appId --output tsv"
_OF_SP = "--query id --output tsv"


def script(apps: Iterable[App]) -> str:
    """All that grants what these need, app by app; an app of several tenants is changed where it is registered."""
    groups: dict[tuple[str, object], list[App]] = {}
    for app in apps:
        groups.setdefault((app.cloud.name, app.tenant if app.managed else app.client_id), []).append(app)
    several_clouds = len({cloud for cloud, _ in groups}) > 1
    blocks = (_block(group, several_clouds=several_clouds) for group in groups.values())
    return "\n".join(f"{chr(10).join(lines)}\n" for lines in blocks)


def login(tenant_id: str = "") -> str:
    """What signs an administrator in; nothing of Azure's own has to be paid for."""
    where = f" --tenant {quote(tenant_id)}" if tenant_id else ""
    return f"az login{where} --allow-no-subscriptions"


def consents_in(cloud: Cloud) -> bool:
    """Whether ``az ad app permission admin-consent`` knows the cloud; source: azure-cli issues 9942 and 29424."""
    return cloud.name == "global"


def _block(group: Sequence[App], *, several_clouds: bool) -> Iterator[str]:
    """The lines for one app, which may serve several tenants."""
    first = group[0]
    if first.tenant:
        yield f"# {', '.join(one_line(app.tenant) for app in group)}"
    if first.cloud.name == "us_gov_l5":
        yield _NOT_DOD
        return
    if several_clouds or first.cloud.name != "global":
        yield f"az cloud set --name {CLOUDS[first.cloud.name]}"
    if len(group) > 1:
        yield "# Sign in to the tenant in which the app is registered."
        yield login()
        yield from _asked_for(group)
        yield "# Then an administrator of each tenant consents, in a browser:"
        yield from (f"# {one_line(app.tenant)}: {app.consent}" for app in group)
        return
    yield login(first.tenant_id)
    yield from _assigned(first) if first.managed else _consented(first)


def _consented(app: App) -> Iterator[str]:
    yield from _asked_for([app])
    if app.is_new:
        yield 'az ad sp create --id "$APP_ID"'
        yield "sleep 30 # a new app is not known everywhere at once"
    if consents_in(app.cloud):
        yield 'az ad app permission admin-consent --id "$APP_ID"'
        return
    yield "# az ad app permission admin-consent knows the global cloud alone: here the roles themselves are assigned."
    yield f'PRINCIPAL_ID=$(az ad sp show --id "$APP_ID" {_OF_SP})'
    yield from _roles_assigned(app)


def _asked_for(group: Sequence[App]) -> Iterator[str]:
    """What the registration of an app asks for in the tenants that consent to it."""
    app, names = group[0], sorted({name for app in group for name in app.permissions})
    yield f"APP_ID=$({_MAKE})" if app.is_new else f"APP_ID={quote(app.client_id)}"
    yield from (f"# {ROLES[name]} is {name}" for name in names)
    yield f'az ad app permission add --id "$APP_ID" --api {GRAPH_APP_ID} --api-permissions \\'
    yield " \\\n".join(f"  {ROLES[name]}=Role" for name in names)


def _assigned(app: App) -> Iterator[str]:
    """A managed identity is given the roles themselves."""
    if app.is_of_the_machine:
        yield "PRINCIPAL_ID=${PRINCIPAL_ID:?set it to the object ID of the identity of this machine}"
    else:
        yield f"PRINCIPAL_ID=$(az ad sp show --id {quote(app.client_id)} {_OF_SP})"
    yield from (f"# {ROLES[name]} is {name}" for name in app.permissions)
    yield from _roles_assigned(app)


def _roles_assigned(app: App) -> Iterator[str]:
    yield f"GRAPH_ID=$(az ad sp show --id {GRAPH_APP_ID} {_OF_SP})"
    yield f"for ROLE_ID in {' '.join(ROLES[name] for name in app.permissions)}; do"
    url = f"{app.cloud.graph}/v1.0/servicePrincipals/$PRINCIPAL_ID/appRoleAssignments"
    yield f'  az rest --method post --url "{url}" \\'
    yield (
        r'    --body "{\"principalId\": \"$PRINCIPAL_ID\", \"resourceId\": \"$GRAPH_ID\", '
        r'\"appRoleId\": \"$ROLE_ID\"}"'
    )
    yield "done"
