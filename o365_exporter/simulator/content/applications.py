"""App registrations: the client's own, a score with each oddity that expiry checks stumble over, and plain ones."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from o365_exporter.simulator.content.draw import Draw, draw_for
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
