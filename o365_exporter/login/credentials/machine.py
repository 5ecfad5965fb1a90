"""Managed identities: Azure itself vouches for the machine, and there is nothing to keep secret here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from o365_exporter.login.credentials.base import Credential, digest
from o365_exporter.login.options import SYSTEM_ASSIGNED


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineIdentity(Credential):
    """The managed identity of the machine that runs the exporter.

    Args:
        client_id: of a user-assigned identity; None for the system-assigned one.
    """

    client_id: str | None

    @classmethod
    def named(cls, name: str) -> Self:
        """The identity as the setting ``managed_identity`` names it."""
        client_id = None if name == SYSTEM_ASSIGNED else name
        return cls(setting="managed_identity", fingerprint=digest(name.encode()), client_id=client_id)
