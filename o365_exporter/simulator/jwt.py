"""Signed statements (JWT, RFC 7519) as clients and other issuers make them: read, verified and made."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, AsymmetricPadding, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

_PADDINGS: Mapping[str, AsymmetricPadding] = {
    "PS256": PSS(mgf=MGF1(SHA256()), salt_length=PSS.DIGEST_LENGTH),
    "RS256": PKCS1v15(),
}
"""By ``alg``; what is not here is refused, ``none`` first of all."""


@dataclass(frozen=True)
class Jwt:
    """A statement taken apart; nothing in it is to be believed before ``is_signed_by``."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes

    @classmethod
    def parse(cls, text: str) -> Jwt:
        """Take a statement apart.

        Raises:
            ValueError: it is none.
        """
        signed, _, signature = text.rpartition(".")
        head, _, body = signed.partition(".")
        header, claims = json.loads(decode(head)), json.loads(decode(body))
        if not (isinstance(header, dict) and isinstance(claims, dict)):
            raise ValueError("no objects")  # noqa: TRY004 - whatever is wrong with foreign text is a ValueError
        return cls(header, claims, signed.encode(), decode(signature))

    def is_signed_by(self, key: RSAPublicKey) -> bool:
        """Whether the owner of this key has signed it, by PS256 or RS256."""
        padding = _PADDINGS.get(self.header.get("alg", ""))
        if padding is None:
            return False
        try:
            key.verify(self.signature, self.signed, padding, SHA256())
        except InvalidSignature:
            return False
        return True


def sign(key: RSAPrivateKey, header: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    """A statement signed by RS256."""
    parts = ({"typ": "JWT", "alg": "RS256", **header}, claims)
    signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
    return f"{signed}.{encode(key.sign(signed.encode(), _PADDINGS['RS256'], SHA256()))}"


def encode(raw: bytes) -> str:
    """Base64 for addresses, without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """What ``encode`` made.

    Raises:
        ValueError: it did not make this.
    """
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise ValueError("not base64") from error
