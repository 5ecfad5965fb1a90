"""To whom permissions are granted."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from o365_exporter.login import SYSTEM_ASSIGNED, Cloud

DISPLAY_NAME = "o365-exporter"
"""Of an app that a script makes."""


@dataclass(frozen=True, slots=True)
class App:
    """An app registration, or a managed identity, as one tenant meets it.

    Args:
        cloud: where the tenant lives.
        permissions: names of what it needs there.
        tenant: the label ``tenant``; empty where no settings are known.
        tenant_id: GUID or domain; empty: that of whoever runs the script.
        client_id: of the app; empty: the script makes one.
        managed: whether it is a managed identity, which has neither a registration nor a consent.
    """

    cloud: Cloud
    permissions: tuple[str, ...]
    tenant: str = ""
    tenant_id: str = ""
    client_id: str = ""
    managed: bool = False

    @property
    def is_new(self) -> bool:
        """Whether there is none yet."""
        return not self.client_id

    @property
    def is_of_the_machine(self) -> bool:
        """Whether it is the identity that a machine has by itself, of which settings know no id."""
        return self.managed and self.client_id == SYSTEM_ASSIGNED

    @property
    def consent(self) -> str:
        """Where an administrator of the tenant consents in a browser; empty for what needs no consent."""
        if self.managed:
            return ""
        return consent_address(self.cloud, self.tenant_id or "TENANT_ID", self.client_id or "CLIENT_ID")


def consent_address(cloud: Cloud, tenant_id: str, client_id: str) -> str:
    """The page that grants, in this tenant, all that the app's registration asks for.

    Source: Entra "Grant tenant-wide admin consent to an application", section "Construct the URL".
    """
    return f"{cloud.login}/{quote(tenant_id, safe='')}/adminconsent?client_id={quote(client_id, safe='')}"
