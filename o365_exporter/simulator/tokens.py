"""Access tokens: JWTs as Entra ID gives to apps, signed with a key of the simulator's own.

The claims are those of app-only tokens for Graph. Microsoft calls these tokens opaque; clients may read ``roles`` for
diagnosis only.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from o365_exporter.simulator.draw import draw_for
from o365_exporter.simulator.jwt import decode, encode
from o365_exporter.simulator.tenant import Tenant


class TokenError(ValueError):
    """A token is no good; the text is Graph's message."""


def peek(token: str) -> dict[str, Any]:
    """Claims of a token, unchecked; none where it is no JWT."""
    try:
        claims = json.loads(decode(token.split(".")[1]))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


@dataclass
class TokenIssuer:
    """Issues and checks tokens of all tenants of a simulator."""

    seed: int
    issued: int = 0

    def issue(self, tenant: Tenant, audience: str, now: float, *, machine: str | None = None) -> tuple[str, int]:
        """A token and its lifetime in seconds: 60 to 90 minutes for the tenant's app, a day for a machine.

        Args:
            tenant: whose app or machine asks; both have the same roles.
            audience: whom the token is for.
            now: seconds since 1970.
            machine: client id of a managed identity, in place of the app.
        """
        self.issued += 1
        lifetime = draw_for(self.seed, "lifetime", tenant.key, self.issued).randint(3_600, 5_400) - 1
        if machine is not None:
            lifetime = 86_400 - 1
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{tenant.tenant_id}/",
            "iat": int(now),
            "nbf": int(now),
            "exp": int(now) + lifetime,
            "appid": machine or tenant.client_id,
            "appidacr": "1",
            "idtyp": "app",
            "tid": tenant.tenant_id,
            "uti": draw_for(self.seed, "uti", self.issued).base64(16),
            "ver": "1.0",
        }
        if tenant.roles:  # without consent there is a token all the same, but without the claim
            claims["roles"] = sorted(tenant.roles)
        head = encode(json.dumps({"typ": "JWT", "alg": "HS256", "kid": "simulator"}).encode())
        signed = f"{head}.{encode(json.dumps(claims).encode())}"
        return f"{signed}.{self._signature(signed)}", lifetime

    def check(self, token: str, audiences: set[str], now: float) -> dict[str, Any]:
        """Claims of a good token.

        Raises:
            TokenError: wrong form, signature, audience or time.
        """
        signed, _, signature = token.rpartition(".")
        claims = peek(token)
        if not claims:
            raise TokenError("CompactToken parsing failed with error code: 80049217")
        if not hmac.compare_digest(signature, self._signature(signed)):
            raise TokenError("Access token validation failure. Invalid signature.")
        if claims["aud"] not in audiences:
            raise TokenError("Access token validation failure. Invalid audience.")
        if now >= claims["exp"]:
            raise TokenError("Lifetime validation failed, the token is expired.")
        return claims

    def _signature(self, signed: str) -> str:
        key = f"simulator/{self.seed}".encode()
        return encode(hmac.new(key, signed.encode(), hashlib.sha256).digest())
