"""Who asks, and for whom: what sentences and collectors may know of it."""

from __future__ import annotations

from dataclasses import dataclass

from o365_exporter.login.clouds import Cloud


@dataclass(frozen=True, slots=True)
class Identity:
    """An app registration in one tenant.

    Args:
        tenant: the tenant's name, as in the label ``tenant``.
        tenant_id: directory ID or domain.
        client_id: of the app registration.
        cloud: in which the tenant lives.
        secret_hint: the first three characters of the client secret in use, as Graph's ``hint``; empty before the
            first token and for other kinds of credential. Nothing more of the secret is ever visible.
        managed: whether it is a managed identity, which no app registration stands behind.
    """

    tenant: str
    tenant_id: str
    client_id: str
    cloud: Cloud
    secret_hint: str = ""
    managed: bool = False
