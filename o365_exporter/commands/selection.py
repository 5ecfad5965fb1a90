"""Which part of the settings a command is about, as its options say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from o365_exporter.errors import ConfigurationError, one_line
from o365_exporter.settings import Settings, TenantSettings

_NAMED = 10
"""Tenants that an error names."""


def of_collectors(settings: Settings, collectors: Sequence[str] | None) -> Settings:
    """The settings with every other collector switched off.

    Raises:
        ConfigurationError: see ``check_enabled``.
    """
    if collectors is None:
        return settings
    check_enabled(settings, collectors)
    wanted = set(collectors)
    return replace(settings, tenants=tuple(_only_enabled(tenant, wanted) for tenant in settings.tenants))


def check_enabled(settings: Settings, collectors: Sequence[str]) -> None:
    """Who asks for a collector that is switched off is told so, and not left in silence.

    Raises:
        ConfigurationError: one of them is switched off.
    """
    for tenant in settings.tenants:
        if off := sorted(name for name in set(collectors) if not tenant.collectors[name].enabled):
            fault = (
                f"collectors.{off[0]}.enabled = false for tenant {tenant.name}, but --collector {off[0]} asks for it"
            )
            raise ConfigurationError([f"{fault}: enable it, or leave the option out."])


def of_tenants(settings: Settings, names: Sequence[str] | None) -> Settings:
    """The settings of these tenants alone.

    Raises:
        ConfigurationError: there is no tenant of such a name.
    """
    if names is None:
        return settings
    known = [tenant.name for tenant in settings.tenants]
    faults = [_unknown(name, known) for name in names if name not in known]
    if faults:
        raise ConfigurationError(faults)
    return replace(settings, tenants=tuple(tenant for tenant in settings.tenants if tenant.name in names))


def of_polled(settings: Settings, names: Sequence[str] | None) -> Settings:
    """The same of those that this process polls, which of a shard are not all.

    Raises:
        ConfigurationError: see ``of_tenants``.
    """
    return of_tenants(replace(settings, tenants=settings.polled(settings.tenants)), names)


def check_for_work(settings: Settings) -> None:
    """A poll of nothing is no success.

    Raises:
        ConfigurationError: nothing is switched on.
    """
    if not any(options.enabled for tenant in settings.tenants for options in tenant.collectors.values()):
        fault = "collectors: every collector of every tenant is switched off, so that there is nothing to poll"
        raise ConfigurationError([f"{fault}: set enabled = true for one of them."])


def _unknown(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"--tenant {name!r}: there is no tenant of that name: {f'did you mean {near[0]}?' if near else _are(known)}"


def _are(known: Sequence[str]) -> str:
    """The names that there are, as the label ``tenant`` has them."""
    names = ", ".join(one_line(name) for name in known[:_NAMED])
    if len(known) > _NAMED:
        return f"there are {names} and {len(known) - _NAMED} more; check-config shows them all."
    return f"{'there are' if len(known) > 1 else 'there is'} {names}."


def _only_enabled(tenant: TenantSettings, wanted: set[str]) -> TenantSettings:
    collectors = {
        name: options.model_copy(update={"enabled": options.enabled and name in wanted})
        for name, options in tenant.collectors.items()
    }
    return replace(tenant, collectors=collectors)
