"""App registrations: the client's own, a score with each oddity that expiry checks stumble over, and plain ones."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Literal

from o365_exporter.simulator.domains.base import SimulatorError, TenantPart, operation
from o365_exporter.simulator.domains.resource import DIRECTORY, Resource, View, names
from o365_exporter.simulator.draw import Draw, draw_for
from o365_exporter.simulator.timetext import DAY, graph_time

Json = dict[str, Any]

Credentials = tuple[Sequence[Json], Sequence[Json]]
"""Secrets and certificates."""

_NEVER = "0001-01-01T00:00:00Z"

_ADJECTIVES = ("Payroll", "Travel", "Invoice", "Facilities", "Onboarding", "Warehouse", "Campaign", "Training")
_NOUNS = ("portal", "sync", "connector", "bot", "reporting", "backup", "gateway", "API")


def build_applications(seed: str, now: float, domain: str, count: int, *, calm: bool) -> dict[str, Json]:
    """``count`` registrations by appId; on a calm day none has a story."""
    draw = draw_for(seed, "applications")
    odd_ones = [] if calm else _odd_ones(draw, now)
    rows = [*odd_ones, *_plain_ones(draw, now)][:count]
    made = [application(draw, now, domain, name, (secrets, keys)) for name, secrets, keys in rows]
    while len(made) < count:
        name = f"{draw.choice(_ADJECTIVES)} {draw.choice(_NOUNS)} {len(made):03}"
        made.append(application(draw, now, domain, name))
    return {one["appId"]: one for one in made}


def application(draw: Draw, now: float, domain: str, name: str | None, credentials: Credentials = ((), ())) -> Json:
    """A registration as Graph gives it whole, with its secrets and certificates."""
    return {
        "id": draw.guid(),
        "deletedDateTime": None,
        "appId": draw.guid(),
        "applicationTemplateId": None,
        "disabledByMicrosoftStatus": None,
        "createdDateTime": graph_time(now - draw.uniform(1, 2_500) * DAY, 7 * draw.randint(0, 1)),
        "displayName": name,
        "description": None,
        "identifierUris": [],
        "isFallbackPublicClient": None,
        "notes": None,
        "publisherDomain": domain,
        "signInAudience": draw.choice(("AzureADMyOrg", "AzureADMyOrg", "AzureADMultipleOrgs")),
        "tags": [],
        "requiredResourceAccess": [],
        "info": {"logoUrl": None, "marketingUrl": None, "privacyStatementUrl": None, "supportUrl": None},
        "keyCredentials": list(credentials[1]),
        "passwordCredentials": list(credentials[0]),
    }


def secret(draw: Draw, now: float, days: float, name: str | None = None) -> Json:
    """A password credential that ends in so many days; its text is never readable."""
    return {
        "customKeyIdentifier": None,
        "displayName": name,
        "endDateTime": graph_time(now + days * DAY),
        "hint": draw.secret()[:3],
        "keyId": draw.guid(),
        "secretText": None,
        "startDateTime": graph_time(now + (min(days, 0.0) - 180) * DAY),
    }


def certificate(draw: Draw, now: float, days: float, name: str | None = None) -> Json:
    """A key credential that ends in so many days; ``key`` is shown on request only."""
    thumbprint, key_id = draw.randbytes(20), draw.guid()
    return {
        "customKeyIdentifier": _thumbprint(thumbprint),
        "displayName": name,
        "endDateTime": graph_time(now + days * DAY),
        "key": None,
        "keyId": key_id,
        "startDateTime": graph_time(now + (min(days, 0.0) - 365) * DAY),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _thumbprint(raw: bytes) -> str:
    """As Graph shows it: base64 as documented, or 40 hexadecimal digits as live answers have them; both occur."""
    return base64.b64encode(raw).decode() if raw[0] % 2 else raw.hex().upper()


def _plain_ones(draw: Draw, now: float) -> list[tuple[str | None, list[Json], list[Json]]]:
    """Registrations without a story: half of them have a credential, good for two months at least."""
    rows: list[tuple[str | None, list[Json], list[Json]]] = []
    for adjective in _ADJECTIVES:
        for noun in _NOUNS:
            secrets = [secret(draw, now, draw.uniform(60, 700), "ci")] if draw.happens(0.4) else []
            keys = [certificate(draw, now, draw.uniform(60, 700), "CN=ci")] if draw.happens(0.2) else []
            rows.append((f"{adjective} {noun}", secrets, keys))
    return rows


def _odd_ones(draw: Draw, now: float) -> list[tuple[str | None, list[Json], list[Json]]]:
    def ends(days: float, name: str | None = None, **changes: Any) -> Json:
        return secret(draw, now, days, name) | changes

    def key(days: float, name: str | None = None, **changes: Any) -> Json:
        return certificate(draw, now, days, name) | changes

    endless = ends(1, "no end given")
    del endless["endDateTime"]
    shared = draw.base64(20)
    return [
        ("Payroll", [ends(-12, "ci")], []),
        ("Website backend", [ends(5.5, "prod", endDateTime=graph_time(now + 5.5 * DAY, 7))], []),
        ("Rotated", [ends(-30, "2024"), ends(300, "2025")], []),
        ("Partner gateway", [], [key(20, "CN=gateway.example.com"), key(400, "CN=gateway.example.com")]),
        (
            "SAML sign-on",
            [ends(95, "CN=Microsoft Azure Federated SSO Certificate", customKeyIdentifier=shared, hint=None)],
            [
                key(95, "CN=SSO", usage="Sign", type="X509CertAndPassword", customKeyIdentifier=shared),
                key(95, "CN=SSO", usage="Verify", customKeyIdentifier=shared),
            ],
        ),
        ("Never ends", [ends(1, "null end", endDateTime=None), endless], []),
        ("Year one", [ends(1, "legacy", endDateTime=_NEVER)], [key(1, "CN=legacy", endDateTime=_NEVER)]),
        ("Far future", [ends(1, "2299", endDateTime="2299-12-31T00:00:00Z")], []),
        ("End of time", [], [key(1, "CN=root", endDateTime="9999-12-31T23:59:59.9999999Z")]),
        ("", [ends(150, "")], []),
        (None, [ends(160)], []),
        ("Legacy connector", [ends(200, "key 1")], []),
        ("Legacy connector", [ends(210, "key 1"), ends(220, "key 1")], []),
        ("Legacy connector", [], []),
        ("Quotes \"double\" and 'single', {braces}, <b>tags</b>", [ends(170, 'a "name"')], []),
        ("Two\nlines and a tab\there", [ends(180, "line\nbreak")], []),
        ("Émile’s 🚀 app \\ DOMAIN\\svc\u2028next", [ends(190, "🔑\\")], [key(190, "CN=é\u2028")]),
        ("Not yet valid", [ends(500, startDateTime=graph_time(now + 30 * DAY))], []),
        ("Symmetric", [], [key(240, None, type="Symmetric", usage="Encrypt", customKeyIdentifier=None)]),
    ]


_LISTS = ("passwordCredentials", "keyCredentials")


class ApplicationsPart(TenantPart):
    """``applications`` by appId, in Graph's own shape."""

    applications: dict[str, Json]

    @operation
    def add_application(
        self,
        display_name: str | None,
        secrets: Sequence[float] = (),
        certificates: Sequence[float] = (),
        app_id: str | None = None,
    ) -> str:
        """Register an application with a credential for each of these numbers of days; answers its appId."""
        now, draw = self._clock.now(), self._draw
        keys = [secret(draw, now, days, "added") for days in secrets]
        certs = [certificate(draw, now, days, "CN=added") for days in certificates]
        made = application(draw, now, self.domain, display_name, (keys, certs))
        made["appId"] = app_id or made["appId"]
        self.applications[made["appId"]] = made
        return str(made["appId"])

    @operation
    def add_connect_sync(self, host: str = "AADC01", copies: int = 2) -> list[str]:
        """Add what Entra Connect registers: an app whose certificate it renews itself, and dead copies of it.

        Answers their appIds, that of the living one first.
        """
        names = [f"ConnectSyncProvisioning_{host}_{self._draw.getrandbits(48):012x}" for _ in range(copies + 1)]
        ends = [80.0, *(-30.0 * number for number in range(1, copies + 1))]
        return [self.add_application(name, certificates=[days]) for name, days in zip(names, ends, strict=True)]

    @operation
    def add_copilot_agent(self, name: str = "Helpdesk agent", days: float = 3.0) -> str:
        """Add what Copilot Studio registers for an agent: an app whose secret nobody uses; answers its appId."""
        app_id = self.add_application(f"{name} (Microsoft Copilot Studio)", [days])
        self.applications[app_id]["passwordCredentials"][0]["hint"] = None
        return app_id

    @operation
    def remove_application(self, app_id: str) -> None:
        """Delete a registration."""
        self._find("application", self.applications, app_id)
        del self.applications[app_id]

    @operation
    def rename_application(self, app_id: str, display_name: str | None) -> None:
        """Give a registration another display name."""
        self._find("application", self.applications, app_id)["displayName"] = display_name

    @operation
    def add_credential(
        self,
        app_id: str,
        kind: Literal["secret", "certificate"] = "secret",
        days: float = 180.0,
        display_name: str | None = "added",
        key_id: str | None = None,
    ) -> str:
        """Add a credential that ends in so many days; answers its keyId."""
        found = self._find("application", self.applications, app_id)
        make = secret if kind == "secret" else certificate
        made = make(self._draw, self._clock.now(), days, display_name)
        made["keyId"] = key_id or made["keyId"]
        found[_LISTS[kind == "certificate"]].append(made)
        return str(made["keyId"])

    @operation
    def remove_credential(self, app_id: str, key_id: str) -> None:
        """Delete a credential."""
        found = self._find("application", self.applications, app_id)
        before = [len(found[name]) for name in _LISTS]
        for name in _LISTS:
            found[name] = [one for one in found[name] if one["keyId"] != key_id]
        if before == [len(found[name]) for name in _LISTS]:
            raise SimulatorError(f"application {app_id} has no credential {key_id!r}; GET it to see its keyIds")


def show_application(row: Json, view: View) -> Json:
    """A registration; certificates show their ``key`` only to who names keyCredentials in ``$select``."""
    if "keyCredentials" not in view.selected:
        return row
    keys = [one | {"key": draw_for(one["keyId"]).base64(780)} for one in row["keyCredentials"]]
    return row | {"keyCredentials": keys}


RESOURCES = (
    Resource(
        path="/applications",
        type="application",
        rows=lambda tenant, _: tenant.applications.values(),
        show=show_application,
        properties=names(
            "id deletedDateTime appId applicationTemplateId disabledByMicrosoftStatus createdDateTime displayName "
            "description identifierUris isFallbackPublicClient notes publisherDomain signInAudience tags "
            "requiredResourceAccess info keyCredentials passwordCredentials"
        ),
        roles=DIRECTORY | {"Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"},
        service="identity",
        cost=2,
        countable=True,
    ),
)
"""App registrations."""
