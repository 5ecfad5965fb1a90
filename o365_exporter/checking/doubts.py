"""What stops nobody and is worth knowing: needless permissions, a credential that ends, old reports, hidden names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from o365_exporter.checking.report import Doubt, RolesCheck, TokenCheck
from o365_exporter.filters import Filter
from o365_exporter.reports import PerUserOptions, Setting, Usage
from o365_exporter.settings import TenantSettings

_PERMISSIONS = "App registrations > API permissions > Revoke admin consent, then Remove permission"
_SHOWN = (
    "An administrator of the tenant shows the names: Microsoft 365 admin center > Settings > Org settings > Services > "
    "Reports, untick 'Display concealed user, group, and site names in all reports'. Else remove what chooses by name."
)
_BY_NAME = ("users", "mailboxes")  # filters of the usage collectors on user principal names
_A_HASH = "d41d8cd98f00b204e9800998ecf8427e"  # of the form in which a name is concealed
_OLD = 5  # days of a report; two to three are usual
_SOON = 30  # days before the end of a credential


def doubts_of(
    tenant: TenantSettings, token: TokenCheck, roles: RolesCheck | None, records: Mapping[str, Any], now: float
) -> Iterator[Doubt]:
    """Sentences about one tenant, with what to do.

    Args:
        tenant: its settings.
        token: how it signs in.
        roles: that its token states; None where it does not say.
        records: of its sources, by their names.
        now: wall clock.
    """
    if roles is not None and roles.needless:
        yield Doubt(
            f"The app of tenant {tenant.name} may do more than anything enabled needs: {', '.join(roles.needless)}.",
            (f"Unless something else signs in by this app, revoke them at {tenant.cloud.portal}: {_PERMISSIONS}.",),
        )
    if token.credential_ends is not None and token.credential_ends - now < _SOON * 86400:
        end = datetime.fromtimestamp(token.credential_ends, UTC)
        yield Doubt(
            f"The credential of tenant {tenant.name} ({token.setting}) ends at {end:%Y-%m-%d %H:%M} UTC.",
            ("Create the next one now; several may be valid at a time.",),
        )
    if old := [name for name, found in records.items() if isinstance(found, Usage) and age(found, now) >= _OLD]:
        yield Doubt(
            f"Reports of tenant {tenant.name} are {_OLD} days old or older: {', '.join(old)}.",
            ("Two to three days are usual. It is Microsoft's to mend: see the service health of Microsoft 365.",),
        )
    if concealed(records) and (hurt := list(_hurt_by_hashes(tenant, {name.partition("/")[0] for name in records}))):
        yield Doubt(f"As long as names are concealed in tenant {tenant.name}, {'; '.join(hurt)}.", (_SHOWN,))


def _hurt_by_hashes(tenant: TenantSettings, collectors: set[str]) -> Iterator[str]:
    """Settings that choose or show persons by names, and what becomes of each where the names are hashes."""
    for collector in sorted(collectors):
        for name, chosen in tenant.collectors[collector]:
            key = f"collectors.{collector}.{name}"
            if isinstance(chosen, PerUserOptions):
                if chosen.enabled:
                    yield f"{key} serves hashes in place of persons"
            elif isinstance(chosen, Filter) and name in _BY_NAME and chosen != Filter():
                yield f"{key} {'leaves out' if chosen.keeps(_A_HASH) else 'matches'} nobody"


def age(usage: Usage, now: float) -> int:
    """Days since the last one that a report covers."""
    return (datetime.fromtimestamp(now, UTC).date() - usage.week.refreshed).days


def concealed(records: Mapping[str, Any]) -> bool | None:
    """Whether names are concealed: by the tenant's setting, else by the names seen; None where nobody says."""
    found = records.values()
    settings = [one.names_concealed for one in found if isinstance(one, Setting)]
    seen = [one.names_concealed for one in found if isinstance(one, Usage) and one.names_concealed is not None]
    return settings[0] if settings else (any(seen) if seen else None)
