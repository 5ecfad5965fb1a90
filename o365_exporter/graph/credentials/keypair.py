"""A certificate with its private key, out of PEM or PFX files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

_PEM = b"-----BEGIN "
_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")
_OPEN_IT = "Set certificate_passphrase_file to a file that holds the passphrase with which the key was protected."

Key = Any  # a private key of whatever kind


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key, and the certificates from the one that belongs to it up to its authority's."""

    key: RSAPrivateKey = field(repr=False)
    chain: tuple[x509.Certificate, ...]


class Flaw(NamedTuple):
    """Why there is no key pair: whether the key's file is to blame, why, and what to do where that is special."""

    of_key: bool
    why: str
    remedy: str = ""


class _FlawError(Exception):
    def __init__(self, why: str, remedy: str = "", *, of_key: bool = False) -> None:
        super().__init__(why)
        self.flaw = Flaw(of_key, why, remedy)


@lru_cache(maxsize=16)  # it takes 50 ms, and the tenants of one app share its certificate
def key_pair(content: bytes, key: bytes | None, passphrase: bytes | None) -> KeyPair | Flaw:
    """The key pair in the content of files.

    Args:
        content: of a PFX file with everything, or of a PEM file with certificates, and with the key unless ``key``.
        key: content of a PEM file with the key alone.
        passphrase: that protects the key; None for none.
    """
    try:
        if key is None and _PEM not in content:
            private, certificates = _from_pfx(content, passphrase)
        else:
            private = _private_key(content if key is None else key, passphrase)
            certificates = _certificates(content)
        return _paired(private, certificates)
    except _FlawError as error:
        return error.flaw


def _paired(private: Key, certificates: Sequence[x509.Certificate]) -> KeyPair:
    if not isinstance(private, RSAPrivateKey):
        raise _FlawError(
            "has no RSA key, and Entra ID takes no other", "Create a certificate with an RSA key.", of_key=True
        )
    public = private.public_key()
    own = next((one for one in certificates if one.public_key() == public), None)
    if own is None:
        raise _FlawError("has a private key that does not belong to the certificate", of_key=True)
    return KeyPair(private, (own, *(one for one in certificates if one != own)))


def _certificates(content: bytes) -> list[x509.Certificate]:
    if b"-----BEGIN CERTIFICATE-----" not in content:
        raise _FlawError("has no certificate in PEM form in it")
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise _FlawError("has a certificate that is damaged") from None


def _private_key(content: bytes, passphrase: bytes | None) -> Key:
    if not _KEY.search(content):
        raise _FlawError("has no private key in it", of_key=True)
    try:
        return load_pem_private_key(content, passphrase)
    except TypeError:  # a passphrase for a key that has none, or the other way round
        if passphrase is not None:
            return _private_key(content, None)
        raise _FlawError("has a private key that is protected by a passphrase", _OPEN_IT, of_key=True) from None
    except ValueError:
        if passphrase is None:
            raise _FlawError("has a private key that is damaged", of_key=True) from None
        raise _FlawError("has a private key that the passphrase does not open", _OPEN_IT, of_key=True) from None
    except UnsupportedAlgorithm:
        raise _FlawError("has a private key of an unknown kind", of_key=True) from None


def _from_pfx(content: bytes, passphrase: bytes | None) -> tuple[Key, list[x509.Certificate]]:
    try:
        found = pkcs12.load_pkcs12(content, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        how = "without a passphrase" if passphrase is None else "with this passphrase"
        raise _FlawError(f"is no PEM file, and no PFX file that can be opened {how}", _OPEN_IT) from None
    if found.key is None:
        raise _FlawError("has no private key in it")
    certificates = [found.cert, *found.additional_certs]
    return found.key, [one.certificate for one in certificates if one is not None]
