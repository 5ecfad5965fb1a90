"""Signed statements in place of a secret: by a certificate of the app, or by another issuer that the app trusts."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from o365_exporter.simulator.aadsts import EntraError
from o365_exporter.simulator.federation import OtherIssuer
from o365_exporter.simulator.jwt import Jwt, decode
from o365_exporter.simulator.tenant import Tenant

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

_SKEW = 300.0  # seconds by which clocks may differ


def check_assertion(tenant: Tenant, form: Mapping[str, str], issuer: OtherIssuer, now: float, origin: str) -> None:
    """Accept a statement that stands for the app, made for the login of its cloud or for ``origin``.

    Raises:
        EntraError: 50027 where it is none; else what is wrong with it.
    """
    if form.get("client_assertion_type") != JWT_BEARER:
        raise EntraError(900144, parameter="client_assertion_type")
    try:
        jwt = Jwt.parse(form["client_assertion"])
    except ValueError:
        raise EntraError(50027) from None
    claims = jwt.claims
    if not all(claims.get(name) for name in ("iss", "sub", "aud", "exp")):
        raise EntraError(50027)
    if claims["iss"] == claims["sub"] or str(claims["iss"]).lower() == tenant.client_id.lower():
        _check_own(tenant, jwt, now, (tenant.cloud.login, origin))
    else:
        _check_federated(tenant, jwt, issuer, now)


def _check_own(tenant: Tenant, jwt: Jwt, now: float, logins: tuple[str, ...]) -> None:
    """Signed by the app itself, with the key of a certificate."""
    claims = jwt.claims
    if {str(claims[name]).lower() for name in ("iss", "sub")} != {tenant.client_id.lower()}:
        raise EntraError(700021)
    if not claims.get("jti"):
        raise EntraError(50027)
    key = _certificate(tenant, jwt.header, now).public_key()
    if not (isinstance(key, RSAPublicKey) and jwt.is_signed_by(key)):
        raise EntraError(700027)
    names = (tenant.tenant_id, tenant.domain)
    if claims["aud"] not in {f"{login}/{name}/oauth2/v2.0/token" for login in logins for name in names}:
        raise EntraError(700023)
    _check_time(claims, now)
    tenant.assertion_ids.append(str(claims["jti"]))


def _certificate(tenant: Tenant, header: Mapping[str, Any], now: float) -> x509.Certificate:
    """The certificate that the header names by thumbprint, or brings along by ``x5c``; it must be valid."""
    found = tenant.registered_certificate(_thumbprint(header)) or _trusted(tenant, header)
    if found is None or not (found.not_valid_before_utc.timestamp() <= now < found.not_valid_after_utc.timestamp()):
        raise EntraError(700027)
    return found


def _thumbprint(header: Mapping[str, Any]) -> bytes:
    try:
        return decode(str(header.get("x5t#S256", "")))
    except ValueError:
        return b""


def _trusted(tenant: Tenant, header: Mapping[str, Any]) -> x509.Certificate | None:
    """The certificate in ``x5c``, where its subject and its issuer are trusted."""
    try:
        (own, *_) = header["x5c"]
        found = x509.load_der_x509_certificate(base64.b64decode(own))
    except (KeyError, TypeError, ValueError):
        return None
    for trusted in tenant.trusted_subjects:
        if hmac.compare_digest(found.subject.rfc4514_string(), trusted.subject) and _issued(found, trusted.authority):
            return found
    return None


def _issued(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _check_federated(tenant: Tenant, jwt: Jwt, issuer: OtherIssuer, now: float) -> None:
    """Signed by another issuer; each claim is compared letter by letter."""
    claims = jwt.claims
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    records = [one for one in tenant.federated_credentials.values() if one.issuer == claims["iss"]]
    if not records:
        raise EntraError(700211, issuer=str(claims["iss"]))
    records = [one for one in records if one.audience in audiences]
    if not records:
        raise EntraError(700212, audience=str(claims["aud"]))
    if claims["sub"] not in {one.subject for one in records}:
        raise EntraError(700213, subject=str(claims["sub"]))
    if not issuer.has_signed(jwt):
        raise EntraError(50013)
    _check_time(claims, now)


def _check_time(claims: Mapping[str, Any], now: float) -> None:
    try:
        begins, ends = float(claims.get("nbf", 0)), float(claims["exp"])
    except (TypeError, ValueError):
        raise EntraError(50027) from None
    if not begins - _SKEW <= now < ends + _SKEW:
        raise EntraError(700024)
