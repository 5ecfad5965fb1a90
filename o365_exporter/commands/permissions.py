"""``permissions``: what to grant to the app, for what, and how. Asks nobody on the network."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from o365_exporter.catalogue import all_collectors
from o365_exporter.commands.selection import of_tenants
from o365_exporter.commands.table import terminal
from o365_exporter.errors import ConfigurationError, one_line
from o365_exporter.granting import App, Permission, azure, powershell, terraform, wanted
from o365_exporter.login import CLOUDS, Cloud, find_cloud
from o365_exporter.settings import CONFIG, Settings, TenantSettings, has_settings, load
from o365_exporter.source import Collector, CollectorOptions

SCRIPTS: Mapping[str, Callable[[Iterable[App]], str]] = {
    "az": azure.script,
    "powershell": powershell.script,
    "terraform": terraform.script,
}

_OR_NEW = ", or add --new-app for an app that is to be made"
_OF_NEW = "For an app that is to be made, whatever the settings say: --new-app."
_NO_TENANTS = (
    "--tenant names a tenant of the settings, and an app that is to be made has none: name the settings (--config or "
    "O365_CONFIG), or leave --tenant out."
)

_MOST_TENANTS = 20
"""Whose addresses the table shows."""


@dataclass(frozen=True, slots=True)
class Wish:
    """For whom and for what something is to be granted.

    Args:
        tenants: names; None for all of the settings.
        collectors: names; None for all that are enabled.
        cloud: where an app is to be made; None for the global one.
        is_new: whether an app is to be made although there are settings.
    """

    tenants: Sequence[str] | None = None
    collectors: Sequence[str] | None = None
    cloud: str | None = None
    is_new: bool = False


def permissions(config: Path | None, environ: Mapping[str, str], wish: Wish, form: str) -> int:
    """Print what to grant: to the apps of the settings, or where there are none to an app that is to be made.

    Args:
        config: the settings file whose tenants are meant; None to let the environment say.
        environ: environment variables.
        wish: for whom and for what.
        form: one of ``commands.GRANTS``.

    Raises:
        ConfigurationError: the settings cannot be used, or do not go with the other options.
    """
    if wish.is_new and config is not None:
        raise ConfigurationError(["--new-app is for an app without settings: leave out one of --new-app and --config."])
    if wish.is_new or not has_settings(config, environ):
        if wish.tenants:
            raise ConfigurationError([_NO_TENANTS])
        needed = _wanted({each: each.options() for each in all_collectors().values()}, wish.collectors)
        apps = [App(_cloud(wish.cloud), _names(needed))]
    else:
        needed, apps = _of_settings(config, environ, wish)
    if form == "table":
        _show(needed, apps)
        return 0
    print(_json(needed, apps) if form == "json" else SCRIPTS[form](apps), end="")
    return 0


def _of_settings(
    config: Path | None, environ: Mapping[str, str], wish: Wish
) -> tuple[tuple[Permission, ...], list[App]]:
    if wish.cloud is not None:
        raise ConfigurationError([f"--cloud is for an app without settings: leave it out{_OR_NEW}."])
    names = wish.collectors
    tenants = of_tenants(_load(config, environ), wish.tenants).tenants
    each = [(tenant, _wanted(_enabled(tenant), names)) for tenant in tenants]
    together = {collector: options for tenant in tenants for collector, options in _enabled(tenant).items()}
    needed = _wanted(together, names)
    if not needed:
        what = " or ".join(f"--collector {name}" for name in names) if names else "any collector"
        whose = config or environ.get(CONFIG) or "the environment"
        raise ConfigurationError([f"No tenant of {whose} has {what} enabled: set enabled = true, or ask without it."])
    return needed, [_app(tenant, _names(its)) for tenant, its in each if its]


def _load(config: Path | None, environ: Mapping[str, str]) -> Settings:
    """The settings; who has begun to set variables before there is an app is told how to do without them."""
    try:
        return load(config, environ)
    except ConfigurationError as error:
        if config is not None:
            raise
        raise ConfigurationError([*error.faults, _OF_NEW]) from error


def _app(tenant: TenantSettings, needed: tuple[str, ...]) -> App:
    managed = tenant.credential.managed_identity is not None
    return App(tenant.cloud, needed, tenant.name, tenant.tenant_id, tenant.credential.client_id, managed=managed)


def _enabled(tenant: TenantSettings) -> dict[Collector, CollectorOptions]:
    return {all_collectors()[name]: options for name, options in tenant.collectors.items() if options.enabled}


def _wanted(collectors: Mapping[Collector, CollectorOptions], names: Sequence[str] | None) -> tuple[Permission, ...]:
    return wanted({each: options for each, options in collectors.items() if names is None or each.name in names})


def _names(needed: Iterable[Permission]) -> tuple[str, ...]:
    return tuple(permission.name for permission in needed)


def _cloud(name: str | None) -> Cloud:
    found = find_cloud(name or "global")
    if found is None:
        raise ConfigurationError([f"--cloud {name!r} is no cloud: write one of {', '.join(CLOUDS)}."])
    return found


def _json(needed: Iterable[Permission], apps: Iterable[App]) -> str:
    told = {"permissions": [_permission(each) for each in needed], "apps": [_told(app) for app in apps]}
    return json.dumps(told, indent=2) + "\n"


def _permission(permission: Permission) -> dict[str, Any]:
    uses = [
        {"collector": use.collector, "sources": use.sources, "lost": use.lost, "without": use.without}
        for use in permission.uses
    ]
    return {"name": permission.name, "id": permission.role_id, "needed_by": uses}


def _told(app: App) -> dict[str, Any]:
    return {
        "tenant": app.tenant,
        "tenant_id": app.tenant_id,
        "cloud": app.cloud.name,
        "client_id": app.client_id,
        "managed_identity": app.managed,
        "permissions": app.permissions,
        "admin_consent": app.consent,
        "portal": app.cloud.portal,
    }


def _show(needed: Iterable[Permission], apps: Sequence[App]) -> None:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Permission and role id", no_wrap=True)  # is copied
    for name in ("For", "Lost without it"):
        table.add_column(name, overflow="fold")
    for permission in needed:
        first = f"{permission.name}\n{permission.role_id}"
        for use in permission.uses:
            table.add_row(first, use.collector, use.without.replace("`", "") or ", ".join(use.lost))
            first = ""
    console = terminal()
    console.print(table)
    console.print(
        "All are application permissions of Microsoft Graph. What grants them: --format az, powershell, terraform."
    )
    sys.stdout.write("\n".join(_addresses(apps)) + "\n")  # an address is copied, so it is not wrapped


def _addresses(apps: Sequence[App]) -> Iterator[str]:
    yield "Consent of an administrator to what the app's registration asks for:"
    for app in islice(apps, _MOST_TENANTS):
        whose = f"{one_line(app.tenant)}: " if app.tenant else ""
        yield f"  {whose}{app.consent or 'none, it is a managed identity: take --format az or powershell'}"
    if len(apps) > _MOST_TENANTS:
        yield f"  and {len(apps) - _MOST_TENANTS} more tenants: --format json has all."
