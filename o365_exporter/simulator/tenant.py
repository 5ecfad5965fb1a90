"""A simulated tenant: its parts, and the app registration that the client under test signs in with."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from o365_exporter.clock import Clock
from o365_exporter.simulator.clouds import CLOUDS, CloudEndpoints
from o365_exporter.simulator.domains import READERS
from o365_exporter.simulator.domains.applications import ApplicationsPart, application, build_applications, secret
from o365_exporter.simulator.domains.base import Json, operation
from o365_exporter.simulator.domains.credentials import CredentialsPart
from o365_exporter.simulator.domains.health.content import build_issues, build_services
from o365_exporter.simulator.domains.health.operations import HealthPart
from o365_exporter.simulator.domains.licences import LicencesPart, build_licences
from o365_exporter.simulator.domains.messages import MessagesPart
from o365_exporter.simulator.domains.organization import build_organization
from o365_exporter.simulator.domains.secure_scores import SecureScoresPart
from o365_exporter.simulator.domains.service_principals import ServicePrincipalsPart
from o365_exporter.simulator.draw import draw_for
from o365_exporter.simulator.options import TenantOptions
from o365_exporter.simulator.reports.operations import ReportsPart
from o365_exporter.simulator.timetext import graph_time, parse_graph_time

ALL_READERS = READERS | {"Reports.Read.All", "ReportSettings.Read.All"}
"""Application permissions that a new tenant's app has been granted: those that read all there is."""

_TITLES = {"contoso": "Contoso", "fabrikam": "Fabrikam", "tailspin": "Tailspin Toys"}


@dataclass(frozen=True)
class ClientSecret:
    """A secret of the client's own app, the part that Graph never shows."""

    value: str
    ends: float
    """Seconds since 1970."""

    def __repr__(self) -> str:
        return f"ClientSecret(ends={self.ends})"


class Tenant(
    SecureScoresPart,
    ReportsPart,
    LicencesPart,
    ServicePrincipalsPart,
    ApplicationsPart,
    CredentialsPart,
    MessagesPart,
    HealthPart,
):
    """One directory. Read and change its attributes freely; the methods keep related ones in step.

    Attributes:
        tenant_id, domain, display_name: what it is called; either of the first two stands in login addresses.
        client_id, client_secret: what the client under test signs in with; the newest secret.
        roles: application permissions granted to that app; a change shows in tokens issued from then on.
        app_enabled, has_service_principal: whether that app may sign in at all.
        tokens_valid_from: tokens that were issued earlier are refused; seconds since 1970.
        users: size of the tenant; rows of its usage reports.
        calm: whether all was well at first; then nobody's mailbox is full.
        concealed_names: whether usage reports hide names.
        services, issues, messages, applications, service_principals, skus, subscriptions, organization: what Graph
            shows.
    """

    def __init__(self, options: TenantOptions, seed: int, clock: Clock) -> None:
        own_seed = f"{seed}/{options.key}"
        super().__init__(options.key, own_seed, clock)
        draw = draw_for(own_seed, "identity")
        self.tenant_id = options.tenant_id or draw.guid()
        self.domain = options.domain or f"{options.key.replace('_', '')}.onmicrosoft.com"
        self.display_name = options.display_name or _title(options.key)
        self.cloud: CloudEndpoints = CLOUDS[options.cloud]
        self.users = options.users
        self.calm = options.calm
        self.concealed_names = options.concealed_names
        self.roles = set(ALL_READERS if options.roles is None else options.roles)
        self.app_enabled = True
        self.has_service_principal = True
        self.tokens_valid_from = 0.0
        self.client_id = options.client_id or draw.guid()
        self.client_secret = options.client_secret or draw.secret()
        self._secrets: dict[str, str] = {}
        self.organization: Json
        self._fill(options, own_seed)

    # The client's own app -------------------------------------------------------------------------------------

    def client_secrets(self) -> list[ClientSecret]:
        """Every secret that the client's app registration still has, expired ones too."""
        app = self.applications.get(self.client_id)
        return [
            ClientSecret(self._secrets[one["keyId"]], parse_graph_time(one["endDateTime"]))
            for one in (app["passwordCredentials"] if app else ())
            if one["keyId"] in self._secrets
        ]

    @operation
    def rotate_secret(self, secret_value: str | None = None, days: float = 180.0, *, keep_old: bool = False) -> str:
        """Replace the client secret by a new one, good for so many days; answers the new one."""
        app = self._find("application", self.applications, self.client_id)
        if not keep_old:
            app["passwordCredentials"].clear()
            self._secrets.clear()
        self.client_secret = secret_value or self._draw.secret()
        self._add_own_secret(app, days)
        return self.client_secret

    @operation
    def expire_secret(self, after: float = 0.0) -> None:
        """Let every client secret of the client's app end in so many seconds; at once without."""
        app = self._find("application", self.applications, self.client_id)
        for one in app["passwordCredentials"]:
            one["endDateTime"] = graph_time(self._clock.now() + after, 7)

    @operation
    def grant(self, roles: list[str]) -> None:
        """Grant application permissions; tokens that are out already do not know of it."""
        self.roles.update(roles)

    @operation
    def withdraw(self, roles: list[str]) -> None:
        """Withdraw application permissions; tokens that are out already keep them."""
        self.roles.difference_update(roles)

    @operation
    def revoke_tokens(self) -> None:
        """Accept no token any more that was issued before this second, so that changes show at once."""
        self.tokens_valid_from = float(int(self._clock.now()))

    @operation
    def disable_app(self) -> None:
        """Refuse sign-in to the client's app (AADSTS7000112)."""
        self.app_enabled = False

    @operation
    def enable_app(self) -> None:
        """Allow sign-in again."""
        self.app_enabled = True

    @operation
    def remove_service_principal(self) -> None:
        """Take away the app's service principal, as where consent was never given (AADSTS7000229)."""
        self.has_service_principal = False

    @operation
    def restore_service_principal(self) -> None:
        """Give the app its service principal back."""
        self.has_service_principal = True

    def answers_to(self, name: str) -> bool:
        """Whether this is the tenant that a login address names, by GUID or domain."""
        return name.lower() in (self.tenant_id.lower(), self.domain.lower())

    def state(self) -> dict[str, Any]:
        """A summary for people and scripts; no secret in it."""
        return {
            "key": self.key,
            "tenant_id": self.tenant_id,
            "domain": self.domain,
            "display_name": self.display_name,
            "users": self.users,
            "client_id": self.client_id,
            "federated_credentials": {id_: asdict(one) for id_, one in self.federated_credentials.items()},
            "managed_identities": self.managed_identities,
            "client_secrets_end": [graph_time(one.ends) for one in self.client_secrets()],
            "roles": sorted(self.roles),
            "app_enabled": self.app_enabled,
            "has_service_principal": self.has_service_principal,
            "services": {service: one["status"] for service, one in self.services.items()},
            "open_issues": {
                issue_id: {name: self.issues[issue_id][name] for name in ("service", "status", "title")}
                for issue_id in self.open_issue_ids()
            },
            "issues": len(self.issues),
            "applications": {app_id: one["displayName"] for app_id, one in self.applications.items()},
            "skus": {part: one["capabilityStatus"] for part, one in self.skus.items()},
            "subscriptions": {id_: one["status"] for id_, one in self.subscriptions.items()},
            "concealed_names": self.concealed_names,
            "reports": self.report_states(),
        }

    def _fill(self, options: TenantOptions, seed: str) -> None:
        now = self._clock.now()
        calm = options.calm
        self.services = build_services(calm=calm)
        self.issues = build_issues(seed, now, options.issues, calm=calm)
        self.applications = build_applications(seed, now, self.domain, options.applications - 1, calm=calm)
        self.skus, self.subscriptions = build_licences(seed, now, self.tenant_id, self.key, calm=calm)
        self.organization = build_organization(seed, now, self.tenant_id, self.domain, self.display_name)
        self._register(now, options.secret_days)

    def _register(self, now: float, secret_days: float) -> None:
        app = application(self._draw, now, self.domain, "Microsoft 365 monitoring")
        app["appId"] = self.client_id
        self.applications[self.client_id] = app
        self._add_own_secret(app, secret_days)

    def _add_own_secret(self, app: Json, days: float) -> None:
        made = secret(self._draw, self._clock.now(), days, "monitoring")
        made["hint"] = self.client_secret[:3]
        app["passwordCredentials"].append(made)
        self._secrets[made["keyId"]] = self.client_secret


def _title(key: str) -> str:
    return _TITLES.get(key, key.replace("_", " ").title())
