"""A certificate with its private key, out of PEM or PFX files."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12

from o365_exporter.texts import UnusableError, text_of

_PEM = b"-----BEGIN "
_DER = b"\x30"
_JAVA = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]{64,}=*\s*")
_REQUEST = "has a signing request in it, where the certificate belongs that was made of it"
_KEY = re.compile(rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")
_OPEN_IT = "Set certificate_passphrase_file to a file that holds the passphrase with which the key was protected."

PrivateKey = Any  # a private key of whatever kind


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
        content, key = _undressed(content), None if key is None else _undressed(key)
        if key is None and _PEM not in content:
            private, certificates = _from_pfx(content, passphrase)
        else:
            private = _private_key(content if key is None else key, passphrase)
            certificates = _certificates(content)
        return _paired(private, certificates)
    except _FlawError as error:
        return error.flaw
    except (UnsupportedAlgorithm, ValueError, TypeError, OverflowError):  # of a kind that nobody has thought of
        return Flaw(of_key=False, why="has a certificate or a key of a kind that is not supported")


def _undressed(content: bytes) -> bytes:
    """The file itself: Key Vault hands a PFX over in base64, Kubernetes encodes secrets twice, Notepad has UTF-16."""
    if _PEM in content or content.startswith(_DER):
        return content
    try:
        text = text_of(content)
        return base64.b64decode("".join(text.split()), validate=True) if _BASE64.fullmatch(text) else text.encode()
    except (UnusableError, ValueError):
        return content


def _paired(private: PrivateKey, certificates: Sequence[x509.Certificate]) -> KeyPair:
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
        asked = b"-----BEGIN CERTIFICATE REQUEST-----" in content or b"-----BEGIN NEW CERTIFICATE REQUEST" in content
        raise _FlawError(_REQUEST if asked else "has no certificate in PEM form in it")
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError:
        raise _FlawError("has a certificate that is damaged") from None


def _private_key(content: bytes, passphrase: bytes | None) -> PrivateKey:
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


def _from_pfx(content: bytes, passphrase: bytes | None) -> tuple[PrivateKey, list[x509.Certificate]]:
    try:
        found = pkcs12.load_pkcs12(content, passphrase)
    except (ValueError, UnsupportedAlgorithm):
        if why := _instead_of_pfx(content):
            raise _FlawError(why) from None
        how = "without a passphrase" if passphrase is None else "with this passphrase"
        raise _FlawError(f"is no PEM file, and no PFX file that can be opened {how}", _OPEN_IT) from None
    if found.key is None:
        raise _FlawError("has no private key in it")
    certificates = [found.cert, *found.additional_certs]
    return found.key, [one.certificate for one in certificates if one is not None]


def _instead_of_pfx(content: bytes) -> str:
    """What else a file is that is neither PEM nor PFX; empty where that is not known."""
    if not content.strip():
        return "is empty"
    if content.startswith(_JAVA):
        return "is a Java keystore, where a PEM or PFX file belongs"
    try:
        x509.load_der_x509_certificate(content)
    except (ValueError, UnsupportedAlgorithm):
        return ""
    return "has a certificate in it and no private key"
