"""What a token says in itself, unverified: for diagnosis only, because Microsoft may make it opaque any day.

Nothing here fails and nothing here decides: who cannot read a token knows less, and asks Graph all the same.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

_LONGEST = 65_536  # characters; twice what an issuer's answer may have


def claims_of(token: str) -> Mapping[str, Any]:
    """What a token states, if it is a JWT (RFC 7519); nothing where it is opaque, encrypted or far too long."""
    if len(token) > _LONGEST:
        return {}
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}


def tenant_of(token: str) -> str:
    """The tenant for which a token is; empty where it does not say so in the usual place."""
    tenant = claims_of(token).get("tid", "")
    return tenant if isinstance(tenant, str) else ""


def roles_of(token: str) -> frozenset[str] | None:
    """The application permissions that an app's token states; None where it does not say.

    Entra ID leaves out the claim where nothing is granted: a token that names its tenant and its app, and no role,
    says that there is none.
    """
    claims = claims_of(token)
    if "roles" not in claims:
        is_of_an_app = "tid" in claims and ("appid" in claims or "azp" in claims)
        return frozenset() if is_of_an_app else None
    roles = claims["roles"]
    return frozenset(filter(_is_name, roles)) if isinstance(roles, list) else None


def _is_name(role: object) -> bool:
    """Whether it can be shown: names of roles have no blanks and no umlauts, and a surrogate cannot even be written."""
    return isinstance(role, str) and role.isascii() and role.isprintable()


def app_of(token: str) -> str:
    """The name of the app that a token states; empty where it does not say."""
    name = claims_of(token).get("app_displayname", "")
    return name if isinstance(name, str) else ""
