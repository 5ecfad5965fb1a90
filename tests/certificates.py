"""Certificates and keys for tests, made on the spot; a key takes a moment, so each is made once."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Sequence
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from tests.fakes import NOON

DAY = 86_400.0
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(name: str = "own") -> rsa.RSAPrivateKey:
    """The key of that name."""
    del name
    return rsa.generate_private_key(65537, 2048)


def certificate(
    key: Key | None = None,
    *,
    subject: str = "exporter",
    begins: float = NOON - DAY,
    ends: float = NOON + 90 * DAY,
    signed_by: tuple[x509.Certificate, rsa.RSAPrivateKey] | None = None,
    names: Sequence[x509.GeneralName] = (),
    is_authority: bool = False,
) -> x509.Certificate:
    """A certificate of this key, signed by itself unless by an authority; times are seconds since 1970."""
    own = key or rsa_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(signed_by[0].subject if signed_by else name)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(dt.datetime.fromtimestamp(begins, dt.UTC))
        .not_valid_after(dt.datetime.fromtimestamp(ends, dt.UTC))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if is_authority:
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    return builder.sign(signed_by[1] if signed_by else own, SHA256())


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates as in a PEM file."""
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def below_zero(one: x509.Certificate) -> bytes:
    """The PEM file of a certificate whose serial number is negative, as of old authorities; its seal is broken."""
    number = one.serial_number
    written = number.to_bytes(number.bit_length() // 8 + 1)
    body = base64.encodebytes(one.public_bytes(Encoding.DER).replace(written, b"\x80" + written[1:], 1))
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


def on_unknown_curve() -> bytes:
    """The PEM file of a certificate whose key is on a curve that no library of ours knows; its seal is broken."""
    p256, p192v2 = bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a8648ce3d030102")
    one = certificate(ec.generate_private_key(ec.SECP256R1())).public_bytes(Encoding.DER)
    body = base64.encodebytes(one.replace(p256, p192v2))
    return b"-----BEGIN CERTIFICATE-----\n" + body + b"-----END CERTIFICATE-----\n"


def key_pem(key: Key | None = None, passphrase: str = "") -> bytes:
    """A key as in a PEM file."""
    return (key or rsa_key()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, _protection(passphrase))


def pfx(*certificates: x509.Certificate, key: Key | None = None, passphrase: str = "") -> bytes:
    """A PFX file with this key, its certificate, and those of authorities."""
    own, *others = certificates
    return pkcs12.serialize_key_and_certificates(b"exporter", key or rsa_key(), own, others, _protection(passphrase))


def _protection(passphrase: str) -> KeySerializationEncryption:
    return BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
